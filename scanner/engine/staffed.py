"""Carries out what staff ask of a lane: on the person before it, on people without codes, and on whole vehicles.

PINs and shifts have been seen to at the desk (`scanner.engine.staff_desk`). Every act is an entry of the log under the
staff number. Not thread-safe: everything here happens in the lane's own thread.
"""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

from firmware_bridge.values import Measurement
from keys.reasons import Reason
from scanner import plates
from scanner.control.duty import SlipIssued
from scanner.control.messages import Acknowledge, Pause, Remeasure
from scanner.control.people import (
    Activate,
    BeginParty,
    CallSupervisor,
    ChooseCode,
    ManualEntry,
    MarkDriver,
    PutAside,
    RegisterVisitor,
    ResizeParty,
    TakeUp,
    TurnAway,
    TypeTemperature,
    VisitorLeaves,
)
from scanner.engine import by_hand, people_records, records
from scanner.engine.asks import NOT_NOW, event_of, is_before, objection_to
from scanner.engine.by_hand import FormError
from scanner.engine.inputs import Ask, Reaction, StaffActivation, StaffOverride
from scanner.engine.party import MOST_ASIDE, Party
from scanner.engine.passage import MEASURED, Passage
from scanner.engine.visitors import Visitors
from scanner.journal.detail import PartyPhase, StaffAction
from scanner.journal.entry import EntryDraft
from scanner.journal.errors import JournalError
from scanner.journal.store import Receipt
from scanner.lane import READS_CODES, Event, State, step
from scanner.values import Direction

_AT_REST = READS_CODES | {State.REFERRED, State.STOPPED}
"""States in which nothing is under way that belongs to one vehicle and not to another."""
STILL_THERE_S = 60.0
"""Whose code has not been seen for longer may have driven on: the next one's forehead must not serve it."""
SOON_S = 120.0
"""Who is registered by hand so soon after a stop at the same lane may well be who was stopped: the log says so."""
_NOT_RECORDED = "entry.log"


