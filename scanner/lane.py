"""The lane as a table: (state, event) → (state, effects). Pure: no IO, no clock, no thread.

One person at a time stands before a lane. A code is read and judged; where the rules ask for a temperature it is
awaited; then the decision is recorded, and only when the log has it does the barrier move:

    WAITING ─code→ MEASURING ─temperature→ RECORDING ─recorded→ PASSED | REFERRED | STOPPED ─→ WAITING

A temperature that is high once is measured again after a pause (COOLING, REMEASURING). A decision that cannot be
recorded never opens the gate: it becomes REFERRED with LOG_UNAVAILABLE. Staff overrule a REFERRED or STOPPED person
through OVERRIDING, which is recorded first as well.

At an attended lane staff may check the people of one vehicle together: an occupant who may pass is SEATED, which opens
nothing; when all are, the vehicle's release is recorded first (RELEASING) and then opens the gate.

An attended lane keeps a REFERRED or STOPPED result until staff act; an unattended one clears it after a countdown
and knows no overrides. An event that a state does not list changes nothing.

`diagram` draws the table for docs/lane.md; a test keeps the drawing current.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType


@unique
class State(StrEnum):
    """Where the lane is with the person before it."""

    OUT_OF_SERVICE = "out_of_service"
    """Paused by staff; nothing is read."""
    WAITING = "waiting"
    """Nobody's code is known."""
    MEASURING = "measuring"
    """A code is known, its temperature is awaited."""
    COOLING = "cooling"
    """Measured high once; a pause before the second measurement."""
    REMEASURING = "remeasuring"
    """The second measurement is awaited."""
    RECORDING = "recording"
    """The decision is on its way into the log."""
    PASSED = "passed"
    """Recorded, and the gate was told to open."""
    REFERRED = "referred"
    """Staff decide."""
    STOPPED = "stopped"
    """The person must not pass."""
    OVERRIDING = "overriding"
    """Staff's word is on its way into the log."""
    SEATED = "seated"
    """Recorded: one occupant of a vehicle may pass. The gate stays shut until all may."""
    RELEASING = "releasing"
    """All of a vehicle may pass, and that is on its way into the log."""


@unique
class Event(StrEnum):
    """What can happen to a lane."""

    CODE_DECIDED = "code_decided"
    """A code was read, and the decision needs no temperature any more."""
    CODE_NEEDS_TEMPERATURE = "code_needs_temperature"
    TEMPERATURE_DECIDES = "temperature_decides"
    """A temperature, or the certainty that there is none, completes the decision."""
    TEMPERATURE_HIGH_ONCE = "temperature_high_once"
    PAUSE_OVER = "pause_over"
    """The time between two measurements has passed."""
    RECORDED_PASS = "recorded_pass"
    RECORDED_REFER = "recorded_refer"
    RECORDED_STOP = "recorded_stop"
    RECORD_FAILED = "record_failed"
    STOP_RECORD_FAILED = "stop_record_failed"
    """A stop, or staff's word against it, could not be recorded: it stays a stop."""
    RESULT_OVER = "result_over"
    """The time for showing the result has passed."""
    ACKNOWLEDGED = "acknowledged"
    """Staff have seen the result."""
    REMEASURE = "remeasure"
    """Staff ask for another measurement of the same person."""
    OVERRULED = "overruled"
    """Staff, authorised, admit or refuse."""
    TEMPERATURE_TYPED = "temperature_typed"
    """Staff have typed what a contact thermometer reads, of somebody already decided about."""
    RECORDED_SEAT = "recorded_seat"
    """It was recorded that an occupant may pass."""
    VEHICLE_COMPLETE = "vehicle_complete"
    RELEASE_RECORDED = "release_recorded"
    ADMISSION_RECORDED = "admission_recorded"
    SEAT_ADMISSION_RECORDED = "seat_admission_recorded"
    """Staff's word for an occupant was recorded."""
    REFUSAL_RECORDED = "refusal_recorded"
    PAUSE = "pause"
    RESUME = "resume"


