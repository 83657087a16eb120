"""A generation being made to the side. Nothing of it is read by others until `Place.commit` has switched to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from keys.update.folder import Folder

STATUS_FILE = "status.bin"
STAGE_SUFFIX = ".stage"


class Stage:
    """A folder of new files and of links to files of the generation before. Unless it is committed, it goes at the end.

    A path is that of a file below it, with plain names between slashes. Everything raises OSError.
    """

    def __init__(self, generations: Folder, parent: Path, name: str) -> None:
        """Make the folder in `generations`, which lie at `parent`; the generation will be called `name`."""
        self.name = name
        self.folder = parent / f"{name}{STAGE_SUFFIX}"
        """Where it lies, for reading."""
        self._generations = generations
        self._own = generations.make(self.folder.name)
        self._files: set[str] = set()
        self._unsynced: set[str] = set()
        self._committed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._own.close()
        if not self._committed:
            with suppress(OSError):  # what cannot be removed the next update removes
                self._generations.remove(self.folder.name)

    @property
    def paths(self) -> frozenset[str]:
        """Every file that is there."""
        return frozenset(self._files)

    @property
    def status_file(self) -> Path:
        """Where to write the arrays, for somebody who writes by path; `adopt` them afterwards."""
        return self._own.by_descriptor / STATUS_FILE

    def adopt(self, path: str) -> None:
        """Take in a file that somebody else wrote here and synced."""
        with self._around(path) as (parent, name):
            parent.adopt(name)
        self._files.add(path)

    def write(self, path: str, content: bytes) -> None:
        """Write a new file."""
        with self._around(path) as (parent, name):
            parent.write(name, content)
        self._files.add(path)
        self._unsynced.add(path)

    def link(self, path: str, generation: str) -> None:
        """Take over a file of an earlier generation: as a link, or as a copy where the disk knows no links."""
        with ExitStack() as opened:
            source = opened.enter_context(self._generations.enter(generation))
            for each in path.split("/")[:-1]:
                source = opened.enter_context(source.enter(each))
            parent, name = opened.enter_context(self._around(path))
            if not parent.link(name, source):
                self._unsynced.add(path)
        self._files.add(path)

    def holds(self, path: str) -> bool:
        """Whether a file is there already."""
        return path in self._files

    def drop(self, path: str) -> None:
        """Remove a file that is not wanted in the end, if it is there."""
        with self._around(path) as (parent, name):
            parent.drop(name)
        self._files.discard(path)
        self._unsynced.discard(path)

    def commit(self) -> None:
        """Bring everything to the disk, files first, then folders; and give it the name of a generation."""
        for path in sorted(self._unsynced):
            with self._around(path) as (parent, name):
                parent.sync(name)
        self._own.sync_folders()
        self._generations.rename(self.folder.name, self.name)
        self._committed = True
        self._generations.sync()

    @contextmanager
    def _around(self, path: str) -> Iterator[tuple[Folder, str]]:
        """Open the folder that a file is to lie in, made where it is missing."""
        *parents, name = path.split("/")
        with ExitStack() as opened:
            folder = self._own
            for each in parents:
                folder = opened.enter_context(folder.make(each))
            yield folder, name
