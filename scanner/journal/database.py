"""The log's SQLite file: opened for durability, its errors turned into ours, its reserve held.

WAL mode with `synchronous=FULL`: a commit returns after `fdatasync` of the write-ahead log. Folding that log into
the database (a checkpoint) is left to moments of rest, so that no passage pays for it. A second, read-only
connection stays open until the very end: so SQLite does not delete the write-ahead log on close, and the reserve
allocated in it survives a restart on a full disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from scanner.journal import files, schema
from scanner.journal.errors import (
    SQLITE_ERRORS,
    JournalDamagedError,
    JournalError,
    JournalFailedError,
    JournalFullError,
    JournalReadOnlyError,
)
from scanner.journal.pruned import Pruned, read_pruned
from scanner.journal.reserve import Reserve

_FULL, _READ_ONLY = sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_INSERT = "INSERT INTO entry (seq, body, nodes, sealed) VALUES (?, ?, ?, ?)"
_STEP = 512 * 1024
"""Bytes written ahead at a time while the log is open: whoever is let in next may wait for them."""
BUSY_SECONDS = 2.0
"""How long a stranger's write lock (a person with a database tool) is waited for."""


class Row(NamedTuple):
    """One entry as it is stored. A tuple, in the order of the table's columns: SQLite takes and gives it as it is."""

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


