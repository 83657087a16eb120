"""The result panel: shape, word and colour for 3 m; who, why and what to do for the guard at the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from scanner.control.messages import LaneView, ResultView
from scanner.ui import letters, shapes, words
from scanner.ui.bitmap import Bitmap, as_text, beside, blank
from scanner.ui.painted import Line, PaintedLines, Span, ends, fit, pad, wrap
from scanner.ui.scene import Absence, Scene
from scanner.ui.themes import Role

DETAIL_ROWS = 5
"""Rows that the words below the big sign need at least."""
_GAP = 2
_ENDLESS = 99
_WORTH_A_NAME = 4
"""Rows below the sign from which on one says who it is."""


@dataclass(frozen=True, slots=True)
class Column:
    """A titled list of sentences."""

    title: str
    items: Sequence[str]
    numbered: bool = False

    def lines(self, width: int, height: int) -> list[str]:
        """Return sentences wrapped to `width`, under their title where there is room; a cut ends in an ellipsis."""
        if not self.items:
            return []
        out: list[str] = []
        for index, item in enumerate(self.items, 1):
            mark = f"{index} " if self.numbered and len(self.items) > 1 else "· " if self.title else ""
            wrapped = wrap(item, width - len(mark))
            out += [(mark if n == 0 else " " * len(mark)) + line for n, line in enumerate(wrapped)]
        if self.title and len(out) < height:
            out.insert(0, self.title)
        if len(out) > height > 0:
            out = [*out[: height - 1], f"{fit(out[height - 1], width - 1)}…"]
        return out[:height]


class ResultPanel(PaintedLines):
    """The upper part of the screen."""

    def ground_of(self, scene: Scene) -> Role:
        """Return the colour of the result: the whole panel takes it."""
        return words.sign(scene).role

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Return the sign, as big as there is room for, and the words below it."""
        sign = words.sign(scene)
        sign_lines = banner(scene, sign, width, height)
        details = _details(scene, width, height - len(sign_lines))
        role = sign.role
        big: list[Line] = [(Span(pad(f"{left}{text}", width), role, bold=True),) for left, text in sign_lines]
        small: list[Line] = [(Span(pad(f" {text}", width), role, bold),) for text, bold in details]
        return big + small


