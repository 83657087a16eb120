"""The appliance's trust folder: the pinned root, the lock, and generations of verified state switched by one rename.

    root.json                             the pinned root: somebody's act, never an update's
    lock                                  flock: one update at a time
    current -> generations/000012         the only commit point
    generations/000012/metadata/…         what was verified, as it came
    generations/000012/targets/…          trust list, policy, and the status documents that vouch for the arrays
    generations/000012/status.bin         the arrays (`keys.status_store`)
    generations/000013.stage              an update at work, or one that was killed

A generation is not changed once it is switched to; files that stay the same are links to one file. The one before is
kept until the next update, because readers may still be opening it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keys.errors import UpdateCause, UpdateError
from keys.update import files
from keys.update.chain import MAX_ROOT_BYTES
from keys.update.stage import Stage

ROOT = "root.json"
_LOCK = "lock"
_CURRENT = "current"
_GENERATIONS = "generations"
_NAME = re.compile(r"[0-9]{6,12}")
_STAGE_SUFFIX = ".stage"


class Place:
    """The trust folder of one appliance. Only `keys.update` writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._generations = folder / _GENERATIONS

    def pinned_root(self) -> bytes:
        """Return the pinned root. Raises UpdateError where there is none."""
        try:
            return files.read_below(self._folder, ROOT, MAX_ROOT_BYTES)
        except FileNotFoundError:
            words = f"{self._folder} holds no {ROOT}: nobody has said yet which authority to trust; pin its root first"
            raise UpdateError(UpdateCause.NOT_PINNED, words) from None
        except OSError as error:
            words = f"{self._folder / ROOT} cannot be read: {error.strerror or error}"
            raise UpdateError(UpdateCause.DISK, words) from None

    def pin(self, content: bytes) -> None:
        """Write the pinned root. Call it under the lock. Raises UpdateError."""
        with self.writing():
            files.replace_file(self._folder / ROOT, content, self._folder.stat())

    def current(self) -> str | None:
        """Return the generation in force, None before the first."""
        try:
            target = (self._folder / _CURRENT).readlink()
        except OSError:
            return None
        in_order = target.parent.name == _GENERATIONS and len(target.parts) == 2 and _NAME.fullmatch(target.name)
        return target.name if in_order else None

    def generation(self, name: str) -> Path:
        """Return the folder of a generation."""
        return self._generations / name

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock; makes the folder where it is missing. Raises UpdateError: it is held, or cannot be made."""
        with self.writing():
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            owner = self._folder.stat()
            files.make_folder(self._generations, owner)
            descriptor = files.open_or_make(self._folder / _LOCK, owner)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                words = f"another update of {self._folder} is under way; try again in a moment"
                raise UpdateError(UpdateCause.BUSY, words) from None
            yield
        finally:
            os.close(descriptor)

    def sweep(self) -> None:
        """Remove what killed updates left behind, and generations that nobody can be reading. Call it under the lock.

        The one in force stays, and the one before it. Raises UpdateError.
        """
        with self.writing():
            for name in self._superfluous():
                shutil.rmtree(self._generations / name)

    def stage(self) -> Stage:
        """Begin the next generation, to the side. Call it under the lock. Raises UpdateError."""
        with self.writing():
            numbers = [int(each.name) for each in self._generations.iterdir() if _NAME.fullmatch(each.name)]
            name = f"{max(numbers, default=0) + 1:06d}"
            return Stage(self._generations / f"{name}{_STAGE_SUFFIX}", name, self._folder.stat())

    def commit(self, stage: Stage) -> None:
        """Bring a stage to the disk whole, then switch to it. Raises UpdateError: the old generation is in force."""
        with self.writing():
            stage.sync()
            stage.folder.rename(self.generation(stage.name))
            files.sync(self._generations)
            files.replace_link(self._folder / _CURRENT, f"{_GENERATIONS}/{stage.name}", self._folder.stat())
        with contextlib.suppress(OSError):  # it is switched; the next update sweeps again
            for name in self._superfluous():
                shutil.rmtree(self._generations / name)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say what our own disk refuses in words. Raises UpdateError."""
        try:
            yield
        except OSError as error:
            words = f"{self._folder} cannot be written: {error.strerror or error}; what was in force before still is"
            raise UpdateError(UpdateCause.DISK, words) from None

    def _superfluous(self) -> set[str]:
        found = {each.name for each in self._generations.iterdir()}
        current = self.current()
        before = [name for name in found if _NAME.fullmatch(name) and current is not None and int(name) < int(current)]
        return found - {current, max(before, key=int, default=None)}