@dataclass(frozen=True, slots=True)
class Erasure:
    """A line of the report of what retention has erased."""

    at: int
    """Seconds since 1970 UTC."""
    what: int
    """A member of `scanner.journal.detail.Erased`."""
    start: int
    stop: int
    """Of entries `start` up to, not including, `stop`."""
    count: int
    """How many things were erased."""


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
        try:
            if head is None and len(rows) == 1:  # one statement is a transaction by itself
                connection.execute(_INSERT, rows[0])
                return
        except SQLITE_ERRORS as error:
            raise self._explain(error) from error
        with self._transaction() as connection:
            connection.executemany(_INSERT, rows)
            if head is not None:
                connection.execute("INSERT OR REPLACE INTO head (size, note) VALUES (?, ?)", (head.size, head.note))

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
        return max(self._number("SELECT max(seq) + 1 FROM entry"), self.pruned().size)

    def nodes_of(self, seq: int) -> bytes | None:
        """Read the tree nodes stored with an entry, None where there is no such entry. Raises JournalError."""
        rows = self._select("SELECT nodes FROM entry WHERE seq = ?", seq)
        return bytes(rows[0][0]) if rows else None

    def pruned(self) -> Pruned:
        """Read how many of the first entries were removed, and what is left of them. Raises JournalError."""
        try:
            return read_pruned(self._connection)
        except SQLITE_ERRORS as error:
            raise self._explain(error) from error

    def newest_heads(self, limit: int) -> list[SignedHead]:
        """Read the newest signed heads, newest first. Raises JournalError."""
        try:
            found = self._connection.execute("SELECT size, note FROM head ORDER BY size DESC LIMIT ?", (limit,))
            return [SignedHead(*one) for one in found.fetchall()]
        except SQLITE_ERRORS as error:
            raise self._explain(error) from error

    def keep_cosigned(self, head: SignedHead, seen_at: int) -> None:
        """Keep a head that a witness has cosigned; of those seen within one hour, the newest. Raises JournalError."""
        with self._transaction() as connection:
            hour = seen_at - seen_at % 3600
            connection.execute("DELETE FROM cosigned WHERE size < ? AND seen_at >= ?", (head.size, hour))
            connection.execute("INSERT OR REPLACE INTO head (size, note) VALUES (?, ?)", (head.size, head.note))
            connection.execute("INSERT OR REPLACE INTO cosigned VALUES (?, ?)", (head.size, seen_at))

    def cosigned(self, seen_by: int) -> SignedHead | None:
        """Read the newest head that a witness had seen by then (seconds), None without one. Raises JournalError."""
        query = "SELECT size, note FROM cosigned JOIN head USING (size) WHERE seen_at <= ? ORDER BY size DESC LIMIT 1"
        rows = self._select(query, seen_by)
        return SignedHead(*rows[0]) if rows else None

    def erase_sealed(self, start: int, stop: int) -> int:
        """Erase the sealed bytes of entries `start` up to, not including, `stop`. Raises JournalError."""
        query = "UPDATE entry SET sealed = NULL WHERE seq >= ? AND seq < ? AND sealed IS NOT NULL"
        with self._transaction() as connection:
            return connection.execute(query, (start, stop)).rowcount

    def prune(self, pruned: Pruned) -> int:
        """Remove the entries below a cut, and the heads over them. Raises JournalError."""
        with self._transaction() as connection:
            removed = connection.execute("DELETE FROM entry WHERE seq < ?", (pruned.size,)).rowcount
            connection.execute("DELETE FROM head WHERE size < ?", (pruned.size,))
            connection.execute("DELETE FROM cosigned WHERE size < ?", (pruned.size,))
            values = (pruned.size, b"".join(pruned.roots))
            connection.execute("INSERT OR REPLACE INTO pruned (one, size, roots) VALUES (1, ?, ?)", values)
        return removed

    def note_erasure(self, erasure: Erasure) -> None:
        """Add a line to the report of what was erased. Raises JournalError."""
        values = (erasure.at, erasure.what, erasure.start, erasure.stop, erasure.count)
        with self._transaction() as connection:
            connection.execute("INSERT INTO erasure (at, what, start, stop, count) VALUES (?, ?, ?, ?, ?)", values)

    def erased_up_to(self, what: int) -> int:
        """Tell up to which entry one kind of data was erased. Raises JournalError."""
        return int(self._select("SELECT max(stop) FROM erasure WHERE what = ?", what)[0][0] or 0)

    def sweep(self) -> bool:
        """Cut what was erased from the write-ahead log too; False while a reader holds it. Raises JournalError.

        It does not wait for the reader: whoever writes next would wait with it.
        """
        try:
            with self._without_waiting() as connection:
                busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except SQLITE_ERRORS as error:
            raise self._explain(error) from error
        self.reserve.refill()
        return bool(busy == 0)

    def fold(self) -> None:
        """Checkpoint what can be without waiting for readers. A full disk makes it wait; other errors show later."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except SQLITE_ERRORS as error:
            self._explain(error)

    def write_ahead(self, most: int = _STEP) -> None:
        """Write at most so many bytes of the write-ahead log ahead, where there are some to write and room for them.

        It only makes commits faster, so no fault of it is told: whatever ails the disk shows at the next commit.
        """
        reserve = self.reserve
        with suppress(OSError, *SQLITE_ERRORS):
            size = min(most, reserve.to_write_ahead())
            if size == 0 or files.free_bytes(self._folder) < files.MARGIN + reserve.most + size:
                return
            with self._without_waiting() as connection:
                connection.execute("BEGIN IMMEDIATE")  # from here on nobody writes frames, not even a stranger
                try:
                    reserve.write_ahead(size)
                finally:
                    connection.execute("ROLLBACK")

    def need_room(self) -> None:
        """Raise JournalFullError unless the reserve is whole and there is room besides."""
        reserve = self.reserve
        try:
            whole, free = reserve.refill(), reserve.free()
        except OSError as error:
            raise files.explain(error, self._folder) from error
        needed = files.MARGIN if reserve.supported else files.MARGIN + reserve.size
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

    @contextmanager
    def _without_waiting(self) -> Iterator[sqlite3.Connection]:
        """Give the connection, which meanwhile waits for no other program's lock."""
        connection = self._connection
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            yield connection
        finally:
            with suppress(*SQLITE_ERRORS):
                connection.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")

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
        self.write_ahead(self._reserve.to_write_ahead())
        self._reserve.refill()

    def _number(self, query: str) -> int:
        return int(self._select(query)[0][0] or 0)

    def _select(self, query: str, *values: int) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except SQLITE_ERRORS as error:
            raise self._explain(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Write everything inside or nothing; durable afterwards. Raises JournalError."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except SQLITE_ERRORS as error:
            if connection.in_transaction:
                with suppress(*SQLITE_ERRORS):
                    connection.execute("ROLLBACK")
            raise self._explain(error) from error

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
