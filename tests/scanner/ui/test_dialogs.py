"""Overruling a decision, and confirming the time."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from scanner.control.messages import Command, ConfirmTime, Override, Reply
from scanner.locale import Texts, languages
from scanner.ui.dialogs.staff import ADMIT_CAUSES, REFUSE_CAUSES, SUPERVISOR_NEEDED, StaffDialog
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.conftest import POOR, OpenScreen, Screen
from tests.scanner.ui.golden import matches_golden, screen_text
from tests.scanner.ui.scripted_engine import ScriptedEngine


async def dialog_opens(screen: Screen, key: str) -> None:
    await screen.pilot.press(key)
    await screen.until(lambda: isinstance(screen.app.screen, StaffDialog))


async def dialog_closes(screen: Screen) -> None:
    await screen.until(lambda: not isinstance(screen.app.screen, StaffDialog))


def refusing(error: str) -> Callable[[Command], Reply]:
    return lambda command: Reply(id=command.id, ok=False, error=error)


async def test_a_guard_admits_with_number_pin_and_cause(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await dialog_opens(screen, "a")
        await screen.pilot.press(*"0017", "enter", *"4821", "enter", "down", "enter")
        await dialog_closes(screen)
        sent = engine.commands[0]
        assert isinstance(sent, Override)
        assert (sent.lane, sent.admit, sent.staff, sent.pin) == ("main", True, "0017", "4821")
        assert (sent.cause, sent.supervisor, sent.supervisor_pin) == (ADMIT_CAUSES[1], None, None)
        assert screen.scene.say("done") in screen_text(screen.app)


async def test_a_guard_refuses(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await dialog_opens(screen, "r")
        await screen.pilot.press(*"0017", "enter", *"4821", "enter", "enter")
        await dialog_closes(screen)
        sent = engine.commands[0]
        assert isinstance(sent, Override)
        assert (sent.admit, sent.cause) == (False, REFUSE_CAUSES[0])


async def test_a_supervisor_is_asked_for_only_when_the_engine_wants_one(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    def answer(command: Command) -> Reply:
        assert isinstance(command, Override)
        if command.supervisor is None:
            return Reply(id=command.id, ok=False, error=SUPERVISOR_NEEDED)
        return Reply(id=command.id, ok=True)

    engine.answer = answer
    async with open_screen(shows=says.STOP) as screen:
        await dialog_opens(screen, "a")
        matches_golden(screen.app, "override-dialog-80x24")
        await screen.pilot.press(*"0017", "enter", *"4821", "enter", "enter")
        await screen.until(lambda: screen.scene.say("dialog_supervisor") in screen_text(screen.app))
        await screen.pilot.press(*"0003", "enter", *"9917")
        matches_golden(screen.app, "override-supervisor-80x24")
        await screen.pilot.press("enter")
        await dialog_closes(screen)
        sent = engine.commands[-1]
        assert isinstance(sent, Override)
        assert (sent.staff, sent.pin, sent.supervisor, sent.supervisor_pin) == ("0017", "4821", "0003", "9917")


async def test_a_wrong_pin_is_said_and_can_be_typed_again(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    engine.answer = refusing("staff.wrong_pin")
    async with open_screen(shows=says.REFER) as screen:
        await dialog_opens(screen, "a")
        await screen.pilot.press(*"0017", "enter", *"1111", "enter", "enter")
        words = screen.scene.texts.get("staff.wrong_pin")
        await screen.until(lambda: words in screen_text(screen.app))
        engine.answer = lambda command: Reply(id=command.id, ok=True)
        await screen.pilot.press(*"4821", "enter", "enter")
        await dialog_closes(screen)
        sent = engine.commands[-1]
        assert isinstance(sent, Override)
        assert sent.pin == "4821"


async def test_a_pin_is_never_on_the_screen(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await dialog_opens(screen, "a")
        await screen.pilot.press(*"0017", "enter", *"4821")
        await screen.settle()
        assert "0017" in screen_text(screen.app)
        assert "4821" not in screen_text(screen.app)
        assert "****" in screen_text(screen.app)


async def test_an_empty_field_is_asked_for(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await dialog_opens(screen, "a")
        await screen.pilot.press("enter", "enter", "enter")
        words = screen.scene.say("fill_in", field=screen.scene.say("dialog_staff"))
        await screen.until(lambda: words in screen_text(screen.app))
        assert engine.commands == []


async def test_escape_gives_up(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await dialog_opens(screen, "a")
        await screen.pilot.press(*"0017", "escape")
        await dialog_closes(screen)
        assert engine.commands == []


async def test_an_override_never_falls_on_the_next_person(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    """Another screen clears the result while the PIN is typed, and somebody else comes before the lane."""
    async with open_screen(shows=says.REFER) as screen:
        await dialog_opens(screen, "a")
        await screen.pilot.press(*"0017", "enter", *"4821", "enter")
        result = says.STOP.lanes[0].result
        assert result is not None
        following = says.view(says.lane("stopped", result.model_copy(update={"seq": 129})))
        engine.say(following)
        await screen.sees(following)
        await screen.pilot.press("enter")
        words = screen.scene.say("person_gone")
        await screen.until(lambda: words in screen_text(screen.app))
        assert engine.commands == []


async def test_an_engine_that_goes_is_said_in_the_dialog(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await dialog_opens(screen, "a")
        await screen.pilot.press(*"0017", "enter", *"4821", "enter")
        engine.stop()
        await screen.until(lambda: screen.scene.outage is not None)
        await screen.pilot.press("enter")
        words = (screen.scene.say("person_gone"), screen.scene.say("no_answer"))
        await screen.until(lambda: any(word in screen_text(screen.app) for word in words))


async def test_keys_of_the_main_screen_do_nothing_behind_a_dialog(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen(shows=says.REFER, allow_quit=True) as screen:
        screen.clock.now += 1
        await dialog_opens(screen, "a")
        await screen.pilot.press("tab", "space", "p", "m", "q", "l")
        await screen.settle()
        assert engine.commands == []
        assert screen.app.is_running
        assert screen.scene.texts.language == "zh_CN"


async def test_a_supervisor_confirms_the_time(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.DEGRADED) as screen:
        await dialog_opens(screen, "c")
        assert "2026-01-01 12:00" in screen_text(screen.app)
        await screen.pilot.press(*"0003", "enter", *"9917", "enter")
        await dialog_closes(screen)
        sent = engine.commands[0]
        assert isinstance(sent, ConfirmTime)
        assert (sent.supervisor, sent.pin) == ("0003", "9917")


async def test_a_trusted_clock_is_not_asked_about(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await screen.pilot.press("c")
        await screen.settle()
        assert not isinstance(screen.app.screen, StaffDialog)


async def test_the_dialog_is_ascii_on_a_text_console(open_screen: OpenScreen) -> None:
    async with open_screen(terminal=POOR, shows=says.REFER) as screen:
        await dialog_opens(screen, "a")
        await screen.pilot.press(*"0017", "enter", *"4821")
        await screen.settle()
        assert screen_text(screen.app).isascii()


async def test_the_dialog_opens_on_the_smallest_screen(open_screen: OpenScreen) -> None:
    async with open_screen((20, 5), shows=says.REFER) as screen:
        await dialog_opens(screen, "a")
        await screen.pilot.press(*"0017", "enter")
        await screen.settle()
        assert screen.scene.say("dialog_pin") in screen_text(screen.app)


def test_every_cause_has_words_in_every_language() -> None:
    for language in languages():
        texts = Texts.load(language)
        assert [cause for cause in (*ADMIT_CAUSES, *REFUSE_CAUSES) if not texts.has(f"cause.{cause}")] == []


async def test_a_badge_reader_may_type_faster_than_the_screen_paints(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen(shows=says.REFER) as screen:
        keys = ["a", *"10010042", "enter", *"40719935", "enter", "down", "down", "enter"]
        for key in keys:
            screen.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await screen.until(lambda: bool(engine.commands))
        sent = engine.commands[0]
        assert isinstance(sent, Override)
        assert (sent.staff, sent.pin, sent.cause) == ("10010042", "40719935", ADMIT_CAUSES[2])
