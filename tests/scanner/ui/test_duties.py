"""The forms behind the guard's keys, from the key to the command."""

from __future__ import annotations

import asyncio

import pytest

from keys.verdict import DocumentType
from scanner.control.duty import AskShift, SignOff, SignOn
from scanner.control.messages import Command, Reply, View
from scanner.control.people import (
    Activate,
    CallSupervisor,
    ChooseCode,
    ManualEntry,
    RegisterVisitor,
    TypeTemperature,
    VisitorLeaves,
)
from scanner.ui.desk import NOBODY_ON_SHIFT
from scanner.ui.dialogs.activation import ActivationForm
from scanner.ui.dialogs.entry import ManualForm
from scanner.ui.dialogs.help import HelpPage
from scanner.ui.dialogs.sign_on import SignOnForm
from scanner.ui.dialogs.visitor import LeaveForm, SlipNotice, VisitorForm
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.conftest import POOR, OpenScreen, Screen
from tests.scanner.ui.golden import form_text, matches_golden, screen_text
from tests.scanner.ui.scripted_engine import ScriptedEngine


@pytest.fixture(autouse=True)
def engine_on_duty(engine: ScriptedEngine) -> None:
    engine.answer = says.on_duty


async def opens(screen: Screen, key: str, form: type) -> None:
    await screen.press(key)
    await screen.until(lambda: isinstance(screen.app.screen, form))


async def closes(screen: Screen) -> None:
    await screen.until(lambda: screen.app.screen is screen.app._main)


def sent(engine: ScriptedEngine) -> list[Command]:
    return [command.model_copy(update={"id": 0}) for command in engine.commands if not isinstance(command, AskShift)]


# Shifts


