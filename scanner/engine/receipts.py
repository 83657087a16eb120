"""What a lane gives to the log, and which answer is for what it waits for now."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from firmware_bridge.gate import GateEvent
from scanner.engine import people_records, records
from scanner.engine.inputs import Noted, Recorded, StaffActivation, StaffOverride, Word
from scanner.engine.party import Party
from scanner.engine.person import Person
from scanner.engine.ports import Devices, Services
from scanner.journal.detail import PartyPhase, StaffAction
from scanner.journal.entry import EntryDraft
from scanner.journal.errors import JournalError
from scanner.journal.store import Receipt
from scanner.lane import Event
from scanner.values import Outcome

LATE_S = 5.0
"""A receipt that took longer opens nothing: whoever it is for may not stand there any more."""

RECORDED = {
    Outcome.PASS: Event.RECORDED_PASS,
    Outcome.REFER: Event.RECORDED_REFER,
    Outcome.STOP: Event.RECORDED_STOP,
}
"""What it is to the lane's table that a decision has been written."""
FAILED = {Outcome.REFER: Event.RECORD_FAILED, Outcome.STOP: Event.STOP_RECORD_FAILED}
"""What it is that one could not be written, or staff's word against it: never a pass."""


Then = Callable[[Receipt | JournalError], None]


class Answer(Enum):
    """What a receipt means for the lane."""

    STALE = auto()
    """It is for something the lane no longer waits for."""
    WRITTEN = auto()
    LATE = auto()
    """Written, but too late for a gate to open by it."""
    FAILED = auto()


class Receipts:
    """One draft under way at a time; answers to earlier ones are stale. What else is noted, nobody waits for."""

    def __init__(
        self, devices: Devices, services: Services, post: Callable[[Recorded | Noted], None], clock: Callable[[], float]
    ) -> None:
        self._devices = devices
        self._services = services
        self._post = post
        self._clock = clock
        self._token = 0
        self._since = 0.0

    def submit_decision(self, person: Person, party: int | None) -> None:
        """Give a decided passage to the log; the answer comes back through `post`. `party`: the vehicle's number.

        Whom staff registered is written in the reserve if need be: a full disk must not lock residents in.
        """
        draft = people_records.passage(person, self._devices.site, self._services.rules(), self._stamp(), party)
        self._submit(draft, reserve=person.form is not None)

    def submit_word(self, person: Person, word: Word, party: int | None) -> None:
        """Give staff's word on somebody to the log, in its reserve if need be; the answer comes likewise."""
        stamp = self._stamp()
        match word:
            case StaffOverride():
                draft = people_records.override(
                    person,
                    admit=word.admit,
                    staff=word.staff,
                    supervisor=word.supervisor,
                    cause=word.cause,
                    stamp=stamp,
                    party=party,
                )
            case StaffActivation():
                document = word.command.document_type
                draft = people_records.activation(person, staff=word.staff, document=document, party=party, stamp=stamp)
        self._submit(draft, reserve=True)

    def submit_release(self, found: Party, staff: str | None) -> None:
        """Give it to the log that a whole vehicle may pass; the answer comes likewise."""
        self._submit(people_records.party(PartyPhase.COMPLETE, found, staff=staff, stamp=self._stamp()), reserve=True)

    def note_abandoned(self, person: Person) -> None:
        """Note that the lane lets go of somebody undecided, where staff had registered them: their act is written."""
        if person.form is not None:
            self._note(people_records.abandoned(person, person.form, self._devices.site, self._stamp()))

    def note_let_go(self, person: Person, party: int | None) -> None:
        """Note what was decided about somebody whose credential did not suffice, and who was let go of.

        It opens nothing, whatever becomes of the entry: so it takes no room of the log's reserve.
        """
        draft = people_records.passage(person, self._devices.site, self._services.rules(), self._stamp(), party)
        self._services.record(draft, lambda _: None, reserve=False)

    def meaning(self, recorded: Recorded) -> Answer:
        """Tell what an answer of the log means now."""
        if recorded.token != self._token:
            return Answer.STALE
        if isinstance(recorded.result, JournalError):
            return Answer.FAILED
        return Answer.LATE if recorded.at - self._since > LATE_S else Answer.WRITTEN

    def note_gate(self, event: GateEvent) -> None:
        """Note what became of an order to open."""
        self._note(records.gate(event, self._stamp()))

    def note_gate_held(self, seq: int) -> None:
        """Note that the gate stayed shut for entry `seq`, whose receipt came too late."""
        self._note(records.gate_held(seq, self._stamp()))

    def note_pause(self, paused: bool, staff: str | None) -> None:
        """Note that staff took the lane out of service, or back."""
        self._note(records.pause(paused, staff, self._stamp()))

    def note_action(self, what: StaffAction, staff: str | None, refers_to: int | None = None) -> None:
        """Note what staff did, where it decides nothing about anybody."""
        self._note(people_records.action(what, staff=staff, refers_to=refers_to, stamp=self._stamp()))

    def note_party(self, phase: PartyPhase, found: Party, staff: str | None) -> None:
        """Note how the check of a vehicle goes on."""
        self._note(people_records.party(phase, found, staff=staff, stamp=self._stamp()))

    def note_then(self, draft: Callable[[records.Stamp], EntryDraft], then: Then) -> None:
        """Write something down that decides nothing about the person there; `then` hears, in the lane's thread."""
        self._services.record(draft(self._stamp()), lambda result: self._post(Noted(then, result)), reserve=True)

    def _submit(self, draft: EntryDraft, *, reserve: bool) -> None:
        self._token += 1
        token, self._since = self._token, self._clock()
        self._services.record(draft, lambda result: self._post(Recorded(token, result, self._clock())), reserve=reserve)

    def _note(self, draft: EntryDraft) -> None:
        self._services.record(draft, lambda _: None, reserve=True)

    def _stamp(self) -> records.Stamp:
        return self._services.stamp(self._devices.name)
