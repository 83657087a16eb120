"""A thermometer compared at the screen with what is known: its newest readings, the points so far, the offset in force.

The lane is out of service meanwhile. Methods may be called from several threads.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from firmware_bridge.calibration import STEADY_S, Point, compare, steady
from firmware_bridge.errors import CalibrationError
from firmware_bridge.values import Sample
from scanner import offsets
from scanner.config.model import ThermometerSection
from scanner.control.duty import Compared, ComparedPoint
from scanner.offsets import KeptOffset, OffsetsError

KEPT: Final = 400
"""Readings remembered: half a minute of the fastest module."""
MOST_POINTS: Final = 5
POINTS_HOLD_S: Final = 900.0
"""Points of an earlier comparison that somebody left are not mixed with later ones."""
GOOD_DAYS: Final = 180


class NotComparedError(Exception):
    """It cannot be compared, or not kept; `key` names the words in the locale, or is a sentence for staff."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Comparing:
    """One lane's thermometer."""

    def __init__(
        self,
        section: ThermometerSection,
        folder: Path,
        today: Callable[[], dt.date],
        set_offset: Callable[[int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`set_offset` corrects the readings from now on, by hundredths of °C. `today`: at the site.

        `clock`: monotonic seconds, as readings are stamped.
        """
        self._clock = clock
        self._section = section
        self._folder = folder
        self._today = today
        self._set_offset = set_offset
        self._lock = threading.Lock()
        self._samples: deque[Sample] = deque(maxlen=KEPT)
        self._points: list[Point] = []
        self._point_at = 0.0
        self.trouble = ""
        """What is wrong with the offsets that were kept, in words."""
        try:
            self.offset = offsets.in_force(section, folder)
        except OffsetsError as error:
            self.offset, self.trouble = offsets.configured(section), str(error)

    def sample(self, sample: Sample) -> None:
        """Note a reading."""
        with self._lock:
            self._samples.append(sample)

    def add(self, known_centi: int) -> Compared:
        """Compare what it reads now with what is known. Raises NotComparedError."""
        with self._lock:
            read = steady(list(self._samples))
            if read is None or self._clock() - self._samples[-1].at > STEADY_S:  # a lost one reads nothing now
                raise NotComparedError("compare.unsteady")
            now = self._clock()
            earlier = self._points if now - self._point_at < POINTS_HOLD_S else []
            points = [*earlier, Point(known_centi, *read)][-MOST_POINTS:]
            found = self._compared(points)
            self._points, self._point_at = points, now
            return found

    def _compared(self, points: list[Point]) -> Compared:
        try:
            comparison = compare(points)
        except CalibrationError as error:
            raise NotComparedError(str(error)) from error
        shown = tuple(
            ComparedPoint(known_centi=one.known_centi, read_centi=one.read_centi, spread_centi=one.spread_centi)
            for one in points
        )
        return Compared(points=shown, offset_centi=comparison.offset_centi, worst_centi=comparison.worst_centi)

    def keep(self) -> Compared:
        """Keep what the points say, from now on and over restarts. Raises NotComparedError."""
        with self._lock:
            points = self._points
        if not points:
            raise NotComparedError("compare.nothing")
        found, today = self._compared(points), self._today()
        until = today + dt.timedelta(days=GOOD_DAYS)
        kept = KeptOffset(found.offset_centi, today.isoformat(), until.isoformat())
        try:
            offsets.keep(self._folder, self._section.name, kept)  # slow: the thermometer's thread must not wait for it
        except OffsetsError as error:
            raise NotComparedError(str(error)) from error
        with self._lock:
            self.offset, self._points, self.trouble = kept, [], ""
        self._set_offset(kept.centi)
        return found

    def drop(self) -> None:
        """Forget the points so far."""
        with self._lock:
            self._points = []
