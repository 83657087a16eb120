"""Where the log's files are, who may open them, and whether there is room.

In the state folder (0700): `journal.db` with SQLite's `-wal` and `-shm`, and `journal.lock`, which the writing
process holds and which remembers that a log was begun here.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from keys.key_file import sync_folder
from scanner.journal.errors import (
    JournalDamagedError,
    JournalError,
    JournalFailedError,
    JournalFullError,
    JournalLockedError,
    JournalReadOnlyError,
)

DATABASE = "journal.db"
LOCK = "journal.lock"
MARGIN = 1024 * 1024
"""Bytes free below which nobody passes: room for a checkpoint of the write-ahead log."""
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT}


def journal_path(state_folder: Path) -> Path:
    """Name the log's database in a state folder."""
    return state_folder / DATABASE


def explain(error: OSError, folder: Path) -> JournalError:
    """Turn the system's error into ours, with what to do."""
    if error.errno in _READ_ONLY:
        return JournalReadOnlyError(
            f"{folder}: the log cannot be written ({error.strerror}); make the folder writable for this user"
        )
    if error.errno in _FULL:
        return JournalFullError(f"{folder}: no room for the log ({error.strerror}); free some space")
    return JournalFailedError(f"{folder}: the log's disk fails ({error.strerror}); check the disk")


def prepare_folder(folder: Path) -> None:
    """Make the state folder, private to its owner. Raises JournalError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise explain(error, folder) from error


def take_lock(folder: Path) -> int:
    """Take the writer's lock; returns its descriptor, closing it lets go.

    Raises JournalLockedError when another process has it, JournalReadOnlyError and others as `explain` says.
    """
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise explain(error, folder) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise JournalLockedError(f"{folder}: another process already writes this log; stop that one first") from None
    return descriptor


def make_database(folder: Path, lock: int) -> None:
    """See that the database file is there, 0600; make it on the first start only, and make its name durable.

    Raises JournalDamagedError when a log was begun here and its file is gone: a new one is never started over it.
    """
    path = folder / DATABASE
    if path.exists():
        _mark(lock)
        return
    if os.fstat(lock).st_size or Path(f"{path}-wal").exists():
        raise JournalDamagedError(
            f"{path}: a log was kept here and is gone; put it back, or see docs/formats.md on beginning another"
        )
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        sync_folder(folder)
        sync_folder(folder.parent)
        _mark(lock)
    except OSError as error:
        raise explain(error, folder) from error


def check_writable(folder: Path) -> None:
    """Raise JournalReadOnlyError unless the log's files can be opened for writing now."""
    for name in (LOCK, DATABASE):
        # The database is only asked about, never opened here: closing it would drop SQLite's own locks on it.
        try:
            if os.statvfs(folder).f_flag & os.ST_RDONLY:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            if not os.access(folder / name, os.W_OK):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise explain(error, folder) from error


def free_bytes(folder: Path) -> int:
    """Count the bytes that an ordinary user may still write to the folder's file system."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def _mark(lock: int) -> None:
    if os.fstat(lock).st_size == 0:
        os.pwrite(lock, b"a log is kept here\n", 0)
        os.fsync(lock)
