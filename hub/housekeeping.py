"""What the hub does by itself, in one thread: room for the next day, retention, forgetting logins that are over.

Erasing is for ever, and goes by this machine's clock. The time of the last turn is kept; where the clock is days beyond
it, the hub was switched off for long, or the clock has leapt and everything would look old. The hub cannot tell which:
an alarm asks people, and nothing is erased before one of them settles it by that clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from hub import retention
from hub.errors import StorageError
from hub.retention import DAY_MS, Retention
from hub.storage import alarms, guesses
from hub.storage.session import Database, integer
from hub.values import AlarmKind, Finding

EVERY_SECONDS = 600.0
DAYS_AHEAD = 2
"""For how many days to come there is room: a hub whose storage fails at midnight still takes logs in."""
LEAP_MS = 3 * DAY_MS
"""How far the clock may be beyond the last turn: a hub may be off over a weekend."""
_LOG = logging.getLogger(__name__)


class Housekeeping:
    """The thread; a failure is said and tried again at the next turn."""

    def __init__(self, database: Database, keep: Retention, clock_ms: Callable[[], int]) -> None:
        self._database = database
        self._keep = keep
        self._clock_ms = clock_ms
        self._ended = Event()
        self._erased_day = -1
        self._thread = Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Make room for today before anything comes, then go on beside the service. Raises StorageError."""
        self._prepare(self._clock_ms() // DAY_MS)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join(timeout=30.0)

    def turn(self) -> None:
        """Do what is due now. Raises StorageError."""
        now_ms = self._clock_ms()
        today = now_ms // DAY_MS
        self._prepare(today)
        with self._database.write() as session:
            session.run("DELETE FROM login WHERE expires_ms < ?", now_ms)
            guesses.erase_old(session, now_ms)
            # Heard of by a clock that was ahead: whoever is silent since must not look alive for years.
            session.run("UPDATE device SET seen_ms = ? WHERE seen_ms > ?", now_ms, now_ms + DAY_MS)
        if self._goes_on(now_ms) and today != self._erased_day:
            for one in retention.erase(self._database, self._keep, now_ms):
                _LOG.info("retention erased %d of %s", one.many, one.what)
            self._erased_day = today

    def _goes_on(self, now_ms: int) -> bool:
        """Whether the clock goes on from the last turn, or somebody has said that it is right; rings where not."""
        with self._database.write() as session:
            rows = session.rows("SELECT time_ms FROM last_turn WHERE one = 1")
            heard = rows or session.rows("SELECT coalesce(max(seen_ms), ?) FROM device", now_ms)
            before_ms = integer(heard[0][0])
            leapt = now_ms - before_ms > LEAP_MS
            # By that clock: what somebody said while it was ahead, before it was mended, says nothing about this leap.
            lately_ms = max(before_ms + LEAP_MS, now_ms - LEAP_MS)
            if leapt and not alarms.settled_between(session, AlarmKind.CLOCK, lately_ms, now_ms):
                told = Finding.CLOCK_LEAPT.told((now_ms - before_ms) // DAY_MS)
                alarms.ring(session, None, AlarmKind.CLOCK, now_ms, detail=told)
                _LOG.error("%s; nothing is erased until somebody settles the alarm", told)
                return False
            session.run(
                "INSERT INTO last_turn (one, time_ms) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET time_ms = ?",
                now_ms, now_ms,
            )  # fmt: skip
        return True

    def _prepare(self, today: int) -> None:
        for day in range(today, today + DAYS_AHEAD + 1):
            self._database.prepare_day(day)

    def _run(self) -> None:
        while True:
            try:
                self.turn()
            except StorageError as error:
                _LOG.error("housekeeping: %s", error)
            except Exception:  # the thread's one supervised edge: retention must not end with one bad row
                _LOG.exception("housekeeping met a fault of its own")
            if self._ended.wait(EVERY_SECONDS):
                return
