"""A thermometer at its serial line: a thread's loop around the driver's parser and the pure measurement."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from firmware_bridge.driver import Driver, Line, Parser
from firmware_bridge.loss_log import LossLog
from firmware_bridge.measurement import MeasurementEvent, Offsets, Settling, Stuckness
from firmware_bridge.values import LinkState, Sample

TURN_S = 0.1
"""Longest time the loop waits for bytes: a silence and a stop are noticed so soon."""
HELD_UP_S = 0.6
"""A turn that took longer: what waits in the line is older than anybody knows."""
REOPEN_S = 10.0
"""A module silent for so long gets its line closed and opened: some adapters hang without an error."""
FEWEST_HELD_UP = 3
"""Readings at once that no module gives unless they have waited: two come together when one confirms the other."""
NONSENSE = 24
"""Bytes without a reading among them: twice the longest frame."""

_log = logging.getLogger(__name__)


class Thermometer:
    """One thermometer. `again` may be called from any thread; the callbacks come from `run`'s.

    The state is UP only while valid frames come: a line that is open and silent, or full of nonsense, is LOST. With
    every loss the presence ends, because nobody knows who stands there afterwards.
    """

    def __init__(  # noqa: PLR0917  the three callbacks stand in the order of the path of a reading
        self,
        port: Line,
        driver: Driver,
        settling: Settling,
        on_event: Callable[[MeasurementEvent], None],
        on_sample: Callable[[Sample], None],
        on_state: Callable[[LinkState, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._driver = driver
        self._settling = settling
        self._on_event = on_event
        self._on_sample = on_sample
        self._on_state = on_state
        self._clock = clock
        self._parser: Parser = driver.parser()
        self._stuckness = Stuckness(driver.stuck_s)
        self._again = threading.Event()
        self._started_at = 0.0
        self._asked_at = -math.inf
        self._answered = True
        self._in_vain = 0
        """Bytes since the last reading."""
        self._bytes_at = -math.inf
        self._line_lost = False
        self._losses = LossLog(_log)
        self.state = LinkState.CONNECTING
        self.detail = ""
        self.last_heard = clock()
        """Monotonic seconds of the last valid frame; before the first, of this object's making."""
        self.last_turn = self.last_heard
        """Monotonic seconds at which the loop last went round: never older than half a second while it lives."""

    @property
    def hears_nonsense(self) -> bool:
        """Whether the module sends bytes and no reading is among them."""
        return self._in_vain > NONSENSE and not self._parser.complaint

    @property
    def line_lost(self) -> bool:
        """Whether the line itself cannot be opened, or has been lost."""
        return self._line_lost

    def again(self) -> None:
        """Measure the same person once more; samples that have come already do not count."""
        self._again.set()
        self._port.wake()

    def correct(self, offsets: Offsets) -> None:
        """Add other offsets from the next measurement on."""
        self._settling.correct(offsets)

    def run(self, stop: threading.Event) -> None:
        """Serve the thermometer until `stop` is set; returns within 0.3 s after that and gives the line back."""
        openings = self._port.openings
        now = opened_at = self._clock()
        try:
            while not stop.is_set():
                before = now
                data = self._port.wait(self._wait_s(now))
                now = self.last_turn = self._clock()
                if self._port.openings != openings:
                    openings = self._port.openings
                    opened_at = now
                    self._begin(now)
                elif now - before > HELD_UP_S:
                    self._port.discard()
                    self._forget(now)
                elif data:
                    self._take(data, now)
                self._ask(now)
                if self._again.is_set():
                    self._again.clear()
                    self._settling.again()
                self._emit(self._settling.tick(now))
                self._watch(now, opened_at)
        finally:
            self._emit(self._settling.interrupt(self._clock()))
            self._port.close()

    def _begin(self, now: float) -> None:
        """Start anew on a line that has just opened."""
        self._forget(now)
        self._start(now)
        if self._line_lost:
            self._line_lost = False
            self._change(LinkState.CONNECTING, "")

    def _forget(self, now: float) -> None:
        self._parser = self._driver.parser()
        self._stuckness.forget()
        self._emit(self._settling.interrupt(now))

    def _start(self, now: float) -> None:
        """Tell the module what it is to do."""
        self._started_at = now
        self._answered = True
        if self._driver.start:
            self._port.write(self._driver.start)

    def _ask(self, now: float) -> None:
        """Ask for a reading, where the module gives none unasked and it is time."""
        if self._driver.ask and now >= self._ask_at() and self._port.state is LinkState.UP:
            self._asked_at, self._answered = now, False
            self._port.write(self._driver.ask)

    def _ask_at(self) -> float:
        return self._asked_at + (self._driver.ask_every_s if self._answered else self._driver.answer_s)

    def _wait_s(self, now: float) -> float:
        return min(TURN_S, max(0.0, self._ask_at() - now)) if self._driver.ask else TURN_S

    def _take(self, data: bytes, now: float) -> None:
        samples = self._parser.feed(data, now)
        self._answered = True
        self._in_vain = 0 if samples else self._in_vain + len(data)
        self._bytes_at = now
        if len(samples) > max(FEWEST_HELD_UP, self._driver.rate_hz * HELD_UP_S):
            # A burst has waited somewhere on its way: only the newest of it is known to be fresh.
            self._emit(self._settling.interrupt(now))
            samples = samples[-1:]
        for sample in samples:
            self.last_heard = now
            if self._stuckness.stuck(sample):
                centi = sample.object_centi
                self._complain(f"the thermometer repeats {centi // 100}.{centi % 100:02d} °C and is not believed")
                continue
            if self.state is LinkState.LOST:
                self._losses.back("%s gives readings again", self._port.name)
            self._change(LinkState.UP, "")
            self._on_sample(sample)
            self._emit(self._settling.push(sample))

    def _watch(self, now: float, opened_at: float) -> None:
        """Notice a lost line and a silence."""
        if self._port.state is LinkState.LOST:
            if not self._line_lost:
                self._forget(now)
            self._line_lost = True
            self._change(LinkState.LOST, self._port.detail)
            return
        if self._port.state is not LinkState.UP:
            return
        silent_s = now - max(self.last_heard, opened_at)
        if silent_s > REOPEN_S:
            self._port.reopen()
        elif silent_s > self._driver.silence_s:
            self._complain(self._parser.complaint or self._what_comes(now))
            if now - self._started_at > self._driver.silence_s:
                self._start(now)

    def _what_comes(self, now: float) -> str:
        if self._in_vain > NONSENSE and now - self._bytes_at <= self._driver.silence_s:
            return "the thermometer sends what is no reading: it is another model, or another speed"
        return "the thermometer is connected but gives no valid readings"

    def _complain(self, detail: str) -> None:
        if self.state is not LinkState.LOST:
            self._losses.lost(self._clock(), "%s: %s", self._port.name, detail)
            self._emit(self._settling.interrupt(self._clock()))
        self._change(LinkState.LOST, detail)

    def _emit(self, events: tuple[MeasurementEvent, ...]) -> None:
        for event in events:
            self._on_event(event)

    def _change(self, state: LinkState, detail: str) -> None:
        if (state, detail) == (self.state, self.detail):
            return
        self.state, self.detail = state, detail
        self._on_state(state, detail)
