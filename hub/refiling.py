"""Filing what came while the hub's clock was wrong under today, once a person has said by the clock that it is right.

Whatever hangs by a day beyond tomorrow would be kept until that day and its time are over. Nobody knows any more when
it came, except that it came by now: so today is the day under which nothing is erased earlier than its rule says. What
came while the clock was behind would be erased at once; of it, the rows of the log are filed under today as well.

Every step is a small transaction which moves rows and counts them into the report of retention; whoever is killed
between two of them begins anew, and finds what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.retention import DAY_MS
from hub.storage.session import Database, Session, integer, text
from hub.values import FLEET_SHARDS, Scope

AHEAD_DAYS = 1
"""Days ahead that are left alone: hubs on one storage see midnight at different moments."""
SLICE = 2_000
"""Entries of an appliance that one transaction looks through."""
_EVER = 1 << 62
_HOURS = 24
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Today:
    """Where rows go."""

    now_ms: int

    @property
    def day(self) -> int:
        """Days since 1970 UTC."""
        return self.now_ms // DAY_MS

    @property
    def beyond(self) -> int:
        """The last day that is no day ahead."""
        return self.day + AHEAD_DAYS

    @property
    def ahead(self) -> _Days:
        """Days to come."""
        return _Days(self.beyond + 1, _EVER)


class _Days(NamedTuple):
    """Days from the first on, before the end."""

    first: int
    end: int


def newest_ahead(database: Database, now_ms: int) -> int | None:
    """Return the newest day ahead under which anything of the log is filed; None: nothing is."""
    return database.filed_beyond(Today(now_ms).beyond)


def refile(database: Database, now_ms: int, stopped: Callable[[], bool]) -> int:
    """File what hangs by days ahead under the day of `now_ms`; returns how many rows. Raises StorageError.

    `stopped` is asked between two steps; what is left then is for the next time.
    """
    today = Today(now_ms)
    with database.refiling(today.beyond) as walk:
        many = 0
        with database.read() as session:
            devices = [(integer(row[0]), integer(row[1])) for row in session.rows("SELECT number, size FROM device")]
            sites = [integer(row[0]) for row in session.rows("SELECT number FROM site")]
        for number, start in _slices(database, devices):
            if stopped():
                return many
            many += _rows_of_log(database, today, today.ahead, number, start)
        owners = [(Scope.FLEET, shard) for shard in range(FLEET_SHARDS)]
        owners += [(scope, site) for site in sites for scope in (Scope.SITE, Scope.SITE_DAY)]
        owners += [(Scope.DEVICE, number) for number, _ in devices]
        for scope, owner in owners:
            if stopped():
                return many
            many += _counts(database, today, scope, owner)
        many += _moments(database, today)
        walk.done()
    return many


def catch_up(database: Database, since_ms: int, now_ms: int, stopped: Callable[[], bool]) -> int | None:
    """File what came since `since_ms`, by a clock that was behind, under the day of `now_ms`; returns how many rows.

    None: it was told to stop, and there may be more. Raises StorageError.
    """
    today, many = Today(now_ms), 0
    behind = _Days(since_ms // DAY_MS, today.day)
    with database.read() as session:
        devices = [(integer(row[0]), integer(row[1])) for row in session.rows("SELECT number, size FROM device")]
    for number, start in _slices(database, devices):
        if stopped():
            return None
        many += _rows_of_log(database, today, behind, number, start)
    return many


def _slices(database: Database, devices: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield each appliance's number with each start of SLICE entries that are there."""
    for number, size in devices:
        with database.read() as session:
            (row,) = session.rows("SELECT coalesce(min(seq), 0) FROM entry WHERE device = ?", number)
        for start in range(integer(row[0]), size, SLICE):
            yield number, start


def _rows_of_log(database: Database, today: Today, days: _Days, number: int, start: int) -> int:
    span = (number, start, start + SLICE, *days)
    where = "device = ? AND seq >= ? AND seq < ? AND day >= ? AND day < ?"
    with database.read() as session:
        found = session.rows(f"SELECT 1 FROM entry WHERE {where} LIMIT 1", *span)  # noqa: S608 - a constant
        found = found or session.rows(f"SELECT 1 FROM sealed WHERE {where} LIMIT 1", *span)  # noqa: S608
    if not found:
        return 0
    with database.write() as session:
        line = _Line(session, today)  # first of all: of two hubs, the second finds nothing left to move
        for table in ("entry", "sealed"):
            line.add(table, session.run(f"UPDATE {table} SET day = ? WHERE {where}", today.day, *span))  # noqa: S608
        session.note_day(today.day)
    return line.many


def _counts(database: Database, today: Today, scope: Scope, owner: int) -> int:
    """Add the counts of hours ahead (days, of SITE_DAY) to those of this one."""
    daily = scope is Scope.SITE_DAY
    beyond, now = (today.beyond, today.day) if daily else ((today.beyond + 1) * _HOURS - 1, today.now_ms // _HOUR_MS)
    span = (int(scope), owner, beyond)
    with database.read() as session:
        if not session.rows("SELECT 1 FROM tally WHERE scope = ? AND owner = ? AND hour > ? LIMIT 1", *span):
            return 0
    with database.write() as session:
        line = _Line(session, today)
        gone = session.rows(
            "DELETE FROM tally WHERE scope = ? AND owner = ? AND hour > ? RETURNING measure, many", *span
        )
        session.many(
            """INSERT INTO tally (scope, owner, hour, measure, many) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (scope, owner, hour, measure) DO UPDATE SET many = tally.many + excluded.many""",
            [(int(scope), owner, now, measure, many) for measure, many in sorted(gone, key=lambda row: text(row[0]))],
        )
        line.add("device_count" if scope is Scope.DEVICE else "count", len(gone))
    return line.many


def _moments(database: Database, today: Today) -> int:
    """Let the audit log, alarms and what is degraded have happened by now; lists signed in days to come are none."""
    now_ms, beyond_ms = today.now_ms, (today.beyond + 1) * DAY_MS
    with database.write() as session:
        line = _Line(session, today)
        many = session.run("UPDATE audit SET time_ms = ? WHERE time_ms >= ?", now_ms, beyond_ms)
        for column in ("first_ms", "last_ms", "settled_ms"):
            many += session.run(f"UPDATE alarm SET {column} = ? WHERE {column} >= ?", now_ms, beyond_ms)  # noqa: S608
        line.add("audit", many)
        session.run("UPDATE device SET lists_ms = NULL WHERE lists_ms >= ?", beyond_ms)
        session.run("UPDATE degraded SET since_ms = ? WHERE since_ms >= ?", now_ms, beyond_ms)
    return line.many


class _Line:
    """Counts into the report, in the transaction that moves: a line a day and kind."""

    def __init__(self, session: Session, today: Today) -> None:
        self._session = session
        self._today = today
        self._number = session.next_number("erasure")
        self.many = 0

    def add(self, kind: str, many: int) -> None:
        """Count so many rows of a kind that went to today."""
        if not many:
            return
        what, under_ms = f"moved_{kind}", self._today.day * DAY_MS
        told = self._session.run(
            "UPDATE erasure SET many = many + ?, time_ms = ? WHERE what = ? AND before_ms = ?",
            many, self._today.now_ms, what, under_ms,
        )  # fmt: skip
        if not told:
            self._session.run(
                "INSERT INTO erasure (number, time_ms, what, before_ms, many) VALUES (?, ?, ?, ?, ?)",
                self._number, self._today.now_ms, what, under_ms, many,
            )  # fmt: skip
            self._number += 1
        self.many += many
