"""What the hub does by itself, in one thread: room for the next day, retention, forgetting logins that are over.

Erasing is for ever, and goes by this machine's clock: only where `hub.timekeeping` lets it. What came while that was
ahead is filed under today before anything is erased.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Thread

from hub import refiling, retention, timekeeping
from hub.errors import StorageError
from hub.retention import DAY_MS, Retention
from hub.storage import guesses
from hub.storage.session import Database

EVERY_SECONDS = 600.0
DAYS_AHEAD = 2
"""For how many days to come there is room: a hub whose storage fails at midnight still takes logs in."""
_LOG = logging.getLogger(__name__)


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Housekeeping:
    """The thread; a failure is said and tried again at the next turn."""

    def __init__(
        self,
        database: Database,
        keep: Retention,
        clock_ms: Callable[[], int],
        steady: Callable[[], float] = _since_boot,
    ) -> None:
        """`steady`: seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
        self._steady = steady
        self._begun: tuple[float, int] | None = None
        """When this process had its first turn: by the steady clock, and by the one that may be set, ms."""
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
            since_ms = self._set_ahead(now_ms)
            if since_ms is not None:
                timekeeping.was_set(session, since_ms)
            goes_on = timekeeping.goes_on(session, now_ms)
        if not goes_on:
            return
        if since_ms is not None:  # known from now on
            self._begun = None
        self._refile(now_ms)
        if self._ended.is_set():  # what is to be filed anew may not all be
            return
        if today != self._erased_day:
            for one in retention.erase(self._database, self._keep, now_ms):
                _LOG.info("retention erased %d of %s", one.many, one.what)
            self._erased_day = today

    def _set_ahead(self, now_ms: int) -> int | None:
        """Return when this process began, by the clock as it was then, where that was set ahead by days since."""
        at = self._steady()
        begun_at, begun_ms = self._begun = self._begun or (at, now_ms)
        ahead_ms = now_ms - begun_ms - int((at - begun_at) * 1000)
        return begun_ms if ahead_ms > timekeeping.FALL_MS else None

    def _refile(self, now_ms: int) -> None:
        """File what came while the clock was wrong under today, where a person has vouched for today."""
        with self._database.read() as session:
            behind_ms = timekeeping.behind_since(session)
        if behind_ms is not None:
            moved = refiling.catch_up(self._database, behind_ms, now_ms, self._ended.is_set)
            if moved is None:
                return
            with self._database.write() as session:
                timekeeping.caught_up(session)
            _LOG.info("filed %d rows of days that the clock was behind under today", moved)
        newest_day = refiling.newest_ahead(self._database, now_ms)
        if newest_day is None:
            return
        with self._database.write() as session:
            allowed = timekeeping.may_refile(session, now_ms, newest_day)
        if allowed:
            moved = refiling.refile(self._database, now_ms, self._ended.is_set)
            _LOG.info("filed %d rows of days to come under today", moved)

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
