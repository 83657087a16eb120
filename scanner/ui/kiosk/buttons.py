"""Keys drawn on the screen for fingers, under a few lines of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len

from scanner.ui.kiosk.touch import Grid, TouchKey, hit
from scanner.ui.painted import Line, PaintedLines, Span, fit, pad
from scanner.ui.scene import Scene
from scanner.ui.themes import Role


class Buttons(PaintedLines):
    """A screen full of keys.

    `heading` gives the lines above them for a width, `grid` the keys for a size.
    """

    DEFAULT_CSS = "Buttons { width: 1fr; height: 1fr; }"

    def __init__(self, heading: Callable[[int], Sequence[str]], grid: Callable[[int, int], Grid]) -> None:
        super().__init__()
        self._heading = heading
        self._grid = grid

    def hit(self, x: int, y: int) -> str | None:
        """Return the name of the key at column `x`, row `y` of the screen."""
        return hit(self._keys(), x, y)

    def _keys(self) -> tuple[TouchKey, ...]:
        return self._grid(*self.size).keys()

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:  # noqa: ARG002
        """Return the lines and the keys; each key is a block of another colour with its name in brackets."""
        grid = self._grid(width, height)
        out: list[Line] = [
            (Span(pad(f" {text}", width), Role.BODY, bold=True),) for text in self._heading(width)[: grid.top]
        ]
        out += [()] * (grid.top - len(out))
        keys = grid.keys()
        for row in range(grid.top, height):
            spans: list[Span] = []
            at = 0
            for key in (key for key in keys if key.top <= row < key.top + key.height):
                spans.append(Span(" " * (key.left - at), Role.BODY))
                spans.append(_piece(key, row))
                at = key.left + key.width
            out.append(tuple(spans))
        return out


def _piece(key: TouchKey, row: int) -> Span:
    """Return one row of a key; the last one of a tall key stays empty, so that keys stand apart."""
    tall = key.height if key.height < 3 else key.height - 1
    if row - key.top >= tall:
        return Span(" " * key.width, Role.BODY)
    label = fit(f"[{key.label}]", key.width) if row == key.top + (tall - 1) // 2 else ""
    left = " " * ((key.width - cell_len(label)) // 2)
    return Span(pad(left + label, key.width), Role.KEY, bold=True)
