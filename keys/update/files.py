"""Reading and writing files below one folder, as a stranger may have left them: no link is followed, nothing hangs."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755


class TooLargeError(OSError):
    """The file has more bytes than the caller takes."""


def read_below(folder: Path, path: str, limit: int) -> bytes:
    """Return the content of the regular file `path` below `folder`, at most `limit` bytes.

    `path` has plain names between slashes. `folder` itself may be a link; nothing below it may. A pipe, a device or a
    socket is refused without waiting for it. Raises FileNotFoundError, TooLargeError, and OSError for all else.
    """
    *parents, name = _names(path)
    opened = [os.open(folder, _OPEN_FOLDER & ~os.O_NOFOLLOW)]
    try:
        for parent in parents:
            opened.append(os.open(parent, _OPEN_FOLDER, dir_fd=opened[-1]))
        opened.append(os.open(name, _OPEN_FILE, dir_fd=opened[-1]))
        found = os.fstat(opened[-1])
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if found.st_size > limit:
            raise TooLargeError(errno.EFBIG, f"it has {found.st_size} bytes, and {limit} are the most")
        return _read(opened[-1], limit)
    finally:
        for descriptor in reversed(opened):
            os.close(descriptor)


def _read(descriptor: int, limit: int) -> bytes:
    """Read to the end of a file that may grow meanwhile."""
    parts: list[bytes] = []
    left = limit + 1
    while left > 0 and (part := os.read(descriptor, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise TooLargeError(errno.EFBIG, f"it has more than {limit} bytes")
    return b"".join(parts)


def _names(path: str) -> list[str]:
    names = path.split("/")
    if any(name in {"", ".", ".."} or "\0" in name for name in names):
        raise ValueError(f"{path!r} is no path of plain names")
    return names


def make_folder(folder: Path, owner: os.stat_result) -> None:
    """Make one folder, owned by `owner`'s user; one that is there is left as it is. Raises OSError."""
    try:
        folder.mkdir(mode=_FOLDER_MODE)
    except FileExistsError:
        return
    folder.chmod(_FOLDER_MODE)
    _give(folder, owner)


def write_file(file: Path, content: bytes, owner: os.stat_result) -> None:
    """Write a new file, owned by `owner`'s user; not synced. Raises OSError, FileExistsError too."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(stream.fileno(), _FILE_MODE)
        stream.write(content)
    _give(file, owner)


def open_or_make(file: Path, owner: os.stat_result) -> int:
    """Open a file for reading, empty where it is new; whoever comes first, it is one file. Raises OSError."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, _FILE_MODE)
    try:
        if os.fstat(descriptor).st_uid != owner.st_uid:
            _give(file, owner)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def adopt(file: Path, owner: os.stat_result) -> None:
    """Give a file the mode and owner of those written here. Raises OSError."""
    file.chmod(_FILE_MODE)
    _give(file, owner)


def replace_file(file: Path, content: bytes, owner: os.stat_result) -> None:
    """Write `file` to the side, sync it and rename it into place: the old one or the new one. Raises OSError."""
    aside = file.with_name(f".{file.name}.new")
    aside.unlink(missing_ok=True)
    try:
        write_file(aside, content, owner)
        sync(aside)
        aside.replace(file)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    sync(file.parent)


def replace_link(link: Path, target: str, owner: os.stat_result) -> None:
    """Point the symbolic link `link` at `target`, by rename. Raises OSError."""
    aside = link.with_name(f".{link.name}.new")
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)
    _give(aside, owner)
    aside.replace(link)
    sync(link.parent)


def sync(path: Path) -> None:
    """Bring a file or folder to the disk (fsync). Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _give(path: Path, owner: os.stat_result) -> None:
    """Give a new file to the folder's owner: what root's own hand updated, the appliance's user must still replace."""
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
