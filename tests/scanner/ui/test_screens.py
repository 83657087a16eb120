"""The whole screen as text, in every situation a guard meets."""

from __future__ import annotations

import pytest

from firmware_bridge.values import LinkState
from scanner.control.messages import OutlineKind, UpdateView, View
from scanner.ui.scene import Absence
from scanner.ui.words import headline
from scanner.values import Outcome
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.conftest import POOR, OpenScreen
from tests.scanner.ui.golden import matches_golden, screen_styles, screen_text
from tests.scanner.ui.scripted_engine import ScriptedEngine

SITUATIONS = {
    "waiting": says.WAITING,
    "measuring": says.MEASURING,
    "pass": says.PASS,
    "pass-with-notice": says.PASS_WITH_NOTICE,
    "refer": says.REFER,
    "fever": says.FEVER,
    "hold-and-report": says.STOP,
    "forged": says.FORGED,
    "everything-degraded": says.DEGRADED,
    "paused": says.view(says.lane("out_of_service")),
    "stick-offered": says.WAITING.model_copy(update={"update": UpdateView(stick="KEYS")}),
    "two-lanes": says.view(says.lane("waiting", name="east"), says.FEVER.lanes[0].model_copy(update={"name": "west"})),
}
SIZES = ((80, 24), (160, 45))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("situation", SITUATIONS)
async def test_the_screen_shows(open_screen: OpenScreen, situation: str, size: tuple[int, int]) -> None:
    async with open_screen(size, shows=SITUATIONS[situation]) as screen:
        matches_golden(screen.app, f"{situation}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    ("situation", "kind"),
    [("hold-still", OutlineKind.UNREAD), ("not-a-code", OutlineKind.FOREIGN), ("show-code", OutlineKind.CODE)],
)
async def test_the_camera_shows_what_it_sees_and_why_it_cannot_be_read(
    engine: ScriptedEngine, open_screen: OpenScreen, situation: str, kind: OutlineKind, size: tuple[int, int]
) -> None:
    hinted = says.view(says.lane("waiting", hint=f"hint.{situation.replace('-', '_')}"))
    async with open_screen(size, shows=hinted) as screen:
        await screen.until(lambda: engine.watched == {"main"})
        engine.say(says.preview(kind=kind))
        await screen.until(lambda: screen.scene.say("no_picture") not in screen_text(screen.app))
        matches_golden(screen.app, f"sight-{situation}-{size[0]}x{size[1]}")


async def test_a_lane_without_a_camera_says_where_codes_are_read(open_screen: OpenScreen) -> None:
    lane = says.lane("waiting").model_copy(update={"camera": None, "camera_age_s": None, "reader": LinkState.UP})
    async with open_screen((160, 45), shows=says.view(lane)) as screen:
        await screen.until(lambda: screen.scene.say("scan_here") in screen_text(screen.app))
        assert f"{screen.scene.say('reader')} {screen.scene.say('link_up')}" in screen_text(screen.app)


@pytest.mark.parametrize("language", ["zh_TW", "en"])
@pytest.mark.parametrize("situation", ["refer", "hold-and-report", "everything-degraded"])
async def test_the_screen_speaks(open_screen: OpenScreen, situation: str, language: str) -> None:
    async with open_screen(language=language, shows=SITUATIONS[situation]) as screen:
        matches_golden(screen.app, f"{situation}-80x24-{language}")


FOREIGN = {"accepted": says.FOREIGN_PASS, "referred": says.FOREIGN_REFER, "refused": says.FOREIGN_STOP}


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW", "en"])
@pytest.mark.parametrize("situation", FOREIGN)
async def test_another_issuers_credential_is_explained(open_screen: OpenScreen, situation: str, language: str) -> None:
    async with open_screen((100, 30), language=language, shows=FOREIGN[situation]) as screen:
        matches_golden(screen.app, f"foreign-{situation}-100x30-{language}")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("situation", ["referred", "card"])
async def test_another_issuers_credential_is_explained_whole_on_the_smallest_screen(
    open_screen: OpenScreen, situation: str, language: str
) -> None:
    shown = {**FOREIGN, "card": says.FOREIGN_CARD}[situation]
    async with open_screen((80, 24), language=language, shows=shown) as screen:
        matches_golden(screen.app, f"foreign-{situation}-80x24-{language}")
        said = "".join(screen_text(screen.app).splitlines()[8:13])
        assert "12" in said or "2 of 2" in said
        assert language == "en" or "…" not in said


@pytest.mark.parametrize("situation", ["pass", "refer", "hold-and-report"])
async def test_a_text_console_gets_english_in_ascii(open_screen: OpenScreen, situation: str) -> None:
    async with open_screen(terminal=POOR, shows=SITUATIONS[situation]) as screen:
        matches_golden(screen.app, f"{situation}-80x24-ascii")
        assert screen_text(screen.app).isascii()


