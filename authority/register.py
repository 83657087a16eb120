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

from authority import arrays
from authority.audit import read_lines, write_line
from authority.bundles import BundleTable
from authority.errors import FolderError, PublishError
from authority.files import make_private_file, refuse_shared
from authority.records import AuditLine, RegisteredCode, RegisteredList
from authority.schema import array_from_rows, bring_up_to_date
from keys.status_list import StatusValue
from keys.verdict import Carrier, Colour

_TRIES: Final = 128
"""Indices tried at random before the ones that are left are counted."""

_PATIENCE_S: Final = 120
"""How long another writer is waited for: a million changes are one transaction."""


class Register:
    """The register file. One writer at a time; every change is one durable transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.bundles = BundleTable(connection)
        """What delta bundles are made of, and those that are published."""

    @classmethod
    def create(cls, path: Path, settings: dict[str, str]) -> Register:
        """Make a register at `path`, mode 0600, holding `settings`."""
        make_private_file(path)
        register = cls(_connect(path))
        bring_up_to_date(register._db, path)
        with register.transaction():
            register._db.executemany("INSERT INTO setting VALUES (?, ?)", sorted(settings.items()))
        return register

    @classmethod
    def open(cls, path: Path) -> Register:
        """Open the register at `path`, brought up to date where an older program made it.

        Raises FolderError when it is none, damaged, readable by others, or of a newer program.
        """
        if not path.is_file():
            raise FolderError(f"{path} is missing, so {path.parent} is no authority's folder; see: authority new")
        refuse_shared(path)
        try:
            connection = _connect(path)
            bring_up_to_date(connection, path)
        except sqlite3.OperationalError as error:
            raise FolderError(f"{path} cannot be opened ({error}); nothing was changed.") from error
        except sqlite3.DatabaseError as error:
            raise FolderError(f"{path} is damaged ({error}); restore it from a backup.") from error
        except FolderError:
            connection.close()
            raise
        return cls(connection)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the one writer's place; everything inside becomes durable together or not at all.

        One inside another is undone by itself, and durable with the outer one. Raises FolderError when the disk is
        full or another writer does not come to an end.
        """
        nested = self._db.in_transaction
        begin, undo, keep = (
            ("SAVEPOINT inner", "ROLLBACK TO inner", "RELEASE inner")
            if nested
            else ("BEGIN IMMEDIATE", "ROLLBACK", "COMMIT")
        )
        try:
            self._db.execute(begin)
            yield
            self._db.execute(keep)
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute(undo)
                if nested:
                    self._db.execute(keep)
            if isinstance(error, sqlite3.OperationalError):
                raise FolderError(f"The register cannot be written ({error}); nothing was changed.") from error
            raise

    @contextmanager
    def staging(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for temporary tables, which are gone afterwards."""
        try:
            yield self._db
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            for (name,) in self._db.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'table'").fetchall():
                self._db.execute(f"DROP TABLE temp.{name}")

    def setting(self, name: str) -> str:
        """Return a setting given at creation."""
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise FolderError(f"The register has lost its setting {name!r}; restore it from a backup.")
        return str(row[0])

    def open_first_list(self, entries: int) -> None:
        """Open list 1 if there is none, so that an authority publishes a list before its first code."""
        if self._db.execute("SELECT 1 FROM list").fetchone() is None:
            self._open_list(1, entries)

    def draw(self, random_below: Callable[[int], int], entries: int) -> tuple[int, int]:
        """Return an unused (list, index) drawn at random, opening a new list when the newest one is full.

        Lists are filled up, because half a list of indices that nobody has is 130 kB more for every gate to fetch.
        `entries` is the size of a list opened now; `random_below(n)` gives a number in [0, n).
        """
        newest = self._db.execute("SELECT number, entries, issued FROM list ORDER BY number DESC LIMIT 1").fetchone()
        if newest is None or newest[2] >= newest[1]:
            number, size = 1 if newest is None else newest[0] + 1, entries
            self._open_list(number, size)
        else:
            number, size, _ = newest
        with self._db.blobopen("live_array", "packed", number, readonly=True) as array:
            for _ in range(_TRIES):
                index = random_below(size)
                if arrays.entry(array[index // 2], index) == StatusValue.NOT_ISSUED:
                    return int(number), index
            left = arrays.unused(array.read(), size)
        return int(number), int(left[random_below(len(left))])

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
        self._say(code.list_number, code.index, code.colour, revoked=code.revoked_at is not None)

    def refresh(self, list_number: int, index: int, issued_at: int, expires_at: int) -> None:
        """Note that a code was made anew under the same index."""
        self._db.execute(
            "UPDATE code SET issued_at = ?, expires_at = ? WHERE list = ? AND idx = ?",
            (issued_at, expires_at, list_number, index),
        )

    def set_colour(self, list_number: int, index: int, colour: Colour) -> None:
        """Give a code another colour; the caller writes the audit line in the same transaction."""
        row = self._db.execute(
            "UPDATE code SET colour = ? WHERE list = ? AND idx = ? RETURNING revoked_at",
            (int(colour), list_number, index),
        ).fetchone()
        if row is not None:
            self._say(list_number, index, colour, revoked=row[0] is not None)

    def revoke(self, list_number: int, index: int, at: int) -> None:
        """Mark a code revoked, for good."""
        row = self._db.execute(
            "UPDATE code SET revoked_at = ? WHERE list = ? AND idx = ? AND revoked_at IS NULL RETURNING colour",
            (at, list_number, index),
        ).fetchone()
        if row is not None:
            self._say(list_number, index, Colour(row[0]), revoked=True)

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

    def live_array(self, number: int) -> bytes:
        """Return what list `number` says now, packed as it is published."""
        (packed,) = self._db.execute("SELECT packed FROM live_array WHERE list = ?", (number,)).fetchone()
        return bytes(packed)

    def put_live_array(self, number: int, packed: bytes) -> None:
        """Replace what list `number` says; the caller has changed its rows in the same transaction."""
        self._db.execute("UPDATE live_array SET packed = ? WHERE list = ?", (packed, number))

    def array_from_rows(self, number: int) -> bytes:
        """Return what list `number` must say, read from its codes one by one: what `live_array` is held against."""
        (entries,) = self._db.execute("SELECT entries FROM list WHERE number = ?", (number,)).fetchone()
        return array_from_rows(self._db, number, entries)

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
        write_line(self._db, line)

    def audit(self) -> Iterator[AuditLine]:
        """Yield the audit, oldest line first."""
        return read_lines(self._db)

    def _open_list(self, number: int, entries: int) -> None:
        self._db.execute("INSERT INTO list VALUES (?, ?, 0, NULL)", (number, entries))
        self._db.execute("INSERT INTO live_array VALUES (?, ?)", (number, arrays.blank(entries)))

    def _say(self, number: int, index: int, colour: Colour, *, revoked: bool) -> None:
        """Bring the array in line with a row just written."""
        value = arrays.status_value(colour, revoked=revoked)
        with self._db.blobopen("live_array", "packed", number) as array:
            array[index // 2] = arrays.with_entry(array[index // 2], index, value)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_S)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _code(row: tuple[int, int, bytes, int, int, int, int, int | None, int]) -> RegisteredCode:
    number, index, person, carrier, colour, issued_at, expires_at, revoked_at, _serial = row
    return RegisteredCode(number, index, person, Carrier(carrier), Colour(colour), issued_at, expires_at, revoked_at)
