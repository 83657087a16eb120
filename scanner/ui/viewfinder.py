"""The camera's picture in half-blocks, for aiming, with the outline of the code that was found."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from scanner.control.messages import LaneView, Preview
from scanner.ui import words
from scanner.ui.painted import Line, Painted, Span, pad, to_strip
from scanner.ui.scene import Scene
from scanner.ui.themes import Role

STALE_S = 2.0
"""A picture older than this is called frozen."""
_RAMP = " .:-=+*#%@"
_LEVELS = 24
"""Grey steps; few, so that neighbouring cells share a style and less is sent to the terminal."""


class Viewfinder(Painted):
    """Shows the newest preview of the lane. A preview replaces the one before it; none is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._preview: Preview | None = None

    def look(self, preview: Preview | None) -> None:
        """Show another picture, or none."""
        self._preview = preview
        if self._scene is not None:
            self.show(self._scene)

    def paint(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Return a title line, and the picture in the middle of the rest."""
        lane = scene.lane
        title = f" {scene.say('camera')} {self._remark(scene)}".rstrip()
        strips = [_line((Span(pad(title, width), Role.FAINT),), width, scene)]
        preview = self._preview
        if preview is None or lane is None or preview.lane != lane.name or lane.camera != "up":
            text = scene.say("no_picture")
            gap = _line((), width, scene)
            left = " " * max(0, (width - cell_len(text)) // 2)
            strips += [gap] * ((height - 2) // 2)
            strips.append(_line((Span(f"{left}{text}", Role.FAINT),), width, scene))
            return strips + [gap] * (height - len(strips))
        return strips + _picture(preview, width, height - 1, scene)

    @staticmethod
    def _remark(scene: Scene) -> str:
        lane: LaneView | None = scene.lane
        if lane is None or lane.camera != "up":
            return scene.say(f"link_{lane.camera}") if lane else ""
        age = lane.camera_age_s
        if age is not None and age >= STALE_S:
            return scene.say("frozen", age=words.duration(scene, age))
        return scene.say("fps", n=round(lane.camera_fps))


def _line(line: Line, width: int, scene: Scene) -> Strip:
    shown = tuple(Span(scene.terminal.shown(span.text), span.role, span.bold) for span in line)
    return to_strip(shown, width, scene.theme, Role.BODY)


def _picture(preview: Preview, width: int, height: int, scene: Scene) -> list[Strip]:
    """Scale the picture into `width` × `height` cells, keeping its shape, and draw the outlines over it."""
    try:
        grey = base64.b64decode(preview.grey, validate=True)
    except (binascii.Error, ValueError):
        grey = b""
    if preview.width <= 0 or preview.height <= 0 or len(grey) != preview.width * preview.height or height <= 0:
        return [_line((), width, scene)] * max(0, height)
    scale = min(width / preview.width, 2 * height / preview.height)
    columns, rows = max(1, int(preview.width * scale)), max(1, int(preview.height * scale) // 2)
    across = [min(preview.width - 1, int((x + 0.5) * preview.width / columns)) for x in range(columns)]
    down = [min(preview.height - 1, int((y + 0.5) * preview.height / (2 * rows))) for y in range(2 * rows)]
    pixels = [[grey[y * preview.width + x] * _LEVELS // 256 for x in across] for y in down]
    for outline in preview.outlines:
        _outline(pixels, outline)
    ground = scene.theme.style(Role.BODY)
    margin = " " * ((width - columns) // 2)
    cells = _half_blocks if scene.terminal.wide else _ascii
    marker = scene.theme.colours[Role.OUTLINE][1]
    out = [
        Strip([Segment(margin, ground), *cells(pixels[2 * y], pixels[2 * y + 1], marker)]).adjust_cell_length(
            width, ground
        )
        for y in range(rows)
    ]
    return out + [_line((), width, scene)] * (height - rows)


_MARK = -1
"""A pixel of an outline."""


def _outline(pixels: list[list[int]], corners: Sequence[tuple[float, float]]) -> None:
    """Draw a closed outline given as fractions of the picture's width and height."""
    height, width = len(pixels), len(pixels[0])
    points = [(x * (width - 1), y * (height - 1)) for x, y in corners]
    for (ax, ay), (bx, by) in zip(points, [*points[1:], *points[:1]], strict=True):
        count = min(4 * (width + height), max(1, round(max(abs(bx - ax), abs(by - ay)))))
        for n in range(count + 1):
            x, y = round(ax + (bx - ax) * n / count), round(ay + (by - ay) * n / count)
            if 0 <= x < width and 0 <= y < height:
                pixels[y][x] = _MARK


@lru_cache(maxsize=1024)
def _style(upper: int, lower: int, marker: str) -> Style:
    return Style(color=_colour(upper, marker), bgcolor=_colour(lower, marker))


def _colour(level: int, marker: str) -> str:
    return marker if level == _MARK else "#" + f"{level * 255 // (_LEVELS - 1):02x}" * 3


def _half_blocks(upper: Sequence[int], lower: Sequence[int], marker: str) -> list[Segment]:
    return [
        Segment(" " if above == below != _MARK else "▀", _style(above, below, marker))
        for above, below in zip(upper, lower, strict=True)
    ]


def _ascii(upper: Sequence[int], lower: Sequence[int], marker: str) -> list[Segment]:  # noqa: ARG001
    def cell(above: int, below: int) -> str:
        if _MARK in (above, below):
            return "O"
        return _RAMP[(above + below) * (len(_RAMP) - 1) // (2 * (_LEVELS - 1))]

    return [
        Segment("".join(cell(a, b) for a, b in zip(upper, lower, strict=True)), Style(color="white", bgcolor="black"))
    ]