@pytest.mark.alone  # it counts the seconds until the next attempt
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_missing_engine_is_said_in_words(open_screen: OpenScreen, size: tuple[int, int]) -> None:
    async with open_screen(size) as screen:
        await screen.until(lambda: screen.scene.outage is not None and screen.scene.outage.absence is Absence.GONE)
        matches_golden(screen.app, f"engine-gone-{size[0]}x{size[1]}")


@pytest.mark.parametrize(
    ("situation", "size"),
    [
        ("hold-and-report", (20, 5)),
        ("hold-and-report", (40, 12)),
        ("hold-and-report", (79, 23)),
        ("hold-and-report", (120, 36)),
        ("everything-degraded", (20, 5)),
        ("everything-degraded", (100, 30)),
        ("everything-degraded", (200, 60)),
    ],
)
async def test_no_size_loses_the_result(open_screen: OpenScreen, situation: str, size: tuple[int, int]) -> None:
    async with open_screen(size, shows=SITUATIONS[situation]) as screen:
        matches_golden(screen.app, f"{situation}-{size[0]}x{size[1]}")


async def test_results_differ_without_colour(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    """The left of the banner holds the shape: with every colour and every word taken away, it still tells."""
    seen: list[set[str]] = []
    async with open_screen(shows=says.PASS) as screen:
        for view in (says.PASS, says.REFER, says.STOP):
            engine.say(view)
            await screen.sees(view)
            seen.append({line[:26].strip() for line in screen_text(screen.app).splitlines()[1:9]})
    assert seen[0] != seen[1] != seen[2] != seen[0]


@pytest.mark.parametrize("theme", ["normal", "contrast"])
async def test_the_panel_takes_the_colour_of_the_result(
    engine: ScriptedEngine, open_screen: OpenScreen, theme: str
) -> None:
    grounds: list[str] = []
    async with open_screen(theme=theme, shows=says.PASS) as screen:
        for view in (says.PASS, says.REFER, says.STOP):
            engine.say(view)
            await screen.sees(view)
            word = next(style for text, style in screen_styles(screen.app) if "█" in text)
            assert word is not None
            assert word.bgcolor is not None
            grounds.append(word.bgcolor.name)
    assert len(set(grounds)) == 3


async def test_every_degradation_is_shown_in_turn_where_they_do_not_fit_at_once(
    engine: ScriptedEngine, open_screen: OpenScreen
) -> None:
    shown = ""
    async with open_screen(shows=says.DEGRADED) as screen:
        for page in range(3):
            later = says.DEGRADED.model_copy(update={"now": says.NOON + 4 * page})
            engine.say(later)
            await screen.sees(later)
            shown += screen_text(screen.app)
        missing = [
            code for code in says.EVERY_DEGRADATION if headline(screen.scene.texts.get(f"degraded.{code}")) not in shown
        ]
    assert missing == []


async def test_a_countdown_goes_on_between_views(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.PASS) as screen:
        assert "3 秒" in screen_text(screen.app)
        screen.clock.now += 1.7
        screen.app._paint()
        await screen.settle()
        assert "1 秒" in screen_text(screen.app)


async def test_an_engine_that_says_nothing_is_called_silent(open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        screen.clock.now += 6
        screen.app._paint()
        await screen.settle()
        assert screen_text(screen.app).count(screen.scene.say("silent", age="6 秒")) == 2


async def test_a_resized_terminal_is_laid_out_anew(open_screen: OpenScreen) -> None:
    async with open_screen((160, 45), shows=says.STOP) as screen:
        await screen.pilot.resize_terminal(80, 24)
        await screen.settle()
        matches_golden(screen.app, "hold-and-report-80x24")


def view_without_lanes() -> View:
    return says.WAITING.model_copy(update={"lanes": ()})


async def test_a_view_without_lanes_breaks_nothing(engine: ScriptedEngine, open_screen: OpenScreen) -> None:
    async with open_screen(shows=says.WAITING) as screen:
        engine.say(view_without_lanes())
        await screen.sees(view_without_lanes())
        assert screen.app.return_code is None


async def test_escape_sequences_and_turned_lines_in_strangers_words_stay_words(open_screen: OpenScreen) -> None:
    attack = "\x1b[2J\x9b1m\u202e\x07KEYS"
    shown = says.result(Outcome.REFER, name=attack).model_copy(update={"issuer": attack})
    view = says.view(says.lane("referred", shown)).model_copy(update={"update": UpdateView(stick=attack)})
    async with open_screen((160, 45), shows=view) as screen:
        await screen.pilot.press("d")
        await screen.settle()
        text = screen_text(screen.app)
        assert text.replace("\n", "").isprintable()
        assert text.count("[2J1mKEYS") == 5, "on the panel, in the form and below"
