"""The register of issued codes: which index belongs to whom, in which colour, and who ordered every change.

SQLite, one file, for the owner alone. It holds no name and no document number: a person is a keyed tag that only the
authority's passphrase lets anyone compute. The audit is append-only; triggers refuse to change or delete a line.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from authority.errors import FolderError, PublishError
from authority.files import make_private_file, refuse_shared
from authority.records import Act, AuditLine, Order, RegisteredCode, RegisteredList
from keys.verdict import Carrier, Colour

FULL_AT_PERCENT: Final = 50
"""A list this full is left for a new one, so that drawing an unused index at random stays quick."""

_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE list (
    number INTEGER PRIMARY KEY, entries INTEGER NOT NULL, issued INTEGER NOT NULL, published_at INTEGER
) STRICT;
CREATE TABLE code (
    list INTEGER NOT NULL REFERENCES list(number), idx INTEGER NOT NULL,
    person BLOB NOT NULL, carrier INTEGER NOT NULL, colour INTEGER NOT NULL,
    issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER,
    serial INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (list, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX code_of_person ON code (person, serial);
CREATE TABLE audit (
    line INTEGER PRIMARY KEY, at INTEGER NOT NULL, act TEXT NOT NULL, subject TEXT NOT NULL,
    before TEXT, after TEXT, ordered_by TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_whole BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
"""


