"""How far a thermometer is from the truth: its readings of something of known temperature. Pure; centi-°C, seconds.

One number corrects it, so the error must be the same over the range of foreheads. Where it is not, the module is
dirty, broken or badly aimed, and no number makes it right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from firmware_bridge.errors import CalibrationError
from firmware_bridge.values import Sample

STEADY_S = 2.0
"""So long readings must lie close together."""
STEADY_SAMPLES = 4
STEADY_CENTI = 20
KNOWN = range(3000, 4501)
"""What may be compared with: about a forehead's temperature."""
APART_CENTI = 100
"""Between the lowest and the highest of several points."""
UNEVEN_CENTI = 20
"""How far one point may be from the common error."""
LARGEST_CENTI = 500
"""A larger error is none of a sound module."""


@dataclass(frozen=True, slots=True)
class Point:
    """One comparison."""

    known_centi: int
    """What it truly is."""
    read_centi: int
    """Median of the readings, before any offset."""
    spread_centi: int

    @property
    def error_centi(self) -> int:
        """What must be added to the reading."""
        return self.known_centi - self.read_centi


@dataclass(frozen=True, slots=True)
class Comparison:
    """What several points say together."""

    offset_centi: int
    worst_centi: int
    """How far the point that fits worst is from that."""


def steady(samples: Sequence[Sample]) -> tuple[int, int] | None:
    """Return median and spread of the newest readings, oldest first; None while they are too few or still move."""
    if not samples:
        return None
    newest = [one.object_centi for one in samples if samples[-1].at - one.at <= STEADY_S]
    spread = max(newest) - min(newest)
    covered = samples[-1].at - samples[0].at >= STEADY_S
    if not covered or len(newest) < STEADY_SAMPLES or spread > STEADY_CENTI:
        return None
    return round(median(newest)), spread


def compare(points: Sequence[Point]) -> Comparison:
    """Return the correction. Raises CalibrationError where there is none."""
    for point in points:
        if point.known_centi not in KNOWN:
            raise CalibrationError(f"{point.known_centi / 100:.2f} °C is far from a forehead's temperature")
    known = [point.known_centi for point in points]
    if len(points) > 1 and max(known) - min(known) < APART_CENTI:
        raise CalibrationError("the points lie too close together: take some from 35 to 39 °C, a degree and more apart")
    errors = [point.error_centi for point in points]
    offset = round(sum(errors) / len(errors))
    if abs(offset) > LARGEST_CENTI:
        raise CalibrationError(
            f"it is wrong by {offset / 100:+.2f} °C, which no sound module is: "
            "clean it, and check its distance, its driver and what it looks at"
        )
    worst = max(abs(error - offset) for error in errors)
    if worst > UNEVEN_CENTI:
        raise CalibrationError(
            f"its error differs by {(max(errors) - min(errors)) / 100:.2f} °C between the points, so no single number "
            "corrects it: let it warm up for half an hour, aim it anew, or replace it"
        )
    return Comparison(offset, worst)