async def test_the_next_guard_reads_the_sheet_and_signs_on(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen((160, 60), shows=says.DEGRADED) as screen:
        await opens(screen, "s", SignOnForm)
        await screen.until(lambda: screen.scene.say("sheet_open") in screen_text(screen.app))
        matches_golden(screen.app, "hand-over-160x60", form_text)
        await screen.press(*"0018", "enter", *"5512", "enter")
        await closes(screen)
        assert sent(engine) == [SignOn(id=0, staff="0018", pin="5512")]
        assert screen.scene.say("done") in screen_text(screen.app)


async def test_where_the_heads_code_does_not_fit_its_text_is_shown(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await opens(screen, "s", SignOnForm)
        await screen.until(lambda: "3fa2b1c4d5e6f708" in screen_text(screen.app))
        matches_golden(screen.app, "hand-over-80x24", form_text)


async def test_the_head_becomes_a_code_when_the_window_grows(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await opens(screen, "s", SignOnForm)
        await screen.until(lambda: "3fa2b1c4d5e6f708" in screen_text(screen.app))
        await screen.pilot.resize_terminal(160, 60)
        await screen.until(lambda: "▀▀▀▀▀" in form_text(screen.app) and "3fa2b1c4d5" not in form_text(screen.app))


async def test_a_guard_leaves_with_nobody_coming(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await opens(screen, "s", SignOnForm)
        await screen.press("down", *"0017", "enter", *"4821", "enter")
        await closes(screen)
        assert sent(engine) == [SignOff(id=0, staff="0017", pin="4821")]


async def test_without_a_shift_there_is_nothing_to_leave(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.NOBODY) as screen:
        await opens(screen, "s", SignOnForm)
        await screen.press("down", *"0017", "enter", *"4821", "enter")
        await closes(screen)
        assert sent(engine) == [SignOn(id=0, staff="0017", pin="4821")]


async def test_who_is_on_shift_already_is_asked_for_another_number(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    engine.answer = lambda command: Reply(id=command.id, ok=False, error="shift.same")
    async with open_screen(shows=says.WAITING) as screen:
        await opens(screen, "s", SignOnForm)
        await screen.press(*"0017", "enter", *"4821", "enter")
        await screen.until(lambda: screen.scene.texts.get("shift.same") in screen_text(screen.app))


async def test_a_command_that_needs_a_shift_asks_for_it_and_is_sent_once_more(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    on_shift: list[str] = []

    def answer(command: Command) -> Reply:
        if isinstance(command, SignOn):
            on_shift.append(command.staff)
        if isinstance(command, CallSupervisor) and not on_shift:
            return Reply(id=command.id, ok=False, error=NOBODY_ON_SHIFT)
        return says.on_duty(command)

    engine.answer = answer
    async with open_screen(shows=says.NOBODY) as screen:
        await opens(screen, "h", SignOnForm)
        assert screen.scene.texts.get(NOBODY_ON_SHIFT) in screen_text(screen.app)
        await screen.press(*"0018", "enter", *"5512", "enter")
        await closes(screen)
        await screen.until(lambda: screen.scene.say("supervisor_called") in screen_text(screen.app))
        call = CallSupervisor(id=0, lane="main")
        assert sent(engine) == [call, SignOn(id=0, staff="0018", pin="5512"), call]


async def test_a_form_that_needs_a_shift_is_sent_after_it_without_typing_anew(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    refused: list[Command] = []

    def answer(command: Command) -> Reply:
        if isinstance(command, ManualEntry) and not refused:
            refused.append(command)
            return Reply(id=command.id, ok=False, error=NOBODY_ON_SHIFT)
        return says.on_duty(command)

    engine.answer = answer
    async with open_screen(shows=says.NOBODY) as screen:
        await opens(screen, "n", ManualForm)
        await screen.press(*"张三丰", "enter", *"11010519491231002X", *(["enter"] * 5))
        await screen.until(lambda: isinstance(screen.app.screen, SignOnForm))
        await screen.press(*"0018", "enter", *"5512", "enter")
        await closes(screen)
        assert sent(engine)[0] == sent(engine)[-1] == refused[0].model_copy(update={"id": 0})


async def test_a_sign_on_given_up_leaves_the_refusal_in_words(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    engine.answer = lambda command: Reply(id=command.id, ok=False, error=NOBODY_ON_SHIFT)
    async with open_screen(shows=says.NOBODY) as screen:
        await opens(screen, "h", SignOnForm)
        await screen.press("escape")
        await closes(screen)
        await screen.until(lambda: screen.scene.texts.get(NOBODY_ON_SHIFT) in screen_text(screen.app))


# People without a code


async def test_six_fields_register_somebody_and_show_only_a_masked_name(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await opens(screen, "n", ManualForm)
        typed = (*"欧阳娜娜", "enter", "down", *"E1234567", "enter", *"13800000000", "enter", *"杭州", "enter")
        await screen.press(*typed, *"三号楼", "enter", *"36.5")
        await screen.settle()
        matches_golden(screen.app, "entry-80x24", form_text)
        await screen.press("enter")
        await closes(screen)
        assert sent(engine) == [
            ManualEntry(
                id=0,
                lane="main",
                name="欧阳娜娜",
                document_type=DocumentType.PASSPORT,
                document="E1234567",
                contact="13800000000",
                origin="杭州",
                destination="三号楼",
                temperature_centi=3650,
            )
        ]
        assert screen.scene.say("entry_done", name="欧阳**") in screen_text(screen.app)
        assert "娜娜" not in screen_text(screen.app)


async def test_while_the_engine_has_an_entry_only_the_masked_name_is_shown(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    seen: list[str] = []

    async with open_screen(shows=says.WAITING) as screen:
        await opens(screen, "n", ManualForm)
        await screen.press(*"欧阳娜娜", "enter", *"E1234567", *(["enter"] * 4))
        form = screen.app.screen

        async def held(command: Command) -> Reply:
            await screen.settle()
            seen.append(screen_text(screen.app))
            return Reply(id=0, ok=False, error="entry.document")

        form._ask = held
        await screen.press("enter")
        await screen.until(lambda: bool(seen))
        assert "欧阳**" in seen[0]
        assert "娜娜" not in seen[0]
        assert "E1234567" not in seen[0]
        await screen.until(lambda: screen.scene.texts.get("entry.document") in screen_text(screen.app))
        assert "E1234567" in screen_text(screen.app), "what was wrong can be corrected"


async def test_an_answer_that_comes_while_something_stands_before_the_form_is_not_lost(open_screen: OpenScreen) -> None:
    answer = asyncio.Event()

    async def held(_command: Command) -> Reply:
        await answer.wait()
        return Reply(id=0, ok=False, error="entry.document")

    async with open_screen(shows=says.WAITING) as screen:
        await opens(screen, "n", ManualForm)
        form = screen.app.screen
        form._ask = held
        await screen.press(*"张三", "enter", *"E1234567", *(["enter"] * 5))
        await screen.until(lambda: "张*" in form_text(screen.app))
        await screen.app.open(HelpPage(screen.scene, ()), lambda _: None)
        answer.set()
        await screen.settle()
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is form)
        await screen.until(lambda: screen.scene.texts.get("entry.document") in form_text(screen.app))
        assert "E1234567" in form_text(screen.app)


@pytest.mark.parametrize("key", ["n", "v"])
async def test_a_form_that_must_make_way_for_somebody_else_is_taken_up_again_where_it_was(
    engine: ScriptedEngine, open_screen: OpenScreen, key: str
) -> None:
    alone = says.view(says.lane("waiting", last=()))
    typed = (*"张三", "enter", "down", *"E1234567", "enter", "enter", *"502", *(["enter"] * 3))
    engine.answer = lambda command: Reply(id=command.id, ok=False, error="command.not_now")
    async with open_screen(shows=alone) as screen:
        await opens(screen, key, ManualForm)
        await screen.press(*typed)
        await screen.until(lambda: screen.scene.say("entry_wait")[:8] in form_text(screen.app))
        await screen.press("escape")
        await closes(screen)
        engine.say(says.FEVER)
        await screen.sees(says.FEVER)
        await screen.press(key)
        await screen.until(lambda: screen.scene.say("entry_first") in screen_text(screen.app))
        engine.say(alone)
        engine.answer = says.on_duty
        await screen.sees(alone)
        await opens(screen, key, ManualForm)
        await screen.press(*(["enter"] * 6))
        await screen.until(lambda: screen.app.screen is screen.app._main or isinstance(screen.app.screen, SlipNotice))
        first, last = sent(engine)[0], sent(engine)[-1]
        assert first == last
        assert isinstance(last, ManualEntry)
        assert (last.name, last.document, last.document_type) == ("张三", "E1234567", DocumentType.PASSPORT)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        (("enter",), "fill_in"),
        ((*"王五", "enter", "X", *(["enter"] * 5)), "entry.document"),
        ((*"王五", "enter", *"E12345", *(["enter"] * 4), *"hot", "enter"), "entry.temperature"),
        ((*"王五", "enter", *"E12345", *(["enter"] * 4), *"99.9", "enter"), "entry.temperature"),
    ],
)
async def test_nonsense_in_a_field_is_said_and_not_sent(
    engine: ScriptedEngine, open_screen: OpenScreen, typed: tuple[str, ...], error: str
) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await opens(screen, "n", ManualForm)
        if error == "fill_in":
            typed = ("enter",) * 6
        await screen.press(*typed)
        name = screen.scene.say("entry_name")
        words = screen.scene.say(error, field=name) if error == "fill_in" else screen.scene.texts.get(error)
        await screen.until(lambda: words in screen_text(screen.app))
        assert sent(engine) == []


# Visitors


async def test_a_visitor_with_a_code_needs_a_host_only(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.PASS) as screen:
        await screen.press("v")
        await screen.until(lambda: screen.scene.say("visitor_by_hand") in screen_text(screen.app))
        await screen.press("1")
        await screen.until(lambda: isinstance(screen.app.screen, VisitorForm))
        await screen.press(*"三号楼502", "enter", *"维修", "enter", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, SlipNotice))
        matches_golden(screen.app, "slip-80x24", form_text)
        await screen.press("enter", "enter")
        assert isinstance(screen.app.screen, SlipNotice), "a held Enter must not take the number away unread"
        screen.clock.now += 1
        await screen.press("enter")
        await closes(screen)
        assert sent(engine) == [RegisterVisitor(id=0, lane="main", about=128, host="三号楼502", purpose="维修")]


async def test_a_visitor_without_a_code_is_registered_by_hand(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    alone = says.view(says.lane("waiting", last=()))
    async with open_screen(shows=alone) as screen:
        await opens(screen, "v", ManualForm)
        await screen.press(*"张三", "enter", *"E1234567", "enter", "enter", *"502", *(["enter"] * 3))
        await screen.until(lambda: isinstance(screen.app.screen, SlipNotice))
        entry = sent(engine)[0]
        assert isinstance(entry, ManualEntry)
        assert (entry.host, entry.origin, entry.destination) == ("502", "", "")


@pytest.mark.parametrize(
    ("keys", "slip"), [(("down", "enter"), 38), (("down", "down", "enter"), 41), ((*"41", "enter"), 41)]
)
async def test_a_visitor_leaves_by_slip(
    engine: ScriptedEngine, open_screen: OpenScreen, keys: tuple[str, ...], slip: int
) -> None:
    async with open_screen(shows=says.INSIDE) as screen:
        await opens(screen, "w", LeaveForm)
        if slip == 38:
            matches_golden(screen.app, "visitors-80x24", form_text)
        await screen.press(*keys)
        await closes(screen)
        assert sent(engine) == [VisitorLeaves(id=0, lane="main", slip=slip)]
        assert screen.scene.say("visitor_left", slip=slip) in screen_text(screen.app)


@pytest.mark.parametrize("typed", ["0x1F", "-3", "٤١", "1.5"])
async def test_a_slip_that_is_no_number_is_said(engine: ScriptedEngine, open_screen: OpenScreen, typed: str) -> None:
    async with open_screen(shows=says.INSIDE) as screen:
        await opens(screen, "w", LeaveForm)
        await screen.press(*typed, "enter")
        await screen.until(lambda: screen.scene.texts.get("visitor.no_such_slip") in screen_text(screen.app))
        assert sent(engine) == []


# Grey codes and typed temperatures


async def test_two_questions_activate_a_grey_code(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.GREY) as screen:
        await opens(screen, "g", ActivationForm)
        await screen.press("enter")
        await screen.settle()
        matches_golden(screen.app, "activation-80x24", form_text)
        assert sent(engine) == []
        await screen.press("enter")
        await closes(screen)
        assert sent(engine) == [Activate(id=0, lane="main", document_type=DocumentType.RESIDENT_ID, about=128)]


async def test_a_temperature_that_was_not_measured_is_typed_before_the_code_is_activated(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    judged = says.GREY.lanes[0].result
    assert judged is not None
    anew = says.view(says.lane("referred", judged.model_copy(update={"seq": 129})))

    def answer(command: Command) -> Reply:
        if isinstance(command, TypeTemperature):
            engine.say(anew)
        return says.on_duty(command)

    engine.answer = answer
    async with open_screen(shows=says.GREY_UNMEASURED) as screen:
        await opens(screen, "g", ActivationForm)
        await screen.press("down", "enter", *"36.6", "enter")
        await closes(screen)
        assert sent(engine) == [
            TypeTemperature(id=0, lane="main", centi=3660, about=128, turn=0),
            Activate(id=0, lane="main", document_type=DocumentType.PASSPORT, about=129),
        ]


async def test_a_code_that_is_not_grey_is_not_activated(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await screen.press("g")
        await screen.settle()
        assert screen.app.screen is screen.app._main


async def test_no_activation_falls_on_the_next_person(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.GREY) as screen:
        await opens(screen, "g", ActivationForm)
        engine.say(says.FORGED)
        await screen.sees(says.FORGED)
        result = says.GREY.lanes[0].result
        assert result is not None
        following = says.view(says.lane("referred", result.model_copy(update={"seq": 130})))
        engine.say(following)
        await screen.sees(following)
        await screen.press("enter", "enter")
        await screen.until(lambda: screen.scene.say("person_gone") in screen_text(screen.app))
        assert sent(engine) == []


async def test_the_contact_thermometers_reading_is_typed_in(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.REFER) as screen:
        await screen.press("d", *"365", "enter")
        await closes(screen)
        await screen.until(lambda: bool(engine.commands))
        assert sent(engine) == [TypeTemperature(id=0, lane="main", centi=3650, about=128, turn=0)]


# Several codes, help


async def test_one_of_several_codes_is_chosen_by_its_number(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.FAMILY) as screen:
        matches_golden(screen.app, "several-codes-80x24")
        await screen.press("9", "2")
        await screen.until(lambda: sent(engine) == [ChooseCode(id=0, lane="main", handle=5)])


async def test_the_help_page_lists_every_key(open_screen: OpenScreen) -> None:
    async with open_screen((80, 60), shows=says.WAITING) as screen:
        await opens(screen, "question_mark", HelpPage)
        matches_golden(screen.app, "help-80x60", form_text)
        await screen.press("question_mark")
        await closes(screen)


# Every size and terminal

FORMS: dict[str, View] = {
    "s": says.WAITING,
    "n": says.WAITING,
    "g": says.GREY_UNMEASURED,
    "w": says.INSIDE,
    "question_mark": says.WAITING,
}


@pytest.mark.parametrize("key", FORMS)
async def test_forms_are_usable_from_20x5_to_200x60(open_screen: OpenScreen, key: str) -> None:
    async with open_screen((20, 5), shows=FORMS[key]) as screen:
        await screen.press(key)
        await screen.until(lambda: screen.app.screen is not screen.app._main)
        await screen.settle()
        assert all(len(line) <= 20 for line in screen_text(screen.app).splitlines())
        for size in ((200, 60), (40, 12), (20, 5), (80, 24)):
            await screen.pilot.resize_terminal(*size)
            await screen.settle()
        assert screen.app._exception is None
        await screen.press("escape")
        await closes(screen)


@pytest.mark.parametrize("key", FORMS)
async def test_forms_are_ascii_on_a_text_console(open_screen: OpenScreen, key: str) -> None:
    async with open_screen((100, 50), terminal=POOR, shows=FORMS[key]) as screen:
        await screen.press(key)
        await screen.until(lambda: screen.app.screen is not screen.app._main)
        await screen.settle()
        assert screen_text(screen.app).isascii()
