"""Changes of status by the million: a file of codes and what becomes of each, made in one transaction or not at all.

Reading puts the rows aside without disturbing anybody. Then, in one transaction, they are held against each other and
against the register, applied by whole tables, and written into the lists' arrays. Every code that changes gets its own
audit line. Whatever ends the command before its last moment leaves the register as it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final, TypeAlias

import numpy as np

from authority import arrays
from authority.codes import read_identity
from authority.csv_file import Fault, Row
from authority.errors import RequestError
from authority.records import Act, Order
from authority.register import Register
from keys.issuer import list_uri, parse_list_uri
from keys.verdict import CodeIdentity, Colour

COLUMNS: Final = ("code_id", "list", "index", "colour", "reason")
COLOURS: Final = {colour.name.lower(): colour for colour in Colour}
REVOKED: Final = "revoked"
_CHUNK: Final = 20_000


@unique
class Step(StrEnum):
    """What is being done to the rows."""

    READ = "read"
    CHECK = "checked"
    APPLY = "applied"


Progress: TypeAlias = Callable[[Step, int], None]
"""Told, now and then, how many rows (while reading and checking) or codes (while applying) are done."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one row wants of one code."""

    line: int
    list_number: int
    index: int
    colour: Colour | None
    """None: it is revoked, for good."""
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file."""

    rows: int
    faults: tuple[Fault, ...]
    """In the order of their lines."""
    recoloured: int
    """Codes, every one of each person."""
    revoked: int

    @property
    def applied(self) -> bool:
        """Whether anything was changed."""
        return self.recoloured + self.revoked > 0


def read_changes(rows: Iterable[Row | Fault], issuer: str, order: Order) -> Iterator[Change | Fault]:
    """Yield what each row wants; `order.reason` counts where a row has none.

    A row names a code by `code_id` or by `list` and `index`, and has a `colour`: one of the five, or `revoked`.
    """
    known_reasons = {"": order.reason}
    for row in rows:
        if isinstance(row, Fault):
            yield row
            continue
        try:
            identity = read_identity(issuer, _code_of(row))
            word = row.cells.get("colour", "").lower()
            if word != REVOKED and word not in COLOURS:
                raise RequestError(f"{word!r} is no colour; there are {', '.join(COLOURS)} and {REVOKED}.")
            given = row.cells.get("reason", "")
            if given not in known_reasons:
                known_reasons[given] = Order(order.by, given).reason
        except RequestError as error:
            yield Fault(row.line, str(error))
        else:
            yield Change(row.line, _number(identity), identity.index, COLOURS.get(word), known_reasons[given])


def apply_changes(
    register: Register,
    issuer: str,
    changes: Iterable[Change | Fault],
    order: Order,
    now: int,
    *,
    leave_out_bad: bool,
    progress: Progress,
) -> Outcome:
    """Apply all of `changes`, or none of them where one is bad and `leave_out_bad` does not say to pass it over.

    Bad is: a fault, a code named twice, one never issued here, one that is revoked, and another colour for a person
    than an earlier row gives.
    """
    with register.staging() as db:
        staging = _Staging(db, register, issuer, progress)
        staging.read(changes)
        with register.transaction():
            staging.check()
            if staging.faults and not leave_out_bad:
                return staging.outcome()
            staging.apply(order.by, now)
        return staging.outcome()


def _code_of(row: Row) -> str:
    whole, number, index = (row.cells.get(name, "") for name in ("code_id", "list", "index"))
    if bool(whole) is bool(number or index):
        raise RequestError("Name the code by code_id, or by list and index.")
    return whole or f"{number}/{index}"


def _number(identity: CodeIdentity) -> int:
    owner = parse_list_uri(identity.uri)
    if owner is None:
        raise RuntimeError(f"{identity} was read as a code of this authority, and is none")
    return owner[1]


class _Staging:
    """The rows of one file on their way into the register."""

    def __init__(self, db: sqlite3.Connection, register: Register, issuer: str, progress: Progress) -> None:
        self._db = db
        self._register = register
        self._subject = f"{issuer}/{list_uri(issuer, 0).removesuffix('0')}"
        self._progress = progress
        self._rows = 0
        self._recoloured = 0
        self._revoked = 0
        self.faults: list[Fault] = []

    def outcome(self) -> Outcome:
        return Outcome(
            self._rows, tuple(sorted(self.faults, key=lambda fault: fault.line)), self._recoloured, self._revoked
        )

    def read(self, changes: Iterable[Change | Fault]) -> None:
        """Put the rows aside."""
        self._db.execute("BEGIN")  # deferred: as long as only temporary tables are written, nobody waits for us
        self._db.execute("CREATE TEMP TABLE wanted (line INTEGER, list INTEGER, idx INTEGER, colour INTEGER, reason)")
        self._db.executemany("INSERT INTO wanted VALUES (?, ?, ?, ?, ?)", self._good(changes))
        self._db.execute("CREATE TEMP TABLE word (colour INTEGER PRIMARY KEY, word TEXT)")
        self._db.executemany(
            "INSERT INTO word VALUES (?, ?)", ((int(colour), word) for word, colour in COLOURS.items())
        )
        self._db.execute("COMMIT")
        self._progress(Step.READ, self._rows)

    def _good(self, changes: Iterable[Change | Fault]) -> Iterator[tuple[int, int, int, int | None, str]]:
        for change in changes:
            self._rows += 1
            if self._rows % _CHUNK == 0:
                self._progress(Step.READ, self._rows)
            if isinstance(change, Fault):
                self.faults.append(change)
            else:
                colour = None if change.colour is None else int(change.colour)
                yield change.line, change.list_number, change.index, colour, change.reason

    def check(self) -> None:
        """Find what the register knows of every row, and name the rows that cannot be applied."""
        # In the order of the register, so that a million rows read each of its pages once.
        self._db.execute(
            """CREATE TEMP TABLE found AS
               SELECT w.*, c.person, c.colour AS before, c.revoked_at FROM wanted w
               LEFT JOIN code c ON c.list = w.list AND c.idx = w.idx ORDER BY w.list, w.idx, w.line"""
        )
        for question in _QUESTIONS:
            bad = self._db.execute(question).fetchall()
            self.faults += (Fault(line, why) for _, line, why in bad)
            self._db.executemany("DELETE FROM found WHERE rowid = ?", ((row,) for row, _, _ in bad))
        self._progress(Step.CHECK, self._rows)

    def apply(self, by: str, now: int) -> None:
        """Revoke, then turn every code of the people whose colour changes, with an audit line for each code."""
        terms: dict[str, str | int] = {"now": now, "by": by, "subject": self._subject}
        self._revoked = self._in_chunks("found", (_AUDIT_REVOKED, _REVOKE), terms | {"act": Act.REVOKE})
        self._db.execute(_TURNED)
        self._db.execute(_TOUCHED)
        self._recoloured = self._in_chunks("touched", (_AUDIT_TURNED, _TURN), terms | {"act": Act.SET_COLOUR})
        self._say()

    def _in_chunks(self, table: str, statements: tuple[str, str], terms: dict[str, str | int]) -> int:
        """Run both statements over the rows of `table`, some at a time; return how many lines the first one wrote."""
        (last,) = self._db.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()  # noqa: S608 - our names
        written = 0
        for first in range(0, last, _CHUNK):
            span = terms | {"first": first, "last": first + _CHUNK}
            written += self._db.execute(statements[0], span).rowcount
            self._db.execute(statements[1], span)
            self._progress(Step.APPLY, self._revoked + written)
        return written

    def _say(self) -> None:
        """Bring the lists' arrays in line with the rows just written."""
        changed: dict[int, bytearray] = {}
        rows = self._db.execute(_SAID)
        while many := rows.fetchmany(_CHUNK):
            numbers, indices, colours, revoked = np.array(many, dtype=np.int64).T
            values = arrays.status_values(colours.astype(np.uint8), revoked == 1)
            for number in np.unique(numbers).tolist():
                here = numbers == number
                array = changed.setdefault(number, bytearray(self._register.live_array(number)))
                arrays.scatter(array, indices[here], values[here])
        for number, array in changed.items():
            self._register.put_live_array(number, bytes(array))


