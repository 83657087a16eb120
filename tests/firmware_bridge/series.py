"""Series of samples as a thermometer gives them, for tests of the measurement."""

import random

from firmware_bridge.emulator.scene import Scene
from firmware_bridge.gy_mcu90614 import DRIVER
from firmware_bridge.measurement import MeasurementEvent, Offsets, PresenceBegan, PresenceEnded, Settled, Settling
from firmware_bridge.values import Measurement, Sample

PERIOD_S = 1 / 14


class Series:
    """Feeds one settling from a scene, and keeps every event."""

    def __init__(self, ambient: int = 2480, offsets: Offsets | None = None, seed: int = 1) -> None:
        self.scene = Scene(ambient, random.Random(seed))
        self.settling = Settling(DRIVER.rule, offsets or Offsets(), "forehead")
        self.events: list[MeasurementEvent] = []
        self.now = 100.0

    def run(self, seconds: float) -> "Series":
        """Sample the scene for so long."""
        until = self.now + seconds
        while self.now < until:
            self.now += PERIOD_S
            self.events += self.settling.push(Sample(self.now, *self.scene.reading(self.now)))
        return self

    def feed(self, *objects: int, ambient: int = 2480, period: float = PERIOD_S) -> "Series":
        """Give these object temperatures, one sample each."""
        for centi in objects:
            self.now += period
            self.events += self.settling.push(Sample(self.now, centi, ambient))
        return self

    def pause(self, seconds: float) -> "Series":
        """Give nothing for so long."""
        self.now += seconds
        return self

    def person(self, centi: int, seconds: float) -> "Series":
        """Somebody steps in and stays."""
        self.scene.person(centi, self.now)
        return self.run(seconds)

    def nobody(self, seconds: float) -> "Series":
        """Whoever is there steps away."""
        self.scene.nobody(self.now)
        return self.run(seconds)

    @property
    def measurements(self) -> list[Measurement]:
        return [event.measurement for event in self.events if isinstance(event, Settled)]

    @property
    def began(self) -> list[int]:
        return [event.presence for event in self.events if isinstance(event, PresenceBegan)]

    @property
    def ended(self) -> list[int]:
        return [event.presence for event in self.events if isinstance(event, PresenceEnded)]
