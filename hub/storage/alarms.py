"""Alarms in the storage: one open line per appliance and kind, however often it comes."""

from __future__ import annotations

from hub.storage import appliances
from hub.storage.session import Session, binary, integer, maybe_text, text
from hub.values import Alarm, AlarmKind

EVIDENCE_BYTES = 4096
"""How much of what was sent is kept with an alarm."""


def ring(
    session: Session, appliance: int | None, kind: AlarmKind, now_ms: int, *, detail: str, evidence: bytes = b""
) -> None:
    """Raise an alarm, or count it to the open one of its appliance and kind; the first evidence stays."""
    if _again(session, appliance, kind, now_ms):
        return
    number = session.next_number("alarm")
    if _again(session, appliance, kind, now_ms):  # another hub may have raised it while this one waited for its turn
        return
    session.run(
        """INSERT INTO alarm (number, device, kind, first_ms, last_ms, many, detail, evidence)
            VALUES (?, ?, ?, ?, ?, 1, ?, ?)""",
        number, appliance, kind, now_ms, now_ms, detail, evidence[:EVIDENCE_BYTES],
    )  # fmt: skip


def _again(session: Session, appliance: int | None, kind: AlarmKind, now_ms: int) -> bool:
    return session.run(
        """UPDATE alarm SET last_ms = ?, many = many + 1
            WHERE coalesce(device, -1) = ? AND kind = ? AND settled_ms IS NULL""",
        now_ms, -1 if appliance is None else appliance, kind,
    ) > 0  # fmt: skip


def listed(session: Session, *, settled: bool, limit: int) -> list[Alarm]:
    """List alarms, the newest first."""
    which = "IS NOT NULL" if settled else "IS NULL"
    rows = session.rows(
        f"""SELECT number, device, kind, first_ms, last_ms, many, detail, evidence, settled_by
            FROM alarm WHERE settled_ms {which} ORDER BY last_ms DESC LIMIT ?""",  # noqa: S608 - one of two constants
        limit,
    )
    owners = {integer(row[1]) for row in rows if row[1] is not None}
    known = {one.number: one for one in appliances.by_numbers(session, sorted(owners))}
    return [
        Alarm(
            integer(number),
            None if device is None else known.get(integer(device)),
            AlarmKind(text(kind)),
            integer(first),
            integer(last),
            integer(many),
            text(detail),
            binary(evidence),
            maybe_text(settled_by),
        )
        for number, device, kind, first, last, many, detail, evidence, settled_by in rows
    ]


def settle(session: Session, number: int, person: str, now_ms: int) -> bool:
    """Note that somebody has looked at an alarm; False when there is none open of that number."""
    return session.run(
        "UPDATE alarm SET settled_by = ?, settled_ms = ? WHERE number = ? AND settled_ms IS NULL",
        person, now_ms, number,
    ) == 1  # fmt: skip


def settled_between(session: Session, kind: AlarmKind, first_ms: int, last_ms: int) -> bool:
    """Whether somebody has settled the hub's own alarm of a kind at one of these times, both among them."""
    query = "SELECT 1 FROM alarm WHERE device IS NULL AND kind = ? AND settled_ms BETWEEN ? AND ? LIMIT 1"
    return bool(session.rows(query, kind, first_ms, last_ms))


def is_about_clock(session: Session, number: int) -> bool:
    """Whether an alarm is about the hub's own clock: whoever settles it vouches for that."""
    return bool(session.rows("SELECT 1 FROM alarm WHERE number = ? AND kind = ?", number, AlarmKind.CLOCK))


def is_open(session: Session, kind: AlarmKind) -> bool:
    """Whether the hub's own alarm of a kind waits for somebody to settle it."""
    query = "SELECT 1 FROM alarm WHERE device IS NULL AND kind = ? AND settled_ms IS NULL LIMIT 1"
    return bool(session.rows(query, kind))


def open_count(session: Session) -> int:
    """Count the alarms that nobody has looked at."""
    return integer(session.rows("SELECT count(*) FROM alarm WHERE settled_ms IS NULL")[0][0])
