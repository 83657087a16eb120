"""A generation being made to the side. Nothing of it is read by others until `Place.commit` has switched to it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from keys.update import files

STATUS_FILE = "status.bin"
_NO_LINKS = frozenset((errno.EPERM, errno.EMLINK, errno.EXDEV, errno.ENOTSUP, errno.ENOSYS))


class Stage:
    """A folder of new files and of links to files of the generation before."""

    def __init__(self, folder: Path, name: str, owner: os.stat_result) -> None:
        """Make `folder`; the generation will be called `name`. Files are given to `owner`'s user. Raises OSError."""
        self.folder = folder
        self.name = name
        self._owner = owner
        self._files: set[str] = set()
        self._unsynced: set[str] = set()
        files.make_folder(folder, owner)

    @property
    def paths(self) -> frozenset[str]:
        """Every file that is there."""
        return frozenset(self._files)

    def adopt(self, path: str) -> None:
        """Take in a file that somebody else wrote here and synced. Raises OSError."""
        files.adopt(self.folder / path, self._owner)
        self._files.add(path)

    def write(self, path: str, content: bytes) -> None:
        """Write a new file. Raises OSError."""
        files.write_file(self._room_for(path), content, self._owner)
        self._files.add(path)
        self._unsynced.add(path)

    def link(self, path: str, generation: Path) -> None:
        """Take over a file of an earlier generation: as a link, or as a copy where the disk knows no links.

        Raises OSError.
        """
        old, new = generation / path, self._room_for(path)
        try:
            os.link(old, new, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            shutil.copyfile(old, new, follow_symlinks=False)
            self._unsynced.add(path)
        self._files.add(path)

    def holds(self, path: str) -> bool:
        """Whether a file is there already."""
        return path in self._files

    def drop(self, path: str) -> None:
        """Remove a file that is not wanted in the end, if it is there. Raises OSError."""
        (self.folder / path).unlink(missing_ok=True)
        self._files.discard(path)
        self._unsynced.discard(path)

    def sync(self) -> None:
        """Bring everything to the disk: files first, then every folder. Raises OSError."""
        for path in sorted(self._unsynced):
            files.sync(self.folder / path)
        for folder, _, _ in os.walk(self.folder, topdown=False):
            files.sync(Path(folder))

    def discard(self) -> None:
        """Remove it; what cannot be removed the next update removes."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _room_for(self, path: str) -> Path:
        file = self.folder / path
        for folder in reversed(file.relative_to(self.folder).parents[:-1]):
            files.make_folder(self.folder / folder, self._owner)
        return file
