"""What the hub makes of its own clock, by what it keeps of its turns and what people have said in settling alarms.

The hub cannot tell which of two clocks is right; it can tell that they differ, and asks. A clock days beyond the last
turn has leapt, or the hub was off. One a day behind it stands behind what was believed, or was ahead before. Either is
an alarm, and a person settles it by the clock that is right: what was settled by another clock, or before the alarm
that asks, says nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from hub.retention import DAY_MS
from hub.storage import alarms
from hub.storage.session import Database, Session, integer
from hub.values import AlarmKind, Finding

LEAP_MS = 3 * DAY_MS
"""How far the clock may be beyond the last turn: a hub may be off over a weekend. So long counts what was settled."""
FALL_MS = DAY_MS
"""How far it may be behind the last turn."""
LOOK_S = 60.0
"""How often a process looks up what the last turn was."""
_TURN, _FALL, _SET, _BEHIND = 1, 2, 3, 4
"""Rows of `last_turn`: the last turn that was believed; when it was noticed that the clock is behind that; since when,
by the clock as it was, a hub had worked whose clock was then set ahead; the same, once people vouch for the later."""
_LOG = logging.getLogger(__name__)


class FilingDay:
    """The day under which what comes now is filed: never before that of the last turn that was believed.

    A clock that falls back for a moment would file it under a day that is long over, to be erased when it is mended.
    Used by many threads.
    """

    def __init__(self, database: Database, steady: Callable[[], float] = monotonic) -> None:
        """`steady`: seconds of a clock that nobody sets."""
        self._database = database
        self._steady = steady
        self._looked: tuple[float, int] | None = None
        """When the last turn was looked up, and which it was."""

    def of(self, now_ms: int) -> int:
        """Return the day, since 1970 UTC. Raises StorageError."""
        at, looked = self._steady(), self._looked
        if looked is None or at - looked[0] > LOOK_S:
            with self._database.read() as session:
                looked = self._looked = (at, _kept(session, _TURN) or 0)
        return max(now_ms, looked[1]) // DAY_MS


def goes_on(session: Session, now_ms: int) -> bool:
    """Whether nothing looks older than it is: the clock does not lead the last turn by days, or people vouch for it.

    Rings where it does, and where it has fallen behind; keeps the time of a turn that is believed.
    """
    turn_ms = _kept(session, _TURN)
    before_ms = _last_heard(session, now_ms) if turn_ms is None else turn_ms
    if now_ms - before_ms > LEAP_MS:
        # By that clock: what somebody said while it was ahead, before it was mended, says nothing about this leap.
        since_ms = max(before_ms + LEAP_MS, now_ms - LEAP_MS)
        if not alarms.settled_between(session, AlarmKind.CLOCK, since_ms, now_ms):
            _ring(session, now_ms, Finding.CLOCK_LEAPT.told((now_ms - before_ms) // DAY_MS), "nothing is erased")
            return False
        set_ms = _kept(session, _SET)
        if set_ms is not None:
            _keep(session, _BEHIND, set_ms)
    elif before_ms - now_ms > FALL_MS and not _fall_is_settled(session, before_ms, now_ms):
        return True  # by a clock that is behind nothing looks older than it is; the turn before stays the one believed
    session.run("DELETE FROM last_turn WHERE one IN (?, ?)", _FALL, _SET)
    _keep(session, _TURN, now_ms)
    return True


def was_set(session: Session, since_ms: int) -> None:
    """Note that the clock was set ahead by days while a hub worked, which it had done since `since_ms` by the former.

    Where people vouch for the clock as it is now, all that came since then is filed under days that were not yet.
    """
    known_ms = _kept(session, _SET)
    _keep(session, _SET, since_ms if known_ms is None else min(known_ms, since_ms))


def behind_since(session: Session) -> int | None:
    """Return since when, by its clock, a hub has worked behind the time; None where nothing is left of that."""
    return _kept(session, _BEHIND)


def caught_up(session: Session) -> None:
    """Note that what came while the clock was behind is filed under another day."""
    session.run("DELETE FROM last_turn WHERE one = ?", _BEHIND)


def may_refile(session: Session, now_ms: int, newest_day: int) -> bool:
    """Whether a person has said by this clock that it is right, since rows were filed as far ahead as `newest_day`.

    Rings where nobody was asked yet. What was settled lately counts, since every turn between would have rung for a
    clock that was ahead or behind: then an alarm is open, or was settled after it.
    """
    if alarms.is_open(session, AlarmKind.CLOCK):
        return False
    turn_ms = _kept(session, _TURN)
    believed = turn_ms is not None and turn_ms <= now_ms + FALL_MS
    if believed and alarms.settled_between(session, AlarmKind.CLOCK, now_ms - LEAP_MS, now_ms):
        return True
    told = Finding.FILED_AHEAD.told(newest_day - now_ms // DAY_MS)
    _ring(session, now_ms, told, "what was filed ahead stays there")
    return False


def _fall_is_settled(session: Session, before_ms: int, now_ms: int) -> bool:
    """Whether somebody has settled by this clock that it stands behind the last turn, after that was noticed."""
    noticed_ms = _kept(session, _FALL)
    if noticed_ms is None or noticed_ms > now_ms:  # or it has fallen again
        _keep(session, _FALL, now_ms)
        told = Finding.CLOCK_FELL_BACK.told((before_ms - now_ms) // DAY_MS)
        _ring(session, now_ms, told, "this time is not believed")
        return False
    return not alarms.is_open(session, AlarmKind.CLOCK) and alarms.settled_between(
        session, AlarmKind.CLOCK, max(noticed_ms, now_ms - LEAP_MS), now_ms
    )


def _ring(session: Session, now_ms: int, told: str, meanwhile: str) -> None:
    alarms.ring(session, None, AlarmKind.CLOCK, now_ms, detail=told)
    _LOG.error("the hub's clock: %s; %s until somebody settles the alarm", told, meanwhile)


def _last_heard(session: Session, now_ms: int) -> int:
    return integer(session.rows("SELECT coalesce(max(seen_ms), ?) FROM device", now_ms)[0][0])


def _kept(session: Session, which: int) -> int | None:
    rows = session.rows("SELECT time_ms FROM last_turn WHERE one = ?", which)
    return integer(rows[0][0]) if rows else None


def _keep(session: Session, which: int, time_ms: int) -> None:
    session.run(
        "INSERT INTO last_turn (one, time_ms) VALUES (?, ?) ON CONFLICT (one) DO UPDATE SET time_ms = excluded.time_ms",
        which, time_ms,
    )  # fmt: skip
