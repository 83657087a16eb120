"""The tables of the tracing store, and how a store of older software comes by what it lacks."""

from __future__ import annotations

import sqlite3
from itertools import chain
from typing import Final

_FIRST: Final = (
    """CREATE TABLE gate (
        number INTEGER PRIMARY KEY, device BLOB NOT NULL UNIQUE, site TEXT NOT NULL, size INTEGER NOT NULL,
        roots BLOB NOT NULL, proved INTEGER NOT NULL, proved_roots BLOB NOT NULL, trouble TEXT) STRICT""",
    """CREATE TABLE sighting (
        gate INTEGER NOT NULL, seq INTEGER NOT NULL, time_ms INTEGER NOT NULL, kind INTEGER NOT NULL,
        body BLOB NOT NULL, sealed BLOB NOT NULL, tag BLOB, applied INTEGER NOT NULL,
        PRIMARY KEY (gate, seq)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX sighting_tag ON sighting (tag, time_ms)",
    "CREATE INDEX sighting_time ON sighting (gate, time_ms)",
    "CREATE INDEX sighting_kind ON sighting (kind, applied) WHERE applied = 0",
    """CREATE TABLE question (
        number INTEGER PRIMARY KEY, at INTEGER NOT NULL, person TEXT NOT NULL, reason TEXT NOT NULL,
        asked TEXT NOT NULL) STRICT""",
    """CREATE TABLE tracer (
        name TEXT PRIMARY KEY, salt BLOB NOT NULL, cost_log2 INTEGER NOT NULL, password BLOB NOT NULL) STRICT""",
    "CREATE TABLE erasure (at INTEGER NOT NULL, before_ms INTEGER NOT NULL, many INTEGER NOT NULL) STRICT",
    """CREATE TRIGGER question_stays BEFORE UPDATE ON question
        BEGIN SELECT raise(ABORT, 'the log of questions stays'); END""",
    """CREATE TRIGGER question_kept BEFORE DELETE ON question
        BEGIN SELECT raise(ABORT, 'the log of questions stays'); END""",
)
_SECOND: Final = ("CREATE TABLE turn (one INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL) STRICT",)
_THIRD: Final = (
    "CREATE TABLE vouched (device BLOB PRIMARY KEY, site TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "ALTER TABLE gate ADD COLUMN forked INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sighting ADD COLUMN came_ms INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX sighting_kind",
    "CREATE INDEX sighting_waits ON sighting (kind, gate) WHERE applied = 0",
)
VERSIONS: Final = (_FIRST, _SECOND, _THIRD)
"""What each version of the store adds."""


def bring_up(connection: sqlite3.Connection) -> bool:
    """Add what the store lacks, in one transaction; False, and nothing is changed, where it is of newer software.

    Raises sqlite3.Error. The connection commits by itself (`isolation_level=None`).
    """
    if _version(connection) < len(VERSIONS):
        connection.execute("BEGIN IMMEDIATE")
        for statement in chain.from_iterable(VERSIONS[_version(connection) :]):  # others may have been quicker
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(VERSIONS)}")
        connection.execute("COMMIT")
    return _version(connection) == len(VERSIONS)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