# What makes a row bad: its rowid, its line, and why. Asked in this order; a bad row is not asked again.
_QUESTIONS: Final = (
    """SELECT id, line, 'it names the same code as line ' || first
       FROM (SELECT rowid AS id, line, min(line) OVER (PARTITION BY list, idx) AS first FROM found)
       WHERE line <> first""",
    "SELECT rowid, line, 'no code ' || list || '/' || idx || ' was ever issued here' FROM found WHERE person IS NULL",
    """SELECT rowid, line, 'the code ' || list || '/' || idx || ' is revoked already'
       FROM found WHERE revoked_at IS NOT NULL""",
    """SELECT id, line, 'line ' || first || ' gives the same person another colour'
       FROM (SELECT rowid AS id, line, colour, first_value(line) OVER person AS first,
                    first_value(colour) OVER person AS given
             FROM found WHERE colour IS NOT NULL WINDOW person AS (PARTITION BY person ORDER BY line))
       WHERE colour <> given""",
)

_AUDIT_REVOKED: Final = """
INSERT INTO audit (at, act, subject, before, after, ordered_by, reason)
SELECT :now, :act, :subject || f.list || '/' || f.idx, word.word, 'revoked', :by, f.reason
FROM found f JOIN word ON word.colour = f.before
WHERE f.rowid > :first AND f.rowid <= :last AND f.colour IS NULL ORDER BY f.rowid
"""
_REVOKE: Final = """
UPDATE code SET revoked_at = :now FROM found f
WHERE f.rowid > :first AND f.rowid <= :last AND f.colour IS NULL AND code.list = f.list AND code.idx = f.idx
"""
# One row a person, then one row a code: revoked ones too, so that a person's next code begins with the right colour.
_TURNED: Final = """
CREATE TEMP TABLE turned AS
SELECT person, colour, reason, min(line) AS line FROM found WHERE colour IS NOT NULL GROUP BY person
"""
_TOUCHED: Final = """
CREATE TEMP TABLE touched AS
SELECT c.list, c.idx, c.colour AS before, c.revoked_at, t.colour, t.reason
FROM turned t CROSS JOIN code c ON c.person = t.person ORDER BY c.list, c.idx
"""
_AUDIT_TURNED: Final = """
INSERT INTO audit (at, act, subject, before, after, ordered_by, reason)
SELECT :now, :act, :subject || t.list || '/' || t.idx, was.word, becomes.word, :by, t.reason
FROM touched t JOIN word was ON was.colour = t.before JOIN word becomes ON becomes.colour = t.colour
WHERE t.rowid > :first AND t.rowid <= :last AND t.revoked_at IS NULL ORDER BY t.rowid
"""
_TURN: Final = """
UPDATE code SET colour = t.colour FROM touched t
WHERE t.rowid > :first AND t.rowid <= :last AND code.list = t.list AND code.idx = t.idx
"""
_SAID: Final = """
SELECT list, idx, colour, 0 FROM touched WHERE revoked_at IS NULL
UNION ALL SELECT list, idx, 0, 1 FROM found WHERE colour IS NULL
"""
