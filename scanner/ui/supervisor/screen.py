"""The supervisor's screens: fetches what a page needs, turns pages, and closes by itself when its time is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from scanner.control.duty import AskReport, BrowseLog, Lock, LogPage, Report, Unlocked
from scanner.control.messages import Command, Reply
from scanner.ui import words
from scanner.ui.dialogs.compare import CompareForm
from scanner.ui.dialogs.form import error_text
from scanner.ui.painted import Line, PaintedLines, Span, fit
from scanner.ui.scene import Scene
from scanner.ui.supervisor.findings import PAGES, Findings, Page
from scanner.ui.supervisor.pages import lines
from scanner.ui.themes import Role

OVER = "unlock.over"
"""The engine's answer to a token that counts no more; also said when the screens close by themselves."""
ROWS = 20
"""Entries of the log a page."""
HOURS = 24

_KEYS = (
    ("Esc", "key_lock"),
    ("1-5", "key_page"),
    ("Up/Down", "key_scroll"),
    ("PgUp/PgDn", "key_turn"),
    ("Z", "key_reload"),
    ("L", "key_language"),
    ("T", "key_theme"),
)
_COMPARE = ("K", "key_compare")


class _Sheet(PaintedLines):
    """Titles, one page, and the keys."""

    def __init__(self, findings: Findings) -> None:
        super().__init__()
        self.findings = findings

    def lines(self, scene: Scene, width: int, height: int) -> Sequence[Line]:
        """Return as much of the page as there is room for."""
        page = lines(scene, self.findings, width)
        room = max(1, height - 2)
        start = min(self.findings.scrolled, max(0, len(page) - room))
        shown = page[start : start + room]
        shown += [()] * (room - len(shown))
        out = [_titles(scene, self.findings, width, more=start + room < len(page)), *shown]
        if height >= 3:
            out.append(_footer(scene, self.findings.page, width))
        return out

    def longest_scroll(self, scene: Scene) -> int:
        """Return how far the page can be scrolled."""
        return max(0, len(lines(scene, self.findings, self.size.width)) - max(1, self.size.height - 2))


def _titles(scene: Scene, findings: Findings, width: int, *, more: bool) -> Line:
    spans: list[Span] = []
    left = words.duration(scene, findings.until - (scene.now or findings.until))
    end = f" {'…' if more else ' '} {left} "
    room = width - cell_len(end)
    narrow = room < 60
    for number, page in enumerate(PAGES, 1):
        current = page is findings.page
        text = fit(f" {number} {scene.say(page.value)} " if current or not narrow else f" {number} ", max(0, room))
        room -= cell_len(text)
        spans.append(Span(text, Role.HEADER_CURRENT if current else Role.HEADER, bold=current))
    return (*spans, Span(" " * max(0, room), Role.HEADER), Span(end, Role.HEADER))


def _footer(scene: Scene, page: Page, width: int) -> Line:
    spans: list[Span] = []
    for key, word in _KEYS if page is not Page.DEVICES else (_COMPARE, *_KEYS):
        text = f"{scene.say(word)} "
        width -= cell_len(key) + 2 + cell_len(text)
        if width < 0:
            break
        spans += [Span(f" {key} ", Role.KEY, bold=True), Span(text, Role.STATUS)]
    return tuple(spans)


