"""What is known of a vehicle."""

from __future__ import annotations

import pytest

from keys.reasons import Reason
from scanner.control.people import PartyView
from scanner.ui.highway import vehicle
from scanner.ui.highway.vehicle import NOTHING_FOUND, Finding
from scanner.values import GuardStep, Outcome
from tests.scanner.ui.highway import says


@pytest.mark.parametrize(
    ("party", "outcome"),
    [
        (says.party(), None),
        (says.party(*says.ALL_FOUR[:3]), None),
        (says.party(*says.ALL_FOUR), None),
        (says.party(*says.ALL_FOUR, released=True), Outcome.PASS),
        (says.party(*says.ALL_FOUR[:3], says.FEVER), Outcome.REFER),
        (says.party(says.seat(1), says.RED, says.seat(3), says.FEVER), Outcome.STOP),
    ],
)
def test_a_vehicle_passes_only_when_released_and_otherwise_comes_to_its_gravest_seat(
    party: PartyView, outcome: Outcome | None
) -> None:
    assert vehicle.outcome(party) is outcome


def test_reasons_and_steps_of_a_failing_seat_are_remembered_until_the_vehicle_goes() -> None:
    found = vehicle.note(NOTHING_FOUND, says.OCCUPANT_STOPPED.lanes[0])
    later = vehicle.note(found, says.lane(says.party(says.seat(1), says.RED, says.seat(3))))
    assert later == {202: Finding((Reason.COLOUR_RED,), GuardStep.HOLD_AND_REPORT)}
    assert vehicle.note(later, says.IDLE.lanes[0]) == {}
    assert vehicle.note(later, None) == {}


def test_a_screen_that_came_later_learns_the_reasons_from_the_last_passages() -> None:
    assert vehicle.note(NOTHING_FOUND, says.REFERRED.lanes[0])[202] == Finding((Reason.COLOUR_RED,))
