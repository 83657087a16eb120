"""The hub's storage in one SQLite file: no set-up, a compound or a city district.

WAL with `synchronous=FULL`: a transaction is durable when its block has ended. One connection writes, guarded by a
lock; a few others read, each in a snapshot of its own. Commands beside the running hub, such as an import, take turns
with it through SQLite's own locks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, LifoQueue
from threading import Lock

from hub.errors import BusyError, DamagedError, FullError, SetupError, StorageError
from hub.storage import schema
from hub.storage.session import SqlRow, SqlValue, integer, maybe_integer
from hub.values import SealedPart, StoredEntry

READERS = 4
"""Connections that read at the same time."""
WAIT_SECONDS = 10.0
"""How long a transaction waits for its turn before the caller is sent away to come back later."""
ERASE_ROWS = 5_000
"""How many rows retention erases in one transaction."""
_PAGE_BYTES = 8192
_ERRORS = (sqlite3.Error, UnicodeDecodeError)
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_DAYS = "CREATE TABLE filed_day (day INTEGER PRIMARY KEY, walked INTEGER NOT NULL) STRICT"
"""Days under which rows of the log are, in the place of an index; what PostgreSQL's partitions tell by themselves.
`walked`: whether a walk through that day's rows has begun, and none was added since."""
_NOTE_DAY = (
    "INSERT INTO filed_day (day, walked) VALUES (?, 0) ON CONFLICT (day) DO UPDATE SET walked = 0 WHERE walked = 1"
)
_TYPES = (("bytea", "BLOB"), ("bigint", "INTEGER"), ("text", "TEXT"))


