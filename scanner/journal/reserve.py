"""Room that nobody else can take: blocks allocated behind the end of the write-ahead log.

A full disk must not lock residents in. Space freed at the moment of need could be eaten by whatever fills the
disk, so the reserve is not a file to be deleted: it is allocated beforehand inside SQLite's own files, beyond
their end (Linux `fallocate` with FALLOC_FL_KEEP_SIZE). SQLite then grows into it without asking the file system for
a single block. The database file itself needs nothing: while the disk is full a checkpoint simply waits.
"""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

_KEEP_SIZE = 0x01
_CHUNK = 1024 * 1024
"""Bytes allocated beyond the need, so that an ordinary append does not allocate each time."""
_WAL_PER_INDEX = 16 * 1024 * 1024
"""Bytes of write-ahead log that one 32 KiB part of SQLite's index covers (4096 frames)."""
_INDEX_PART = 32 * 1024
_UNSUPPORTED = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}

_LIBC = ctypes.CDLL(None, use_errno=True)
_FALLOCATE = getattr(_LIBC, "fallocate64", None) or _LIBC.fallocate
_FALLOCATE.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_FALLOCATE.restype = ctypes.c_int


class Reserve:
    """The reserve of one open log. Close it only after SQLite has closed the files (POSIX drops locks on close)."""

    def __init__(self, database: Path, size: int) -> None:
        """Hold up to `size` bytes; nothing is allocated before `refill`. Raises OSError."""
        self._size = size
        self._supported = True
        self._wal = os.open(f"{database}-wal", os.O_RDWR | os.O_CLOEXEC)
        try:
            self._index = os.open(f"{database}-shm", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            os.close(self._wal)
            raise

    @property
    def supported(self) -> bool:
        """Whether the file system can hold room; where it cannot, only free space counts."""
        return self._supported

    @property
    def size(self) -> int:
        """Bytes of write-ahead log kept for overrides."""
        return self._size

    def held(self) -> int:
        """Count the bytes allocated behind the end of the write-ahead log now."""
        return _ahead(self._wal)

    def refill(self) -> bool:
        """Allocate what is missing; True when the whole reserve is held. Cheap when nothing is missing."""
        index = (self._size // _WAL_PER_INDEX + 1) * _INDEX_PART
        return self._hold(self._wal, self._size) and self._hold(self._index, index)

    def close(self) -> None:
        """Let go of the descriptors; the blocks stay with the files."""
        os.close(self._wal)
        os.close(self._index)

    def _hold(self, descriptor: int, size: int) -> bool:
        if not self._supported:
            return False
        if _ahead(descriptor) >= size:
            return True
        end = os.fstat(descriptor).st_size + size
        for length in (end + _CHUNK, end):
            if _FALLOCATE(descriptor, _KEEP_SIZE, 0, length) == 0:
                return True
            if ctypes.get_errno() in _UNSUPPORTED:
                self._supported = False
                return False
        return False


def _ahead(descriptor: int) -> int:
    status = os.fstat(descriptor)
    return status.st_blocks * 512 - status.st_size