class Staffed:
    """One lane, as staff act on it."""

    def __init__(self, passage: Passage, visitors: Visitors) -> None:
        self._passage = passage
        self._visitors = visitors
        self._stopped: tuple[int, float] | None = None
        """Entry of the last one who was stopped here and cleared by staff, and when."""
        self._beginning = False
        """A vehicle's first entry is on its way into the log."""

    def carry_out(self, ask: Ask) -> None:
        """Carry out a command of staff, and answer it."""
        if not ask.answer.set_running_or_notify_cancel():  # whoever asked has been told that it was not done
            return
        match ask.command:
            case StaffOverride() | Acknowledge() | Remeasure() | Pause():
                self._at_table(ask, ask.command)
            case Activate():
                self._activate(ask, ask.command)
            case RegisterVisitor() | VisitorLeaves():
                self._visitor(ask, ask.command)
            case BeginParty():
                self._begin_party(ask, ask.command)
            case _:
                ask.answer.set_result(self._at_once(ask))

    def _at_once(self, ask: Ask) -> Reaction:
        """Do what waits for nothing; return what it came to."""
        command, staff = ask.command, ask.staff
        try:
            match command:
                case ManualEntry():
                    return self._manual_entry(command, staff or "")
                case TypeTemperature():
                    return self._type_temperature(command, staff)
                case ChooseCode(handle=handle):
                    return self._choose(handle, staff)
                case CallSupervisor():
                    if self._passage.gateway.called():  # a key that is held down fills no log
                        self._passage.receipts.note_action(StaffAction.CALLED_SUPERVISOR, staff)
                    return None
                case ResizeParty() | MarkDriver() | PutAside() | TakeUp() | TurnAway():
                    return self._party(command, staff)
        except FormError as error:
            return error.key
        return "command.unknown"

    # --- the person before the lane -------------------------------------------------------------------------------

    def _at_table(self, ask: Ask, command: StaffOverride | Acknowledge | Remeasure | Pause) -> None:
        passage, event = self._passage, event_of(command)
        person, state = passage.person, passage.state
        objection: str | None = NOT_NOW
        if step(passage.table, state, event) is not None:
            rules = passage.services.rules()
            objection = objection_to(command, person, rules, thermometer_up=passage.thermometer_up)
        if objection is not None:
            ask.answer.set_result(objection)
            return
        passage.gateway.attended()
        if isinstance(command, StaffOverride):  # answered when the log has it
            passage.overruling.begin(command, ask.answer)
            passage.happen(event)
            return
        seq = None if person is None else person.seq
        if isinstance(command, Remeasure) and person is not None:
            passage.judging.prove_again(person)
            person.first_high = None
            passage.receipts.note_action(StaffAction.REMEASURED, ask.staff, seq)
        if isinstance(command, Acknowledge) and state in {State.REFERRED, State.STOPPED}:
            if state is State.STOPPED and seq is not None:
                self._stopped = seq, passage.clock()
            passage.receipts.note_action(StaffAction.ACKNOWLEDGED, ask.staff, seq)
        passage.happen(event)
        if isinstance(command, Pause):
            passage.receipts.note_pause(command.paused, ask.staff)
        ask.answer.set_result(None)

    def _activate(self, ask: Ask, command: Activate) -> None:
        passage, person = self._passage, self._passage.person
        if person is None or passage.state is not State.REFERRED or not is_before(person, command.about):
            ask.answer.set_result(NOT_NOW)
            return
        activated = passage.judging.activated(person, passage.clock())
        if isinstance(activated, str):
            ask.answer.set_result(activated)
            return
        passage.gateway.attended()
        passage.overruling.begin(StaffActivation(command, ask.staff or ""), ask.answer, activated)
        passage.happen(Event.OVERRULED)

    def _type_temperature(self, command: TypeTemperature, staff: str | None) -> Reaction:
        passage, person = self._passage, self._passage.person
        event = Event.TEMPERATURE_DECIDES if passage.state in MEASURED else Event.TEMPERATURE_TYPED
        typed = by_hand.typed_temperature(command.centi, passage.clock())
        meant = command.turn == passage.turn or (command.about is not None and is_before(person, command.about))
        if person is None or not meant or not self._allows(event):
            return NOT_NOW
        passage.gateway.attended()
        passage.judging.prove_again(person)
        person.staff = staff
        passage.decide(typed, event)
        return None

    def _choose(self, handle: int, staff: str | None) -> Reaction:
        passage, now = self._passage, self._passage.clock()
        if passage.state not in READS_CODES:
            return NOT_NOW
        seen = passage.sightings.chosen(handle, now)
        if seen is None:
            return "choose.gone"
        passage.receipts.note_action(StaffAction.CHOSE_CODE, staff)
        passage.begin(passage.judging.meet(seen, now))
        return None

    def _allows(self, event: Event) -> bool:
        return step(self._passage.table, self._passage.state, event) is not None

    # --- people without codes, visitors ---------------------------------------------------------------------------

    def _manual_entry(self, command: ManualEntry, staff: str) -> Reaction:
        passage, now = self._passage, self._passage.clock()
        if passage.state not in READS_CODES:
            return NOT_NOW
        if not passage.judging.admits_by_hand():
            return "entry.staffed_lane"
        if passage.judging.lacks_vehicle():
            return "party.none"
        typed: Measurement | None = None
        if command.temperature_centi is not None:
            typed = by_hand.typed_temperature(command.temperature_centi, now)
        by_hand.filled_in(command, staff, None)  # before a slip's number is spent on it
        slip = self._visitors.next_slip() if command.host.strip() else None
        person = passage.judging.register(by_hand.filled_in(command, staff, slip), now)
        if self._stopped is not None and now - self._stopped[1] < SOON_S:
            person.seq = self._stopped[0]
        passage.gateway.attended()
        passage.begin(person, typed)
        return None if slip is None else SlipIssued(slip=slip)

    def _visitor(self, ask: Ask, command: RegisterVisitor | VisitorLeaves) -> None:
        """Write down that a visitor has come or left; answered when the log has it."""
        passage = self._passage
        personal = None
        if isinstance(command, RegisterVisitor):
            if not passage.shown.tally.has_passed(command.about):
                ask.answer.set_result("visitor.no_passage")
                return
            given = self._visitors.slip_given(command.about)
            if given is not None:  # asked twice, answered the same
                ask.answer.set_result(SlipIssued(slip=given))
                return
            slip, direction, about = self._visitors.next_slip(), passage.site.direction, command.about
            personal = by_hand.visit(command)
        else:
            if not self._visitors.is_inside(command.slip):
                ask.answer.set_result("visitor.no_such_slip")
                return
            slip, direction, about = command.slip, Direction.EXIT, None

        def draft(stamp: records.Stamp) -> EntryDraft:
            return people_records.visitor(
                slip, direction, staff=ask.staff, refers_to=about, personal=personal, stamp=stamp
            )

        then = partial(self._visitor_noted, ask.answer, slip, direction, about)
        passage.receipts.note_then(draft, then)

    def _visitor_noted(
        self,
        waiting: Future[Reaction],
        slip: int,
        direction: Direction,
        about: int | None,
        result: Receipt | JournalError,
    ) -> None:
        if not isinstance(result, Receipt):
            waiting.set_result(_NOT_RECORDED)
            return
        self._visitors.note(slip, direction, self._passage.services.now())
        if about is not None:
            self._visitors.gave(about, slip)
        waiting.set_result(None if about is None else SlipIssued(slip=slip))

    # --- vehicles -------------------------------------------------------------------------------------------------

    def _begin_party(self, ask: Ask, command: BeginParty) -> None:
        passage = self._passage
        objection = None
        if not passage.site.attended:
            objection = "entry.staffed_lane"
        elif not plates.is_plate(command.plate):
            objection = "party.plate"
        elif passage.parties.checking is not None or self._beginning:
            objection = "party.here_already"
        elif passage.state not in _AT_REST:
            objection = "party.busy"
        if objection is not None:
            ask.answer.set_result(objection)
            return
        self._beginning = True
        party = Party(-1, plates.spelled(command.plate), command.people, passage.services.now())
        passage.receipts.note_then(partial(_begun, party, ask.staff), partial(self._party_begun, ask.answer, party))

    def _party_begun(self, waiting: Future[Reaction], party: Party, result: Receipt | JournalError) -> None:
        passage = self._passage
        self._beginning = False
        if not isinstance(result, Receipt):
            waiting.set_result(_NOT_RECORDED)
            return
        party.number = result.seq
        passage.parties.current = party
        person = passage.person
        if passage.state is State.REFERRED and person and person.decision.reasons[0] is Reason.PARTY_INCOMPLETE:
            self._make_room()
            if passage.clock() - person.last_seen < STILL_THERE_S:
                # Whoever was checked just before the vehicle was written down is its first occupant.
                passage.judging.prove_again(person)
                first = passage.judging.meet(person.seen, passage.clock())
                first.seq = person.seq
                passage.begin(first)
        waiting.set_result(None)

    def _party(self, command: ResizeParty | MarkDriver | PutAside | TakeUp | TurnAway, staff: str | None) -> Reaction:
        passage, parties = self._passage, self._passage.parties
        if isinstance(command, TakeUp):
            return self._take_up(command.party, staff)
        party = parties.checking
        if party is None:
            return "party.none"
        if isinstance(command, MarkDriver):
            return None if party.mark_driver(command.seat) else "party.seat"
        if passage.state not in _AT_REST:
            return "party.busy"
        match command:
            case ResizeParty(people=people):
                party.people = max(people, len(party.seats))
                passage.receipts.note_party(PartyPhase.RESIZED, party, staff)
                passage.release_if_complete()
            case PutAside():
                if len(parties.aside) >= MOST_ASIDE:
                    return "party.too_many_aside"
                passage.receipts.note_party(PartyPhase.SET_ASIDE, party, staff)
                parties.put_aside(passage.services.now())
                self._make_room()
            case TurnAway():
                passage.receipts.note_party(PartyPhase.ABANDONED, party, staff)
                parties.end()
                self._make_room()
        return None

    def _take_up(self, number: int, staff: str | None) -> Reaction:
        passage, parties = self._passage, self._passage.parties
        if parties.checking is not None or self._beginning:
            return "party.here_already"
        if passage.state not in _AT_REST:
            return "party.busy"
        party = parties.take_up(number)
        if party is None:
            return "party.no_such"
        passage.receipts.note_party(PartyPhase.TAKEN_UP, party, staff)
        self._make_room()
        passage.release_if_complete()
        return None

    def _make_room(self) -> None:
        """Clear what is shown of an occupant: it belongs to a vehicle that is not before the lane any more."""
        self._passage.happen(Event.ACKNOWLEDGED)


def _begun(party: Party, staff: str | None, stamp: records.Stamp) -> EntryDraft:
    return people_records.party(PartyPhase.BEGAN, party, staff=staff, stamp=stamp)
