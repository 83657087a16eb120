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
import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keys.errors import UpdateCause, UpdateError
from keys.update.chain import MAX_ROOT_BYTES
from keys.update.files import read_below
from keys.update.folder import Folder
from keys.update.stage import STAGE_SUFFIX, Stage

ROOT = "root.json"
_LOCK = "lock"
_CURRENT = "current"
_GENERATIONS = "generations"
_NAME = re.compile(r"[0-9]{6,12}")


class Place:
    """The trust folder of one appliance, for reading. Only `keys.update` writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pinned_root(self) -> bytes:
        """Return the pinned root. Raises UpdateError where there is none."""
        try:
            return read_below(self._folder, ROOT, MAX_ROOT_BYTES)
        except FileNotFoundError:
            words = f"{self._folder} holds no {ROOT}: nobody has said yet which authority to trust; pin its root first"
            raise UpdateError(UpdateCause.NOT_PINNED, words) from None
        except OSError as error:
            raise self._unreadable(ROOT, error) from None

    def current(self) -> str | None:
        """Return the generation in force, None before the first. Raises UpdateError: the disk does not say."""
        try:
            target = (self._folder / _CURRENT).readlink()
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.EINVAL:  # it is no link
                return None
            raise self._unreadable(_CURRENT, error) from None
        in_order = target.parent.name == _GENERATIONS and len(target.parts) == 2 and _NAME.fullmatch(target.name)
        return target.name if in_order else None

    def generation(self, name: str) -> Path:
        """Return the folder of a generation."""
        return self._folder / _GENERATIONS / name

    @contextmanager
    def locked(self) -> Iterator[LockedPlace]:
        """Hold the lock; makes the folder where it is missing. Raises UpdateError.

        It is held, or the folder cannot be written; or it, or `generations`, is a link or another user's.
        """
        with contextlib.ExitStack() as opened:
            with self.writing():
                self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
                own = opened.enter_context(Folder.open(self._folder))
                generations = opened.enter_context(own.make(_GENERATIONS))
                descriptor = own.lock_file(_LOCK)
            opened.callback(os.close, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                words = f"another update of {self._folder} is under way; try again in a moment"
                raise UpdateError(UpdateCause.BUSY, words) from None
            yield LockedPlace(self._folder, own, generations)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say what our own disk refuses in words. Raises UpdateError."""
        try:
            yield
        except OSError as error:
            words = f"{self._folder} cannot be written: {error.strerror or error}; what was in force before still is"
            raise UpdateError(UpdateCause.DISK, words) from None

    def _unreadable(self, name: str, error: OSError) -> UpdateError:
        words = f"{self._folder / name} cannot be read: {error.strerror or error}"
        return UpdateError(UpdateCause.DISK, words)


class LockedPlace(Place):
    """The trust folder under its lock: it may be written, by the descriptors that it was opened with."""

    def __init__(self, folder: Path, own: Folder, generations: Folder) -> None:
        super().__init__(folder)
        self._own = own
        self._generations = generations

    def pin(self, content: bytes) -> None:
        """Write the pinned root. Raises UpdateError."""
        with self.writing():
            self._own.replace(ROOT, content)

    def sweep(self) -> None:
        """Remove what killed updates left behind, and generations that nobody can be reading. Raises UpdateError.

        The one in force stays, and the one before it. Where none is in force every generation stays: the next one
        may not be to be had.
        """
        with self.writing():
            for name in self._superfluous():
                self._generations.remove(name)

    def stage(self) -> Stage:
        """Begin the next generation, to the side. Raises UpdateError."""
        with self.writing():
            numbers = [int(name) for name in self._generations.names() if _NAME.fullmatch(name)]
            name = f"{max(numbers, default=0) + 1:06d}"
            return Stage(self._generations, self._folder / _GENERATIONS, name)

    def commit(self, stage: Stage) -> None:
        """Bring a stage to the disk whole, then switch to it. Raises UpdateError: the old generation is in force."""
        with self.writing():
            stage.commit()
            self._own.point(_CURRENT, f"{_GENERATIONS}/{stage.name}")
        with contextlib.suppress(OSError, UpdateError):  # it is switched; the next update sweeps again
            for name in self._superfluous():
                self._generations.remove(name)

    def _superfluous(self) -> set[str]:
        found, current = self._generations.names(), self.current()
        if current not in found:
            return {name for name in found if name.endswith(STAGE_SUFFIX)}
        before = [name for name in found if _NAME.fullmatch(name) and int(name) < int(current)]
        return found - {current, max(before, key=int, default=None)}
