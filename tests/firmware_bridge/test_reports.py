"""What the controller tells: each press and each forcing once, through losses, repeats, and restarts of either side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import link
from firmware_bridge.reports import DOORS, DoorChanged, GateSettings, Reports, StaffCalled
from firmware_bridge.values import Door

S = 0xC0FFEE42


def told(
    reports: Reports, door: Door = Door.SHUT, *, presses: int = 0, forcings: int = 0, boot: int = 1, session: int = S
) -> list[object]:
    body = link.state(session, boot, DOORS.index(door), presses, forcings, link.PROBE_OFF)
    return list(reports.take(body, S))


@pytest.fixture
def reports():
    reports = Reports()
    told(reports)
    return reports


def test_doors_have_the_numbers_of_the_link():
    numbers = (link.DOOR_UNKNOWN, link.DOOR_SHUT, link.DOOR_OPEN, link.DOOR_HELD, link.DOOR_FORCED)
    assert tuple(DOORS[number] for number in numbers) == tuple(Door)
    assert len(Door) == link.DOORS


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        (GateSettings(), 0),
        (GateSettings(holds=True), link.HOLDS),
        (GateSettings(fail_safe=True), link.FAIL_SAFE),
        (GateSettings(door_held_s=0), link.DOOR_CONTACT),
        (GateSettings(samples=True), link.SAMPLES),
        (GateSettings(hands_off=True), link.HANDS_OFF),
        (GateSettings(True, True, 30, True, True), link.KNOWN_FLAGS),
    ],
)
def test_settings_have_the_flags_of_the_link(settings, flags):
    assert settings.flags == flags


def test_the_first_state_tells_how_the_door_is_and_nothing_of_before():
    assert told(Reports(), Door.OPEN, presses=7, forcings=3) == [DoorChanged(Door.OPEN)]


def test_a_gate_without_a_contact_tells_nothing_of_its_door():
    assert told(Reports(), Door.UNKNOWN) == []


def test_a_state_that_repeats_itself_tells_nothing(reports):
    assert told(reports) == []


def test_a_press_calls_staff_once(reports):
    assert told(reports, presses=1) == [StaffCalled()]
    assert told(reports, presses=1) == []


def test_presses_that_were_not_seen_one_by_one_call_staff_once(reports):
    assert told(reports, presses=5) == [StaffCalled()]


def test_presses_are_counted_round_their_end(reports):
    told(reports, presses=255)
    assert told(reports, presses=256) == [StaffCalled()]


def test_a_forced_door_is_told_and_its_end_too(reports):
    assert told(reports, Door.FORCED, forcings=1) == [DoorChanged(Door.FORCED)]
    assert told(reports, Door.SHUT, forcings=1) == [DoorChanged(Door.SHUT)]


def test_a_forcing_that_was_over_before_anybody_heard_is_told(reports):
    assert told(reports, Door.SHUT, forcings=1) == [DoorChanged(Door.FORCED), DoorChanged(Door.SHUT)]
    assert told(reports, Door.SHUT, forcings=1) == []


def test_a_door_forced_again_before_anybody_heard_that_it_was_shut_is_told(reports):
    told(reports, Door.FORCED, forcings=1)
    assert told(reports, Door.FORCED, forcings=2) == [DoorChanged(Door.SHUT), DoorChanged(Door.FORCED)]


def test_what_a_controller_counted_since_it_restarted_under_us_is_told(reports):
    told(reports, presses=9, forcings=2)
    assert told(reports, boot=2) == []
    assert told(reports, boot=3, presses=1, forcings=1) == [
        StaffCalled(),
        DoorChanged(Door.FORCED),
        DoorChanged(Door.SHUT),
    ]


def test_a_state_of_another_session_tells_nothing(reports):
    assert told(reports, Door.FORCED, presses=1, forcings=1, session=S + 1) == []


def test_the_firmwares_number_is_known_from_the_first_state(reports):
    assert Reports().release is None
    assert reports.release == link.RELEASE


@given(st.lists(st.sampled_from(["press", "force", "shut", "lost", "told"]), max_size=40))
def test_every_press_and_forcing_is_told_in_time_whatever_states_are_lost(acts):
    reports, presses, forcings, door = Reports(), 0, 0, Door.SHUT
    told(reports)
    untold_press = untold_force = False
    for act in acts:
        if act == "press":
            presses, untold_press = presses + 1, True
        elif act == "force" and door is Door.SHUT:
            forcings, door, untold_force = forcings + 1, Door.FORCED, True
        elif act == "shut":
            door = Door.SHUT
        elif act == "told":
            events = told(reports, door, presses=presses, forcings=forcings)
            assert (StaffCalled() in events) is untold_press
            assert (DoorChanged(Door.FORCED) in events) is untold_force
            assert reports.door is door
            untold_press = untold_force = False
