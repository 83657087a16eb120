"""The lines at the edges: site, lanes and time above; degradations, standing facts and keys below."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from scanner.ui import keys, words
from scanner.ui.painted import Line, PaintedLines, Span, fit, pad
from scanner.ui.scene import Scene
from scanner.ui.themes import Role

PAGE_S = 4
"""Seconds that each page of degradations is shown where they do not fit at once."""


class Header(PaintedLines):
    """Site, lanes with what each shows, the lane's state, and the time."""

    ground = Role.HEADER

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:  # noqa: ARG002
        """Return the one line."""
        view, now = scene.view, scene.now
        if view is None or now is None:
            return [(Span(pad(" checkpoint", width), Role.HEADER, bold=True),)]
        clock = f"{scene.local(now):%m-%d %H:%M:%S} "
        if width < 40:
            clock = f"{scene.local(now):%H:%M:%S} "
        spans: list[Span] = []
        if width >= 40 and scene.terminal.can_show(view.site):
            spans.append(Span(f" {fit(view.site, width // 3)} ", Role.HEADER, bold=True))
        for index, lane in enumerate(view.lanes):
            mark = ""
            if lane.result is not None:
                shape = words.outcome_sign(words.effective_outcome(lane.result)).shape
                mark = f" {shape.text if scene.terminal.wide else shape.ascii}"
            current = index == min(scene.lane_index, len(view.lanes) - 1)
            spans.append(Span(f" {lane.name}{mark} ", Role.HEADER_CURRENT if current else Role.HEADER, bold=current))
        spans.append(Span(f" {words.state(scene)}", Role.HEADER))
        return [_with_end(spans, clock, width)]


class StatusBar(PaintedLines):
    """What is degraded, in words; then the facts that are always visible."""

    ground = Role.STATUS

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:
        """Return the degradations, the standing facts, and the devices where there is room."""
        view = scene.view
        if scene.outage is not None or view is None:
            text = words.hint(scene)
            return [(Span(pad(f" {text}", width), Role.ALERT, bold=True),), *self._note(scene, width)][:height]
        faults = words.degradations(scene) + self._note_words(scene)
        if scene.silent:
            faults.insert(0, scene.say("silent", age=words.duration(scene, scene.elapsed)))
        standing = words.standing(scene, view)
        devices = words.devices(scene, scene.lane) if scene.lane else []
        alerts = self._alerts(scene, faults, width, max(1, height - len(_flow(standing, width, scene))))
        plain = _flow([*standing, *devices], width, scene)
        return [*alerts, *((Span(pad(line, width), Role.STATUS),) for line in plain)][:height]

    @staticmethod
    def wanted_rows(scene: Scene, width: int) -> int:
        """Return how many rows would show everything at once."""
        view = scene.view
        if view is None or scene.lane is None:
            return 1
        faults = _flow(words.degradations(scene) + StatusBar._note_words(scene), width - 2, scene)
        facts = [*words.standing(scene, view), *words.devices(scene, scene.lane)]
        return max(1, len(faults)) + len(_flow(facts, width, scene))

    @staticmethod
    def _alerts(scene: Scene, faults: Sequence[str], width: int, room: int) -> list[Line]:
        if not faults:
            mark = "✓ " if scene.terminal.wide else ""
            return [(Span(pad(f" {mark}{scene.say('all_well')}", width), Role.STATUS),)]
        mark = "▲" if scene.terminal.wide else "!"
        lines = _flow(faults, width - 2, scene)
        pages = -(-len(lines) // room)
        if pages > 1:
            lines = _flow([words.headline(fault) for fault in faults], width - 2, scene)
            pages = -(-len(lines) // room)
        if pages > 1:
            lines = _flow([words.headline(fault) for fault in faults], width - 8, scene)
            pages = -(-len(lines) // room)
        page = (scene.now or 0) // PAGE_S % pages
        shown = lines[page * room : (page + 1) * room]
        out: list[Line] = []
        for index, line in enumerate(shown):
            tail = f" {page + 1}/{pages} " if pages > 1 and index == 0 else ""
            head = f" {mark if index == 0 else ' '}"
            out.append((Span(pad(head + line, width - len(tail)) + tail, Role.ALERT, bold=True),))
        return out

    @staticmethod
    def _note_words(scene: Scene) -> list[str]:
        return [] if scene.terminal.wide else [scene.say("no_chinese", why=scene.terminal.why)]

    def _note(self, scene: Scene, width: int) -> list[Line]:
        return [(Span(pad(f" {text}", width), Role.STATUS),) for text in self._note_words(scene)]


class KeyBar(PaintedLines):
    """The keys that do something now, the help always among them; for a few seconds, what the last of them came to."""

    ground = Role.STATUS

    def __init__(self) -> None:
        super().__init__()
        self.table: Sequence[keys.Key] = keys.KEYS
        """Every key that the screen obeys."""

    def lines(self, scene: Scene, width: int, height: int) -> list[Line]:  # noqa: ARG002
        """Return the one line."""
        if scene.message:
            return [(Span(pad(f" {scene.message}", width), Role.ALERT, bold=True),)]
        *others, last = [_key(key.name(scene), scene.say(key.word(scene))) for key in keys.now(scene, self.table)]
        room = width - _cells(last)
        spans: list[Span] = []
        for key in others:
            room -= _cells(key)
            if room < 0:
                break
            spans += key
        return [(*spans, *last)]


def _key(name: str, word: str) -> Line:
    return (Span(f" {name} ", Role.KEY, bold=True), Span(f"{word} ", Role.STATUS))


def _cells(line: Line) -> int:
    return sum(cell_len(span.text) for span in line)


def _with_end(spans: Sequence[Span], end: str, width: int) -> Line:
    """Put `end` at the right edge after `spans`, cutting these where they would touch it."""
    room = width - cell_len(end)
    out: list[Span] = []
    for span in spans:
        text = fit(span.text, room)
        out.append(Span(text, span.role, span.bold))
        room -= cell_len(text)
    return (*out, Span(" " * max(0, room), Role.HEADER), Span(end, Role.HEADER, bold=True))


def _flow(items: Sequence[str], width: int, scene: Scene) -> list[str]:
    """Set items one after another, as many a line as fit, each whole unless it alone is wider than a line."""
    bar = " │ " if scene.terminal.wide else " | "
    lines: list[str] = []
    for item in items:
        text = fit(item, width - 2)
        if lines and cell_len(lines[-1]) + len(bar) + cell_len(text) <= width - 1:
            lines[-1] += bar + text
        else:
            lines.append(f" {text}")
    return lines
