"""Nothing of a person outlives the result, anywhere in the screen's memory."""

from __future__ import annotations

import asyncio
import gc

import pytest

from scanner.control.messages import Reply
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.conftest import OpenScreen, Screen
from tests.scanner.ui.golden import form_text, screen_text
from tests.scanner.ui.scripted_engine import ScriptedEngine

pytestmark = pytest.mark.soak  # a search among all objects takes its time

WHO = ("独", "孤**")
PIN = ("73915", "8264")
"""In halves, so that the search does not find itself."""
KEPT_SINCE_EVER: list[str] = []


def holders(halves: tuple[str, str]) -> list[str]:
    """Return what holds a text with the joined halves in it, among all objects that can hold others."""
    needle = "".join(halves)
    gc.unfreeze()  # what was there before the tests may hold it, too
    gc.collect()
    found = []
    for holder in gc.get_objects():
        for held in gc.get_referents(holder):
            if isinstance(held, str) and needle in held:
                found.append(f"{type(holder).__name__}: {held!r:.60}")
    return found


async def is_forgotten(screen: Screen, halves: tuple[str, str]) -> None:
    """Fail unless nothing holds the joined halves once the screen has come to rest; behind a form it paints later."""
    for _ in range(6):
        await screen.settle()
    assert holders(halves) == []


def person() -> says.ResultView:
    shown = says.STOP.lanes[0].result
    assert shown is not None
    return shown.model_copy(update={"name": "".join(WHO), "seq": 999})


async def test_the_search_finds_a_name_while_it_is_shown(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        engine.say(says.view(says.lane("stopped", person())))
        await screen.until(lambda: screen.scene.result is not None)
        assert "".join(WHO) in screen_text(screen.app)
        assert holders(WHO)


def test_the_search_looks_into_what_was_there_before_the_tests() -> None:
    KEPT_SINCE_EVER.append("".join(WHO))
    try:
        assert [found.partition(":")[0] for found in holders(WHO)] == ["list"]
    finally:
        KEPT_SINCE_EVER.clear()


async def test_the_name_is_gone_from_memory_with_the_result(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        engine.say(says.view(says.lane("stopped", person())))
        await screen.until(lambda: screen.scene.result is not None)
        engine.say(says.WAITING)
        await screen.sees(says.WAITING)
        assert holders(WHO) == []


@pytest.mark.parametrize("then", ["next", "engine"])
async def test_a_form_left_open_names_nobody_who_has_gone_and_says_so(
    engine: ScriptedEngine, open_screen: OpenScreen, then: str
) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        engine.say(says.view(says.lane("referred", person().model_copy(update={"name": "令狐**"}))))
        await screen.until(lambda: screen.scene.result is not None)
        await screen.pilot.press("d", *"36")
        await screen.until(lambda: "令狐**" in form_text(screen.app))
        if then == "next":
            engine.say(says.FEVER)
        else:
            engine.stop()
        said = screen.scene.say("gone" if then == "engine" else "person_gone")
        await screen.until(lambda: said in form_text(screen.app))
        assert "令狐**" not in form_text(screen.app)
        assert "  36\n" in form_text(screen.app), "what was typed stays until it is given up"


async def test_the_name_is_gone_from_memory_with_the_engine(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        engine.say(says.view(says.lane("stopped", person())))
        await screen.until(lambda: screen.scene.result is not None)
        engine.stop()
        await screen.until(lambda: screen.scene.outage is not None)
        assert holders(WHO) == []


async def test_a_pin_is_gone_from_memory_when_it_has_been_sent(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await screen.pilot.press("a", *"0017", "enter", *PIN[0], *PIN[1], "enter", "enter")
        await screen.until(lambda: bool(engine.commands) and screen.app.screen is screen.app._main)
        engine.commands.clear()
        await screen.settle()
        assert holders(PIN) == []


async def test_nothing_typed_about_a_person_stays_when_it_has_been_sent(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    name, document = ("独孤", "求败"), ("330106", "196912310777")
    async with open_screen(shows=says.WAITING) as screen:
        typed = (*name[0], *name[1], "enter", *document[0], *document[1], *(["enter"] * 5))
        await screen.pilot.press("n", *typed)
        await screen.until(lambda: bool(engine.commands) and screen.app.screen is screen.app._main)
        engine.commands.clear()
        await screen.settle()
        assert holders(name) == []
        assert holders(document) == []


async def test_a_form_that_made_way_and_was_not_taken_up_is_forgotten(
    engine: ScriptedEngine, open_screen: OpenScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.ui.registering.KEPT_S", 0.2)
    name = ("独孤", "求败")
    engine.answer = lambda command: Reply(id=command.id, ok=False, error="command.not_now")
    async with open_screen(shows=says.WAITING) as screen:
        await screen.pilot.press("n", *name[0], *name[1], "enter", *"E1234567", *(["enter"] * 5))
        await screen.until(lambda: screen.scene.say("entry_wait")[:8] in form_text(screen.app))
        await screen.pilot.press("escape")
        await screen.until(lambda: screen.app.screen is screen.app._main)
        engine.commands.clear()
        await asyncio.sleep(0.2)
        await is_forgotten(screen, name)


async def test_nothing_typed_about_a_person_stays_when_it_was_given_up(open_screen: OpenScreen) -> None:
    name = ("独孤", "求败")
    async with open_screen(shows=says.WAITING) as screen:
        await screen.pilot.press("n", *name[0], *name[1], "escape")
        await screen.until(lambda: screen.app.screen is screen.app._main)
        await screen.settle()
        assert holders(name) == []


async def test_a_pin_cut_out_of_its_field_is_on_no_clipboard(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await screen.pilot.press("a", *"0017", "enter", *PIN[0], "shift+home", "ctrl+x", "shift+tab", "ctrl+v")
        await screen.settle()
        assert screen.app.clipboard == ""
        assert "*" * len(PIN[0]) not in form_text(screen.app)
