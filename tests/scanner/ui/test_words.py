"""Words and numbers: everything the engine can say has words in every language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.values import LinkState, Method, Unmeasurable
from keys.reasons import Reason
from keys.verdict import Carrier, Colour, DocumentType
from scanner.control.messages import Hello, View
from scanner.lane import State
from scanner.locale import Texts
from scanner.ui import words
from scanner.ui.scene import Scene
from scanner.ui.shapes import Shape
from scanner.ui.themes import NORMAL, Role
from scanner.values import GuardStep, Outcome, TemperatureRule
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.conftest import CHINA, WIDE

LANGUAGES = ("zh_CN", "zh_TW", "en")
HELLO = Hello(software="0.1.0", device=says.DEVICE, language="zh_CN")


def scene(view: View, language: str = "en", elapsed: float = 0.0) -> Scene:
    return Scene(
        texts=Texts.load(language),
        theme=NORMAL,
        terminal=WIDE,
        zone=CHINA,
        allow_quit=False,
        outage=None,
        hello=HELLO,
        view=view,
        elapsed=elapsed,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_the_engine_can_say_has_words(language: str) -> None:
    texts = Texts.load(language)
    wanted = [f"reason.{reason}" for reason in Reason]
    wanted += [f"guard.{step}" for step in GuardStep]
    wanted += [f"degraded.{code}" for code in words.GRAVITY]
    wanted += [f"screen.state_{state}" for state in State]
    wanted += [f"screen.colour_{colour.name.lower()}" for colour in Colour]
    wanted += [f"screen.document_{document.name.lower()}" for document in DocumentType]
    wanted += [f"screen.carrier_{carrier.name.lower()}" for carrier in Carrier]
    wanted += [f"screen.method_{method.name.lower()}" for method in Method]
    wanted += [f"screen.why_{why}" for why in Unmeasurable]
    wanted += [f"screen.link_{link}" for link in LinkState]
    wanted += [f"screen.{key}" for key in words.BIG_WORDS]
    assert [key for key in wanted if not texts.has(key)] == []


@given(st.integers(min_value=-4000, max_value=9999))
def test_a_shown_temperature_is_never_rounded_up(centi: int) -> None:
    shown = words.degrees(centi)
    assert abs(round(float(shown) * 100)) <= abs(centi) < abs(round(float(shown) * 100)) + 10


def test_a_temperature_just_below_the_limit_does_not_read_as_the_limit() -> None:
    assert (words.degrees(3729), words.limit_degrees(3730), words.limit_degrees(3725)) == ("37.2", "37.3", "37.25")


def test_the_limit_itself_is_high() -> None:
    at, below = (
        says.view(says.lane("referred", says.result(Outcome.REFER, measured=says.temperature(centi))))
        for centi in (3730, 3729)
    )
    assert words.temperature(scene(at)).high
    assert not words.temperature(scene(below)).high


def test_the_probes_reading_is_never_shown_as_a_temperature() -> None:
    shown = words.temperature(scene(says.MEASURING))
    assert shown.digits == words.NO_DIGITS
    assert any("33.1" in note for note in shown.notes)


def test_what_cannot_be_measured_says_why_and_shows_no_number() -> None:
    shown = words.temperature(scene(says.REFER))
    assert shown.digits == words.NO_DIGITS
    assert shown.notes[0] == Texts.load("en").get("screen.why_too_low")


def test_a_lane_that_takes_no_temperature_says_so() -> None:
    lane = says.lane().model_copy(update={"temperature_rule": TemperatureRule.OFF})
    assert words.temperature(scene(says.view(lane))).word == Texts.load("en").get("screen.no_temperature")


@pytest.mark.parametrize(
    ("view", "sign"),
    [
        (says.PASS, words.Sign(Shape.CHECK, "big_pass", Role.PASS)),
        (says.REFER, words.Sign(Shape.EXCLAMATION, "big_refer", Role.REFER)),
        (says.STOP, words.Sign(Shape.CROSS, "big_stop", Role.STOP)),
    ],
)
def test_a_result_is_shape_word_and_colour(view: View, sign: words.Sign) -> None:
    assert words.sign(scene(view)) == sign


@pytest.mark.parametrize("state", State)
def test_no_state_without_a_result_looks_like_one(state: State) -> None:
    shown = words.sign(scene(says.view(says.lane(state.value))))
    assert shown.word not in words.BIG_RESULTS
    assert shown.role not in {Role.PASS, Role.REFER, Role.STOP}


def test_a_state_this_screen_has_never_heard_of_is_no_pass() -> None:
    assert words.sign(scene(says.view(says.lane("from_the_future")))).role not in {Role.PASS}
    assert words.state(scene(says.view(says.lane("from_the_future")))) == "from_the_future"


@pytest.mark.parametrize(
    ("overridden", "word"), [(Reason.OVERRIDE_ADMIT, "big_pass"), (Reason.OVERRIDE_REFUSE, "big_stop")]
)
def test_staffs_word_is_shown_over_the_decision(overridden: Reason, word: str) -> None:
    overruled = says.view(says.lane("passed", says.result(Outcome.REFER, Reason.DATA_STALE, overridden=overridden)))
    shown = scene(overruled)
    assert words.sign(shown).word == word
    assert shown.result is not None
    assert words.reasons(shown, shown.result)[0] == shown.texts.get(f"reason.{overridden}")
    assert words.steps(shown, shown.result) == []


def test_the_number_people_quote_is_device_and_sequence() -> None:
    shown = scene(says.PASS)
    assert shown.result is not None
    assert "3fa2b1c4-128" in words.number(shown, shown.result)


def test_an_entry_that_was_not_written_has_no_number() -> None:
    shown = scene(says.view(says.lane("referred", says.result(Outcome.REFER, Reason.LOG_UNAVAILABLE, seq=None))))
    assert shown.result is not None
    assert words.number(shown, shown.result) == shown.say("not_recorded")


def test_nothing_is_said_of_a_person_whose_code_was_not_proved() -> None:
    shown = scene(says.FORGED)
    assert shown.result is not None
    assert words.identity(shown, shown.result) == ""


def test_the_gravest_degradation_comes_first() -> None:
    lesser_first = says.view(degraded=("offset_expired", "lists_old", "journal_failed", "camera_lost"))
    shown = words.degradations(scene(lesser_first))
    texts = Texts.load("en")
    assert shown == [
        texts.get(f"degraded.{code}") for code in ("journal_failed", "camera_lost", "lists_old", "offset_expired")
    ]


def test_an_unknown_degradation_is_shown_rather_than_hidden() -> None:
    assert words.degradations(scene(says.view(degraded=("from_the_future",)))) == ["from_the_future"]


def test_a_countdown_never_falls_below_nothing() -> None:
    shown = scene(says.PASS, elapsed=60.0)
    assert shown.result is not None
    assert words.countdown(shown, shown.result) == shown.say("clears_in", n=0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (172_799, "47 h"), (172_800, "2 days")],
)
def test_a_length_of_time_has_one_unit(seconds: int, text: str) -> None:
    assert words.duration(scene(says.WAITING), seconds) == text


def test_the_day_a_colour_ends_does_not_depend_on_the_time_zone() -> None:
    shown = scene(says.PASS_WITH_NOTICE)
    assert shown.result is not None
    assert "01-14" in words.identity(shown, shown.result)


def test_a_lane_s_eyes_are_told_as_it_has_them() -> None:
    lane = says.lane("waiting")
    shown = scene(says.WAITING)
    assert words.devices(shown, lane)[0] == "Camera 30 fps"
    reader_only = lane.model_copy(update={"camera": None, "reader": LinkState.LOST})
    assert words.devices(shown, reader_only)[0] == "Reader lost"
    both = lane.model_copy(update={"reader": LinkState.UP})
    assert words.devices(shown, both)[:2] == ["Camera 30 fps", "Reader up"]