def banner(scene: Scene, sign: words.Sign, width: int, height: int) -> list[tuple[str, str]]:
    """Return the big sign as (indent, text) lines; one plain line where nothing bigger fits."""
    # One size for all results of a language: the panel must not jump from one person to the next.
    text = scene.say(sign.word)
    together = [text, *(scene.say(key) for key in words.BIG_RESULTS)]
    for size in reversed(letters.SIZES):
        if height < size // 2 + DETAIL_ROWS or not all(letters.has(word, size) for word in together):
            continue
        if max(letters.word(word, size).width for word in together) + size + _GAP - 2 > width:
            continue
        picture = beside(sign_shape(sign.shape, size), blank(_GAP, size), letters.word(text, size))
        indent = " " * ((width - picture.width) // 2)
        return [(indent, line) for line in as_text(picture, ascii_only=not scene.terminal.wide)]
    mark = sign.shape.text if scene.terminal.wide else sign.shape.ascii
    plain = fit(f"{mark} {text}", width)
    return [(" " * max(0, (width - cell_len(plain)) // 2), plain)]


def sign_shape(shape: shapes.Shape, size: int) -> Bitmap:
    """Draw a shape one pixel smaller all round than the word beside it."""
    inner = shapes.draw(shape, size - 2)
    row = (False,) * inner.width
    return Bitmap((row, *inner.rows, row))


def _details(scene: Scene, width: int, height: int) -> list[tuple[str, bool]]:
    """Return the lines below the sign, each with whether it is bold."""
    inner = width - 2
    if height <= 0 or inner <= 0:
        return []
    result = scene.result if scene.outage is None else None
    if result is None:
        return _nobody(scene, inner, height)
    foot = ends(words.number(scene, result), words.countdown(scene, result), inner)
    if height == 1:
        return [(fit(words.reasons(scene, result)[0], inner), True)]
    head = [(line, True) for line in _who(scene, result, inner, height)] if height >= _WORTH_A_NAME else []
    spare = height - len(head) - 1
    air = [("", False)] if spare >= 6 else []
    body = [(line, False) for line in _columns(scene, result, inner, spare - 2 * len(air))]
    filler = [("", False)] * (spare - 2 * len(air) - len(body))
    return [*head, *air, *body, *filler, *air, (foot, True)]


def _who(scene: Scene, result: ResultView, width: int, height: int) -> list[str]:
    """Return who it is: one line; of another issuer's credential, which says more, as many as there is room for.

    It breaks between two things that are said; a cut ends in an ellipsis.
    """
    if result.credential is None:
        whole = words.identity(scene, result)
        return [fit(whole, width)] if whole else []
    room = max(1, height - len(_columns(scene, result, width, _ENDLESS)))  # the columns' title makes room for the foot
    lines: list[str] = []
    for part in words.identity_parts(scene, result):
        if lines and cell_len(f"{lines[-1]}  {part}") <= width:
            lines[-1] += f"  {part}"
        else:
            lines.append(part)
    if len(lines) > room:
        lines = [*lines[: room - 1], "  ".join(lines[room - 1 :])]
    return [fit(line, width) for line in lines]


def _columns(scene: Scene, result: ResultView, width: int, height: int) -> list[str]:
    """Return reasons and steps side by side, or the steps below the reasons where it is narrow."""
    why = Column(scene.say("reasons"), words.reasons(scene, result))
    what = Column(scene.say("steps"), words.steps(scene, result), numbered=True)
    return side_by_side(scene, why, what, width, height)


def side_by_side(scene: Scene, why: Column, what: Column, width: int, height: int) -> list[str]:
    """Return two columns beside each other, or the second below the first where it is narrow."""
    if not what.items:
        return why.lines(width, height)
    if width < 60:
        below = what.lines(width, max(1, height - 1))
        return [*why.lines(width, height - len(below)), *below]
    half = (width - 3) // 2
    left, right = why.lines(half, height), what.lines(width - half - 3, height)
    rows = max(len(left), len(right))
    left += [""] * (rows - len(left))
    right += [""] * (rows - len(right))
    bar = "│" if scene.terminal.wide else "|"
    return [f"{pad(a, half)} {bar} {b}" for a, b in zip(left, right, strict=True)]


def _nobody(scene: Scene, width: int, height: int) -> list[tuple[str, bool]]:
    """Return what to say while there is no result: the hint, or what became of the engine."""
    outage = scene.outage
    if outage is None and scene.lane is not None and scene.lane.waiting:
        return _codes(scene, scene.lane, width, height)
    lines = [(line, True) for line in wrap(words.hint(scene), width)]
    if outage is not None and outage.absence is not Absence.CONNECTING:
        lines += [(line, False) for line in wrap(scene.say("gone_step"), width)]
        retry = scene.say("retry", n=int(outage.retry_s + 0.999), age=words.duration(scene, outage.gone_s))
        lines.append((retry, False))
    elif scene.silent:
        lines.insert(0, (scene.say("silent", age=words.duration(scene, scene.elapsed)), True))
    if outage is None and scene.lane is not None:
        lines.append((words.state(scene), False))
    spare = height - len(lines)
    centred = [(" " * max(0, (width - cell_len(text)) // 2) + text, bold) for text, bold in lines[:height]]
    return [("", False)] * max(0, spare // 2) + centred


def _codes(scene: Scene, lane: LaneView, width: int, height: int) -> list[tuple[str, bool]]:
    """Return the codes shown together, and that one must be chosen; columns where they do not fit one below another."""
    title = [(fit(scene.say("choose_code"), width), True)]
    codes = words.waiting_codes(scene, lane)
    room = max(1, height - 1)
    columns = -(-len(codes) // room)
    column = width // columns
    rows = [
        "".join(pad(codes[place], column) for place in range(row, len(codes), room))
        for row in range(min(room, len(codes)))
    ]
    return [*title, *((row.rstrip(), False) for row in rows)][-height:]
