"""The kiosk's whole screen, and what touches do."""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from scanner.control.duty import Lock, Unlock, Unlocked
from scanner.control.messages import Command, Pause, Reply, View
from scanner.ui.kiosk.keypad import CLOSES_S, STAYS_S, Keypad
from scanner.ui.kiosk.main import KioskScreen
from scanner.ui.kiosk.maintenance import Maintenance
from scanner.ui.kiosk.place import Place, Side
from scanner.ui.modes import Mode
from scanner.ui.scene import Absence
from tests.scanner.ui import scripted_engine
from tests.scanner.ui.conftest import POOR, OpenScreen, Screen
from tests.scanner.ui.golden import matches_golden, screen_text
from tests.scanner.ui.kiosk import says
from tests.scanner.ui.scripted_engine import ScriptedEngine

SITUATIONS: dict[str, View] = {
    "idle": says.IDLE,
    "measuring": says.MEASURING,
    "closer": says.CLOSER,
    "pass": says.PASS,
    "stop": says.STOP,
    "paused": says.PAUSED,
    "blind": says.BLIND,
}
TOKEN = "0123456789abcdef"
CORNERS = ((1, 1), (78, 1), (78, 22), (1, 22))

OpenKiosk = Callable[..., AbstractAsyncContextManager[Screen]]


@pytest.fixture
def open_kiosk(open_screen: OpenScreen) -> OpenKiosk:
    @asynccontextmanager
    async def opened(shows: View | None, **more: object) -> AsyncIterator[Screen]:
        async with open_screen(mode=Mode.KIOSK, shows=shows, **more) as screen:
            yield screen

    return opened


async def touch(screen: Screen, x: int, y: int) -> None:
    await screen.pilot.mouse_down(offset=(x, y))
    await screen.pilot.mouse_up(offset=(x, y))


