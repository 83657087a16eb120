"""A gate at its serial line: a thread's loop around a pure conversation with whatever moves the barrier.

Orders come from any thread and wake the loop at once; nothing in their path waits for a poll.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from firmware_bridge import link
from firmware_bridge.conversation import DEFAULT_SETTINGS, Conversation
from firmware_bridge.loss_log import LossLog
from firmware_bridge.opening import GateCommanded, GateConfirmed, GateEvent, GateFailed, GateFault, Opening
from firmware_bridge.reports import GateSettings, ReportEvent
from firmware_bridge.tap import Tap
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import Light, LinkState

__all__ = [
    "Gate",
    "GateCommanded",
    "GateConfirmed",
    "GateController",
    "GateEvent",
    "GateFailed",
    "GateFault",
    "Talk",
]

PATIENCE_S = 2.0
"""How long a device may leave the greeting unanswered until it counts as lost."""
FAREWELL_S = 0.05
"""How long the last words are given to arrive."""
STOP_CHECK_S = 0.2
"""How often the loop looks whether it is to end."""

_log = logging.getLogger(__name__)


class Talk(Protocol):
    """What is said to a device and what its answers mean: pure. All times are monotonic seconds."""

    @property
    def detail(self) -> str:
        """In words, what is wrong; empty: nothing, or nothing that is known yet."""

    @property
    def up(self) -> bool:
        """Whether orders can be carried out."""

    def connect(self, now: float) -> None:
        """Begin, now that the line is open."""

    def disconnect(self) -> None:
        """Fail whatever is not confirmed, now that the line is lost."""

    def open(self, opening: Opening) -> None:
        """Order an opening; its outcome is an event, exactly one."""

    def light(self, light: Light) -> None:
        """Set what the lamp shows from now on, if there is one."""

    def events(self) -> list[GateEvent]:
        """Return what has happened since the last call."""

    def due(self, now: float) -> bytes:
        """Return the bytes to send now; empty when there is nothing to say."""

    def sent(self, now: float) -> None:
        """Take note that what was due has been written."""

    def next_at(self) -> float | None:
        """When `due` has something to do if nothing happens before; None while there is no line."""

    def receive(self, data: bytes, now: float) -> bool:
        """Take in what the device sent; whether an answer was in it."""

    def farewell(self) -> bytes:
        """Return what to say before the line is given up in order."""


class Gate:
    """One barrier and its lamp. `open` and `light` may be called from any thread, the callbacks come from `run`'s."""

    def __init__(
        self,
        port: SerialPort,
        talk: Callable[[], Talk],
        on_event: Callable[[GateEvent], None],
        on_state: Callable[[LinkState, str], None],
        *,
        what: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the line, what is said on it, and whom to tell; `what` names the device, as in "the relay"."""
        self._port = port
        self._talk = talk
        self._on_event = on_event
        self._on_state = on_state
        self._what = what
        self._clock = clock
        self._lock = threading.Lock()
        self._orders: list[Opening] = []
        self._light: Light | None = None
        self._closed = False
        self._connected_at = clock()
        self._losses = LossLog(_log)
        self.state = LinkState.CONNECTING
        self.detail = ""
        self.last_heard = clock()
        """Monotonic seconds of the device's last answer; before the first, of this object's making."""
        self.unread = 0
        """Bytes since then that were no answer."""
        self.last_turn = self.last_heard
        """Monotonic seconds at which the loop last went round: never older than half a second while it lives."""

    def open(self, pulse_ms: int, token: int) -> None:
        """Order the barrier open for `pulse_ms` (50 to 10,000), for the passage with the journal's seq `token` (u32).

        Returns at once. Exactly one `GateEvent` with this token follows while `run` runs.
        Raises ValueError for numbers the link cannot carry.
        """
        if not link.SHORTEST_PULSE_MS <= pulse_ms <= link.LONGEST_PULSE_MS:
            raise ValueError(f"a pulse of {pulse_ms} ms is outside {link.SHORTEST_PULSE_MS}–{link.LONGEST_PULSE_MS}")
        if not 0 <= token < 2**32:
            raise ValueError(f"token {token} is no unsigned 32-bit number")
        with self._lock:
            self._orders.append(Opening(token, pulse_ms, self._clock()))
        self._port.wake()

    def light(self, light: Light) -> None:
        """Set what the lamp shows from now on; kept through losses of the line."""
        with self._lock:
            if light is self._light:
                return
            self._light = light
        self._port.wake()

    def close(self) -> None:
        """Make `run` end soon even without its stop event; harmless when it has ended."""
        self._closed = True
        self._port.wake()

    def run(self, stop: threading.Event) -> None:
        """Serve the gate until `stop` is set; returns within 0.3 s after that and gives the line back."""
        talk = self._talk()
        openings = self._port.openings
        try:
            while not (stop.is_set() or self._closed):
                now = self.last_turn = self._clock()
                if self._port.state is LinkState.UP and self._port.openings != openings:
                    openings = self._port.openings
                    self._connected_at = now
                    talk.connect(now)
                elif self._port.state is LinkState.LOST:
                    talk.disconnect()
                self._take_orders(talk)
                data = talk.due(now)
                if data and self._port.write(data):
                    talk.sent(self._clock())
                elif data:
                    talk.disconnect()
                self._report(talk)
                next_at = talk.next_at()
                wait_s = STOP_CHECK_S if next_at is None else min(STOP_CHECK_S, max(0.0, next_at - now))
                received = self._port.wait(wait_s)
                if received:
                    self._take(talk, received)
        finally:
            self._say_farewell(talk)
            talk.disconnect()
            self._take_orders(talk)
            self._report(talk)
            self._port.close()

    def _take(self, talk: Talk, received: bytes) -> None:
        """Take in what the device sent."""
        if talk.receive(received, self._clock()):
            self.last_heard = self._clock()
            self.unread = 0
            self._report(talk)
        else:
            self.unread += len(received)

    def _say_farewell(self, talk: Talk) -> None:
        """Say it twice: the first may come while the device is still busy with what it was told last."""
        for _ in range(2):
            farewell = talk.farewell()
            if not farewell or not self._port.write(farewell):
                return
            self._port.wait(FAREWELL_S)

    def _take_orders(self, talk: Talk) -> None:
        with self._lock:
            orders, self._orders = self._orders, []
            light = self._light
        for order in orders:
            talk.open(order)
        if light is not None:
            talk.light(light)

    def _report(self, talk: Talk) -> None:
        for event in talk.events():
            self._on_event(event)
        if talk.up:
            self._change(LinkState.UP, "")
        elif self._port.state is LinkState.LOST:
            self._change(LinkState.LOST, self._port.detail)
        elif talk.detail or self._clock() - max(self.last_heard, self._connected_at) > PATIENCE_S:
            detail = talk.detail or f"{self._what} does not answer"
            if self.state is not LinkState.LOST:
                self._losses.lost(self._clock(), "%s: %s", self._port.name, detail)
            self._change(LinkState.LOST, detail)
        elif self.state is LinkState.LOST:
            self._change(LinkState.CONNECTING, "")

    def _change(self, state: LinkState, detail: str) -> None:
        if (state, detail) == (self.state, self.detail):
            return
        if state is LinkState.UP and self.state is LinkState.LOST:
            self._losses.back("%s answers", self._port.name)
        self.state, self.detail = state, detail
        self._on_state(state, detail)


def _untold(_report: ReportEvent) -> None:
    """Nobody listens."""


class GateController(Gate):
    """Our gate controller, which times the pulse itself, confirms it, and tells of door and button unasked."""

    def __init__(
        self,
        port: SerialPort,
        on_event: Callable[[GateEvent], None],
        on_state: Callable[[LinkState, str], None],
        *,
        settings: GateSettings = DEFAULT_SETTINGS,
        on_report: Callable[[ReportEvent], None] = _untold,
        tap: Tap | None = None,
        clock: Callable[[], float] = time.monotonic,
        numbers: random.Random | None = None,
    ) -> None:
        """Take also how the gate is wired, whom to tell of door and button, and what the thermometer reads from.

        `on_report` is called from `run`'s thread; `tap` is for the controller's own thermometer, if `settings` want it.
        """
        self._conversation = Conversation(numbers or random.SystemRandom(), settings)
        self._on_report = on_report
        self._tap = tap
        super().__init__(port, lambda: self._conversation, on_event, on_state, what="the gate controller", clock=clock)

    @property
    def release(self) -> int | None:
        """Number of the controller's firmware; None until it has told."""
        return self._conversation.reports.release

    def _take(self, talk: Talk, received: bytes) -> None:
        was_up = talk.up
        super()._take(talk, received)
        for report in self._conversation.news():
            self._on_report(report)
        if self._tap is not None and was_up and talk.up:
            # What came before the session may have lain in the controller for hours.
            self._tap.feed(received)

    def _change(self, state: LinkState, detail: str) -> None:
        if self._tap is not None:
            self._tap.follow(state, detail)
        super()._change(state, detail)
