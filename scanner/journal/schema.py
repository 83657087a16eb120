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


@_MIGRATIONS(name="begin")
def _begin(database: Database) -> None:
    database.execute(
        "CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, nodes BLOB NOT NULL, sealed BLOB) STRICT"
    )
    database.execute("CREATE TABLE head (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT")


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
