"""What the thermometer has to say of the person before a lane, and what that means for the lane.

Not thread-safe: everything here happens in the lane's own thread.
"""

from __future__ import annotations

from firmware_bridge.values import Measurement, Unmeasurable
from scanner.engine.judging import Judging
from scanner.engine.person import Person, Presences
from scanner.engine.ports import Devices
from scanner.lane import Event

LEFT_S = 1.0
"""A code not seen for so long while another one is: its holder has made room for somebody else."""


class Measuring:
    """One lane's measurements and whom each serves. Times are monotonic seconds."""

    def __init__(self, devices: Devices, judging: Judging) -> None:
        self._devices = devices
        self._judging = judging
        self.presences = Presences()

    def again(self) -> None:
        """Drop what was measured and measure once more."""
        self.presences.discard()
        self._devices.measure_again()

    def give(self, person: Person, at: float) -> Event | None:
        """Give the person the measurement at hand, if it may serve; what that is to the lane, None while it goes on."""
        measurement = self.presences.take(person.who, at)
        if measurement is None:
            return None
        if person.first_high is not None and measurement.presence != person.first_high.presence:
            # Whoever was hot has stepped away: it may be a friend's forehead that came instead.
            person.measurement = person.first_high
            return Event.TEMPERATURE_DECIDES
        person.measurement = measurement
        person.ready_at = max(person.seen.decided_at, measurement.at)
        if measurement.why_not is not None:
            # Too cold, too far, unsteady: keep trying until the time is over, then say why.
            self._devices.measure_again()
            return None
        if self._judging.is_high(measurement) and person.first_high is None:
            person.first_high = measurement
            return Event.TEMPERATURE_HIGH_ONCE
        return Event.TEMPERATURE_DECIDES

    def has_left(self, person: Person, at: float) -> bool:
        """Whether the person has made room for the one whose code is shown now: nobody knows whose forehead is next."""
        return at - person.last_seen > LEFT_S

    def in_vain(self, person: Person, at: float) -> Measurement | None:
        """Return what there is when the time is over: high once, why a try failed, or that nobody was measured."""
        if person.first_high is not None:
            return person.first_high
        if person.measurement is not None and person.measurement.why_not is not None:
            return person.measurement
        return self._devices.no_measurement(Unmeasurable.TIMEOUT, at)
