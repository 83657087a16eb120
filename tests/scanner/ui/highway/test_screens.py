"""The highway officer's whole screen."""

from __future__ import annotations

import random

import pytest

from scanner.control.messages import Command, Reply, View
from scanner.control.people import BeginParty
from scanner.ui.dialogs.help import HelpPage
from scanner.ui.highway.main import HighwayScreen
from scanner.ui.highway.panel import VehiclePanel
from scanner.ui.modes import Mode
from scanner.ui.themes import Role
from tests.scanner.ui import scripted_engine
from tests.scanner.ui.conftest import POOR, OpenScreen, Screen
from tests.scanner.ui.golden import form_text, matches_golden, screen_text
from tests.scanner.ui.highway import says
from tests.scanner.ui.scripted_engine import ScriptedEngine


def asked(engine: ScriptedEngine) -> list[Command]:
    """What was asked, but for the camera's pictures."""
    return [command.model_copy(update={"id": 0}) for command in engine.commands if command.type != "watch_preview"]


SITUATIONS: dict[str, tuple[View, str]] = {
    "plate": (says.IDLE, "ad12345"),
    "pick": (says.IDLE, " "),
    "aside": (says.IDLE_ASIDE, ""),
    "checking": (says.TWO_OF_FOUR, ""),
    "occupant-stopped": (says.OCCUPANT_STOPPED, ""),
    "vehicle-referred": (says.REFERRED, ""),
    "coach": (says.BUS, ""),
}


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_the_screen_shows(open_screen: OpenScreen, situation: str) -> None:
    view, keys = SITUATIONS[situation]
    async with open_screen(mode=Mode.HIGHWAY, shows=view) as screen:
        await screen.pilot.press(*keys)
        await screen.settle()
        matches_golden(screen.app, f"highway-{situation}-80x24")


@pytest.mark.parametrize(
    ("situation", "size", "language"),
    [
        ("checking", (160, 45), "zh_CN"),
        ("vehicle-referred", (160, 45), "zh_CN"),
        ("vehicle-referred", (200, 60), "zh_TW"),
        ("vehicle-referred", (80, 24), "en"),
        ("checking", (40, 12), "zh_CN"),
        ("checking", (20, 5), "zh_CN"),
        ("plate", (20, 5), "zh_CN"),
    ],
)
async def test_no_size_or_language_loses_the_vehicle(
    open_screen: OpenScreen, situation: str, size: tuple[int, int], language: str
) -> None:
    view, keys = SITUATIONS[situation]
    async with open_screen(size, language, mode=Mode.HIGHWAY, shows=view) as screen:
        await screen.pilot.press(*keys)
        await screen.settle()
        matches_golden(screen.app, f"highway-{situation}-{size[0]}x{size[1]}-{language}")


async def test_a_text_console_gets_ascii(open_screen: OpenScreen) -> None:
    async with open_screen(terminal=POOR, mode=Mode.HIGHWAY, shows=says.REFERRED) as screen:
        matches_golden(screen.app, "highway-vehicle-referred-80x24-ascii")
        assert screen_text(screen.app).isascii()