async def touch_key(screen: Screen, name: str) -> None:
    shown = screen.app.screen
    assert isinstance(shown, Keypad | Maintenance)
    key = next(key for key in shown._buttons._keys() if key.name == name)
    await touch(screen, key.left + key.width // 2, key.top)


async def ask_for_staff(screen: Screen) -> None:
    for x, y in CORNERS:
        await touch(screen, x, y)
    await screen.until(lambda: isinstance(screen.app.screen, Keypad))
    await screen.settle()


def asked(engine: ScriptedEngine) -> list[Command]:
    """What was asked, but for the camera's pictures."""
    return [command.model_copy(update={"id": 0}) for command in engine.commands if command.type != "watch_preview"]


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_the_screen_shows(open_kiosk: OpenKiosk, situation: str) -> None:
    async with open_kiosk(SITUATIONS[situation]) as screen:
        matches_golden(screen.app, f"kiosk-{situation}-80x24")


@pytest.mark.parametrize(
    ("situation", "size", "language"),
    [
        ("idle", (160, 45), "zh_CN"),
        ("stop", (160, 45), "zh_TW"),
        ("stop", (80, 24), "en"),
        ("pass", (200, 60), "en"),
        ("stop", (40, 12), "zh_CN"),
        ("idle", (20, 5), "zh_CN"),
        ("stop", (20, 5), "zh_CN"),
    ],
)
async def test_no_size_or_language_loses_the_result(
    open_kiosk: OpenKiosk, situation: str, size: tuple[int, int], language: str
) -> None:
    async with open_kiosk(SITUATIONS[situation], size=size, language=language) as screen:
        matches_golden(screen.app, f"kiosk-{situation}-{size[0]}x{size[1]}-{language}")


async def test_a_text_console_gets_ascii(open_kiosk: OpenKiosk) -> None:
    async with open_kiosk(says.STOP, terminal=POOR) as screen:
        matches_golden(screen.app, "kiosk-stop-80x24-ascii")
        assert screen_text(screen.app).isascii()


async def test_without_an_engine_visitors_are_sent_to_staff(open_kiosk: OpenKiosk) -> None:
    async with open_kiosk(None) as screen:
        await screen.until(lambda: screen.scene.outage is not None and screen.scene.outage.absence is Absence.GONE)
        matches_golden(screen.app, "kiosk-engine-gone-80x24")


async def test_an_engine_that_says_nothing_is_not_trusted(open_kiosk: OpenKiosk) -> None:
    async with open_kiosk(says.PASS) as screen:
        screen.clock.now += 6
        screen.app._paint()
        await screen.settle()
        assert screen.scene.say("kiosk_closed") in screen_text(screen.app)


@pytest.mark.parametrize("view", [says.PASS, says.STOP], ids=["pass", "stop"])
async def test_nobody_s_name_is_shown_to_the_queue(open_kiosk: OpenKiosk, view: View) -> None:
    async with open_kiosk(view, size=(200, 60)) as screen:
        assert scripted_engine.NAME not in screen_text(screen.app)


async def test_the_camera_s_picture_is_shown_while_a_code_is_awaited(
    engine: ScriptedEngine, open_kiosk: OpenKiosk
) -> None:
    async with open_kiosk(says.IDLE, size=(160, 45)) as screen:
        await screen.until(lambda: engine.watched == {"main"})
        engine.say(scripted_engine.preview())
        await screen.until(lambda: screen.scene.say("no_picture") not in screen_text(screen.app))
        matches_golden(screen.app, "kiosk-idle-160x45-picture")


# --- languages ---------------------------------------------------------------------------------------------------


async def test_a_touch_switches_the_language_for_one_visitor(engine: ScriptedEngine, open_kiosk: OpenKiosk) -> None:
    async with open_kiosk(says.IDLE) as screen:
        await touch(screen, 40, 21)
        await screen.until(lambda: "Hold your code to the camera below" in screen_text(screen.app))
        engine.say(says.PASS)
        await screen.until(lambda: "Please go through." in screen_text(screen.app))
        engine.say(says.NEXT_PASS)
        await screen.until(lambda: "请通行" in screen_text(screen.app))


async def test_a_button_switches_the_language_where_there_is_no_touch(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    place = Place(staffed=Side.LEFT, language_key="f9")
    async with open_screen(mode=Mode.KIOSK, shows=says.STOP, place=place) as screen:
        assert "请走您左侧的人工通道" in screen_text(screen.app)
        await screen.pilot.press("f8", "x", "f9")
        await screen.until(lambda: "staffed lane on your left" in screen_text(screen.app))
        assert engine.commands == [] or all(one.type == "watch_preview" for one in engine.commands)


# --- maintenance --------------------------------------------------------------------------------------------------


async def test_four_corners_and_a_pin_reach_maintenance_and_closing_gives_the_token_back(
    engine: ScriptedEngine, open_kiosk: OpenKiosk
) -> None:
    unlocked = Unlocked(token=TOKEN, until=scripted_engine.NOON + 600)
    engine.answer = lambda command: Reply(
        id=command.id, ok=True, answer=unlocked if isinstance(command, Unlock) else None
    )
    async with open_kiosk(says.IDLE) as screen:
        await ask_for_staff(screen)
        matches_golden(screen.app, "kiosk-keypad-80x24")
        for name in (*"9001", "accept", *"8305", "accept"):
            await touch_key(screen, name)
        await screen.until(lambda: isinstance(screen.app.screen, Maintenance))
        matches_golden(screen.app, "kiosk-maintenance-80x24")
        await touch_key(screen, "pause")
        await touch_key(screen, "close")
        wanted = [
            Unlock(id=0, staff="9001", pin="8305"),
            Pause(id=0, lane="main", paused=True),
            Lock(id=0, token=TOKEN),
        ]
        await screen.until(lambda: asked(engine) == wanted)
        assert isinstance(screen.app.screen, KioskScreen)


async def test_a_wrong_pin_is_said_and_forgotten(engine: ScriptedEngine, open_kiosk: OpenKiosk) -> None:
    engine.answer = lambda command: Reply(id=command.id, ok=False, error="staff.slow_down")
    async with open_kiosk(says.IDLE) as screen:
        await ask_for_staff(screen)
        for name in (*"9001", "accept", *"1111", "accept"):
            await touch_key(screen, name)
        await screen.until(lambda: screen.scene.texts.get("staff.slow_down") in screen_text(screen.app))
        assert isinstance(screen.app.screen, Keypad)
        assert screen.app.screen._typed[1] == ""
        assert "1111" not in screen_text(screen.app)


async def test_a_keypad_left_alone_closes_and_forgets(open_kiosk: OpenKiosk) -> None:
    async with open_kiosk(says.IDLE) as screen:
        await ask_for_staff(screen)
        await touch_key(screen, "9")
        keypad = screen.app.screen
        assert isinstance(keypad, Keypad)
        screen.clock.now += CLOSES_S
        await screen.until(lambda: isinstance(screen.app.screen, KioskScreen))
        assert keypad._typed == ["", ""]


async def test_a_keypad_that_is_touched_again_and_again_keeps_nobody_waiting(open_kiosk: OpenKiosk) -> None:
    async with open_kiosk(says.IDLE) as screen:
        await ask_for_staff(screen)
        opened = screen.clock.now
        while screen.clock.now < opened + STAYS_S - 15:
            screen.clock.now += 15
            await touch_key(screen, "9")
            assert isinstance(screen.app.screen, Keypad)
        screen.clock.now += 15
        await screen.until(lambda: isinstance(screen.app.screen, KioskScreen))


async def test_the_four_corners_in_another_order_ask_for_nothing(open_kiosk: OpenKiosk) -> None:
    async with open_kiosk(says.IDLE) as screen:
        for order in itertools.islice(itertools.permutations(CORNERS), 1, 3):
            for x, y in order:
                await touch(screen, x, y)
            await touch(screen, 40, 12)
        await screen.settle()
        assert isinstance(screen.app.screen, KioskScreen)


async def test_no_key_leaves_a_kiosk_or_tells_the_engine_anything(
    engine: ScriptedEngine, open_kiosk: OpenKiosk
) -> None:
    chance = random.Random(3)
    keys = [*"abcdefghijklmnopqrstuvwxyz0123456789", "enter", "space", "escape", "tab", "ctrl+q", "ctrl+c", "ctrl+p"]
    keys += [f"f{number}" for number in range(1, 13)]
    async with open_kiosk(says.STOP) as screen:
        await screen.pilot.press(*(chance.choice(keys) for _ in range(30)))
        await screen.settle()
        assert asked(engine) == []
        assert screen.app.is_running
        assert isinstance(screen.app.screen, KioskScreen)
        matches_golden(screen.app, "kiosk-stop-80x24")