class SqliteSession:
    """One transaction on one connection."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, *values: SqlValue) -> int:
        """Run a statement that changes something; returns how many rows it changed."""
        with _explained():
            return self._connection.execute(statement, values).rowcount

    def rows(self, query: str, *values: SqlValue) -> list[SqlRow]:
        """Read all rows of a query."""
        with _explained():
            return self._connection.execute(query, values).fetchall()

    def many(self, statement: str, rows: Sequence[SqlRow]) -> None:
        """Run a statement once for every row."""
        with _explained():
            self._connection.executemany(statement, rows)

    def next_number(self, table: str) -> int:
        """Return the number of the next row: there is one writer at a time."""
        return integer(self.rows(f"SELECT coalesce(max(number), 0) + 1 FROM {table}")[0][0])  # noqa: S608 - a name of the schema

    def put_log(self, appliance: int, day: int, entries: Sequence[StoredEntry], sealed: Sequence[SealedPart]) -> None:
        """Append rows of the log."""
        self.many(
            "INSERT INTO entry (device, seq, day, time_ms, kind, body) VALUES (?, ?, ?, ?, ?, ?)",
            [(appliance, one.seq, day, one.time_ms, one.kind, one.body) for one in entries],
        )
        self.many(
            "INSERT INTO sealed (device, seq, day, part) VALUES (?, ?, ?, ?)",
            [(appliance, one.seq, day, one.part) for one in sealed],
        )
        self.note_day(day)

    def note_day(self, day: int) -> None:
        """Note that rows were filed under `day`."""
        self.run(_NOTE_DAY, day)


class SqliteDatabase:
    """The open file."""

    shared = False

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises SetupError: it cannot be; StorageError."""
        self.name = str(path)
        self._path = path
        self._turn = Lock()
        self._readers: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._all: list[sqlite3.Connection] = []
        try:
            self._writer = self._connect()
            self._prepare()
            for _ in range(READERS):
                self._readers.put(self._connect())
        except _ERRORS as error:
            self.close()
            raise SetupError(f"{path}: cannot be opened as the hub's storage: {error}") from error
        except StorageError:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[SqliteSession]:
        """Open a transaction that only reads."""
        try:
            connection = self._readers.get(timeout=WAIT_SECONDS)
        except Empty:
            raise BusyError("the hub's storage is busy") from None
        try:
            with _explained():
                connection.execute("BEGIN")
            yield SqliteSession(connection)
        finally:
            with suppress(*_ERRORS):
                connection.execute("ROLLBACK")
            self._readers.put(connection)

    @contextmanager
    def write(self) -> Iterator[SqliteSession]:
        """Open a transaction; durable when the block has ended."""
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise BusyError("the hub's storage is busy")
        try:
            with _explained():
                self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteSession(self._writer)
                with _explained():
                    self._writer.execute("COMMIT")
            except BaseException:
                with suppress(*_ERRORS):
                    self._writer.execute("ROLLBACK")
                raise
        finally:
            self._turn.release()

    def erase_log(self, before_day: int, *, sealed_only: bool, in_order: bool) -> int:
        """Erase rows that are filed under days before one, and cut what they were out of the write-ahead log.

        An appliance's entries arrive in order, so the old ones are its first: found and erased in short turns, without
        an index on the day and without keeping uploads waiting. Where days are not in order, all are looked through.
        """
        erased = 0
        for table in ("sealed",) if sealed_only else ("sealed", "entry"):
            with self.read() as session:
                owners = [integer(row[0]) for row in session.rows("SELECT number FROM device")]
            for owner in owners:
                after: int | None = -1
                old = 1
                while after is not None and (old or not in_order):
                    after, old = self._erase_some(table, owner, after, before_day)
                    erased += old
        if erased:
            with self._turn, _explained():
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return erased

    def _erase_some(self, table: str, owner: int, after: int, before_day: int) -> tuple[int | None, int]:
        """Erase what is old of an appliance's next rows; returns the last one looked at, and how many were old."""
        following = f"SELECT seq, day FROM {table} WHERE device = ? AND seq > ? ORDER BY seq LIMIT {ERASE_ROWS}"  # noqa: S608 - constants
        with self.read() as session:
            ((last, old),) = session.rows(
                f"SELECT max(seq), count(CASE WHEN day < ? THEN 1 END) FROM ({following})",  # noqa: S608
                before_day, owner, after,
            )  # fmt: skip
        if last is None or old == 0:
            return maybe_integer(last), 0
        delete = f"DELETE FROM {table} WHERE device = ? AND seq > ? AND seq <= ? AND day < ?"  # noqa: S608
        with self.write() as session:
            return integer(last), session.run(delete, owner, after, last, before_day)

    def prepare_day(self, day: int) -> None:
        """Do nothing: one table holds every day."""

    def filed_beyond(self, day: int) -> int | None:
        """Return the newest day after `day` under which rows of the log are filed."""
        with self.read() as session:
            return maybe_integer(session.rows("SELECT max(day) FROM filed_day WHERE day > ?", day)[0][0])

    @contextmanager
    def refiling(self, beyond: int) -> Iterator[SqliteWalk]:
        """Begin to file rows of days after `beyond` under another."""
        with self.write() as session:
            session.run("UPDATE filed_day SET walked = 1 WHERE day > ?", beyond)
        yield SqliteWalk(self, beyond)

    def close(self) -> None:
        """Close every connection."""
        for connection in self._all:
            with suppress(*_ERRORS):
                connection.close()
        self._all.clear()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        self._all.append(connection)
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA secure_delete = ON")
        if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
            raise SetupError(f"{self._path}: SQLite cannot keep a write-ahead log here; use a local disk")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA cache_size = -32768")
        return connection

    def _prepare(self) -> None:
        self._path.chmod(0o600)
        with self.write() as session:
            session.run("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY) STRICT")
            for migration in schema.missing(session):
                for table in migration.tables:
                    session.run(_translated(table))
                for statement in migration.then:
                    session.run(statement)
                session.run("INSERT INTO migration (name) VALUES (?)", migration.name)
            if not session.rows("SELECT 1 FROM sqlite_schema WHERE name = 'filed_day'"):
                session.run(_DAYS)
                session.run("INSERT INTO filed_day SELECT DISTINCT day, 0 FROM entry")


class SqliteWalk:
    """A walk through every row that is filed under days ahead."""

    def __init__(self, database: SqliteDatabase, beyond: int) -> None:
        self._database = database
        self._beyond = beyond

    def done(self) -> None:
        """Forget the days whose rows were all seen; one that got another meanwhile is walked again."""
        with self._database.write() as session:
            session.run("DELETE FROM filed_day WHERE day > ? AND walked = 1", self._beyond)


def _translated(table: str) -> str:
    for theirs, ours in _TYPES:
        table = table.replace(f" {theirs}", f" {ours}")
    # Appended to in the order of the key: the rows themselves are the index.
    return f"{table} STRICT, WITHOUT ROWID"


@contextmanager
def _explained() -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except _ERRORS as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise FullError(f"no room for the hub's storage: {error}") from error
        if code in _DAMAGED or isinstance(error, UnicodeDecodeError):
            raise DamagedError(f"the hub's storage is damaged: {error}") from error
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise BusyError(f"the hub's storage is held by another program: {error}") from error
        raise StorageError(f"the hub's storage failed: {error}") from error