class Register:
    """The register file. One writer at a time; every change is one durable transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    def create(cls, path: Path, settings: dict[str, str]) -> Register:
        """Make a register at `path`, mode 0600, holding `settings`."""
        make_private_file(path)
        register = cls(_connect(path))
        register._db.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version={_SCHEMA_VERSION};COMMIT;")
        with register.transaction():
            register._db.executemany("INSERT INTO setting VALUES (?, ?)", sorted(settings.items()))
        return register

    @classmethod
    def open(cls, path: Path) -> Register:
        """Open the register at `path`. Raises FolderError when it is none, damaged, or readable by others."""
        if not path.is_file():
            raise FolderError(f"{path} is missing, so {path.parent} is no authority's folder; see: authority new")
        refuse_shared(path)
        try:
            connection = _connect(path)
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            raise FolderError(f"{path} is damaged ({error}); restore it from a backup.") from error
        if version != _SCHEMA_VERSION:
            connection.close()
            raise FolderError(f"{path} is of version {version}; this program reads version {_SCHEMA_VERSION}.")
        return cls(connection)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the one writer's place; everything inside becomes durable together or not at all."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def setting(self, name: str) -> str:
        """Return a setting given at creation."""
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise FolderError(f"The register has lost its setting {name!r}; restore it from a backup.")
        return str(row[0])

    def open_first_list(self, entries: int) -> None:
        """Open list 1 if there is none, so that an authority publishes a list before its first code."""
        self._db.execute("INSERT OR IGNORE INTO list VALUES (1, ?, 0, NULL)", (entries,))

    def draw(self, random_below: Callable[[int], int], entries: int) -> tuple[int, int]:
        """Return an unused (list, index) drawn at random, opening a new list when the newest one is full enough.

        `entries` is the size of a list opened now; `random_below(n)` gives a number in [0, n).
        """
        newest = self._db.execute("SELECT number, entries, issued FROM list ORDER BY number DESC LIMIT 1").fetchone()
        if newest is None or newest[2] * 100 >= newest[1] * FULL_AT_PERCENT:
            number = 1 if newest is None else newest[0] + 1
            self._db.execute("INSERT INTO list VALUES (?, ?, 0, NULL)", (number, entries))
            size = entries
        else:
            number, size, _ = newest
        while True:
            index = random_below(size)
            if self._db.execute("SELECT 1 FROM code WHERE list = ? AND idx = ?", (number, index)).fetchone() is None:
                return int(number), index

    def add(self, code: RegisteredCode) -> None:
        """Write a new code whose index was drawn in the same transaction."""
        self._db.execute(
            "INSERT INTO code VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(serial), 0) + 1 FROM code))",
            (
                code.list_number,
                code.index,
                code.person,
                int(code.carrier),
                int(code.colour),
                code.issued_at,
                code.expires_at,
                code.revoked_at,
            ),
        )
        self._db.execute("UPDATE list SET issued = issued + 1 WHERE number = ?", (code.list_number,))

    def refresh(self, list_number: int, index: int, issued_at: int, expires_at: int) -> None:
        """Note that a code was made anew under the same index."""
        self._db.execute(
            "UPDATE code SET issued_at = ?, expires_at = ? WHERE list = ? AND idx = ?",
            (issued_at, expires_at, list_number, index),
        )

    def set_colour(self, list_number: int, index: int, colour: Colour) -> None:
        """Give a code another colour; the caller writes the audit line in the same transaction."""
        self._db.execute("UPDATE code SET colour = ? WHERE list = ? AND idx = ?", (int(colour), list_number, index))

    def revoke(self, list_number: int, index: int, at: int) -> None:
        """Mark a code revoked, for good."""
        self._db.execute(
            "UPDATE code SET revoked_at = ? WHERE list = ? AND idx = ? AND revoked_at IS NULL", (at, list_number, index)
        )

    def code(self, list_number: int, index: int) -> RegisteredCode | None:
        """Return one code, None when this index was never issued."""
        row = self._db.execute(
            "SELECT * FROM code WHERE list = ? AND idx = ?",
            (list_number, index),
        ).fetchone()
        return None if row is None else _code(row)

    def codes_of(self, person: bytes) -> tuple[RegisteredCode, ...]:
        """Return every code ever issued to a person, oldest first."""
        rows = self._db.execute(
            "SELECT * FROM code WHERE person = ? ORDER BY serial",
            (person,),
        )
        return tuple(_code(row) for row in rows)

    def codes_in(self, list_number: int) -> Iterator[RegisteredCode]:
        """Yield the codes of one list in the order of their indices."""
        rows = self._db.execute(
            "SELECT * FROM code WHERE list = ? ORDER BY idx",
            (list_number,),
        )
        return (_code(row) for row in rows)

    def lists(self) -> tuple[RegisteredList, ...]:
        """Return the lists opened so far."""
        return tuple(
            RegisteredList(number, entries, issued, published_at)
            for number, entries, issued, published_at in self._db.execute(
                "SELECT number, entries, issued, published_at FROM list ORDER BY number"
            )
        )

    def newest_publication(self) -> int | None:
        """Return the `iat` of the newest lists published, None before the first."""
        (newest,) = self._db.execute("SELECT max(published_at) FROM list").fetchone()
        return None if newest is None else int(newest)

    def note_publication(self, at: int) -> None:
        """Promise that no list will ever be published with an `iat` before `at`.

        Raises PublishError when a later one was promised already.
        """
        newest = self.newest_publication()
        if newest is not None and at < newest:
            raise PublishError(
                f"Lists with the time {newest} were published; {at} is {newest - at} s earlier; set the clock."
            )
        self._db.execute("UPDATE list SET published_at = ?", (at,))

    def write_audit(self, line: AuditLine) -> None:
        """Append a line to the audit."""
        self._db.execute(
            "INSERT INTO audit (at, act, subject, before, after, ordered_by, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (line.at, line.act.value, line.subject, line.before, line.after, line.order.by, line.order.reason),
        )

    def audit(self) -> Iterator[AuditLine]:
        """Yield the audit, oldest line first."""
        rows = self._db.execute("SELECT at, act, subject, before, after, ordered_by, reason FROM audit ORDER BY line")
        return (
            AuditLine(at, Act(act), subject, before, after, Order(by, reason))
            for at, act, subject, before, after, by, reason in rows
        )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _code(row: tuple[int, int, bytes, int, int, int, int, int | None, int]) -> RegisteredCode:
    number, index, person, carrier, colour, issued_at, expires_at, revoked_at, _serial = row
    return RegisteredCode(number, index, person, Carrier(carrier), Colour(colour), issued_at, expires_at, revoked_at)
