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
_MARK = b"a log is kept here\n"


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


def make_database(folder: Path, lock: int) -> bool:
    """See that the database file is there, 0600; make it on the first start only, and make its name durable.

    Returns whether a log was begun here before. Raises JournalDamagedError when one was and its file is gone or
    emptied: a new one is never started over it.
    """
    path = folder / DATABASE
    begun = os.fstat(lock).st_size > 0
    if path.exists() and not (begun and path.stat().st_size == 0):
        return begun
    if begun or Path(f"{path}-wal").exists():
        raise JournalDamagedError(
            f"{path}: a log was kept here and is gone; put it back, or see docs/formats.md on beginning another"
        )
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        sync_folder(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise explain(error, folder) from error
    return False


def check_writable(folder: Path) -> None:
    """Raise JournalReadOnlyError unless the log's files can be written now; JournalError for other faults.

    The lock file's own bytes are written again: nothing less shows a file system that failed into read-only. The
    database is only asked about: opening and closing it here would drop SQLite's own locks on it.
    """
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, os.pread(descriptor, len(_MARK), 0), 0)
        finally:
            os.close(descriptor)
        if not os.access(folder / DATABASE, os.W_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise explain(error, folder) from error


def free_bytes(place: Path | int) -> int:
    """Count the bytes that an ordinary user may still write to the file system of a folder, or of an open file."""
    status = os.statvfs(place)
    return status.f_bavail * status.f_frsize


def mark_begun(folder: Path, lock: int) -> None:
    """Remember in the lock file that a log is kept here. Raises JournalError."""
    try:
        os.pwrite(lock, _MARK, 0)
        os.fsync(lock)
    except OSError as error:
        raise explain(error, folder) from error
