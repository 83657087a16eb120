"""Room that nobody else can take: blocks allocated behind the end of the write-ahead log.

A full disk must not lock residents in. Space freed at the moment of need could be eaten by whatever fills the
disk, so the reserve is not a file to be deleted: it is allocated beforehand inside SQLite's own files, beyond
their end (Linux `fallocate` with FALLOC_FL_KEEP_SIZE). SQLite then grows into it without asking the file system for
a single block. The database file itself needs nothing: while the disk is full a checkpoint simply waits.

The write-ahead log is also written ahead, with zeros: a commit over bytes that a file has already got takes half as
long on ext4 as one that lengthens the file, whose new length has to be made durable too.
"""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

from scanner.journal import files

_KEEP_SIZE = 0x01
_CHUNK = 1024 * 1024
"""Bytes allocated beyond the need, so that an ordinary append does not allocate each time."""
_WAL_PER_INDEX = 16 * 1024 * 1024
"""Bytes of write-ahead log that one 32 KiB part of SQLite's index covers (4096 frames)."""
_INDEX_PART = 32 * 1024
WRITTEN_AHEAD = 3 * 1024 * 1024
"""Bytes that the write-ahead log has at least: as many as are written to it between two folds."""
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
        self._held_at = -1
        """Length of the write-ahead log when all was last held; -1: it was not."""
        self._wal = os.open(f"{database}-wal", os.O_RDWR | os.O_CLOEXEC)
        try:
            self._index = os.open(f"{database}-shm", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            os.close(self._wal)
            raise

    def free(self) -> int:
        """Count the bytes that an ordinary user may still write to the log's file system. Raises OSError."""
        return files.free_bytes(self._wal)

    @property
    def supported(self) -> bool:
        """Whether the file system can hold room; where it cannot, only free space counts."""
        return self._supported

    @property
    def size(self) -> int:
        """Bytes of write-ahead log kept for overrides."""
        return self._size

    @property
    def most(self) -> int:
        """Bytes that are allocated behind the write-ahead log at most: the reserve, and room for the next commits."""
        return self._size + _CHUNK

    def held(self) -> int:
        """Count the bytes allocated behind the end of the write-ahead log now."""
        wal = os.fstat(self._wal)
        return _allocated(wal) - wal.st_size

    def refill(self) -> bool:
        """Allocate what is missing; True when the whole reserve is held. Cheap when nothing is missing.

        The index needs room by the length of the write-ahead log alone, so it is looked at only when that has changed.
        """
        wal = os.fstat(self._wal)
        whole = wal.st_size + self._size
        if wal.st_size == self._held_at and _allocated(wal) >= whole:
            return True
        index = (whole // _WAL_PER_INDEX + 2) * _INDEX_PART
        held = self._hold(self._wal, whole) and self._hold(self._index, index)
        self._held_at = wal.st_size if held else -1
        return held

    def to_write_ahead(self) -> int:
        """Count the bytes that the write-ahead log is shorter than it is to be; 0 where it is not."""
        return max(0, WRITTEN_AHEAD - os.fstat(self._wal).st_size)

    def write_ahead(self, size: int) -> None:
        """Lengthen the write-ahead log by so many zeros, which SQLite reads as its end. Raises OSError.

        Only while nobody else can write to it: what stands before its end may be frames, and nothing of it is touched.
        """
        os.pwrite(self._wal, bytes(size), os.fstat(self._wal).st_size)
        os.fdatasync(self._wal)

    def close(self) -> None:
        """Let go of the descriptors; the blocks stay with the files."""
        os.close(self._wal)
        os.close(self._index)

    def _hold(self, descriptor: int, whole: int) -> bool:
        """See that a file has blocks for `whole` bytes, its own length among them."""
        if not self._supported:
            return False
        if _allocated(os.fstat(descriptor)) >= whole:
            return True
        for length in (whole + _CHUNK, whole):
            if _FALLOCATE(descriptor, _KEEP_SIZE, 0, length) == 0:
                return True
            if ctypes.get_errno() in _UNSUPPORTED:
                self._supported = False
                return False
        return False


def _allocated(status: os.stat_result) -> int:
    return status.st_blocks * 512