async def test_nothing_is_green_before_the_vehicle_s_release_is_recorded(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen(mode=Mode.HIGHWAY, shows=says.SEATED) as screen:
        panel = screen.app._main.query_one(VehiclePanel)
        for view in (says.SEATED, says.RELEASING):
            engine.say(view)
            await screen.sees(view)
            assert panel.ground_of(screen.scene) is not Role.PASS
        engine.say(says.RELEASED)
        await screen.sees(says.RELEASED)
        assert panel.ground_of(screen.scene) is Role.PASS
        matches_golden(screen.app, "highway-released-80x24")
        await screen.pilot.press("b")
        await screen.until(lambda: "浙 B" in screen_text(screen.app))


async def test_somebody_checked_before_the_plate_was_typed_does_not_hold_up_the_typing(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen(mode=Mode.HIGHWAY, shows=says.TOO_EARLY) as screen:
        await screen.pilot.press(*"ar", "a")
        await screen.until(lambda: "浙 A R A" in screen_text(screen.app))
        assert asked(engine) == []


async def test_a_highway_site_gets_this_screen_and_another_does_not(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.IDLE) as screen:
        assert isinstance(screen.app._main, HighwayScreen)
        await screen.until(lambda: screen.scene.say("vehicle_pick_hint") in screen_text(screen.app))
    async with open_screen(mode=Mode.GUARD) as screen:
        await screen.until(lambda: screen.scene.view is not None)
        assert not isinstance(screen.app._main, HighwayScreen)


async def test_the_screen_that_the_site_wants_waits_until_the_help_is_closed(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen() as screen:
        await screen.pilot.press("question_mark")
        await screen.until(lambda: isinstance(screen.app.screen, HelpPage))
        engine.start(says.IDLE)
        await screen.until(lambda: screen.scene.view is not None)
        assert isinstance(screen.app.screen, HelpPage)
        await screen.pilot.press("escape")
        engine.say(says.EMPTY)
        await screen.until(
            lambda: screen.app.screen is screen.app._main and isinstance(screen.app._main, HighwayScreen)
        )


async def test_plate_and_people_reach_the_engine_and_nothing_of_the_plate_stays(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen(mode=Mode.HIGHWAY, shows=says.IDLE) as screen:
        await screen.pilot.press(*"a12345", "enter", "4")
        begun = BeginParty(id=0, lane="main", plate="浙A12345", people=4)
        await screen.until(lambda: asked(engine) == [begun])
        engine.say(says.EMPTY)
        await screen.sees(says.EMPTY)
        shown = screen_text(screen.app)
        assert "12345" not in shown
        assert "1 2 3 4 5" not in shown
        assert isinstance(screen.app._main, HighwayScreen)
        assert screen.app._main.console.plate.text == ""


async def test_a_refusal_stands_in_the_footer_and_the_plate_stays(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    engine.answer = lambda command: Reply(id=command.id, ok=False, error="command.not_now")
    async with open_screen(mode=Mode.HIGHWAY, shows=says.IDLE) as screen:
        await screen.pilot.press(*"a12345", "enter", "4")
        await screen.until(lambda: screen.scene.texts.get("command.not_now") in screen_text(screen.app))
        assert "浙 A 1 2 3 4 5" in screen_text(screen.app)


async def test_letters_of_a_plate_are_no_commands(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(mode=Mode.HIGHWAY, shows=says.IDLE) as screen:
        await screen.pilot.press(*"ptlamruc")
        await screen.settle()
        assert asked(engine) == []
        assert screen.scene.texts.language == "zh_CN"
        await screen.pilot.press("escape", "escape", "l")
        await screen.until(lambda: screen.scene.texts.language == "zh_TW")


@pytest.mark.parametrize(
    ("view", "typed", "marked"),
    [
        (says.IDLE_ASIDE, "", "1 空 E ?"),
        (says.IDLE, "a12345", "回 空 E ?"),
        (says.TWO_OF_FOUR, "", "J K Z B N V H S P L T F ?"),
    ],
)
async def test_the_help_names_every_key_of_plate_and_vehicle_marks_those_of_now_and_loses_no_plate(
    open_screen: OpenScreen, view: View, typed: str, marked: str
) -> None:
    async with open_screen((80, 60), mode=Mode.HIGHWAY, shows=view) as screen:
        await screen.pilot.press(*typed, "question_mark")
        await screen.until(lambda: isinstance(screen.app.screen, HelpPage))
        lines = form_text(screen.app).splitlines()
        assert " ".join(line.split("●")[1].strip()[0] for line in lines if "●" in line) == marked
        assert {"J", "K", "Z", "X", "B"} <= {line.strip(" ●")[:1] for line in lines}
        await screen.pilot.press("escape")
        await screen.until(lambda: screen.app.screen is screen.app._main)
        assert screen.app._main.console.plate.text == (f"浙{typed.upper()}" if typed else "")


async def test_nobody_is_registered_by_hand_before_the_vehicle_is(open_screen: OpenScreen) -> None:
    async with open_screen(mode=Mode.HIGHWAY, shows=says.IDLE) as screen:
        await screen.pilot.press("escape", "n")
        await screen.until(lambda: screen.scene.texts.get("party.none") in screen_text(screen.app))
        assert screen.app.screen is screen.app._main


async def mash(screen: Screen, engine: ScriptedEngine, seed: int, count: int) -> None:
    chance = random.Random(seed)
    views = (
        says.IDLE,
        says.IDLE_ASIDE,
        says.EMPTY,
        says.TWO_OF_FOUR,
        says.REFERRED,
        says.RELEASED,
        says.SEATED,
        scripted_engine.FEVER,
    )
    keys = [*"0123456789abcdefghijklmnopqrstuvwxyz", "space", "enter", "escape", "backspace", "tab", "f3", "ctrl+c"]
    for _ in range(count):
        if chance.random() < 0.1:
            engine.say(chance.choice(views))
        if chance.random() < 0.03:
            await screen.pilot.resize_terminal(*chance.choice([(20, 5), (80, 24), (200, 60)]))
        await screen.press(chance.choice(keys))


async def test_keys_mashed_at_random_neither_crash_nor_leave_it(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen(mode=Mode.HIGHWAY, shows=says.IDLE) as screen:
        await mash(screen, engine, seed=5, count=40)
        assert screen.app.is_running


@pytest.mark.soak
async def test_keys_mashed_for_long_neither_crash_nor_leave_it(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(mode=Mode.HIGHWAY, shows=says.IDLE) as screen:
        await mash(screen, engine, seed=11, count=1500)
        assert screen.app.is_running
