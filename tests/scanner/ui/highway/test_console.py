"""What an officer's keys mean."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from scanner.control.messages import Command, LaneView
from scanner.control.people import BeginParty, MarkDriver, PutAside, ResizeParty, TakeUp, TurnAway
from scanner.plates import is_plate
from scanner.ui.highway.console import MOST_PEOPLE, Console, Stage, answered, follow, press
from scanner.ui.highway.typing import PlateTyping
from tests.scanner.ui.highway import says

NOBODY = says.lane(None)
WITH_ASIDE = says.lane(None, aside=says.ASIDE)
HERE = says.lane(says.party(says.seat(1), says.seat(2)))
HERE_AND_ASIDE = says.lane(says.party(says.seat(1)), aside=says.ASIDE)
START = Console(plate=PlateTyping("浙"))
NAMED = {"enter", "escape", "backspace", "tab", "f5"}


def pressed(keys: Iterable[str], lane: LaneView = NOBODY, console: Console = START) -> tuple[Console, list[Command]]:
    """Press keys; the lane stays as it is."""
    sent: list[Command] = []
    console = follow(console, lane)
    for key in keys:
        came_to = press(console, key, None if key in NAMED else key, lane)
        if came_to is not None:
            console = follow(came_to.console, lane)
            sent += came_to.commands
    return console, sent


def test_a_vehicle_of_four_begins_with_its_plate_and_two_keys() -> None:
    console, sent = pressed([*"a12345", "enter", "4"])
    assert sent == [BeginParty(id=0, lane="main", plate="浙A12345", people=4)]
    assert console.sent


def test_a_second_digit_does_not_begin_the_vehicle_twice() -> None:
    _, sent = pressed([*"a12345", "enter", "4", "4", "5"])
    assert len(sent) == 1


def test_a_refused_vehicle_can_be_begun_again() -> None:
    console, _ = pressed([*"a12345", "enter", "4"])
    _, sent = pressed(["5"], console=answered(console))
    assert sent == [BeginParty(id=0, lane="main", plate="浙A12345", people=5)]


def test_more_than_nine_people_are_typed_after_a_zero() -> None:
    assert pressed([*"a12345", "enter", *"045", "enter"])[1] == [
        BeginParty(id=0, lane="main", plate="浙A12345", people=45)
    ]


def test_too_many_people_are_refused_before_the_engine_hears_of_them() -> None:
    assert pressed([*"a12345", "enter", *"099", "enter"])[1] == []


def test_what_is_no_plate_does_not_go_on() -> None:
    console, sent = pressed([*"a1", "enter", "4"])
    assert (console.stage, sent) == (Stage.PLATE, [])


def test_a_plate_is_forgotten_as_soon_as_the_engine_has_the_vehicle() -> None:
    console, _ = pressed([*"a12345", "enter", "4"])
    assert follow(console, HERE) == Console(Stage.VEHICLE, PlateTyping("浙"), party=199)


def test_the_driver_is_marked_by_two_keys() -> None:
    assert pressed("j2", HERE)[1] == [MarkDriver(id=0, lane="main", seat=2)]


def test_nobody_drives_from_an_empty_seat() -> None:
    assert pressed("j7", HERE)[1] == []


def test_the_number_of_people_is_corrected_by_two_keys() -> None:
    assert pressed("k3", HERE)[1] == [ResizeParty(id=0, lane="main", people=3)]


def test_a_vehicle_is_put_aside_by_one_key() -> None:
    assert pressed("z", HERE)[1] == [PutAside(id=0, lane="main")]


def test_a_vehicle_that_stands_aside_is_taken_up_by_its_number() -> None:
    taken = [TakeUp(id=0, lane="main", party=160)]
    assert pressed("2", WITH_ASIDE)[1] == taken
    assert pressed(["escape", *"x2"], WITH_ASIDE)[1] == taken


def test_taking_one_up_puts_the_one_before_the_lane_aside() -> None:
    _, sent = pressed("x1", HERE_AND_ASIDE)
    assert sent == [PutAside(id=0, lane="main"), TakeUp(id=0, lane="main", party=150)]


def test_nobody_is_turned_away_by_one_key() -> None:
    assert pressed("b", HERE)[1] == []
    assert pressed(["b", "escape"], HERE)[1] == []
    assert pressed(["b", "enter"], HERE)[1] == [TurnAway(id=0, lane="main")]


def test_what_was_asked_of_one_vehicle_is_not_answered_for_the_next() -> None:
    another = says.lane(says.party(says.seat(1), number=300))
    for keys in ("b", "k", "j", "k0"):
        console, _ = pressed(keys, HERE)
        assert follow(console, another).stage is Stage.VEHICLE
        assert pressed(["enter"], another, console)[1] == []


def test_the_next_plate_can_be_typed_while_the_last_vehicle_still_drives_off() -> None:
    released = says.lane(says.party(*says.ALL_FOUR, released=True))
    _, sent = pressed([*"a12345", "enter", "4"], released)
    assert sent == [BeginParty(id=0, lane="main", plate="浙A12345", people=4)]


def test_a_vehicle_that_has_gone_leaves_an_empty_field_for_the_next() -> None:
    for keys in ("", "j", "k", "b"):
        console, _ = pressed(keys, HERE)
        assert follow(console, NOBODY) == START


KEYS = st.sampled_from([*"0123456789abjkxzABJKXZ 浙京", "enter", "escape", "backspace", "tab", "f5"])
LANES = st.sampled_from([NOBODY, WITH_ASIDE, HERE, HERE_AND_ASIDE])


@given(st.lists(st.tuples(LANES, KEYS), max_size=60))
def test_no_keys_whatever_send_what_the_engine_would_not_take(presses: list[tuple[LaneView, str]]) -> None:
    console = START
    for lane, key in presses:
        console = follow(console, lane)
        came_to = press(console, key, None if key in NAMED else key, lane)
        if came_to is None:
            continue
        for command in came_to.commands:
            if isinstance(command, BeginParty):
                assert is_plate(command.plate)
                assert 1 <= command.people <= MOST_PEOPLE
                assert lane.party is None
            if isinstance(command, PutAside | MarkDriver | ResizeParty | TurnAway):
                assert lane.party is not None
            if isinstance(command, TakeUp):
                assert command.party in {party.party for party in lane.aside}
        console = answered(came_to.console)
