"""Charts as SVG inside the page: no script, no style attribute (the policy forbids both), readable without eyes.

A chart is data here and drawn by the template `parts.html`: bars are stacked per slot, each part has its own class and
pattern, so that colour alone never tells parts apart; the same numbers stand in a table below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 180
"""Units of the drawing area."""
_GAP = 0.2
"""Part of a slot that is left between bars."""


@dataclass(frozen=True, slots=True)
class Part:
    """One rectangle."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    """Class of the part, such as `pass`."""
    many: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the chart, and what it means."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Label:
    """A word below the bars."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One slot as a row of the table."""

    name: str
    many: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of stacked bars."""

    kinds: tuple[str, ...]
    parts: tuple[Part, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    rows: tuple[Row, ...]

    @property
    def total(self) -> int:
        """Everything added up."""
        return sum(sum(row.many) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Share:
    """One bar of a ranking."""

    name: str
    many: int
    width: float
    """0 to 100."""


def bars(slots: Sequence[str], kinds: Sequence[str], counts: Mapping[tuple[int, str], int], every: int) -> Bars:
    """Stack `kinds` for each slot; `counts` by slot and kind; a label below every `every`-th slot."""
    heights = [sum(counts.get((at, kind), 0) for kind in kinds) for at in range(len(slots))]
    top = ceiling(max(heights, default=0))
    step = WIDTH / max(len(slots), 1)
    parts = []
    for at in range(len(slots)):
        base = float(HEIGHT)
        for kind in kinds:
            many = counts.get((at, kind), 0)
            if many:
                height = many / top * HEIGHT
                base -= height
                x, width = (at + _GAP / 2) * step, step * (1 - _GAP)
                parts.append(Part(round(x, 2), round(base, 2), round(width, 2), round(height, 2), kind, many))
    lines = tuple(Line(round(HEIGHT * (1 - part / 2), 2), top * part // 2) for part in (0, 1, 2))
    labels = tuple(Label(round((at + 0.5) * step, 2), slots[at]) for at in range(0, len(slots), every))
    rows = tuple(Row(name, tuple(counts.get((at, kind), 0) for kind in kinds)) for at, name in enumerate(slots))
    return Bars(tuple(kinds), tuple(parts), lines, labels, rows)


def ranking(counts: Sequence[tuple[str, int]]) -> tuple[Share, ...]:
    """Make bars of a ranking, the longest for the largest."""
    top = max((many for _, many in counts), default=1)
    return tuple(Share(name, many, round(100 * many / max(top, 1), 1)) for name, many in counts)


def ceiling(value: int) -> int:
    """Return the next round number for the top of a chart: even, and few digits; never less than 2."""
    if value <= 2:
        return 2
    power = int(10 ** int(math.log10(value)))
    return next(top for top in (power, 2 * power, 4 * power, 6 * power, 8 * power, 10 * power) if top >= value)
