"""What a thermometer sees of people and of the world, as object temperatures over time. Pure; centi-°C and seconds.

Every scene begins with an empty place. `still_at` is the moment from which somebody stands still before the module;
`expected` is what there is to measure then, None where nothing must be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

AMBIENT = 2480
"""A hall."""
FOREHEAD = 3650


@dataclass(frozen=True, slots=True)
class Series:
    """One scene."""

    seen: Callable[[float], float]
    """Object temperature at a time."""
    length_s: float
    still_at: float | None
    expected: int | None
    ambient: Callable[[float], float] = lambda _: float(AMBIENT)
    """The module's own temperature at a time."""


def _towards(goal: float, since: float, tau: float, before: Callable[[float], float]) -> Callable[[float], float]:
    """Follow `before` until `since`, then go to `goal` with the time constant `tau`."""
    return lambda at: before(at) if at < since else goal + (before(since) - goal) * math.exp(-(at - since) / tau)


def _empty(_: float) -> float:
    return float(AMBIENT)


def _approach(at: float) -> float:
    """Somebody walks up over two seconds: the face fills the module's view more and more."""
    share = min(1.0, max(0.0, (at - 1.0) / 2.0))
    return AMBIENT + (FOREHEAD - AMBIENT) * share**2


def _tremble(at: float) -> float:
    """Somebody who has run: swaying by half a degree for two seconds, and then still."""
    if at < 1.0:
        return float(AMBIENT)
    if at < 3.0:
        return FOREHEAD - 60 + 55 * math.sin(at * 9.0)
    return float(FOREHEAD)


def _glasses(at: float) -> float:
    """Glasses cover half the view; after two seconds they are pushed up."""
    if at < 1.0:
        return float(AMBIENT)
    return 3330.0 if at < 3.0 else float(FOREHEAD)


def _passer_by(at: float) -> float:
    """Somebody walks past without stopping."""
    return AMBIENT + (FOREHEAD - AMBIENT) * math.exp(-(((at - 2.0) / 0.18) ** 2))


SERIES: Mapping[str, Series] = MappingProxyType(
    {
        "steps in": Series(_towards(FOREHEAD, 1.0, 0.06, _empty), 5.0, 1.2, FOREHEAD),
        "approach": Series(_approach, 7.0, 3.0, FOREHEAD),
        "tremble": Series(_tremble, 7.0, 3.0, FOREHEAD),
        "glasses pushed up": Series(_glasses, 7.0, 3.0, FOREHEAD),
        # Rode in at -10 °C: below what a person may have, and warming by a tenth of a degree a second.
        "cold face": Series(lambda at: AMBIENT if at < 1.0 else 3330 + 2 * at, 8.0, 1.2, None),
        # Out of a heated car: warm, and cooling by a hundredth of a degree a second.
        "hot car": Series(lambda at: AMBIENT if at < 1.0 else 3810 - at, 6.0, 1.2, 3808),
        # The sun through a window lies on the module's lens and on the module.
        "sun on the sensor": Series(
            lambda at: AMBIENT if at < 1.0 else 5200 + 40 * math.sin(at), 8.0, None, None, lambda at: 2480 + 150 * at
        ),
        "empty": Series(lambda at: AMBIENT + 15 * math.sin(at / 3), 20.0, None, None),
        "passes by": Series(_passer_by, 6.0, None, None),
    }
)
"""Each scene by its name."""
