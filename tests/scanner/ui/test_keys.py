"""One table for bindings, footer and help."""

from __future__ import annotations

import pytest

from scanner.control.messages import View
from scanner.locale import Texts
from scanner.ui import keys
from scanner.ui.desk import Duty
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.test_words import LANGUAGES, scene


def shown(view: View) -> set[str]:
    return {key.shown for key in keys.now(scene(view))}


ALWAYS = {"L", "T", "?", "S", "F"}
STAFFED = ALWAYS | {"N", "V", "H", "P"}
JUDGED = STAFFED | {"key_space", "A", "R", "M", "D"}


@pytest.mark.parametrize(
    ("view", "wanted"),
    [
        (says.WAITING, STAFFED),
        (says.REFER, JUDGED),
        (says.GREY, JUDGED | {"G"}),
        (says.FAMILY, STAFFED | {"1-9"}),
        (says.INSIDE, STAFFED | {"W"}),
        (says.DEGRADED, STAFFED | {"C"}),
        (says.view(says.lane("out_of_service")), ALWAYS | {"H", "P"}),
        (says.view(says.lane("waiting", attended=False)), ALWAYS | {"H", "P"}),
    ],
)
def test_the_footer_names_the_keys_that_do_something_now(view: View, wanted: set[str]) -> None:
    assert shown(view) == wanted


def test_an_activated_or_overruled_code_is_not_activated_again() -> None:
    result = says.GREY.lanes[0].result
    assert result is not None
    overruled = says.view(says.lane("referred", result.model_copy(update={"overridden": "OVERRIDE_ADMIT"})))
    assert "G" not in shown(overruled)


def test_no_key_is_given_twice() -> None:
    pressed = [one for key in keys.KEYS for one in key.pressed.split(",")]
    assert len(pressed) == len(set(pressed))


def test_every_duty_has_its_key_and_every_key_its_duty() -> None:
    named = {key.action.split("'")[1] for key in keys.KEYS if key.action.startswith("duty(")}
    assert named == {duty.value for duty in Duty}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_has_its_words(language: str) -> None:
    texts = Texts.load(language)
    views = (says.WAITING, says.NOBODY, says.view(says.lane("out_of_service")))
    wanted = {f"screen.{key.word(scene(view))}" for key in keys.KEYS for view in views}
    wanted |= {f"screen.{key.note}" for key in keys.KEYS} | {"screen.key_space"}
    assert [key for key in wanted if not texts.has(key)] == []
