"""The log's tables, as migrations.

`entry.nodes` holds the leaf hash and every tree node the entry completes, 32 bytes each, leaf first: two hashes
an entry on average, in the same row, so that any root or proof needs O(log n) rows and a start need not hash
the whole log. `entry.sealed` is NULL where nothing was sealed or retention has erased it.

`cosigned` says which heads carry a witness's cosignature, and when it saw them; `pruned` has one row once entries have
been removed: how many, and the perfect subtrees over them, from which every later root and proof follows; `erasure` is
the report of what retention has erased.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from scanner.journal.errors import JournalDamagedError

_MIGRATIONS = Migrations("journal")
_KNOWN = frozenset({"begin", "hand_over"})
_BEGIN = {
    "entry": (
        "CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, nodes BLOB NOT NULL, sealed BLOB) STRICT"
    ),
    "head": "CREATE TABLE head (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT",
}
_HAND_OVER = {
    "cosigned": "CREATE TABLE cosigned (size INTEGER PRIMARY KEY, seen_at INTEGER NOT NULL) STRICT",
    "pruned": "CREATE TABLE pruned (one INTEGER PRIMARY KEY, size INTEGER NOT NULL, roots BLOB NOT NULL) STRICT",
    "erasure": (
        "CREATE TABLE erasure (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, what INTEGER NOT NULL, "
        "start INTEGER NOT NULL, stop INTEGER NOT NULL, count INTEGER NOT NULL) STRICT"
    ),
}
_TABLES = _BEGIN | _HAND_OVER


@_MIGRATIONS(name="begin")
def _begin(database: Database) -> None:
    for table in _BEGIN.values():
        database.execute(table)


@_MIGRATIONS(name="hand_over")
def _hand_over(database: Database) -> None:
    for table in _HAND_OVER.values():
        database.execute(table)


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the file has a table: a copy that older software wrote lacks the newer ones. Raises SQLite's errors."""
    found = connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,)).fetchone()
    return found is not None


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
