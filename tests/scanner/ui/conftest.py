"""A screen on a real socket, with an engine that says what the test wants."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from scanner.control.messages import View
from scanner.ui.app import GuardScreen
from scanner.ui.kiosk.place import Place
from scanner.ui.modes import Mode
from scanner.ui.scene import Scene
from scanner.ui.terminal import Terminal
from tests.scanner.ui.golden import screen_text
from tests.scanner.ui.scripted_engine import ScriptedEngine

os.environ["TEXTUAL_ANIMATIONS"] = "none"

CHINA = timezone(timedelta(hours=8))
WIDE = Terminal(wide=True)
POOR = Terminal(wide=False, why="TERM=linux")


class HeldClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def taken_in(app: GuardScreen) -> None:
    """Wait until the keys given before now have been looked at. Pilot's own pause waits for an idle machine."""
    reached = asyncio.Event()
    app.call_later(reached.set)
    await asyncio.wait_for(reached.wait(), 30)


class Screen:
    """A running screen, as a test drives it."""

    def __init__(self, app: GuardScreen, pilot: Pilot[None], clock: HeldClock) -> None:
        self.app = app
        self.pilot = pilot
        self.clock = clock

    @property
    def scene(self) -> Scene:
        return self.app._scene_now

    async def press(self, *keys: str) -> None:
        """Press keys one after another as a badge reader does: without waiting for what each of them does."""
        for key in keys:
            self.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await taken_in(self.app)

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Wait until `condition` holds and everything has been painted."""
        deadline = time.monotonic() + 8
        while not condition():
            assert time.monotonic() < deadline, what or "the screen did not get there in 8 s"
            await asyncio.sleep(0.01)
        await self.settle()

    async def settle(self) -> None:
        """Wait until the screen has stopped changing: a layout may follow a paint."""
        before = ""
        # A form that has just been opened shows nothing yet, which is no rest.
        while not (shown := screen_text(self.app)) or shown != before:
            before = shown
            await self.pilot.pause(0.02)
            await taken_in(self.app)

    async def sees(self, view: View) -> None:
        """Wait until this very view is shown."""
        await self.until(lambda: self.scene.view == view)
        self.app._paint()
        await self.settle()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[ScriptedEngine]:
    engine = ScriptedEngine(tmp_path / "control.sock")
    yield engine
    engine.stop()


OpenScreen = Callable[..., AbstractAsyncContextManager[Screen]]


@pytest.fixture
def open_screen(engine: ScriptedEngine) -> OpenScreen:
    """Return a context manager that runs a screen on the engine's socket, in 80×24 unless told."""

    @asynccontextmanager
    async def opened(
        size: tuple[int, int] = (80, 24),
        language: str = "zh_CN",
        terminal: Terminal = WIDE,
        *,
        allow_quit: bool = False,
        theme: str = "normal",
        mode: Mode | None = None,
        place: Place = Place(),  # noqa: B008 - frozen
        shows: View | None = None,
    ) -> AsyncIterator[Screen]:
        clock = HeldClock()
        app = GuardScreen(
            engine.path,
            language,
            theme=theme,
            allow_quit=allow_quit,
            zone=CHINA,
            terminal=terminal,
            mode=mode,
            province="浙",
            place=place,
            clock=clock,
        )
        if shows is not None:
            engine.start(shows)
        async with app.run_test(size=size) as pilot:
            screen = Screen(app, pilot, clock)
            if shows is not None:
                await screen.sees(shows)
            yield screen

    return opened
