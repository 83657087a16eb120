"""What staff ask of a lane: which event it is in the lane's table, and what may speak against doing it. Pure."""

from __future__ import annotations

from scanner import policy
from scanner.control.messages import Acknowledge, Pause, Remeasure
from scanner.engine.inputs import StaffOverride
from scanner.engine.person import Person
from scanner.lane import Event
from scanner.policy import Rules

NOT_NOW = "command.not_now"
TableCommand = StaffOverride | Acknowledge | Remeasure | Pause
"""Commands that are events of the lane's table."""


def event_of(command: TableCommand) -> Event:
    """Return what the command is to the lane's table."""
    match command:
        case Acknowledge():
            return Event.ACKNOWLEDGED
        case Remeasure():
            return Event.REMEASURE
        case Pause(paused=paused):
            return Event.PAUSE if paused else Event.RESUME
        case StaffOverride():
            return Event.OVERRULED


def objection_to(command: TableCommand, person: Person | None, rules: Rules, *, thermometer_up: bool) -> str | None:
    """Return the locale key of why a command may not be carried out on the person there; None where it may.

    Whether the lane's state allows it is the table's to say, not asked here.
    """
    match command:
        case Pause():
            return None
        case Acknowledge(about=about):
            return None if is_before(person, about) else NOT_NOW
        case Remeasure(about=about):
            return None if person is not None and thermometer_up and is_before(person, about) else NOT_NOW
        case StaffOverride(about=about):
            if person is None or not is_before(person, about):
                return NOT_NOW
            return _objection_to_word(command, person, rules)


def is_before(person: Person | None, about: int | None) -> bool:
    """Whether the person meant at the screen is the one before the lane now; `about`: number of an entry, or None."""
    return about is None or (person is not None and person.seq == about)


def _objection_to_word(word: StaffOverride, person: Person, rules: Rules) -> str | None:
    if word.admit and word.supervisor is None:
        need = policy.may_override(person.decision, word.role, rules)
        if need is policy.OverrideNeed.SUPERVISOR:
            return "override.supervisor_needed"
    return None
