"""What the gate controller tells unasked, pure: the door, the button and the thermometer behind it.

A STATE is whole and comes again each second, so that a lost one costs a second and nothing else. Presses and forcings
are counted by the controller from its start: what happened between two states, or while there was no session, is told
with the next one.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge import link
from firmware_bridge.values import Door

DOORS: tuple[Door, ...] = tuple(Door)
"""By their numbers on the link."""


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How one gate is wired, and what is wanted of its controller."""

    holds: bool = False
    """The relay holds it shut while it has current, instead of opening it."""
    fail_safe: bool = False
    """It is open without a host, as a fire exit must be, instead of shut."""
    door_held_s: int | None = None
    """Seconds the door may stand open; None: it has no contact."""
    samples: bool = False
    """Whether the controller's own thermometer is used."""
    hands_off: bool = False
    """Leave the gate as it is without a host, and only listen."""

    @property
    def flags(self) -> int:
        """The link's flags for them."""
        return (
            self.holds * link.HOLDS
            | self.fail_safe * link.FAIL_SAFE
            | (self.door_held_s is not None) * link.DOOR_CONTACT
            | self.samples * link.SAMPLES
            | self.hands_off * link.HANDS_OFF
        )


@dataclass(frozen=True, slots=True)
class DoorChanged:
    """The door is another than before, as its contact tells."""

    door: Door


@dataclass(frozen=True, slots=True)
class StaffCalled:
    """Somebody at the gate has pressed the button."""


ReportEvent = DoorChanged | StaffCalled


class Reports:
    """Follows the states of one controller, through any number of its starts and sessions."""

    def __init__(self) -> None:
        self.door = Door.UNKNOWN
        self.release: int | None = None
        """Number of the controller's firmware; None until it has told."""
        self._boot: int | None = None
        self._presses = 0
        self._forcings = 0

    def take(self, body: bytes, session: int) -> list[ReportEvent]:
        """Return what a STATE says that is new. One of another session says nothing."""
        read = link.read_state(body)
        if read is None or read[0] != session:
            return []
        _, boot, door, presses, forcings, _, self.release = read
        if boot != self._boot:
            # What a controller counted before this host knew it is not this host's; what one counted since it
            # restarted under us is.
            known = self._boot is not None
            self._boot = boot
            self._presses, self._forcings = (0, 0) if known else (presses, forcings)
        events: list[ReportEvent] = []
        if presses != self._presses:
            events.append(StaffCalled())
        if forcings != self._forcings:
            # To be forced anew it must have been shut, though nobody told.
            events += [DoorChanged(Door.SHUT)] if self.door is Door.FORCED else []
            events.append(DoorChanged(Door.FORCED))
            self.door = Door.FORCED
        self._presses, self._forcings = presses, forcings
        if DOORS[door] is not self.door:
            self.door = DOORS[door]
            events.append(DoorChanged(self.door))
        return events