class SupervisorScreen(Screen[str], inherit_bindings=False):
    """Open with a token. Comes to the key of why it closed by itself; None where somebody closed it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n + 1), f"page({n})", show=False, priority=True) for n in range(len(PAGES))),
        Binding("tab,right", "step(1)", show=False, priority=True),
        Binding("shift+tab,left", "step(-1)", show=False, priority=True),
        Binding("up", "scroll(-1)", show=False, priority=True),
        Binding("down", "scroll(1)", show=False, priority=True),
        Binding("pageup", "turn(-1)", show=False, priority=True),
        Binding("pagedown,space", "turn(1)", show=False, priority=True),
        Binding("z,Z", "fetch", show=False, priority=True),
        Binding("l,L", "app.next_language", show=False, priority=True),
        Binding("t,T", "app.next_theme", show=False, priority=True),
        Binding("k,K", "compare", show=False, priority=True),
        Binding("escape,f,F,q,Q", "lock", show=False, priority=True),
    ]
    CSS = "SupervisorScreen { overflow: hidden; } Painted { height: 1fr; }"

    def __init__(self, scene: Scene, send: Callable[[Command], Awaitable[Reply | None]], unlocked: Unlocked) -> None:
        super().__init__()
        self._scene = scene
        self._send = send
        self._token = unlocked.token
        self._sheet = _Sheet(Findings(until=unlocked.until))
        self._before: list[int | None] = [None]
        """Numbers above the pages of the log that were turned, the newest page first."""
        self._over = False

    @property
    def findings(self) -> Findings:
        """What is shown."""
        return self._sheet.findings

    def compose(self) -> ComposeResult:
        """One sheet."""
        yield self._sheet

    def on_mount(self) -> None:
        """Fetch the first page."""
        self.call_after_refresh(self.show, self._scene)
        self.action_fetch()

    def show(self, scene: Scene) -> None:
        """Paint `scene`; close when the time is over or the engine has gone, with which the token went."""
        self._scene = scene
        if self._over or not self.is_mounted:
            return
        if scene.outage is not None or (scene.now or 0) >= self.findings.until:
            self._close(OVER)
            return
        self._sheet.show(scene)

    def _set(self, findings: Findings) -> None:
        self._sheet.findings = findings
        if self.is_mounted and not self._over:
            self._sheet.show(self._scene)

    # What its keys do

    def action_page(self, place: int) -> None:
        """Open a page by its number."""
        self._before = [None]
        self._set(replace(self.findings, page=PAGES[place], scrolled=0, log=None, note=""))
        self.action_fetch()

    def action_step(self, step: int) -> None:
        """Open the next page, or the one before."""
        self.action_page((PAGES.index(self.findings.page) + step) % len(PAGES))

    def action_scroll(self, step: int) -> None:
        """Scroll by lines."""
        most = self._sheet.longest_scroll(self._scene)
        self._set(replace(self.findings, scrolled=max(0, min(most, self.findings.scrolled + step))))

    def action_turn(self, step: int) -> None:
        """Scroll by a screen; in the log, go on to older entries at its end and back to newer ones at its start."""
        most, rows = self._sheet.longest_scroll(self._scene), max(1, self.size.height - 2)
        at_the_edge = self.findings.scrolled >= most if step > 0 else self.findings.scrolled == 0
        if self.findings.page is not Page.LOG or not at_the_edge:
            self.action_scroll(step * rows)
            return
        log = self.findings.log
        if step > 0 and log is not None and log.more and log.rows:
            self._before.append(log.rows[-1].seq)
        elif step < 0 and len(self._before) > 1:
            self._before.pop()
        else:
            return
        self.action_fetch()

    def action_fetch(self) -> None:
        """Ask the engine for what the page shows, anew."""
        command: Command
        if self.findings.page is Page.DAY:
            command = AskReport(id=0, token=self._token, hours=HOURS)
        elif self.findings.page is Page.LOG:
            command = BrowseLog(id=0, token=self._token, before=self._before[-1], count=ROWS)
        else:
            return
        self.run_worker(self._fetch(command, self.findings.page), group="fetch", exclusive=True, exit_on_error=False)

    async def _fetch(self, command: Command, asked: Page) -> None:
        reply = await self._send(command)
        found = self.findings
        if self._over or (found.page is not asked and (reply is None or reply.error != OVER)):
            return  # of a page that has been left
        if reply is None:
            self._set(replace(found, note=self._scene.say("no_answer")))
        elif reply.error == OVER:
            self._close(OVER)
        elif isinstance(reply.answer, Report):
            self._set(replace(found, report=reply.answer, note=""))
        elif isinstance(reply.answer, LogPage):
            self._set(replace(found, log=reply.answer, scrolled=0, note=""))
        else:
            self._set(replace(found, note=error_text(self._scene, reply)))

    async def action_compare(self) -> None:
        """Compare the thermometer of the lane shown, on the page of the devices."""
        lane = self._scene.lane
        if self.findings.page is Page.DEVICES and lane is not None and lane.offset is not None:
            await self.app.push_screen(CompareForm(self._scene, self._send, self._token, lane.name))

    def action_lock(self) -> None:
        """Close the screens."""
        self._close(None)

    def _close(self, why: str | None) -> None:
        if self._over or not self.is_current:
            return  # behind a form: tried again with the next view
        self._over = True
        if self._scene.outage is None:
            self.app.run_worker(self._lock(), group="lock", exit_on_error=False)
        self.dismiss(why)

    async def _lock(self) -> None:
        await self._send(Lock(id=0, token=self._token))
