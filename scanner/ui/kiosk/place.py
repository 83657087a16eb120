"""Where things are for somebody who faces the kiosk, and in which languages it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from scanner.ui.shapes import Shape


@unique
class Side(StrEnum):
    """A direction, as an arrow on the screen shows it."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    """Above, or ahead."""
    DOWN = "down"
    """Below, or behind."""


ARROWS = {Side.LEFT: Shape.LEFT, Side.RIGHT: Shape.RIGHT, Side.UP: Shape.UP, Side.DOWN: Shape.DOWN}


@dataclass(frozen=True, slots=True)
class Place:
    """What the kiosk tells visitors of its place."""

    staffed: Side = Side.RIGHT
    """Where the staffed lane is."""
    staffed_text: str = ""
    """The site's own words for it; empty: the locale's."""
    reader: Side = Side.DOWN
    """Where the code is held."""
    languages: tuple[str, ...] = ("zh_CN", "en")
    language_key: str = ""
    """A button that switches the language; empty: there is none."""
    maintenance_key: str = ""
    """A key that asks for a supervisor's PIN; empty: there is none."""
