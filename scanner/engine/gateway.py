"""What happens round a lane's gate: a door held or forced, somebody who calls staff, an opening nobody confirmed.

Not thread-safe: everything here happens in the lane's own thread.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping

from firmware_bridge.values import Door
from scanner.engine.degradations import Cause
from scanner.engine.ports import Services
from scanner.lane import Event

CALL_TOLD_S = 60.0
"""How long a call stands on the screen, unless staff act at the lane before."""
CALL = "call"
"""Name of its timer."""


class Gateway:
    """One lane's door, button and unconfirmed openings, each told as not as it should be: on the screen, in the log."""

    def __init__(
        self, lane: str, services: Services, timers: MutableMapping[Event | str, float], clock: Callable[[], float]
    ) -> None:
        """`timers` are the lane's own, monotonic seconds by `clock`."""
        self._lane = lane
        self._services = services
        self._timers = timers
        self._clock = clock
        self._calling = False
        self._unconfirmed = False

    def door(self, door: Door) -> None:
        """Note how the door is now."""
        self._services.lane_degraded(self._lane, Cause.DOOR_HELD, door is Door.HELD)
        self._services.lane_degraded(self._lane, Cause.DOOR_FORCED, door is Door.FORCED)

    def called(self) -> bool:
        """Let staff know that somebody calls them; False where they have been called already."""
        again, self._calling = self._calling, True
        self._timers[CALL] = self._clock() + CALL_TOLD_S
        self._services.lane_degraded(self._lane, Cause.STAFF_CALLED, True)
        return not again

    def ordered(self, *, failed: bool) -> None:
        """Note what became of an order to open. Whoever was let through may stand before a shut gate, or it is open.

        The alarm stands until staff act at the lane, or the gate has done what it was told.
        """
        if failed is not self._unconfirmed:
            self._unconfirmed = failed
            self._services.lane_degraded(self._lane, Cause.GATE_UNCONFIRMED, failed)

    def attended(self) -> None:
        """Take back what waits for staff, now that they have acted at the lane."""
        self.unanswered()
        self.ordered(failed=False)

    def unanswered(self) -> None:
        """Take back a call: it has stood for long enough."""
        if not self._calling:
            return
        self._calling = False
        self._timers.pop(CALL, None)
        self._services.lane_degraded(self._lane, Cause.STAFF_CALLED, False)
