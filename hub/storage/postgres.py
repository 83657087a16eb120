"""The hub's storage in PostgreSQL: any number of hub processes, the log in partitions by day of arrival.

Rows of the log go in by binary COPY. The two partitioned tables get a partition a day, made ahead by housekeeping and
dropped whole by retention. Commits are durable (`synchronous_commit` is asked to be on), transactions READ COMMITTED:
the high-water mark's row is what two hubs wait for each other on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import LiteralString, cast

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from hub.errors import BusyError, DamagedError, FullError, SetupError, StorageError
from hub.storage import schema
from hub.storage.session import SqlRow, SqlValue, integer, maybe_integer, text
from hub.values import SealedPart, StoredEntry

CONNECTIONS = 8
"""At most, a hub process."""
WAIT_SECONDS = 10.0
"""How long a transaction waits for a connection before the caller is sent away to come back later."""
_SCHEMA_LOCK = 0x6A6B6D
"""An advisory lock: one process at a time changes tables."""
_NUMBER_LOCK = 0x6A6B6E
"""An advisory lock, with a table's name: one transaction at a time gives out its numbers."""
_DAY_SECONDS = 86_400
_ENTRY = sql.SQL("COPY entry (device, seq, day, time_ms, kind, body) FROM STDIN (FORMAT binary)")
_SEALED = sql.SQL("COPY sealed (device, seq, day, part) FROM STDIN (FORMAT binary)")
_Connection = psycopg.Connection[tuple[SqlValue, ...]]


class PostgresSession:
    """One transaction on one connection."""

    __slots__ = ("_connection",)

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def run(self, statement: str, *values: SqlValue) -> int:
        """Run a statement that changes something; returns how many rows it changed."""
        return self._connection.execute(_ours(statement), values).rowcount

    def rows(self, query: str, *values: SqlValue) -> list[SqlRow]:
        """Read all rows of a query."""
        return self._connection.execute(_ours(query), values).fetchall()

    def many(self, statement: str, rows: Sequence[SqlRow]) -> None:
        """Run a statement once for every row."""
        if rows:
            with self._connection.cursor() as cursor:
                cursor.executemany(_ours(statement), rows)

    def next_number(self, table: str) -> int:
        """Return the number of the next row: whoever else wants one of this table waits for this transaction."""
        self.rows("SELECT pg_advisory_xact_lock(?, hashtext(?))", _NUMBER_LOCK, table)
        return integer(self.rows(f"SELECT coalesce(max(number), 0) + 1 FROM {table}")[0][0])  # noqa: S608 - a name of the schema

    def put_log(self, appliance: int, day: int, entries: Sequence[StoredEntry], sealed: Sequence[SealedPart]) -> None:
        """Append rows of the log."""
        with self._connection.cursor() as cursor:
            with cursor.copy(_ENTRY) as copy:
                copy.set_types(["int8", "int8", "int8", "int8", "int8", "bytea"])
                for entry in entries:
                    copy.write_row((appliance, entry.seq, day, entry.time_ms, entry.kind, entry.body))
            if sealed:
                with cursor.copy(_SEALED) as copy:
                    copy.set_types(["int8", "int8", "int8", "bytea"])
                    for part in sealed:
                        copy.write_row((appliance, part.seq, day, part.part))

    def note_day(self, day: int) -> None:
        """Note nothing: the partitions tell."""


