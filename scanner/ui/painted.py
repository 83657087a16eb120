"""Widgets that are painted line by line from values, and repaint only the lines that changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from scanner.ui.scene import Scene
from scanner.ui.themes import Role, Theme


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line."""

    text: str
    role: Role
    bold: bool = False


Line = tuple[Span, ...]


def fit(text: str, width: int) -> str:
    """Return `text` cut to `width` cells, ending in an ellipsis where something was lost. Newlines become spaces."""
    text = text.replace("\n", " ")
    if cell_len(text) <= width:
        return text
    return _head(text, width - 1) + "…" if width > 2 else "…"[:width]


def pad(text: str, width: int) -> str:
    """Return `text` cut or filled with spaces to exactly `width` cells."""
    text = fit(text, width)
    return text + " " * (width - cell_len(text))


def ends(left: str, right: str, width: int) -> str:
    """Return `left` and `right` at the two ends of `width` cells; `right` is kept whole where both do not fit."""
    right = fit(right, width)
    room = width - cell_len(right)
    return pad(left, room - 1) + " " + right if room > 1 else pad(right, width)


def wrap(text: str, width: int) -> list[str]:
    """Break `text` into lines of at most `width` cells: between words, and between any two ideographs."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text.replace("\n", " ")):
        if cell_len(line) + cell_len(piece.rstrip()) <= width:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece.lstrip()
        while cell_len(line.rstrip()) > width > 1:
            head = _head(line, width)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _head(text: str, width: int) -> str:
    """Return as much of the beginning of `text` as fits `width` cells; at least one character."""
    used = 0
    for index, character in enumerate(text):
        used += cell_len(character)
        if used > width:
            return text[: max(1, index)]
    return text


_NO_LINE_START = "，。；：、！？）》」』”’％℃…"


def _pieces(text: str) -> Iterable[str]:
    """Yield what may not be broken: a word with its following space, an ideograph with its closing punctuation."""
    piece = ""
    for character in text:
        ends_here = piece and (ord(character) >= 0x2E80 or ord(piece[-1]) >= 0x2E80 or piece[-1] == " ")
        if ends_here and character not in _NO_LINE_START:
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def to_strip(line: Line, width: int, theme: Theme, ground: Role) -> Strip:
    """Turn a line into a strip of exactly `width` cells, filled with the colours of `ground`."""
    segments = [Segment(span.text, theme.style(span.role, bold=span.bold)) for span in line if span.text]
    return Strip(segments).adjust_cell_length(width, theme.style(ground))


class Painted(Widget):
    """A widget that shows a `Scene`."""

    DEFAULT_CSS = "Painted { width: 1fr; height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._strips: Sequence[Strip] = ()

    def show(self, scene: Scene) -> None:
        """Paint `scene`; lines that stay the same are left alone."""
        self._scene = scene
        width, height = self.size
        if width <= 0 or height <= 0:
            self._strips = ()
            return
        before, self._strips = self._strips, self.paint(scene, width, height)[:height]
        if len(before) != len(self._strips):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._strips, strict=True)) if old != new]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    @abstractmethod
    def paint(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Return at most `height` strips of `width` cells each."""

    def on_resize(self, _event: Resize) -> None:
        """Paint anew for the new size."""
        self._strips = ()
        if self._scene is not None:
            self.show(self._scene)

    def render_line(self, y: int) -> Strip:
        """Return the strip painted for line `y`."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)


class PaintedLines(Painted):
    """A painted widget whose lines are plain spans on one ground."""

    ground = Role.BODY

    def paint(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Return the lines as strips, then empty ones to the full height."""
        lines = [*self.lines(scene, width, height)][:height]
        lines += [()] * (height - len(lines))
        ground = self.ground_of(scene)
        return [to_strip(shown(line, scene), width, scene.theme, ground) for line in lines]

    def ground_of(self, scene: Scene) -> Role:  # noqa: ARG002 - the result panel's ground depends on the scene
        """Return the role whose background fills the widget."""
        return self.ground

    @abstractmethod
    def lines(self, scene: Scene, width: int, height: int) -> Sequence[Line]:
        """Return the lines, top to bottom."""


def shown(line: Line, scene: Scene) -> Line:
    """Return a line as the terminal can show it."""
    return tuple(Span(scene.terminal.shown(span.text), span.role, span.bold) for span in line)
