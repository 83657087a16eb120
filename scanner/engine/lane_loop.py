"""One lane's thread: takes what happens from one queue and hands it to the lane's passage."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from firmware_bridge.gate import GateCommanded, GateConfirmed, GateFailed
from firmware_bridge.measurement import PresenceBegan, PresenceEnded, Settled
from firmware_bridge.reports import DoorChanged, StaffCalled
from firmware_bridge.values import Sample
from scanner.control.messages import LaneView
from scanner.engine.inputs import Ask, DeviceState, Input, Midnight, Noted, Noticed, Recorded
from scanner.engine.passage import Passage
from scanner.engine.ports import Devices, Services
from scanner.engine.staffed import Staffed
from scanner.engine.vision import CodeSeen
from scanner.engine.visitors import Visitors
from scanner.memory import Opened
from scanner.sight.hints import HintSeen

VIEW_EVERY_S = 0.2


class LaneLoop:
    """One lane. Everything but `post`, `sample` and `view` happens in its own thread."""

    def __init__(
        self,
        devices: Devices,
        services: Services,
        *,
        opened: Opened,
        visitors: Visitors,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what all lanes share as `opened` and `visitors`; `clock`: monotonic seconds."""
        self._services = services
        self._clock = clock
        self._queue: queue.SimpleQueue[Input] = queue.SimpleQueue()
        self._passage = Passage(devices, services, opened=opened, visitors=visitors, post=self.post, clock=clock)
        self._staffed = Staffed(self._passage, visitors)
        self._busy_since: float | None = None
        self._view_due = 0.0
        self.view: LaneView = self._passage.view()

    # --- from other threads -------------------------------------------------------------------------------------

    def post(self, item: Input) -> None:
        """Hand something to the lane; returns at once."""
        self._queue.put(item)

    def sample(self, sample: Sample) -> None:
        """Note what the thermometer sees now, for the screen."""
        self._passage.shown.sample = sample

    @property
    def wants_codes(self) -> bool:
        """Whether a code would begin a passage now."""
        return self._passage.wants_codes

    def busy_for(self) -> float:
        """Return for how many seconds the current input has been worked on."""
        since = self._busy_since
        return 0.0 if since is None else self._clock() - since

    # --- the loop -------------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`."""
        while not stop.is_set():
            self.turn(VIEW_EVERY_S)
        self._passage.end()

    def turn(self, patience_s: float) -> None:
        """Wait at most `patience_s` for something to happen, and let it."""
        deadline = min([self._view_due, *self._passage.timers.values()])
        item: Input | None
        try:
            item = self._queue.get(timeout=max(0.0, min(deadline - self._clock(), patience_s)))
        except queue.Empty:
            item = None
        self._busy_since = self._clock()
        if item is not None:
            self._take(item)
        self._passage.ring_timers()
        if item is not None or self._clock() >= self._view_due:
            self._view_due = self._clock() + VIEW_EVERY_S
            self.view = self._passage.view()
            self._services.view_changed()
        self._busy_since = None

    def _take(self, item: Input) -> None:
        passage = self._passage
        match item:
            case CodeSeen():
                passage.on_code(item)
            case HintSeen():
                passage.sightings.unread(item)
            case PresenceBegan():
                passage.presences.began(item.presence)
            case PresenceEnded():
                passage.presences.ended()
            case Settled():
                passage.on_settled(item.measurement)
            case Recorded():
                passage.on_recorded(item)
            case DeviceState():
                passage.on_device(item)
            case GateConfirmed() | GateCommanded() | GateFailed():
                passage.on_gate(item)
            case DoorChanged():
                passage.gateway.door(item.door)
            case StaffCalled():
                passage.gateway.called()
            case Ask():
                self._staffed.carry_out(item)
            case Noticed(action=action, staff=staff):
                passage.receipts.note_action(action, staff)
            case Noted():
                item.then(item.result)
            case Midnight():
                passage.on_midnight()
