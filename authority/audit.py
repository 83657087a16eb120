"""The audit: who ordered what, when and why, in a table that can be added to and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from authority.records import Act, AuditLine, Order

AUDIT_TABLE: Final = (
    """CREATE TABLE audit (
        line INTEGER PRIMARY KEY, at INTEGER NOT NULL, act TEXT NOT NULL, subject TEXT NOT NULL,
        before TEXT, after TEXT, ordered_by TEXT NOT NULL, reason TEXT NOT NULL
    ) STRICT""",
    "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
    "CREATE TRIGGER audit_is_whole BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
)
"""The statements that make the table; triggers refuse to change or delete a line."""


def write_line(db: sqlite3.Connection, line: AuditLine) -> None:
    """Append a line, in the caller's transaction."""
    db.execute(
        "INSERT INTO audit (at, act, subject, before, after, ordered_by, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (line.at, line.act.value, line.subject, line.before, line.after, line.order.by, line.order.reason),
    )


def read_lines(db: sqlite3.Connection) -> Iterator[AuditLine]:
    """Yield the lines, oldest first."""
    rows = db.execute("SELECT at, act, subject, before, after, ordered_by, reason FROM audit ORDER BY line")
    return (
        AuditLine(at, Act(act), subject, before, after, Order(by, reason))
        for at, act, subject, before, after, by, reason in rows
    )
