"""The camera's picture in half-blocks, for aiming, with the outlines of codes and a hint where one cannot be read."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from scanner.control.messages import LaneView, Outline, OutlineKind, Preview
from scanner.ui import words
from scanner.ui.painted import Line, Painted, Span, pad, shown, to_strip
from scanner.ui.scene import Scene
from scanner.ui.themes import Role

STALE_S = 2.0
"""A picture older than this is called frozen."""
HINT_BELOW_FROM = 8
"""Rows from which a hint has a line of its own below the picture; in less room it takes the title's."""
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
        hint = words.sight(scene)
        below = bool(hint) and height >= HINT_BELOW_FROM
        title = f" {hint}" if hint and not below else f" {self._remark(scene)}".rstrip()
        strips = [_line((Span(pad(title, width), Role.ALERT if hint and not below else Role.FAINT),), width, scene)]
        preview = self._preview
        if preview is None or lane is None or preview.lane != lane.name or lane.camera != "up":
            text = scene.say("no_picture" if lane is None or lane.camera is not None else "scan_here")
            gap = _line((), width, scene)
            left = " " * max(0, (width - cell_len(text)) // 2)
            strips += [gap] * ((height - 2) // 2)
            strips.append(_line((Span(f"{left}{text}", Role.FAINT),), width, scene))
            return strips + [gap] * (height - len(strips))
        strips += _picture(preview, width, height - 1 - below, scene)
        if below:
            strips.append(_line((Span(pad(f" {hint}", width), Role.ALERT),), width, scene))
        return strips

    @staticmethod
    def _remark(scene: Scene) -> str:
        """Return which eye the lane has, and how it is."""
        lane: LaneView | None = scene.lane
        if lane is not None and lane.camera is None:
            return f"{scene.say('reader')} {scene.say(f'link_{lane.reader}') if lane.reader else ''}"
        remark = ""
        if lane is not None and lane.camera != "up":
            remark = scene.say(f"link_{lane.camera}")
        elif lane is not None and lane.camera_age_s is not None and lane.camera_age_s >= STALE_S:
            remark = scene.say("frozen", age=words.duration(scene, lane.camera_age_s))
        elif lane is not None:
            remark = scene.say("fps", n=round(lane.camera_fps))
        return f"{scene.say('camera')} {remark}"


def _line(line: Line, width: int, scene: Scene) -> Strip:
    return to_strip(shown(line, scene), width, scene.theme, Role.BODY)


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
    markers = tuple(scene.theme.colours[role][1] for role in _ROLES.values())
    ground = scene.theme.style(Role.BODY)
    margin = " " * ((width - columns) // 2)
    cells = _half_blocks if scene.terminal.wide else _ascii
    out = [
        Strip([Segment(margin, ground), *cells(pixels[2 * y], pixels[2 * y + 1], markers)]).adjust_cell_length(
            width, ground
        )
        for y in range(rows)
    ]
    return out + [_line((), width, scene)] * (height - rows)


_ROLES = {
    OutlineKind.CODE: Role.OUTLINE,
    OutlineKind.FOREIGN: Role.OUTLINE_FOREIGN,
    OutlineKind.UNREAD: Role.OUTLINE_UNREAD,
}
_MARKS = {kind: -1 - place for place, kind in enumerate(_ROLES)}
"""Pixels of outlines: below zero, the place among the markers."""
_LETTERS = "OX?"
"""What marks an outline where there are no colours, in the order of the markers."""
_Markers = tuple[str, ...]


def _outline(pixels: list[list[int]], outline: Outline) -> None:
    """Draw an outline; its shape tells its kind as well: closed, crossed out, or corners only."""
    height, width = len(pixels), len(pixels[0])
    points = [(x * (width - 1), y * (height - 1)) for x, y in outline.corners]
    mark = _MARKS[outline.kind]
    for start, end in zip(points, [*points[1:], *points[:1]], strict=True):
        if outline.kind is OutlineKind.UNREAD:
            _stroke(pixels, start, _towards(start, end), mark)
            _stroke(pixels, end, _towards(end, start), mark)
        else:
            _stroke(pixels, start, end, mark)
    if outline.kind is OutlineKind.FOREIGN and len(points) == 4:
        _stroke(pixels, points[0], points[2], mark)
        _stroke(pixels, points[1], points[3], mark)


def _towards(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    return start[0] + (end[0] - start[0]) / 4, start[1] + (end[1] - start[1]) / 4


def _stroke(pixels: list[list[int]], start: tuple[float, float], end: tuple[float, float], mark: int) -> None:
    height, width = len(pixels), len(pixels[0])
    (ax, ay), (bx, by) = start, end
    count = min(4 * (width + height), max(1, round(max(abs(bx - ax), abs(by - ay)))))
    for n in range(count + 1):
        x, y = round(ax + (bx - ax) * n / count), round(ay + (by - ay) * n / count)
        if 0 <= x < width and 0 <= y < height:
            pixels[y][x] = mark


@lru_cache(maxsize=1024)
def _style(upper: int, lower: int, markers: _Markers) -> Style:
    return Style(color=_colour(upper, markers), bgcolor=_colour(lower, markers))


def _colour(level: int, markers: _Markers) -> str:
    return markers[-1 - level] if level < 0 else "#" + f"{level * 255 // (_LEVELS - 1):02x}" * 3


def _half_blocks(upper: Sequence[int], lower: Sequence[int], markers: _Markers) -> list[Segment]:
    return [
        Segment(" " if above == below >= 0 else "▀", _style(above, below, markers))
        for above, below in zip(upper, lower, strict=True)
    ]


def _ascii(upper: Sequence[int], lower: Sequence[int], markers: _Markers) -> list[Segment]:  # noqa: ARG001
    def cell(above: int, below: int) -> str:
        if min(above, below) < 0:
            return _LETTERS[-1 - min(above, below)]
        return _RAMP[(above + below) * (len(_RAMP) - 1) // (2 * (_LEVELS - 1))]

    return [
        Segment("".join(cell(a, b) for a, b in zip(upper, lower, strict=True)), Style(color="white", bgcolor="black"))
    ]
