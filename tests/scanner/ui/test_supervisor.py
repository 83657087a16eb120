"""The supervisor's screens: opened by a PIN, closed by a key, by their time, and by the engine's end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from scanner.control.duty import AskReport, BrowseLog, Compare, DropPoints, KeepOffset, Lock, Unlock
from scanner.control.messages import Command, Reply
from scanner.locale import Texts
from scanner.ui.dialogs.compare import CompareForm
from scanner.ui.dialogs.staff import StaffDialog
from scanner.ui.supervisor.findings import PAGES, Findings, Page
from scanner.ui.supervisor.pages import lines
from scanner.ui.supervisor.screen import SupervisorScreen
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.conftest import POOR, OpenScreen, Screen
from tests.scanner.ui.golden import form_text, matches_golden, screen_text
from tests.scanner.ui.scripted_engine import ScriptedEngine
from tests.scanner.ui.test_words import LANGUAGES, scene

TOKEN = says.UNLOCKED.token


@pytest.fixture(autouse=True)
def engine_on_duty(engine: ScriptedEngine) -> None:
    engine.answer = says.on_duty


async def unlocked(screen: Screen) -> SupervisorScreen:
    await screen.press("f")
    await screen.until(lambda: isinstance(screen.app.screen, StaffDialog))
    await screen.press(*"0003", "enter", *"9917", "enter")
    await screen.until(lambda: isinstance(screen.app.screen, SupervisorScreen))
    opened = screen.app.screen
    assert isinstance(opened, SupervisorScreen)
    return opened


async def closes(screen: Screen) -> None:
    await screen.until(lambda: screen.app.screen is screen.app._main)


def sent(engine: ScriptedEngine, kind: type[Command]) -> list[Command]:
    return [command.model_copy(update={"id": 0}) for command in engine.commands if isinstance(command, kind)]


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_page_is_shown(engine: ScriptedEngine, open_screen: OpenScreen, size: tuple[int, int]) -> None:
    async with open_screen(size, shows=says.DEGRADED) as screen:
        opened = await unlocked(screen)
        for number, page in enumerate(PAGES, 1):
            await screen.press(str(number))
            found = opened.findings
            await screen.until(
                lambda: (
                    (opened.findings.report if found.page is Page.DAY else opened.findings.log) is not None  # noqa: B023
                    or opened.findings.page not in {Page.DAY, Page.LOG}
                )
            )
            matches_golden(screen.app, f"supervisor-{page.name.lower()}-{size[0]}x{size[1]}")
        assert sent(engine, Unlock) == [Unlock(id=0, staff="0003", pin="9917")]
        assert sent(engine, AskReport)[0] == AskReport(id=0, token=TOKEN, hours=24)


async def test_a_guards_pin_opens_nothing(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    engine.answer = lambda command: Reply(id=command.id, ok=False, error="unlock.supervisor")
    async with open_screen(shows=says.WAITING) as screen:
        await screen.press("f", *"0017", "enter", *"4821", "enter")
        await screen.until(lambda: screen.scene.texts.get("unlock.supervisor") in screen_text(screen.app))
        assert isinstance(screen.app.screen, StaffDialog)


@pytest.mark.parametrize("key", ["escape", "f", "q"])
async def test_leaving_locks(engine: ScriptedEngine, open_screen: OpenScreen, key: str) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await unlocked(screen)
        await screen.press(key)
        await closes(screen)
        await screen.until(lambda: sent(engine, Lock) == [Lock(id=0, token=TOKEN)])


async def test_the_screens_close_when_their_time_is_over(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await unlocked(screen)
        later = says.WAITING.model_copy(update={"now": says.UNLOCKED.until})
        engine.say(later)
        await closes(screen)
        await screen.until(lambda: screen.scene.texts.get("unlock.over") in screen_text(screen.app))


async def test_the_screens_close_when_the_engine_does_not_know_the_token(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await unlocked(screen)
        engine.answer = lambda command: Reply(id=command.id, ok=False, error="unlock.over")
        await screen.press("2")
        await closes(screen)


async def test_the_screens_close_when_the_engine_goes(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await unlocked(screen)
        engine.stop()
        await closes(screen)


async def test_an_answer_for_a_page_that_was_left_changes_no_other(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        pages = await unlocked(screen)
        answer = asyncio.Event()

        async def held(_command: Command) -> None:
            await answer.wait()

        pages._send = held
        await screen.press("2", "3")
        answer.set()
        await screen.settle()
        assert pages.findings.note == ""
        assert screen.scene.say("no_answer") not in screen_text(screen.app)


async def test_the_log_is_turned_page_by_page_and_back(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen((160, 45), shows=says.WAITING) as screen:
        opened = await unlocked(screen)
        await screen.press("2")
        for key, first in (("pagedown", 108), ("pagedown", 88), ("pageup", 108), ("pageup", 128), ("pageup", 128)):
            await screen.until(lambda: opened.findings.log is not None)
            await screen.press(key)
            await screen.until(
                lambda first=first: opened.findings.log is not None and opened.findings.log.rows[0].seq == first
            )
        assert [command.before for command in sent(engine, BrowseLog)] == [None, 109, 89, 109, None]


async def test_a_long_page_is_scrolled_and_never_past_its_end(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        opened = await unlocked(screen)
        await screen.until(lambda: opened.findings.report is not None)
        for _ in range(9):
            await screen.press("pagedown", "down")
        assert says.REPORT.guards[-1].staff in screen_text(screen.app)
        await screen.press("pageup", "pageup", "pageup", "up")
        assert opened.findings.scrolled == 0


async def test_language_and_theme_are_changed_there(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        await unlocked(screen)
        await screen.press("5", "l", "t")
        await screen.until(lambda: (screen.scene.texts.language, screen.scene.theme.name) == ("zh_TW", "contrast"))
        assert screen.scene.say("page_look") in screen_text(screen.app)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name.lower())
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_page_is_whole_lines_at_every_width(page: Page, language: str, width: int) -> None:
    found = Findings(until=says.NOON + 60, page=page, report=says.REPORT, log=says.log_page(None, 20))
    shown = lines(scene(says.DEGRADED, language), found, width)
    assert len(shown) >= 7
    for line in shown:
        text = "".join(span.text for span in line)
        assert "\n" not in text
        assert text.strip() or not line


def test_on_a_text_console_the_pages_are_ascii() -> None:
    poor = replace(scene(says.DEGRADED, "en"), terminal=POOR)
    for page in PAGES:
        found = Findings(until=says.NOON + 60, page=page, report=says.REPORT, log=says.log_page(None, 20))
        for line in lines(poor, found, 80):
            shown = POOR.shown("".join(span.text for span in line))
            assert shown.isascii()


def test_a_kind_of_entry_from_the_future_is_shown_as_it_is() -> None:
    row = says.log_page(None, 1).rows[0].model_copy(update={"kind": "from_the_future"})
    log = says.log_page(None, 1).model_copy(update={"rows": (row,)})
    shown = lines(scene(says.WAITING), Findings(until=says.NOON, page=Page.LOG, log=log), 80)
    assert "from_the_future" in "".join(span.text for line in shown for span in line)


def test_a_day_without_anybody_says_so() -> None:
    empty = says.REPORT.model_copy(update={"hours": (), "reasons": (), "guards": ()})
    shown = lines(scene(says.WAITING), Findings(until=says.NOON, report=empty), 80)
    assert sum(Texts.load("en").get("screen.none_yet") in "".join(s.text for s in line) for line in shown) == 3


async def test_a_thermometer_is_compared_point_by_point_and_the_offset_kept(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        opened = await unlocked(screen)
        await screen.press("3", "k")
        await screen.until(lambda: isinstance(screen.app.screen, CompareForm))
        await screen.press(*"34.0", "enter")
        await screen.until(lambda: screen.scene.say("compare_next") in screen_text(screen.app))
        await screen.press(*"38", "enter")
        await screen.until(lambda: len(sent(engine, Compare)) == 2)
        await screen.settle()
        matches_golden(screen.app, "compare-80x24", form_text)
        await screen.press("down", "enter")
        await screen.until(lambda: screen.app.screen is opened)
        assert sent(engine, Compare) == [
            Compare(id=0, token=TOKEN, lane="main", known_centi=3400),
            Compare(id=0, token=TOKEN, lane="main", known_centi=3800),
        ]
        assert sent(engine, KeepOffset) == [KeepOffset(id=0, token=TOKEN, lane="main")]


async def test_the_points_of_a_comparison_are_forgotten(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        opened = await unlocked(screen)
        await screen.press("3", "k", *"99", "enter")
        await screen.until(lambda: screen.scene.say("compare_range") in screen_text(screen.app))
        await screen.press("up", "enter")
        await screen.until(lambda: screen.app.screen is opened)
        assert sent(engine, DropPoints) == [DropPoints(id=0, token=TOKEN, lane="main")]
        assert sent(engine, Compare) == []
