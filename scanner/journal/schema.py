"""The log's tables, as migrations.

`entry.nodes` holds the leaf hash and every tree node the entry completes, 32 bytes each, leaf first: two hashes
an entry on average, in the same row, so that any root or proof needs O(log n) rows and a start need not hash
the whole log. `entry.sealed` is NULL where nothing was sealed or retention has erased it.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from scanner.journal.errors import JournalDamagedError

_MIGRATIONS = Migrations("journal")
_KNOWN = frozenset({"begin"})
_TABLES = {
    "entry": (
        "CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, nodes BLOB NOT NULL, sealed BLOB) STRICT"
    ),
    "head": "CREATE TABLE head (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT",
}


@_MIGRATIONS(name="begin")
def _begin(database: Database) -> None:
    for table in _TABLES.values():
        database.execute(table)


def foreign(connection: sqlite3.Connection) -> str | None:
    """Name what in the file's schema the log did not make: an exchanged table, a view, a trigger; None: nothing.

    A view can show one thing to a proof and another to people, a trigger can forget what was written. A table that is
    missing shows by itself. Raises SQLite's errors.
    """
    for kind, name, text in connection.execute("SELECT type, name, sql FROM sqlite_schema"):
        if kind in {"view", "trigger"} or (name in _TABLES and text != _TABLES[name]):
            return str(name)
    return None


def migrate(connection: sqlite3.Connection, *, begun: bool) -> None:
    """Bring the tables up to date; `begun`: a log was kept here before.

    Raises JournalDamagedError when newer software has written them, or when a log was kept and its tables are gone.
    """
    database = Database(connection)
    applied = {migration.name for migration in _MIGRATIONS.applied(database)}
    newer = applied - _KNOWN
    if newer:
        raise JournalDamagedError(f"newer software has written this log ({', '.join(sorted(newer))}); update this one")
    if begun and not applied:
        raise JournalDamagedError("a log was kept here and its tables are gone; put the file back")
    if _MIGRATIONS.pending(database):
        _MIGRATIONS.apply(database)
    name = foreign(connection)
    if name is not None:
        raise JournalDamagedError(f"{name!r} is not as the log made it: somebody meddled with the file; keep it")