class PostgresDatabase:
    """A pool of connections to one database."""

    shared = True

    def __init__(self, url: str) -> None:
        """Connect and bring the tables up to date. Raises SetupError: no such server or database; StorageError."""
        try:
            known = conninfo_to_dict(url)
        except psycopg.Error:
            # Not libpq's words: they repeat what was given, and there may be a password in it.
            words = "neither sqlite nor a PostgreSQL address that holds, like postgresql://hub@db.example.org/hub"
            raise SetupError(f"--database: {words}") from None
        self._days: frozenset[int] = frozenset()
        """Days that this process has made partitions of."""
        self.name = f"postgresql://{known.get('host') or 'localhost'}/{known.get('dbname') or ''}"
        self._pool = ConnectionPool[_Connection](
            url,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=WAIT_SECONDS,
            configure=_configure,
            check=ConnectionPool.check_connection,  # one that died with its server is replaced unseen
            open=False,
        )
        try:
            with psycopg.connect(url, connect_timeout=int(WAIT_SECONDS)):
                pass  # the pool would only say that it could not, and not why
            self._pool.open(wait=True, timeout=WAIT_SECONDS)
            with self.write() as session:
                _migrate(session)
        except (psycopg.Error, PoolTimeout) as error:
            self.close()
            raise SetupError(f"{self.name}: cannot be used as the hub's storage: {str(error).strip()}") from error
        except StorageError:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[PostgresSession]:
        """Open a transaction that only reads."""
        with _explained(), self._pool.connection() as connection, connection.transaction(force_rollback=True):
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield PostgresSession(connection)

    @contextmanager
    def write(self) -> Iterator[PostgresSession]:
        """Open a transaction; durable when the block has ended."""
        with _explained(), self._pool.connection() as connection, connection.transaction():
            yield PostgresSession(connection)

    def erase_log(self, before_day: int, *, sealed_only: bool, in_order: bool) -> int:  # noqa: ARG002 - days go whole
        """Drop whole days; returns PostgreSQL's estimate of their rows."""
        erased = 0
        self._days = frozenset()
        with self.write() as session:
            session.run("SELECT pg_advisory_xact_lock(?)", _SCHEMA_LOCK)
            for table in ("sealed",) if sealed_only else schema.PARTITIONED:
                rows = session.rows(
                    """SELECT c.relname, greatest(c.reltuples, 0)::bigint FROM pg_inherits i
                        JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = ?::regclass""",
                    table,
                )
                for name, estimate in rows:
                    if int(text(name).removeprefix(f"{table}_d")) < before_day:
                        session.run(f"DROP TABLE {text(name)}")
                        erased += max(1, cast(int, estimate))
        return erased

    def prepare_day(self, day: int) -> None:
        """Make the partitions of a day, unless they are there."""
        if day in self._days:
            return
        with self.write() as session:
            session.run("SELECT pg_advisory_xact_lock(?)", _SCHEMA_LOCK)
            for table in schema.PARTITIONED:
                _partition(session, table, day)
        self._days |= {day}

    def filed_beyond(self, day: int) -> int | None:
        """Return the newest day after `day` under which rows of the log are filed: its partitions are empty, or few."""
        with self.read() as session:
            return maybe_integer(session.rows("SELECT max(day) FROM entry WHERE day > ?", day)[0][0])

    @contextmanager
    def refiling(self, beyond: int) -> Iterator[PostgresWalk]:  # noqa: ARG002 - of every day, the partitions tell
        """Begin to file rows of days after `beyond` under another; their partitions stay, for their day comes."""
        yield PostgresWalk()

    def close(self) -> None:
        """Close every connection."""
        self._pool.close(timeout=5.0)


class PostgresWalk:
    """A walk through every row that is filed under days ahead."""

    def done(self) -> None:
        """Note nothing: the next look at the partitions tells."""


def _configure(connection: _Connection) -> None:
    connection.execute("SET synchronous_commit = on")
    connection.execute("SET lock_timeout = '10s'")
    connection.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.commit()


def _migrate(session: PostgresSession) -> None:
    session.run("SELECT pg_advisory_xact_lock(?)", _SCHEMA_LOCK)
    session.run("CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY)")
    for migration in schema.missing(session):
        for table in migration.tables:
            name = table.split()[2]
            session.run(f"{table} PARTITION BY RANGE (day)" if name in schema.PARTITIONED else table)
        for statement in migration.then:
            session.run(statement)
        session.run("INSERT INTO migration (name) VALUES (?)", migration.name)
    today = int(datetime.now(UTC).timestamp()) // _DAY_SECONDS
    for table in schema.PARTITIONED:
        _partition(session, table, today)


def _partition(session: PostgresSession, table: str, day: int) -> None:
    name = f"{table}_d{day:d}"
    session.run(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ({day:d}) TO ({day + 1:d})")


def _ours(statement: str) -> LiteralString:
    """Put psycopg's marks for values in the place of the question marks; no text of ours holds another one."""
    marked: LiteralString = statement.replace("?", "%s")
    return marked


@contextmanager
def _explained() -> Iterator[None]:
    """Turn PostgreSQL's errors into ours."""
    try:
        yield
    except (errors.DiskFull, errors.OutOfMemory) as error:
        raise FullError(f"no room for the hub's storage: {error}") from error
    except (errors.DataCorrupted, errors.IndexCorrupted) as error:
        raise DamagedError(f"the hub's storage is damaged: {error}") from error
    except (errors.UndefinedTable, errors.UndefinedColumn) as error:
        raise DamagedError(f"the hub's storage is not as this program made it: {error}") from error
    except (psycopg.OperationalError, errors.UniqueViolation, PoolTimeout) as error:
        # No connection, a lock held too long, or the same name added twice at the same moment.
        raise BusyError(f"the hub's storage is busy or away: {error}") from error
    except psycopg.Error as error:
        raise StorageError(f"the hub's storage failed: {error}") from error
