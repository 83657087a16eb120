"""Writing a small file so that a power cut leaves the old one or the new one, never half of either."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def replace_file(path: Path, data: bytes, *, mode: int) -> None:
    """Write `data` to the side, fsync it, and rename it over `path`; the folder is synced too.

    The file belongs to whoever owns the folder: a command run by root must not lock the appliance's own user out.
    Raises OSError as the system gives it; nothing is left behind.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            give_to_owner(file.fileno(), path.parent)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


class Beside:
    """A large file that is being written to the side, under a name that nobody can guess."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file = file
        self._path = path

    def keep_as(self, path: Path) -> None:
        """Fsync the file and rename it over `path`, in the same folder. Raises OSError."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self._path.replace(path)
        sync_folder(path.parent)


@contextmanager
def written_beside(folder: Path) -> Iterator[Beside]:
    """Write a large file in a folder that strangers have filled, such as a stick's; no link there is followed.

    What was not kept when the block ends is taken away. Raises OSError.
    """
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".checkpoint.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)
            yield Beside(file, Path(name))
    finally:
        Path(name).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make durable which names are in a folder. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def give_to_owner(descriptor: int, folder: Path) -> None:
    """Give a new file to the owner of its folder, where this process is root and the owner somebody else."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def become_owner(folder: Path) -> None:
    """Go on as the owner of `folder`, where this process is root and the owner somebody else.

    The owner can put links and other people's files in the way of whoever writes there: root's hand must not follow
    them. Of a folder that does not exist yet, the nearest one above counts.
    """
    if os.geteuid() != 0:
        return
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    owner = there.stat()
    if owner.st_uid != 0:
        os.setgroups([])
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)
