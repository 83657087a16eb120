"""The screen makes itself heard: by a stand-in for aplay, and where that fails by the terminal's bell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scanner.config.model import SoundSection
from scanner.sound.rendering import render
from scanner.sound.tones import Tone
from scanner.sound.turns import Piece
from scanner.sound.vocabulary import Announcement, Kind, Prompt
from scanner.ui import words
from scanner.ui.app import GuardScreen
from scanner.values import Outcome, SpokenTo
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.conftest import CHINA, WIDE, HeldClock, Screen
from tests.scanner.ui.scripted_engine import ScriptedEngine

LOUD = SoundSection(voice=SpokenTo.EVERYBODY, day_volume=90, night_volume=90)
STOP = Piece(Announcement(Kind.RESULT, "main", (Tone.STOP, Prompt.STOP), Outcome.STOP), ("zh_CN",))


class Bell(GuardScreen):
    """The real screen, with its strokes counted."""

    rung = 0

    def bell(self) -> None:
        self.rung += 1


@pytest.fixture
def aplay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program of that script in the place of aplay, and nothing else that plays."""

    def put(script: str) -> None:
        new = tmp_path / "new"
        new.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        new.chmod(0o755)
        new.rename(tmp_path / "aplay")

    monkeypatch.setenv("PATH", str(tmp_path))
    return put


@asynccontextmanager
async def shown(
    engine: ScriptedEngine, sound: SoundSection, *, here: bool = True
) -> AsyncIterator[tuple[Bell, Screen]]:
    clock = HeldClock()
    app = Bell(engine.path, zone=CHINA, terminal=WIDE, sound=sound, here=here, clock=clock)
    engine.start(says.WAITING)
    async with app.run_test() as pilot:
        screen = Screen(app, pilot, clock)
        await screen.sees(says.WAITING)
        yield app, screen


async def test_a_result_is_heard_in_the_screens_language(
    engine: ScriptedEngine, aplay: Callable[[str], None], tmp_path: Path
) -> None:
    aplay(f'cat > "{tmp_path}/$$" && mv "{tmp_path}/$$" "{tmp_path}/heard"')
    async with shown(engine, LOUD) as (app, screen):
        await screen.until(lambda: app._announcer._player is not None and app._announcer._player.worked)
        engine.say(says.STOP)
        sound = render(STOP, 90).as_wav()
        await screen.until(lambda: (tmp_path / "heard").read_bytes() == sound)
        assert app.rung == 0
        assert not app._announcer.lost


async def test_without_a_sound_card_the_bell_rings_as_often_as_it_always_did(
    engine: ScriptedEngine, aplay: Callable[[str], None]
) -> None:
    aplay("echo 'audio open error: No such file or directory' >&2; exit 1")
    async with shown(engine, LOUD) as (app, screen):
        engine.say(says.STOP)
        await screen.until(lambda: app.rung == 3)
        # Nothing was lost, so the guard is not told at every glance.
        assert screen.scene.view == says.STOP
        engine.say(says.PASS)
        await screen.until(lambda: app.rung == 4)


async def test_a_screen_over_a_network_rings_its_own_bell_and_not_the_gates_loudspeaker(
    engine: ScriptedEngine, aplay: Callable[[str], None], tmp_path: Path
) -> None:
    aplay(f'touch "{tmp_path}/heard"')
    async with shown(engine, LOUD, here=False) as (app, screen):
        engine.say(says.REFER)
        await screen.until(lambda: app.rung == 2)
        assert not (tmp_path / "heard").exists()
        assert not app._announcer.lost


async def test_sound_that_is_lost_is_said_on_the_screen(engine: ScriptedEngine, aplay: Callable[[str], None]) -> None:
    aplay("cat > /dev/null")
    async with shown(engine, LOUD) as (app, screen):
        await screen.until(lambda: app._announcer._player is not None and app._announcer._player.worked)
        aplay("exit 1")
        engine.say(says.STOP)
        await screen.until(lambda: app._announcer.lost)
        engine.say(says.PASS)
        await screen.until(lambda: any("声音设备" in text for text in words.degradations(screen.scene)))


async def test_sound_that_is_switched_off_neither_plays_nor_rings(
    engine: ScriptedEngine, aplay: Callable[[str], None], tmp_path: Path
) -> None:
    aplay(f'touch "{tmp_path}/heard"; exit 1')
    async with shown(engine, SoundSection(enabled=False)) as (app, screen):
        engine.say(says.STOP)
        await screen.sees(says.STOP)
        await screen.pilot.pause(0.3)
        assert app.rung == 0
        assert not (tmp_path / "heard").exists()


async def test_an_engine_that_goes_is_heard(engine: ScriptedEngine, aplay: Callable[[str], None]) -> None:
    aplay("exit 1")
    async with shown(engine, LOUD) as (app, screen):
        engine.stop()
        await screen.until(lambda: app.rung == 5)
