"""The shapes that stand beside the words, so that a result never depends on colour. Drawn, not typed: any size."""

from __future__ import annotations

from enum import StrEnum, unique
from functools import cache

from scanner.ui.bitmap import Bitmap

Point = tuple[float, float]


@unique
class Shape(StrEnum):
    """One shape for each thing the panel can say, with its one-character form as text and as ASCII."""

    text: str
    ascii: str

    def __new__(cls, name: str, text: str, plain: str) -> Shape:
        """Make a member that knows its forms as text."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.text = text
        member.ascii = plain
        return member

    CHECK = "check", "✓", "+"
    EXCLAMATION = "exclamation", "!", "!"
    CROSS = "cross", "✕", "X"
    CODE = "code", "▣", "#"
    """Three finder squares: show your code."""
    THERMOMETER = "thermometer", "◔", "T"
    HOURGLASS = "hourglass", "…", "~"
    BARS = "bars", "‖", "="
    """Paused."""
    BROKEN = "broken", "⊘", "%"
    """No connection to the engine."""
    LEFT = "left", "←", "<"
    RIGHT = "right", "→", ">"
    UP = "up", "↑", "^"
    DOWN = "down", "↓", "v"


def _stroke(x: float, y: float, a: Point, b: Point, half: float) -> bool:
    """Whether (x, y) lies within `half` of the segment from a to b."""
    (ax, ay), (bx, by) = a, b
    dx, dy = bx - ax, by - ay
    along = max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)))
    return (x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2 <= half * half


def _inside(x: float, y: float, /, left: float, top: float, right: float, bottom: float) -> bool:  # noqa: PLR0917
    return left <= x <= right and top <= y <= bottom


def _lit(shape: Shape, x: float, y: float) -> bool:
    """Whether the point (x, y) of the unit square, y downwards, belongs to `shape`."""
    match shape:
        case Shape.CHECK:
            return _stroke(x, y, (0.1, 0.55), (0.38, 0.84), 0.1) or _stroke(x, y, (0.38, 0.84), (0.9, 0.16), 0.1)
        case Shape.CROSS:
            return _stroke(x, y, (0.14, 0.14), (0.86, 0.86), 0.1) or _stroke(x, y, (0.86, 0.14), (0.14, 0.86), 0.1)
        case Shape.EXCLAMATION:
            # A bar that narrows downwards over a dot.
            bar = 0.03 <= y <= 0.66 and abs(x - 0.5) <= 0.17 - 0.12 * (y - 0.03)
            return bar or _inside(x, y, 0.37, 0.78, 0.63, 0.98)
        case Shape.CODE:
            return any(_finder(x, y, left, top) for left, top in ((0.02, 0.02), (0.58, 0.02), (0.02, 0.58))) or (
                _inside(x, y, 0.62, 0.62, 0.76, 0.76) or _inside(x, y, 0.84, 0.84, 0.98, 0.98)
            )
        case Shape.THERMOMETER:
            bulb = (x - 0.5) ** 2 + (y - 0.8) ** 2 <= 0.19**2
            scale = any(_inside(x, y, 0.68, t, 0.86, t + 0.07) for t in (0.12, 0.3, 0.48))
            return bulb or _inside(x, y, 0.4, 0.03, 0.6, 0.8) or scale
        case Shape.HOURGLASS:
            sand = abs(x - 0.5) <= 0.06 + 0.85 * abs(y - 0.5)
            return (
                _inside(x, y, 0.12, 0.02, 0.88, 0.14)
                or _inside(x, y, 0.12, 0.86, 0.88, 0.98)
                or (0.14 < y < 0.86 and sand)
            )
        case Shape.BARS:
            return _inside(x, y, 0.2, 0.06, 0.42, 0.94) or _inside(x, y, 0.58, 0.06, 0.8, 0.94)
        case Shape.BROKEN:
            radius = ((x - 0.5) ** 2 + (y - 0.5) ** 2) ** 0.5
            return 0.34 <= radius <= 0.49 or _stroke(x, y, (0.2, 0.2), (0.8, 0.8), 0.08)
        case Shape.LEFT:
            return _arrow(x, y)
        case Shape.RIGHT:
            return _arrow(1 - x, y)
        case Shape.UP:
            return _arrow(y, x)
        case Shape.DOWN:
            return _arrow(1 - y, x)


def _arrow(x: float, y: float) -> bool:
    """Whether (x, y) belongs to an arrow that points left."""
    head = 0.02 <= x <= 0.5 and abs(y - 0.5) <= x
    return head or _inside(x, y, 0.45, 0.34, 0.98, 0.66)


def _finder(x: float, y: float, left: float, top: float) -> bool:
    """Whether (x, y) belongs to a QR finder, a square ring around a square."""
    u, v = (x - left) / 0.4, (y - top) / 0.4
    ring = _inside(u, v, 0, 0, 1, 1) and not _inside(u, v, 0.2, 0.2, 0.8, 0.8)
    return ring or _inside(u, v, 0.36, 0.36, 0.64, 0.64)


@cache
def draw(shape: Shape, size: int) -> Bitmap:
    """Draw `shape` into `size` × `size` pixels."""
    centre = [(n + 0.5) / size for n in range(size)]
    return Bitmap(tuple(tuple(_lit(shape, x, y) for x in centre) for y in centre))
