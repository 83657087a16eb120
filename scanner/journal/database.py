"""The log's SQLite file: opened for durability, its errors turned into ours, its reserve held.

WAL mode with `synchronous=FULL`: a commit returns after `fdatasync` of the write-ahead log. Folding that log into
the database (a checkpoint) is left to moments of rest, so that no passage pays for it. A second, read-only
connection stays open until the very end: so SQLite does not delete the write-ahead log on close, and the reserve
allocated in it survives a restart on a full disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scanner.journal import files, schema
from scanner.journal.errors import (
    SQLITE_ERRORS,
    JournalDamagedError,
    JournalError,
    JournalFailedError,
    JournalFullError,
    JournalReadOnlyError,
)
from scanner.journal.reserve import Reserve

_FULL, _READ_ONLY = sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_INSERT = "INSERT INTO entry (seq, body, nodes, sealed) VALUES (?, ?, ?, ?)"
BUSY_SECONDS = 2.0
"""How long a stranger's write lock (a person with a database tool) is waited for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it is stored."""

    seq: int
    body: bytes
    nodes: bytes
    """Leaf hash and completed tree nodes, 32 bytes each."""
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class SignedHead:
    """One signed head as it is stored."""

    size: int
    note: str


class Database:
    """The open file. Not thread-safe by itself; the journal's lock guards it."""

    def __init__(self, folder: Path, reserve_bytes: int, synchronous: str, *, begun: bool) -> None:
        """Open the existing file, in which a log was `begun` before or is to begin. Raises JournalError."""
        self._folder = folder
        self._path = files.journal_path(folder)
        self._sick = False
        self._writer: sqlite3.Connection | None = None
        self._keeper: sqlite3.Connection | None = None
        self._reserve: Reserve | None = None
        try:
            self._open(reserve_bytes, synchronous, begun)
        except SQLITE_ERRORS as error:
            self.close()
            raise self._explain(error) from error
        except OSError as error:
            self.close()
            raise files.explain(error, folder) from error
        except JournalError:
            self.close()
            raise

    @property
    def sick(self) -> bool:
        """Whether an error left the file in doubt: close this and open it anew."""
        return self._sick

    @property
    def reserve(self) -> Reserve:
        """The room held for overrides."""
        if self._reserve is None:
            raise JournalFailedError(f"{self._path}: the log's file is closed")
        return self._reserve

    def commit(self, rows: Sequence[Row], head: SignedHead | None) -> None:
        """Write entries and a head, all or nothing; durable on return. Raises JournalError."""
        connection = self._connection
        values = [(row.seq, row.body, row.nodes, row.sealed) for row in rows]
        try:
            if head is None and len(values) == 1:  # one statement is a transaction by itself
                connection.execute(_INSERT, values[0])
                return
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, values)
            if head is not None:
                connection.execute("INSERT OR REPLACE INTO head (size, note) VALUES (?, ?)", (head.size, head.note))
            connection.execute("COMMIT")
        except SQLITE_ERRORS as error:
            if connection.in_transaction:
                with suppress(*SQLITE_ERRORS):
                    connection.execute("ROLLBACK")
            raise self._explain(error) from error

    def rows(self, start: int, stop: int) -> list[Row]:
        """Read entries `start` up to, not including, `stop`. Raises JournalError."""
        try:
            found = self._connection.execute(
                "SELECT seq, body, nodes, sealed FROM entry WHERE seq >= ? AND seq < ? ORDER BY seq", (start, stop)
            ).fetchall()
        except SQLITE_ERRORS as error:
            raise self._explain(error) from error
        return [Row(*one) for one in found]

    def count(self) -> int:
        """Tell the number of entries by the newest one's number; gaps are found by reading. Raises JournalError."""
        return self._number("SELECT max(seq) + 1 FROM entry")

    def newest_heads(self, limit: int) -> list[SignedHead]:
        """Read the newest signed heads, newest first. Raises JournalError."""
        try:
            found = self._connection.execute("SELECT size, note FROM head ORDER BY size DESC LIMIT ?", (limit,))
            return [SignedHead(*one) for one in found.fetchall()]
        except SQLITE_ERRORS as error:
            raise self._explain(error) from error

    def erase_sealed(self, before: int) -> int:
        """Erase sealed bytes of entries below `before`, in the file and in the write-ahead log. Raises JournalError."""
        try:
            erased = self._connection.execute(
                "UPDATE entry SET sealed = NULL WHERE seq < ? AND sealed IS NOT NULL", (before,)
            ).rowcount
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except SQLITE_ERRORS as error:
            raise self._explain(error) from error
        self.reserve.refill()
        return erased

    def fold(self) -> None:
        """Checkpoint what can be without waiting for readers. A full disk makes it wait; other errors show later."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except SQLITE_ERRORS as error:
            self._explain(error)

    def need_room(self) -> None:
        """Raise JournalFullError unless the reserve is whole and there is room besides."""
        reserve = self.reserve
        whole = reserve.refill()
        needed = files.MARGIN if reserve.supported else files.MARGIN + reserve.size
        try:
            free = files.free_bytes(self._folder)
        except OSError as error:
            raise files.explain(error, self._folder) from error
        if free < needed or (reserve.supported and not whole):
            raise JournalFullError(
                f"{self._folder}: the disk is full ({free // 1024} KiB free); nobody passes unlogged, free some space"
            )

    def close(self) -> None:
        """Close the connections, then the reserve's descriptors. Does not raise."""
        for connection in (self._writer, self._keeper):
            if connection is not None:
                with suppress(*SQLITE_ERRORS):
                    connection.close()
        self._writer = self._keeper = None
        if self._reserve is not None:
            self._reserve.close()
            self._reserve = None

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._writer is None:
            raise JournalFailedError(f"{self._path}: the log's file is closed")
        return self._writer

    def _open(self, reserve_bytes: int, synchronous: str, begun: bool) -> None:
        writer = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        self._writer = writer
        writer.execute("PRAGMA cell_size_check = ON")
        writer.execute("PRAGMA trusted_schema = OFF")
        writer.execute("PRAGMA secure_delete = ON")
        mode = writer.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != ("wal",):
            raise files.explain(OSError(30, "SQLite cannot write beside it"), self._folder)
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute(f"PRAGMA synchronous = {synchronous}")
        schema.migrate(writer, begun=begun)
        self._keeper = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        self._keeper.execute("SELECT max(seq) FROM entry").fetchone()
        self._reserve = Reserve(self._path, reserve_bytes)
        self._reserve.refill()

    def _number(self, query: str) -> int:
        try:
            (number,) = self._connection.execute(query).fetchone()
        except SQLITE_ERRORS as error:
            raise self._explain(error) from error
        return int(number or 0)

    def _explain(self, error: Exception) -> JournalError:
        """Turn SQLite's error into ours, and remember whether the file must be opened anew."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == _FULL:
            return JournalFullError(f"{self._folder}: no room for the log ({error}); free some space")
        self._sick = True
        if code in _DAMAGED or isinstance(error, UnicodeDecodeError):
            return JournalDamagedError(
                f"{self._path}: the log's file is damaged ({error}); run `checkpoint journal verify`, keep the file"
            )
        if code in _BUSY:
            return JournalFailedError(f"{self._path}: another program holds the log's file ({error}); close it")
        try:
            files.check_writable(self._folder)
            if files.free_bytes(self._folder) < files.MARGIN:
                return JournalFullError(f"{self._folder}: no room for the log ({error}); free some space")
        except JournalError as found:
            return found
        except OSError as found:
            return files.explain(found, self._folder)
        if code == _READ_ONLY:
            return JournalReadOnlyError(f"{self._folder}: the log cannot be written ({error}); check its permissions")
        return JournalFailedError(f"{self._path}: the log's disk fails ({error}); check the disk")
