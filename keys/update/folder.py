"""A folder that we write, held by its descriptor: nothing is made or removed in it through a link.

It belongs to the appliance's user, who may change it while root's own hand updates it. A path would then lead to
wherever he likes; a descriptor leads to this folder. New files are given to its owner by their descriptors too.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755
_NO_LINKS = frozenset((errno.EPERM, errno.EMLINK, errno.EXDEV, errno.ENOTSUP, errno.ENOSYS))


class Folder:
    """One open folder. Names are plain ones of what lies in it; everything raises OSError. Close it in the end."""

    def __init__(self, descriptor: int) -> None:
        """Take over an open descriptor."""
        self._descriptor = descriptor
        self._owner = os.fstat(descriptor)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a folder that is there, and is no link."""
        with _no_link(str(path)):
            return cls(os.open(path, _OPEN_FOLDER))

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def by_descriptor(self) -> Path:
        """A path to this very folder, whatever is renamed meanwhile; good while it is open."""
        return Path(f"/proc/self/fd/{self._descriptor}")

    def names(self) -> set[str]:
        """Return what lies in it."""
        with os.scandir(self._descriptor) as found:
            return {each.name for each in found}

    def enter(self, name: str) -> Folder:
        """Open a folder in it."""
        with _no_link(name):
            return Folder(os.open(name, _OPEN_FOLDER, dir_fd=self._descriptor))

    def make(self, name: str) -> Folder:
        """Open a folder in it, which is made where it is missing, and must belong to the owner of this one."""
        with suppress(FileExistsError):
            os.mkdir(name, _FOLDER_MODE, dir_fd=self._descriptor)
            with self.enter(name) as made:
                os.fchmod(made._descriptor, _FOLDER_MODE)
                self._give(made._descriptor)
        found = self.enter(name)
        if found._owner.st_uid not in self._own_users():
            found.close()
            raise PermissionError(errno.EPERM, f"{name} belongs to another user than the folder it lies in")
        return found

    def write(self, name: str, content: bytes) -> None:
        """Write a new file; not synced."""
        descriptor = os.open(name, _NEW_FILE, _FILE_MODE, dir_fd=self._descriptor)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            self._finish(descriptor)

    def replace(self, name: str, content: bytes) -> None:
        """Write a file to the side, sync it and rename it into place: the old one or the new one."""
        aside = f".{name}.new"
        self.drop(aside)
        try:
            self.write(aside, content)
            self.sync(aside)
            self.rename(aside, name)
        except OSError:
            self.drop(aside)
            raise
        self.sync()

    def point(self, name: str, target: str) -> None:
        """Let the symbolic link `name` point at `target`, by rename. Whoever makes it owns it, which gives no right."""
        aside = f".{name}.new"
        self.drop(aside)
        os.symlink(target, aside, dir_fd=self._descriptor)
        self.rename(aside, name)
        self.sync()

    def rename(self, name: str, other: str) -> None:
        """Give what is called `name` another name; what had that is replaced."""
        os.rename(name, other, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def link(self, name: str, source: Folder) -> bool:
        """Take over a file of the same name from `source`; whether it is one file now, and not a copy."""
        try:
            os.link(name, name, src_dir_fd=source._descriptor, dst_dir_fd=self._descriptor, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        else:
            return True
        with os.fdopen(source._regular(name), "rb") as old:
            descriptor = os.open(name, _NEW_FILE, _FILE_MODE, dir_fd=self._descriptor)
            with os.fdopen(descriptor, "wb") as new:
                shutil.copyfileobj(old, new)
                new.flush()
                self._finish(descriptor)
        return False

    def adopt(self, name: str) -> None:
        """Give a file that this process wrote here the mode and owner of all others."""
        descriptor = self._regular(name)
        try:
            found = os.fstat(descriptor)
            if found.st_uid != os.geteuid() or found.st_nlink != 1:
                raise PermissionError(errno.EPERM, f"{name} is not the file that was written")
            self._finish(descriptor)
        finally:
            os.close(descriptor)

    def lock_file(self, name: str) -> int:
        """Open a file for locking, made where it is missing; whoever comes first, it is one file."""
        with suppress(FileExistsError):
            self.write(name, b"")
        return self._regular(name)

    def drop(self, name: str) -> None:
        """Remove a file, if it is there."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        """Remove whatever is called that, with all that is in it; of a link, the link."""
        if stat.S_ISDIR(os.stat(name, dir_fd=self._descriptor, follow_symlinks=False).st_mode):
            shutil.rmtree(name, dir_fd=self._descriptor)
        else:
            self.drop(name)

    def sync(self, name: str | None = None) -> None:
        """Bring a file of it, or its own list of names, to the disk (fsync)."""
        descriptor = self._descriptor if name is None else self._regular(name)
        try:
            os.fsync(descriptor)
        finally:
            if name is not None:
                os.close(descriptor)

    def sync_folders(self) -> None:
        """Bring the names in it and in every folder below to the disk, the innermost first."""
        for _, _, _, descriptor in os.fwalk(".", topdown=False, dir_fd=self._descriptor):
            os.fsync(descriptor)

    def _regular(self, name: str) -> int:
        descriptor = os.open(name, _OPEN_FILE, dir_fd=self._descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, f"{name} is no regular file")
        return descriptor

    def _finish(self, descriptor: int) -> None:
        os.fchmod(descriptor, _FILE_MODE)
        self._give(descriptor)

    def _give(self, descriptor: int) -> None:
        """Give what was just made to the folder's owner: what root's own hand updated, he must still replace."""
        if os.geteuid() == 0:
            os.fchown(descriptor, self._owner.st_uid, self._owner.st_gid)

    def _own_users(self) -> set[int]:
        """Who may own a folder in it: root's hand gives away what it makes."""
        return {self._owner.st_uid} if os.geteuid() == 0 else {self._owner.st_uid, os.geteuid()}


@contextmanager
def _no_link(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOTDIR, errno.ELOOP}:
            raise
        raise NotADirectoryError(errno.ENOTDIR, f"{name} is no folder but a link, or something else") from None
