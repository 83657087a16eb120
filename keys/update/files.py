"""Reading files below one folder, as a stranger may have left them: no link is followed, nothing hangs."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_STRANGE = frozenset((errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.ENODEV))
"""What opening a link, a file in a folder's place, a socket or a device without a driver answers."""


class TooLargeError(OSError):
    """The file has more bytes than the caller takes."""


class NoFileError(OSError):
    """Something lies there that is no regular file, or is reached through a link only."""


def read_below(folder: Path, path: str, limit: int) -> bytes:
    """Return the content of the regular file `path` below `folder`, at most `limit` bytes.

    `path` has plain names between slashes. `folder` itself may be a link; nothing below it may. A pipe, a device or a
    socket is refused without waiting for it. Raises FileNotFoundError, TooLargeError, NoFileError, and OSError for all
    else.
    """
    *parents, name = _names(path)
    opened = [os.open(folder, _OPEN_FOLDER & ~os.O_NOFOLLOW)]
    try:
        try:
            for parent in parents:
                opened.append(os.open(parent, _OPEN_FOLDER, dir_fd=opened[-1]))
            opened.append(os.open(name, _OPEN_FILE, dir_fd=opened[-1]))
        except OSError as error:
            if error.errno in _STRANGE:
                raise NoFileError(error.errno, error.strerror) from None
            raise
        found = os.fstat(opened[-1])
        if not stat.S_ISREG(found.st_mode):
            raise NoFileError(errno.EINVAL, "it is no regular file")
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
