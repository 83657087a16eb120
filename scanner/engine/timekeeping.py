"""The appliance's time as the log has it: what moves it, what vouches for it, and an entry for each."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable

from scanner.clock import Clock, ClockError, ClockStep
from scanner.engine import records
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.trust import Trust
from scanner.journal.entry import EntryDraft
from scanner.values import ClockTrust

log = logging.getLogger(__name__)


class Timekeeping:
    """The clock, what the authority signed of the time, and the supervisor's word on it."""

    def __init__(
        self,
        clock: Clock,
        trust: Trust,
        degradations: Degradations,
        record: Callable[[EntryDraft], None],
        stamp: Callable[[], records.Stamp],
    ) -> None:
        """`record` writes an entry, without waiting; `stamp`: of an entry about the whole appliance now."""
        self._clock = clock
        self._trust = trust
        self._degradations = degradations
        self._record = record
        self._stamp = stamp

    def poll(self) -> None:
        """Look whether the clock was moved, and whether it can be trusted."""
        step = self._clock.poll()
        if step is not None:
            self._stepped(step)
        untrusted = self._clock.trust() is ClockTrust.UNTRUSTED
        self._degradations.set(Cause.CLOCK_UNTRUSTED, untrusted, detail=self._clock.floor_source)

    def confirmed(self, supervisor: str) -> None:
        """Note that a supervisor said that the time shown is right."""
        self._trust.prove_again()
        self._record(records.time_confirmed(supervisor, self._stamp()))

    def raise_floor(self) -> None:
        """Let the times that the authority signed be floors of the clock."""
        for issued_at, source in self._trust.signed_times():
            before_ms = self._clock.now_ms()
            try:
                if self._clock.accept_signed_time(issued_at, source):
                    self._record(records.time_moved(self._clock.now_ms() - before_ms, self._stamp()))
            except ClockError as error:
                log.warning("%s", error)

    def written(self, draft: EntryDraft) -> None:
        """Let the log's own time be a floor of the clock, where it was written while trusted."""
        if draft.clock is ClockTrust.TRUSTED:
            with contextlib.suppress(ClockError):
                self._clock.raise_floor(draft.time_ms // 1000, "log")

    def _stepped(self, step: ClockStep) -> None:
        log.warning("the clock stepped by %+d ms", step.by_ms)
        self._trust.prove_again()
        self._record(records.clock_step(step, self._stamp()))
