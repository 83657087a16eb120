"""The lane's table: what may follow what, for every pair of state and event."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.lane import ATTENDED, READS_CODES, UNATTENDED, Effect, Event, State, Table, diagram, step

TABLES = pytest.mark.parametrize("table", [ATTENDED, UNATTENDED], ids=["attended", "unattended"])
DOCS = Path(__file__).resolve().parents[2] / "docs" / "lane.md"


@TABLES
def test_the_gate_opens_only_after_something_was_recorded(table: Table) -> None:
    opening = {key for key, cell in table.items() if Effect.OPEN_GATE in cell.effects}
    assert opening
    assert opening <= {
        (State.RECORDING, Event.RECORDED_PASS),
        (State.OVERRIDING, Event.ADMISSION_RECORDED),
        (State.RELEASING, Event.RELEASE_RECORDED),
    }


def test_an_occupant_who_may_pass_opens_nothing() -> None:
    into = {key: cell for key, cell in ATTENDED.items() if cell.target is State.SEATED}
    assert set(into) == {
        (State.RECORDING, Event.RECORDED_SEAT),
        (State.OVERRIDING, Event.SEAT_ADMISSION_RECORDED),
    }
    assert all(Effect.OPEN_GATE not in cell.effects for cell in into.values())


def test_a_vehicle_whose_release_cannot_be_recorded_stays() -> None:
    cell = step(ATTENDED, State.RELEASING, Event.RECORD_FAILED)
    assert cell is not None
    assert cell.target is State.WAITING
    assert Effect.OPEN_GATE not in cell.effects


@TABLES
def test_passed_is_reached_only_by_opening_the_gate(table: Table) -> None:
    for cell in table.values():
        assert (cell.target is State.PASSED) == (Effect.OPEN_GATE in cell.effects)


@TABLES
def test_a_decision_that_cannot_be_recorded_never_passes(table: Table) -> None:
    for event in (Event.RECORD_FAILED, Event.STOP_RECORD_FAILED):
        cell = step(table, State.RECORDING, event)
        assert cell is not None
        assert cell.target in {State.REFERRED, State.STOPPED}
        assert Effect.OPEN_GATE not in cell.effects


@TABLES
@given(st.lists(st.sampled_from(Event), max_size=60))
def test_whatever_happens_the_lane_finds_back_to_waiting(table: Table, events: list[Event]) -> None:
    state = State.WAITING
    for event in events:
        cell = step(table, state, event)
        state = cell.target if cell else state
    reachable, frontier = {state}, [state]
    while frontier:
        here = frontier.pop()
        for (source, _), cell in table.items():
            if source is here and cell.target not in reachable:
                reachable.add(cell.target)
                frontier.append(cell.target)
    assert State.WAITING in reachable


@TABLES
def test_an_event_that_a_state_does_not_list_changes_nothing(table: Table) -> None:
    assert step(table, State.WAITING, Event.RECORDED_PASS) is None
    assert step(table, State.PASSED, Event.OVERRULED) is None
    assert step(table, State.OUT_OF_SERVICE, Event.CODE_DECIDED) is None


@TABLES
def test_a_new_code_is_taken_only_where_no_result_waits_for_staff(table: Table) -> None:
    taking = {state for (state, event) in table if event in {Event.CODE_DECIDED, Event.CODE_NEEDS_TEMPERATURE}}
    assert taking == READS_CODES & {state for state, _ in table}


@TABLES
def test_every_waiting_for_a_temperature_ends(table: Table) -> None:
    for state in (State.MEASURING, State.COOLING, State.REMEASURING):
        assert step(table, state, Event.TEMPERATURE_DECIDES) is not None


@TABLES
def test_every_way_back_to_waiting_forgets_the_person(table: Table) -> None:
    for (state, _), cell in table.items():
        # A vehicle's release has let go of the last occupant before it was recorded.
        if cell.target is State.WAITING and state not in {State.OUT_OF_SERVICE, State.RELEASING}:
            assert Effect.FORGET_PERSON in cell.effects


def test_an_attended_stop_stays_until_the_guard_acts() -> None:
    assert step(ATTENDED, State.STOPPED, Event.RESULT_OVER) is None
    assert step(ATTENDED, State.STOPPED, Event.ACKNOWLEDGED) is not None


def test_a_kiosk_clears_every_result_by_itself_and_knows_no_overrides() -> None:
    for state in (State.REFERRED, State.STOPPED):
        assert step(UNATTENDED, state, Event.RESULT_OVER) is not None
        assert step(UNATTENDED, state, Event.OVERRULED) is None
    starts = {cell.target for cell in UNATTENDED.values() if Effect.START_RESULT_TIME in cell.effects}
    assert starts == {State.PASSED, State.REFERRED, State.STOPPED}


def test_a_result_that_clears_by_itself_was_given_its_time() -> None:
    for table in (ATTENDED, UNATTENDED):
        timed = {state for (state, event) in table if event is Event.RESULT_OVER}
        for cell in table.values():
            if cell.target in timed:
                assert Effect.START_RESULT_TIME in cell.effects


def test_the_diagrams_in_the_docs_are_the_tables() -> None:
    drawn = re.findall(r"```mermaid\n(.*?)\n```", DOCS.read_text("utf-8"), re.DOTALL)
    assert drawn == [diagram(ATTENDED), diagram(UNATTENDED)]
