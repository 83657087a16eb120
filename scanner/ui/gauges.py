"""The middle of the screen: temperature in big digits, and the last passages."""

from __future__ import annotations

from rich.cells import cell_len

from scanner.ui import letters, words
from scanner.ui.bitmap import as_text
from scanner.ui.painted import Line, PaintedLines, Span, ends, fit, pad, wrap
from scanner.ui.scene import Scene
from scanner.ui.themes import Role

WORD_COLUMNS = 7
"""Beside the digits, where the word cannot stand below them."""
NOTE_COLUMNS = 12
"""Beside the digits; notes broken into narrower lines are not worth reading."""


class TemperatureGauge(PaintedLines):
    """The temperature of the person before the lane, with the limit."""

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Return the limit, the digits as big as there is room for, and the notes beside or below them."""
        lane = scene.lane
        if lane is None:
            return [(Span(pad(f" {scene.say('temperature')}", width), Role.FAINT),)]
        now = words.temperature(scene)
        limit = scene.say("limit", limit=words.limit_degrees(lane.limit_centi))
        role = Role.ALERT if now.high else Role.BODY
        out: list[Line] = [(Span(ends(f" {scene.say('temperature')}", f"{limit} ", width), Role.FAINT),)]
        mark = ("▲ " if scene.terminal.wide else "^ ") if now.high else ""
        word = f"{mark}{now.word}"
        digits = self._digits(now.digits, width, height - 1, scene)
        if not digits:
            text = f" {now.digits} ℃ {word}" if now.digits != words.NO_DIGITS else f" {word}"
            out.append((Span(pad(text, width), role, bold=True),))
            return out + [(Span(pad(f" {note}", width), Role.FAINT),) for note in now.notes]
        beside = width - cell_len(digits[0]) - 2
        head = wrap(word, beside)
        notes = head + [line for note in now.notes for line in wrap(note, beside) if beside >= NOTE_COLUMNS]
        stacked = height - 1 - len(digits) >= 2
        for index, row in enumerate(digits):
            note = "" if stacked or index >= len(notes) else notes[index]
            digit_role = Role.ALERT if now.high else Role.STRONG
            out.append(
                (
                    Span(f" {row} ", digit_role, bold=True),
                    Span(pad(note, beside), role, bold=index < len(head)),
                )
            )
        if stacked:
            out.append((Span(pad(f" {word}", width), role, bold=True),))
            out.append((Span(pad(f" {'  '.join(now.notes)}", width), Role.FAINT),))
        return out

    @staticmethod
    def _digits(text: str, width: int, height: int, scene: Scene) -> tuple[str, ...]:
        """Return the digits in the biggest size that leaves the word its room."""
        for size in reversed(letters.SIZES):
            picture = letters.word(text, size)
            beside = 0 if size // 2 + 2 <= height else WORD_COLUMNS
            if size // 2 <= height and letters.word("88.8", size).width + 2 + beside <= width:
                return as_text(picture, ascii_only=not scene.terminal.wide)
        return ()


class LastPassages(PaintedLines):
    """The list of last passages: time, outcome as a shape, colour, temperature, reasons; never a name."""

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Return a title and as many passages as fit, newest first."""
        lane = scene.lane
        title: Line = (Span(pad(f" {scene.say('last')}", width), Role.FAINT),)
        if lane is None:
            return [title]
        if not lane.last:
            return [title, (Span(pad(f" {scene.say('none_yet')}", width), Role.FAINT),)]
        rows: list[Line] = [title]
        for passage in lane.last[: height - 1]:
            head, rest = words.passage(scene, passage)
            rows.append(
                (Span(f" {head}", Role.STRONG, bold=True), Span(fit(rest, width - cell_len(head) - 1), Role.BODY))
            )
        return rows
