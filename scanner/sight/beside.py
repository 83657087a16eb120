"""Which codes of one picture lie right beside each other, as several do on one phone or one sheet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

Point = tuple[float, float]

CLOSE: Final = 0.6
"""A gap of less than this many sides of the larger code; between two people's phones there are frames and air."""


def together(codes: Sequence[Sequence[Point] | None], whose: Sequence[str]) -> list[bool]:
    """Return of each code whether somebody else's lies right beside it.

    Each is given by its corners, None: it does not count; and by what tells its holder from another.
    """
    beside = [False] * len(codes)
    boxes = [None if corners is None else _box(corners) for corners in codes]
    for (i, one), (j, other) in combinations(enumerate(boxes), 2):
        if one is None or other is None or whose[i] == whose[j]:
            continue
        if _gap(one, other) < CLOSE * max(_side(one), _side(other)):
            beside[i] = beside[j] = True
    return beside


_Box = tuple[float, float, float, float]


def _box(corners: Sequence[Point]) -> _Box:
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(down), max(across), max(down)


def _side(box: _Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _gap(one: _Box, other: _Box) -> float:
    """Return the larger of the gaps across and down; below zero where the boxes overlap both ways."""
    across = max(one[0], other[0]) - min(one[2], other[2])
    down = max(one[1], other[1]) - min(one[3], other[3])
    return max(across, down)
