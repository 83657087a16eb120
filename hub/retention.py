"""How long the hub keeps what, and the erasing, with a line about each in a report that itself names nobody."""

from __future__ import annotations

from dataclasses import dataclass, fields

from hub.storage.session import Database, Session, integer, text
from hub.values import Scope

DAY_MS = 86_400_000
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that each kind of data is kept after it arrived, or happened."""

    sealed_days: int = 14
    """Sealed parts of entries: the only personal data here, which the hub cannot read."""
    entry_days: int = 180
    """Entries. Their tree is kept, so what is erased cannot be replaced."""
    count_days: int = 400
    """Counts by hour of fleet and sites."""
    device_count_days: int = 8
    """Counts by hour of single appliances."""
    audit_days: int = 1_095
    """Who did what in these pages; settled alarms."""

    def __post_init__(self) -> None:
        for each in fields(self):
            days: int = getattr(self, each.name)
            if not 1 <= days <= 36_500:
                raise ValueError(f"{each.name.replace('_', ' ')}: from 1 to 36500, not {days}")


@dataclass(frozen=True, slots=True)
class Erasure:
    """One line of the report."""

    time_ms: int
    what: str
    """`sealed`, `entry`, `count`, `device_count`, `audit`; with `moved_` before it, what was filed anew."""
    before_ms: int
    """What was older than this went; of what was moved, the day that it was filed under."""
    many: int
    """Rows; in PostgreSQL, where whole days go at once, an estimate."""


def erase(database: Database, retention: Retention, now_ms: int) -> list[Erasure]:
    """Erase what is past its time; returns what was, and keeps it as the report. Raises StorageError."""
    found: list[Erasure] = []
    for what, days, sealed_only in (("sealed", retention.sealed_days, True), ("entry", retention.entry_days, False)):
        before_day = now_ms // DAY_MS - days
        in_order = _in_order(database, now_ms, before_day)
        many = database.erase_log(before_day, sealed_only=sealed_only, in_order=in_order)
        found.append(Erasure(now_ms, what, before_day * DAY_MS, many))
    with database.write() as session:
        found += [
            _counts(session, now_ms, retention.count_days, "count", (Scope.FLEET, Scope.SITE)),
            _days(session, now_ms, retention.count_days),
            _counts(session, now_ms, retention.device_count_days, "device_count", (Scope.DEVICE,)),
            _audit(session, now_ms, retention.audit_days),
        ]
        for one in found:
            if one.many:
                session.run(
                    """INSERT INTO erasure (number, time_ms, what, before_ms, many)
                        VALUES (?, ?, ?, ?, ?)""",
                    session.next_number("erasure"), one.time_ms, one.what, one.before_ms, one.many,
                )  # fmt: skip
    return [one for one in found if one.many]


def _in_order(database: Database, now_ms: int, before_day: int) -> bool:
    """Whether no row was filed ahead of its day, or under a later one since, that is not erased by now."""
    with database.read() as session:
        query = "SELECT 1 FROM erasure WHERE what IN ('moved_entry', 'moved_sealed') AND before_ms >= ? LIMIT 1"
        moved = session.rows(query, before_day * DAY_MS)
    return not moved and database.filed_beyond(now_ms // DAY_MS + 1) is None


def report(session: Session, limit: int) -> list[Erasure]:
    """List what was erased, the newest first."""
    rows = session.rows("SELECT time_ms, what, before_ms, many FROM erasure ORDER BY number DESC LIMIT ?", limit)
    return [Erasure(integer(time), text(what), integer(before), integer(many)) for time, what, before, many in rows]


def _counts(session: Session, now_ms: int, days: int, what: str, scopes: tuple[Scope, ...]) -> Erasure:
    hour = (now_ms // DAY_MS - days) * _HOURS
    many = sum(session.run("DELETE FROM tally WHERE scope = ? AND hour < ?", int(scope), hour) for scope in scopes)
    return Erasure(now_ms, what, hour * 3_600_000, many)


def _days(session: Session, now_ms: int, days: int) -> Erasure:
    day = now_ms // DAY_MS - days
    many = session.run("DELETE FROM tally WHERE scope = ? AND hour < ?", int(Scope.SITE_DAY), day)
    return Erasure(now_ms, "count", day * DAY_MS, many)


def _audit(session: Session, now_ms: int, days: int) -> Erasure:
    before = now_ms - days * DAY_MS
    many = session.run("DELETE FROM audit WHERE time_ms < ?", before)
    many += session.run("DELETE FROM alarm WHERE settled_ms < ?", before)
    return Erasure(now_ms, "audit", before, many)
