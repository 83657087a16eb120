"""How often the bell rings."""

from __future__ import annotations

import pytest

from keys.reasons import Reason
from scanner.control.messages import View
from scanner.ui.sound import Announcer
from scanner.values import Outcome
from tests.scanner.ui import scripted_engine as says


@pytest.mark.parametrize(("view", "strokes"), [(says.WAITING, 0), (says.PASS, 1), (says.REFER, 2), (says.STOP, 3)])
def test_each_outcome_has_its_own_number_of_strokes(view: View, strokes: int) -> None:
    assert Announcer().strokes(view) == strokes


def test_a_result_is_announced_once() -> None:
    announcer = Announcer()
    assert [announcer.strokes(view) for view in (says.STOP, says.STOP, says.WAITING, says.STOP)] == [3, 0, 0, 3]


def test_an_admitted_person_is_announced_as_passing() -> None:
    stopped = says.STOP.lanes[0].result
    assert stopped is not None
    admitted = says.view(says.lane("passed", stopped.model_copy(update={"overridden": Reason.OVERRIDE_ADMIT})))
    announcer = Announcer()
    assert [announcer.strokes(view) for view in (says.STOP, admitted)] == [3, 1]


def test_two_lanes_at_once_ring_for_the_graver() -> None:
    both = says.view(
        says.lane("passed", says.result(Outcome.PASS), name="east"),
        says.lane("stopped", says.result(Outcome.STOP, Reason.BAD_SIGNATURE), name="west"),
    )
    assert Announcer().strokes(both) == 3
