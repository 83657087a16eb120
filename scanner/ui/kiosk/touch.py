"""Touches: four corners that ask for staff, and keys drawn on the screen. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

GESTURE_S = 5.0
"""All four corners within so long."""
_CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))
"""Clockwise, as (right, bottom)."""


@dataclass(frozen=True, slots=True)
class Corners:
    """How far the gesture has come: the corners touched one after another, from the upper left one clockwise."""

    touched: int = 0
    began: float = 0.0

    def touch(self, x: int, y: int, width: int, height: int, moment: float) -> Corners:
        """Return how far it has come with a touch at column `x`, row `y`. Any other touch begins it anew."""
        corner = corner_of(x, y, width, height)
        if self.touched and moment - self.began < GESTURE_S and corner == _CORNERS[self.touched % 4]:
            return Corners(self.touched + 1, self.began)
        return Corners(1, moment) if corner == _CORNERS[0] else Corners()

    @property
    def complete(self) -> bool:
        """Whether all four have been touched."""
        return self.touched >= len(_CORNERS)


def corner_of(x: int, y: int, width: int, height: int) -> tuple[int, int] | None:
    """Return the corner touched as (right, bottom), None for none: a fifth of the screen each way, for fingers."""
    across, down = max(1, width // 5), max(1, height // 5)
    if (across <= x < width - across) or (down <= y < height - down):
        return None
    return int(x >= width - across), int(y >= height - down)


@dataclass(frozen=True, slots=True)
class TouchKey:
    """A key drawn on the screen, in cells."""

    name: str
    label: str
    left: int
    top: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Whether a touch at column `x`, row `y` is on the key."""
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height


@dataclass(frozen=True, slots=True)
class Grid:
    """Keys in rows of equal height, filling their part of the screen."""

    rows: Sequence[Sequence[tuple[str, str]]]
    """Names and labels."""
    left: int
    top: int
    width: int
    height: int
    gap: int = field(default=1)
    """Columns between two keys."""

    def keys(self) -> tuple[TouchKey, ...]:
        """Return every key with its place; rows that do not fit any more are left out."""
        if not self.rows or self.height < len(self.rows) or self.width < 1:
            return ()
        tall = self.height // len(self.rows)
        out: list[TouchKey] = []
        for number, row in enumerate(self.rows):
            wide = (self.width - self.gap * (len(row) - 1)) // len(row)
            for place, (name, label) in enumerate(row):
                left = self.left + place * (wide + self.gap)
                out.append(TouchKey(name, label, left, self.top + number * tall, wide, tall))
        return tuple(key for key in out if key.width > 0)


def hit(keys: Sequence[TouchKey], x: int, y: int) -> str | None:
    """Return the name of the key touched."""
    return next((key.name for key in keys if key.holds(x, y)), None)