@unique
class Effect(StrEnum):
    """What the lane's shell must do, in the order given."""

    AWAIT_TEMPERATURE = "await_temperature"
    """Arm the measurement, or take the one at hand, and start its time-out."""
    MEASURE_AGAIN = "measure_again"
    """Discard what was measured and arm again."""
    START_PAUSE = "start_pause"
    RECORD_DECISION = "record_decision"
    RECORD_OVERRIDE = "record_override"
    OPEN_GATE = "open_gate"
    """Only ever the effect of something recorded."""
    SHOW_RESULT = "show_result"
    SHOW_UNRECORDED = "show_unrecorded"
    """The decision could not be recorded: show that instead."""
    START_RESULT_TIME = "start_result_time"
    """The result clears by itself after its time."""
    FORGET_PERSON = "forget_person"
    """Clear the result, the name and the measurement."""
    RECORD_RELEASE = "record_release"
    REPORT_OVERRIDE_FAILED = "report_override_failed"
    REPORT_RELEASE_FAILED = "report_release_failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of the table."""

    target: State
    effects: tuple[Effect, ...] = ()


Table = Mapping[tuple[State, Event], Step]

_CLEAR = Step(State.WAITING, (Effect.FORGET_PERSON,))
_DECIDED = Step(State.RECORDING, (Effect.RECORD_DECISION,))
_MEASURE = Step(State.MEASURING, (Effect.AWAIT_TEMPERATURE,))
_PASS = Step(State.PASSED, (Effect.OPEN_GATE, Effect.SHOW_RESULT, Effect.START_RESULT_TIME))
_AGAIN = Step(State.REMEASURING, (Effect.MEASURE_AGAIN, Effect.AWAIT_TEMPERATURE))
_PAUSED = Step(State.OUT_OF_SERVICE, (Effect.FORGET_PERSON,))

_COMMON: dict[tuple[State, Event], Step] = {
    (State.WAITING, Event.CODE_DECIDED): _DECIDED,
    (State.WAITING, Event.CODE_NEEDS_TEMPERATURE): _MEASURE,
    (State.MEASURING, Event.TEMPERATURE_DECIDES): _DECIDED,
    (State.MEASURING, Event.TEMPERATURE_HIGH_ONCE): Step(State.COOLING, (Effect.START_PAUSE,)),
    (State.COOLING, Event.PAUSE_OVER): _AGAIN,
    (State.COOLING, Event.TEMPERATURE_DECIDES): _DECIDED,
    (State.REMEASURING, Event.TEMPERATURE_DECIDES): _DECIDED,
    (State.RECORDING, Event.RECORDED_PASS): _PASS,
    # The next person need not wait for the last one's result to clear.
    (State.PASSED, Event.CODE_DECIDED): Step(State.RECORDING, (Effect.RECORD_DECISION,)),
    (State.PASSED, Event.CODE_NEEDS_TEMPERATURE): _MEASURE,
    (State.PASSED, Event.RESULT_OVER): _CLEAR,
    (State.PASSED, Event.ACKNOWLEDGED): _CLEAR,
    (State.OUT_OF_SERVICE, Event.RESUME): Step(State.WAITING),
    **{
        (state, Event.PAUSE): _PAUSED
        for state in (
            State.WAITING,
            State.MEASURING,
            State.COOLING,
            State.REMEASURING,
            State.PASSED,
            State.REFERRED,
            State.STOPPED,
        )
    },
}

_SEAT = Step(State.SEATED, (Effect.SHOW_RESULT, Effect.START_RESULT_TIME))
_RELEASE = Step(State.RELEASING, (Effect.FORGET_PERSON, Effect.RECORD_RELEASE))
_KEPT = (Effect.SHOW_RESULT,)
_TIMED = (Effect.SHOW_RESULT, Effect.START_RESULT_TIME)

