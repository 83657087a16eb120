"""The register's tables, and how an older register becomes one of today: one step a version, in order.

A new register takes the same steps from nothing, so that there is no table that only one of both kinds has.

`live_array` is what the rows of `code` say, packed as it is published, and kept true in the same transaction as each
row: publishing 50 million codes reads 25 MB and walks no row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np

from authority import arrays
from authority.audit import AUDIT_TABLE
from authority.errors import FolderError

_CODES_AND_AUDIT: Final = (
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE list (
        number INTEGER PRIMARY KEY, entries INTEGER NOT NULL, issued INTEGER NOT NULL, published_at INTEGER
    ) STRICT""",
    """CREATE TABLE code (
        list INTEGER NOT NULL REFERENCES list(number), idx INTEGER NOT NULL,
        person BLOB NOT NULL, carrier INTEGER NOT NULL, colour INTEGER NOT NULL,
        issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER,
        serial INTEGER NOT NULL UNIQUE,
        PRIMARY KEY (list, idx)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX code_of_person ON code (person, serial)",
    *AUDIT_TABLE,
)
_ARRAYS: Final = (
    "CREATE TABLE live_array (list INTEGER PRIMARY KEY REFERENCES list(number), packed BLOB NOT NULL) STRICT",
    # What was published last, and first on the newest day: authority.bundles.
    """CREATE TABLE base_array (
        kind TEXT NOT NULL, list INTEGER NOT NULL REFERENCES list(number), iat INTEGER NOT NULL, packed BLOB NOT NULL,
        PRIMARY KEY (kind, list)
    ) STRICT""",
    """CREATE TABLE bundle (
        base_iat INTEGER NOT NULL, iat INTEGER NOT NULL, kept_until INTEGER NOT NULL, kid BLOB NOT NULL,
        content BLOB NOT NULL, PRIMARY KEY (base_iat, iat)
    ) STRICT""",
)


def _codes_and_audit(db: sqlite3.Connection) -> None:
    _execute(db, _CODES_AND_AUDIT)


def _status_arrays(db: sqlite3.Connection) -> None:
    _execute(db, _ARRAYS)
    for number, entries in db.execute("SELECT number, entries FROM list").fetchall():
        db.execute("INSERT INTO live_array VALUES (?, ?)", (number, array_from_rows(db, number, entries)))


_STEPS: Final[tuple[Callable[[sqlite3.Connection], None], ...]] = (_codes_and_audit, _status_arrays)
"""Step n makes version n + 1 of version n."""


def bring_up_to_date(db: sqlite3.Connection, path: Path) -> None:
    """Take the steps that the register at `path` has not taken yet, all of them or none.

    Raises FolderError when a newer program wrote it.
    """
    if _version(db) == len(_STEPS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db)  # another process may have come first
        if version > len(_STEPS):
            raise FolderError(f"{path} is of version {version}; this program reads up to version {len(_STEPS)}.")
        for step in _STEPS[version:]:
            step(db)
        db.execute(f"PRAGMA user_version = {len(_STEPS)}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def array_from_rows(db: sqlite3.Connection, number: int, entries: int) -> bytes:
    """Return the array that the codes of list `number` make, row by row."""
    array = bytearray(arrays.blank(entries))
    rows = db.execute("SELECT idx, colour, revoked_at IS NOT NULL FROM code WHERE list = ?", (number,))
    while many := rows.fetchmany(1 << 16):
        columns = np.array(many, dtype=np.int64)
        values = arrays.status_values(columns[:, 1].astype(np.uint8), columns[:, 2] == 1)
        arrays.scatter(array, columns[:, 0], values)
    return bytes(array)


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _execute(db: sqlite3.Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        db.execute(statement)
