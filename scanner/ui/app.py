"""The guard's screen as an application: follows the engine, turns what it says into scenes, and keys into commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from scanner.config.model import SoundSection
from scanner.control.messages import Command, Hello, Preview, Reply, View, WatchPreview
from scanner.locale import Texts, languages
from scanner.sound.announcer import Announcer
from scanner.sound.tones import STROKE_INTERVAL_S
from scanner.ui import words
from scanner.ui.deliberate import Deliberate
from scanner.ui.desk import Desk, Duty
from scanner.ui.dialogs.form import Form
from scanner.ui.face import Face, Host
from scanner.ui.forgetting import forget_text
from scanner.ui.highway.main import HighwayScreen
from scanner.ui.keys import Key
from scanner.ui.kiosk.keypad import Keypad
from scanner.ui.kiosk.main import KioskScreen
from scanner.ui.kiosk.place import Place
from scanner.ui.link import EngineLink
from scanner.ui.main_screen import MainScreen
from scanner.ui.modes import Mode, mode_of
from scanner.ui.scene import Absence, Outage, Scene
from scanner.ui.supervisor.screen import SupervisorScreen
from scanner.ui.terminal import Terminal
from scanner.ui.themes import THEMES
from scanner.values import SiteKind

TICK_S = 0.25
"""How often countdowns and ages are looked at; only lines that changed are painted."""
MESSAGE_S = 4.0
LANGUAGE_ORDER = ("zh_CN", "zh_TW", "en")

T = TypeVar("T")


class GuardScreen(App[None], inherit_bindings=False):
    """The screen of one engine.

    Args:
        socket_path: the engine's control socket.
        language: one of `scanner.locale.languages()`; a terminal without Chinese speaks English whatever it is.
        theme: a key of `scanner.ui.themes.THEMES`.
        allow_quit: whether `q` ends the screen; a kiosk says no.
        sound: what is heard, and how loud; where that fails the terminal's bell rings.
        here: whether this machine's loudspeaker is where the screen is; otherwise only the bell rings.
        zone: the site's time zone; None: the machine's own.
        terminal: what the terminal can show.
        mode: whose screen it is; None: as the site's kind wants.
        province: the character on the plates of the site's own province, for the highway's screen.
        place: where things are, for a kiosk's visitors.
        lane_index: the lane shown first, by its place in the configuration.
        clock: monotonic seconds.

    """

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    TITLE = "checkpoint"
    BINDINGS: ClassVar[list[BindingType]] = [
        # Textual's own ctrl+q and ctrl+c would end a kiosk's screen.
        Binding("ctrl+q,ctrl+c", "leave", show=False, priority=True),
    ]

    class HelloArrived(Message):
        """The engine has been reached."""

        def __init__(self, hello: Hello) -> None:
            super().__init__()
            self.hello = hello

    class OutageBegan(Message):
        """There is no engine."""

        def __init__(self, outage: Outage) -> None:
            super().__init__()
            self.outage = outage

    class ViewArrived(Message):
        """A newer view: whatever older one still waits to be painted need not be."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

        def can_replace(self, message: Message) -> bool:
            """Only the newest view counts."""
            return isinstance(message, GuardScreen.ViewArrived)

    class PreviewArrived(Message):
        """A newer camera picture."""

        def __init__(self, preview: Preview) -> None:
            super().__init__()
            self.preview = preview

        def can_replace(self, message: Message) -> bool:
            """Only the newest picture of a lane counts."""
            return isinstance(message, GuardScreen.PreviewArrived) and message.preview.lane == self.preview.lane

    def __init__(
        self,
        socket_path: Path,
        language: str = "zh_CN",
        *,
        theme: str = "normal",
        allow_quit: bool = False,
        sound: SoundSection = SoundSection(enabled=False),  # noqa: B008 - frozen
        here: bool = True,
        zone: tzinfo | None = None,
        terminal: Terminal = Terminal(wide=True),  # noqa: B008 - frozen
        mode: Mode | None = None,
        province: str = "",
        place: Place = Place(),  # noqa: B008 - frozen
        lane_index: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._announcer = Announcer(
            sound, zone=zone, ring=lambda count: self.call_later(self._ring, count), here=here, clock=clock
        )
        self._said_at = self._view_at = self._outage_at = clock()
        self._clearing = Deliberate(clock())
        self._outage: Outage | None = Outage(Absence.CONNECTING)
        self._watched: str | None = None
        self._desk = Desk(self, clock)
        self._mode, self._province, self._place = mode, province, place
        self._scene_now = Scene(
            texts=Texts.load(language if terminal.wide else "en"),
            theme=THEMES[theme],
            terminal=terminal,
            zone=zone,
            allow_quit=allow_quit,
            outage=self._outage,
            lane_index=lane_index,
        )
        self._link = EngineLink(
            socket_path,
            on_hello=self._reached,
            on_message=self._heard,
            on_outage=self._lost,
        )
        self._main = self._face(mode or Mode.GUARD)

    def _face(self, mode: Mode) -> Face:
        match mode:
            case Mode.GUARD:
                return MainScreen()
            case Mode.HIGHWAY:
                return HighwayScreen(Host(self._desk.ask, self.say, self._clock), self._province)
            case Mode.KIOSK:
                # Past the desk: nobody is on shift here, and visitors are not asked to sign on.
                return KioskScreen(Host(self.send, self.say, self._clock), self._place)

    def _suit(self, site: SiteKind) -> None:
        """Show the screen that the site's kind wants, where nobody has chosen one."""
        if self._mode is None and self.screen is self._main:  # not over the help: tried again with the next view
            self._mode = mode_of(site)
            if self._mode is not Mode.GUARD:
                self._main = self._face(self._mode)
                self.switch_screen(self._main)

    def on_mount(self) -> None:
        """Show the first scene and begin to follow the engine."""
        self._announcer.start()
        self.push_screen(self._main)
        self.call_after_refresh(self._paint)
        self.set_interval(TICK_S, self._paint)
        self.run_worker(self._link.follow(), group="link", exit_on_error=False)

    def on_unmount(self) -> None:
        """Fall silent."""
        self._announcer.close()

    # What the engine says

    def _reached(self, hello: Hello) -> None:
        self.post_message(self.HelloArrived(hello))

    def _lost(self, outage: Outage) -> None:
        self.post_message(self.OutageBegan(outage))

    def _heard(self, message: View | Preview) -> None:
        self.post_message(self.ViewArrived(message) if isinstance(message, View) else self.PreviewArrived(message))

    def on_guard_screen_hello_arrived(self, event: HelloArrived) -> None:
        """Take note of the device; its first view ends the outage."""
        self._scene_now = replace(self._scene_now, hello=event.hello)
        self._watched = None

    def on_guard_screen_outage_began(self, event: OutageBegan) -> None:
        """Drop everything that was shown: without an engine none of it is true any more."""
        if self._outage is None:
            self._announcer.engine_gone(self._scene_now.texts.language)
        self._outage, self._outage_at = event.outage, self._clock()
        self._scene_now = replace(self._scene_now, view=None, hello=None)
        self._main.look(None)
        self._paint()
        forget_text()

    def on_guard_screen_view_arrived(self, event: ViewArrived) -> None:
        """Let the newest view be heard, and paint it."""
        self._suit(event.view.site_kind)
        before, moment = self._scene_now, self._clock()
        self._outage, self._view_at = None, moment
        self._announcer.hear(event.view, self._main.language or before.texts.language)
        view = self._announcer.told(event.view)
        self._scene_now = replace(before, view=view)
        if before.person != self._scene_now.person:
            self._clearing.shown(moment)
        if before.outage is not None or _gist(before.view) != _gist(view):
            self._paint()
        # What merely trickles, such as the probe's reading, waits for the next tick: the box has slow cores.
        if before.result is not None and before.person != self._scene_now.person:
            # One turn later: the lines that named the person are painted over by then.
            self.call_after_refresh(forget_text)
        said = words.update_ended(self._scene_now, before.view, view)
        if said:
            self.say(said)
        self._watch()

    def on_guard_screen_preview_arrived(self, event: PreviewArrived) -> None:
        """Show the newest camera picture."""
        self._main.look(event.preview)

    def _paint(self) -> None:
        moment = self._clock()
        outage = self._outage
        if outage is not None:
            waited = moment - self._outage_at
            outage = replace(outage, gone_s=outage.gone_s + waited, retry_s=max(0.0, outage.retry_s - waited))
        message = self._scene_now.message if moment - self._said_at < MESSAGE_S else ""
        self._scene_now = replace(
            self._scene_now, outage=outage, elapsed=max(0.0, moment - self._view_at), message=message
        )
        for screen in self.screen_stack:
            if isinstance(screen, Face | SupervisorScreen):
                screen.show(self._scene_now)
            elif isinstance(screen, Form | Keypad):
                screen.follow(self._scene_now)

    def _ring(self, strokes: int) -> None:
        for stroke in range(strokes):
            self.set_timer(0.001 + stroke * STROKE_INTERVAL_S, self.bell)

    def _watch(self) -> None:
        """Ask for the camera pictures of the lane shown, and of no other."""
        lane = self._scene_now.lane
        name = lane.name if lane else None
        if name == self._watched:
            return
        before, self._watched = self._watched, name
        self._main.look(None)
        if before is not None:
            self.work(self._link.tell(WatchPreview(id=0, lane=before, on=False)))
        if name is not None:
            self.work(self._link.tell(WatchPreview(id=0, lane=name, on=True)))

    # What the desk needs

    @property
    def scene(self) -> Scene:
        """What is shown."""
        return self._scene_now

    @property
    def keys(self) -> Sequence[Key]:
        """Every key of the screen that stands there."""
        return self._main.keys

    def say(self, message: str) -> None:
        """Say something in the footer for a few seconds."""
        self._said_at = self._clock()
        self._scene_now = replace(self._scene_now, message=message)
        self._paint()

    async def send(self, command: Command) -> Reply | None:
        """Send a command; None where no engine answers."""
        return await self._link.send(command)

    async def open(self, screen: Screen[T], closed: Callable[[T | None], None]) -> None:
        """Open a form at once. Waited for, so that the keys that follow find its first field."""
        await self.push_screen(screen, closed)

    async def open_and_wait(self, screen: Screen[T]) -> T | None:
        """Open a form and wait for what it comes to."""
        return await self.push_screen_wait(screen)

    def work(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that waits, beside everything else."""
        self.run_worker(work, group="desk", exit_on_error=False)

    # What the keys do

    def action_acknowledge(self) -> None:
        """Clear the result, where the key was pressed for it and is not merely held down."""
        if self._clearing.meant(self._clock()):
            self._desk.acknowledge()

    def action_choose(self, number: int) -> None:
        """Say whose code of several is meant."""
        self._desk.choose(number)

    async def action_overrule(self, admit: bool) -> None:
        """Overrule the decision shown."""
        await self._desk.overrule(admit)

    async def action_duty(self, duty: str) -> None:
        """Do one of the desk's duties."""
        await self._desk.do(Duty(duty))

    def action_next_language(self) -> None:
        """Go on to the next language."""
        scene = self._scene_now
        if not scene.terminal.wide:
            self.say(scene.say("no_chinese", why=scene.terminal.why))
            return
        known = [name for name in LANGUAGE_ORDER if name in languages()]
        known += [name for name in languages() if name not in known]
        place = known.index(scene.texts.language) if scene.texts.language in known else -1
        self._scene_now = replace(scene, texts=Texts.load(known[(place + 1) % len(known)]), message="")
        self._paint()

    def action_next_theme(self) -> None:
        """Switch between the normal and the high-contrast theme."""
        names = [*THEMES]
        place = names.index(self._scene_now.theme.name)
        self._scene_now = replace(self._scene_now, theme=THEMES[names[(place + 1) % len(names)]])
        self._paint()

    def action_next_lane(self, step: int) -> None:
        """Show another lane."""
        view = self._scene_now.view
        if view is None or len(view.lanes) < 2:
            return
        self._scene_now = replace(self._scene_now, lane_index=(self._scene_now.lane_index + step) % len(view.lanes))
        self._clearing.shown(self._clock())
        self._paint()
        self._watch()

    def action_leave(self) -> None:
        """End the screen, where that is allowed."""
        if self._scene_now.allow_quit:
            self.exit()


def _gist(view: View | None) -> tuple[object, ...]:
    """Return what must be painted at once when it changes."""
    if view is None:
        return ()
    faults = tuple((fault.code, fault.lane) for fault in view.degraded)
    lanes = tuple(
        (
            lane.name,
            lane.state,
            lane.light,
            lane.hint,
            lane.waiting,
            lane.party,
            lane.aside,
            lane.result and lane.result.model_copy(update={"countdown_s": 0}),
        )
        for lane in view.lanes
    )
    return faults, lanes, view.update, view.shift, view.visitors_inside