ATTENDED: Table = MappingProxyType(
    {
        **_COMMON,
        (State.RECORDING, Event.RECORDED_REFER): Step(State.REFERRED, _KEPT),
        (State.RECORDING, Event.RECORDED_STOP): Step(State.STOPPED, _KEPT),
        (State.RECORDING, Event.RECORD_FAILED): Step(State.REFERRED, (Effect.SHOW_UNRECORDED,)),
        (State.RECORDING, Event.STOP_RECORD_FAILED): Step(State.STOPPED, (Effect.SHOW_UNRECORDED,)),
        (State.REFERRED, Event.ACKNOWLEDGED): _CLEAR,
        (State.STOPPED, Event.ACKNOWLEDGED): _CLEAR,
        (State.REFERRED, Event.REMEASURE): _AGAIN,
        (State.REFERRED, Event.OVERRULED): Step(State.OVERRIDING, (Effect.RECORD_OVERRIDE,)),
        (State.STOPPED, Event.OVERRULED): Step(State.OVERRIDING, (Effect.RECORD_OVERRIDE,)),
        (State.REFERRED, Event.TEMPERATURE_TYPED): _DECIDED,
        (State.OVERRIDING, Event.ADMISSION_RECORDED): _PASS,
        (State.OVERRIDING, Event.REFUSAL_RECORDED): _CLEAR,
        (State.OVERRIDING, Event.RECORD_FAILED): Step(State.REFERRED, (Effect.REPORT_OVERRIDE_FAILED,)),
        (State.OVERRIDING, Event.STOP_RECORD_FAILED): Step(State.STOPPED, (Effect.REPORT_OVERRIDE_FAILED,)),
        # The people of one vehicle.
        (State.RECORDING, Event.RECORDED_SEAT): _SEAT,
        (State.OVERRIDING, Event.SEAT_ADMISSION_RECORDED): _SEAT,
        (State.SEATED, Event.CODE_DECIDED): _DECIDED,
        (State.SEATED, Event.CODE_NEEDS_TEMPERATURE): _MEASURE,
        (State.SEATED, Event.RESULT_OVER): _CLEAR,
        (State.SEATED, Event.ACKNOWLEDGED): _CLEAR,
        (State.SEATED, Event.PAUSE): _PAUSED,
        (State.SEATED, Event.VEHICLE_COMPLETE): _RELEASE,
        (State.WAITING, Event.VEHICLE_COMPLETE): _RELEASE,
        (State.RELEASING, Event.RELEASE_RECORDED): Step(State.PASSED, (Effect.OPEN_GATE, Effect.START_RESULT_TIME)),
        (State.RELEASING, Event.RECORD_FAILED): Step(State.WAITING, (Effect.REPORT_RELEASE_FAILED,)),
    }
)
"""A lane with a guard: results that need one stay until the guard acts."""

UNATTENDED: Table = MappingProxyType(
    {
        **_COMMON,
        (State.RECORDING, Event.RECORDED_REFER): Step(State.REFERRED, _TIMED),
        (State.RECORDING, Event.RECORDED_STOP): Step(State.STOPPED, _TIMED),
        (State.RECORDING, Event.RECORD_FAILED): Step(State.STOPPED, (Effect.SHOW_UNRECORDED, Effect.START_RESULT_TIME)),
        (State.RECORDING, Event.STOP_RECORD_FAILED): Step(
            State.STOPPED, (Effect.SHOW_UNRECORDED, Effect.START_RESULT_TIME)
        ),
        (State.REFERRED, Event.RESULT_OVER): _CLEAR,
        (State.STOPPED, Event.RESULT_OVER): _CLEAR,
    }
)
"""A kiosk: every result clears by itself, and nobody overrules it there."""


def step(table: Table, state: State, event: Event) -> Step | None:
    """Return the cell for `event` in `state`, or None where the event changes nothing."""
    return table.get((state, event))


READS_CODES = frozenset({State.WAITING, State.PASSED, State.SEATED})
"""States in which a code starts a new passage."""


def diagram(table: Table) -> str:
    """Return the table as a Mermaid state diagram, one arrow a cell, in a stable order."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.WAITING}"]
    order = {state: number for number, state in enumerate(State)}
    for (state, event), cell in sorted(table.items(), key=lambda item: (order[item[0][0]], item[0][1])):
        lines.append(f"    {state} --> {cell.target}: {event}")
    return "\n".join(lines)
