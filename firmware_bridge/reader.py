"""A code reader at its line: a thread's loop around the driver's parser."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from firmware_bridge.loss_log import LossLog
from firmware_bridge.reader_driver import Heard, ReaderDriver
from firmware_bridge.transport import Line
from firmware_bridge.values import LinkState, Scan

TURN_S = 0.1
"""Longest time the loop waits for bytes."""
HELD_UP_S = 1.0
"""A turn that took longer: whoever showed what waits in the line has moved on."""
TRIGGER_AGAIN_S = 3.0
"""How often a reader is told to go on looking; it gives up by itself after five seconds, as it is sold."""
ANSWER_S = 0.5
"""How long the answer to a trigger is waited for."""
REST_S = 0.3
"""After a text, before the reader is told to look for the next."""
UNANSWERED = 3
"""Triggers in a row without an answer, until the reader counts as lost."""
NONSENSE = 3
"""Texts in a row that are none."""

_log = logging.getLogger(__name__)


def _always() -> bool:
    """Whether a text is wanted, where nobody says when."""
    return True


class CodeReader:
    """One reader. The callbacks come from `run`'s thread.

    The state is UP while the line is open and nothing speaks against it: a reader before which nobody stands is silent.
    One that is triggered answers each trigger, so that its silence is noticed.
    """

    def __init__(
        self,
        line: Line,
        driver: ReaderDriver,
        on_scan: Callable[[Scan], None],
        on_state: Callable[[LinkState, str], None],
        *,
        triggers: bool = False,
        wanted: Callable[[], bool] = _always,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`triggers`: the reader waits to be told to look, which it is while `wanted`; else it looks by itself."""
        self._line = line
        self._driver = driver
        self._on_scan = on_scan
        self._on_state = on_state
        self._triggers = triggers and bool(driver.trigger)
        self._wanted = wanted
        self._clock = clock
        self._parser = driver.parser()
        self._trigger_at = 0.0
        self._taken = True
        self._unanswered = 0
        self._nonsense = 0
        self._losses = LossLog(_log)
        self.state = LinkState.CONNECTING
        self.detail = ""
        self.unread = 0
        """Bytes since the last text, or answer to a trigger."""
        self.last_turn = clock()
        """Monotonic seconds at which the loop last went round: never older than half a second while it lives."""

    def run(self, stop: threading.Event) -> None:
        """Serve the reader until `stop` is set; returns within 0.3 s after that and gives the line back."""
        openings = self._line.openings
        now = self._clock()
        try:
            while not stop.is_set():
                before = now
                data = self._line.wait(TURN_S)
                now = self.last_turn = self._clock()
                if self._line.openings != openings:
                    openings = self._line.openings
                    self._begin(now)
                elif now - before > HELD_UP_S:
                    self._line.discard()
                    self._parser = self._driver.parser()
                elif data:
                    self._take(data, now)
                self._trigger(now)
                if self._line.state is LinkState.LOST:
                    self._change(LinkState.LOST, self._line.detail)
        finally:
            self._line.close()

    def _begin(self, now: float) -> None:
        """Start anew on a line that has just opened: what waits there is older than anybody knows."""
        self._line.discard()
        self._parser = self._driver.parser()
        self._trigger_at, self._taken = now, True
        self._unanswered = self._nonsense = 0
        self._change(LinkState.CONNECTING if self._triggers else LinkState.UP, "")

    def _take(self, data: bytes, now: float) -> None:
        self.unread += len(data)
        for heard in self._parser.feed(data, now):
            if heard is Heard.NONSENSE:
                self._nonsense += 1
                if self._nonsense >= NONSENSE:
                    self._complain("the reader sends what is no text: is it another speed, or does it end with no CR?")
                continue
            self.unread = 0
            is_text = isinstance(heard, Scan)
            self._nonsense = 0 if is_text else self._nonsense
            self._trigger_at = now + (REST_S if is_text else TRIGGER_AGAIN_S)
            self._taken = True
            self._unanswered = 0
            if not self._nonsense:
                self._recover()
            if isinstance(heard, Scan):
                self._on_scan(heard)

    def _trigger(self, now: float) -> None:
        if not self._triggers or self._line.state is not LinkState.UP or now < self._trigger_at or not self._wanted():
            return
        if not self._taken:
            self._unanswered += 1
            if self._unanswered >= UNANSWERED:
                self._complain("the reader does not answer its trigger: has it power, and is this its speed?")
        self._taken = False
        self._trigger_at = now + ANSWER_S
        self._line.write(self._driver.trigger)

    def _recover(self) -> None:
        if self.state is LinkState.LOST:
            self._losses.back("%s reads again", self._line.name)
        self._change(LinkState.UP, "")

    def _complain(self, detail: str) -> None:
        if self.state is not LinkState.LOST:
            self._losses.lost(self._clock(), "%s: %s", self._line.name, detail)
        self._change(LinkState.LOST, detail)

    def _change(self, state: LinkState, detail: str) -> None:
        if (state, detail) == (self.state, self.detail):
            return
        self.state, self.detail = state, detail
        self._on_state(state, detail)
