"""Reading a log without writing to it: beside a running engine, after one, or on a copy.

SQLite needs its `-shm` file even to read. Where that cannot be made (a read-only stick, a snapshot), the files
are copied to a private temporary folder and read there. Where it can, nothing but SQLite opens the files: closing one
drops all locks that the process has on it, also those of a log it writes, and whoever comes next takes its parts away.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from scanner.journal import files
from scanner.journal.errors import SQLITE_ERRORS, JournalDamagedError, JournalFailedError


@contextmanager
def open_reader(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the log's database file for reading, in one snapshot.

    Raises JournalFailedError when it is absent or may not be read, JournalDamagedError when it is no database.
    """
    if not path.is_file():
        raise JournalFailedError(f"{path}: there is no log here; name the state folder with --state")
    if not os.access(path, os.R_OK):
        raise files.explain(OSError(errno.EACCES, os.strerror(errno.EACCES)), path)
    try:
        connection = _connect(path)
    except SQLITE_ERRORS as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise _unreadable(path, error) from error
    else:
        with closing(connection):
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix="checkpoint-journal-") as folder:
        for suffix in ("", "-wal"):
            source = Path(f"{path}{suffix}")
            if source.exists():
                shutil.copyfile(source, Path(folder) / f"copy.db{suffix}")
        try:
            connection = _connect(Path(folder) / "copy.db")
        except SQLITE_ERRORS as error:
            raise _unreadable(path, error) from error
        with closing(connection):
            yield connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except SQLITE_ERRORS:
        connection.close()
        raise
    return connection


def _unreadable(path: Path, error: Exception) -> JournalDamagedError:
    return JournalDamagedError(f"{path}: this is no readable log ({error}); keep the file as it is")
