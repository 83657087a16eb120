"""One lane's passage round the pure table: what happened becomes an event, and what the table answers is done.

What staff ask of it comes through `scanner.engine.staffed`.

Not thread-safe: everything here happens in the lane's own thread (`scanner.engine.lane_loop`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from firmware_bridge.gate import GateEvent, GateFailed
from firmware_bridge.values import LinkState, Measurement
from scanner.control.messages import LaneView
from scanner.engine.credentials import ANOTHER, WAIT_S, Credentials
from scanner.engine.gateway import CALL, Gateway
from scanner.engine.inputs import DeviceState, Noted, Recorded
from scanner.engine.judging import Judging
from scanner.engine.measuring import Measuring
from scanner.engine.overruling import Overruling
from scanner.engine.party import Parties
from scanner.engine.person import Person
from scanner.engine.ports import Devices, Services
from scanner.engine.receipts import FAILED, RECORDED, Answer, Receipts
from scanner.engine.shown import Shown
from scanner.engine.sightings import Sightings
from scanner.engine.vehicle import Vehicle
from scanner.engine.vision import CodeSeen
from scanner.engine.visitors import Visitors
from scanner.journal.detail import PartyPhase
from scanner.journal.store import Receipt
from scanner.lane import ATTENDED, READS_CODES, UNATTENDED, Effect, Event, State, step
from scanner.memory import Memory, Opened
from scanner.values import Outcome, TemperatureRule

log = logging.getLogger(__name__)

MEASURED = frozenset({State.MEASURING, State.COOLING, State.REMEASURING})
_SEATED = {
    Event.RECORDED_PASS: Event.RECORDED_SEAT,
    Event.ADMISSION_RECORDED: Event.SEAT_ADMISSION_RECORDED,
}
"""What a pass is to the lane's table while a vehicle is checked."""


class Passage:
    """The lane's state, the person before it, and what must be remembered between two inputs."""

    def __init__(
        self,
        devices: Devices,
        services: Services,
        *,
        opened: Opened,
        visitors: Visitors,
        post: Callable[[Recorded | Noted], None],
        clock: Callable[[], float],
    ) -> None:
        """`post` hands a receipt to the lane's thread; `clock`: monotonic seconds."""
        self.devices = devices
        self.services = services
        self.clock = clock
        self.site = devices.site
        self.table = ATTENDED if devices.site.attended else UNATTENDED
        self.state = State.WAITING
        self.person: Person | None = None
        self.memory = Memory(times=lambda: services.rules().times, opened=opened, direction=self.site.direction)
        self.sightings = Sightings(self.site, services.rules, self.memory)
        self.parties = Parties()
        self.vehicle = Vehicle(self.parties, self.memory, visitors, services.now, self.site.direction)
        self.judging = Judging(self.site, services, self.memory, self.parties)
        self._measuring = Measuring(devices, self.judging)
        self.presences = self._measuring.presences
        self._credentials = Credentials()
        self.timers: dict[Event | str, float] = {}
        """What rings when, monotonic seconds."""
        self.gateway = Gateway(devices.name, services, self.timers, clock)
        self.receipts = Receipts(devices, services, post, clock)
        self.overruling = Overruling()
        self.turn = 0
        """Counts the people that came before the lane."""
        self.shown = Shown(devices, services)
        self._links = dict.fromkeys(devices.parts, LinkState.CONNECTING)

    @property
    def wants_codes(self) -> bool:
        """Whether a code would begin a passage now. Any thread may ask."""
        return self.state in READS_CODES

    def on_midnight(self) -> None:
        """Forget what is remembered for a day only."""
        self._let_go(self._credentials.release())
        self.sightings.forget()
        self.shown.tally.begin_day()
        for party in self.parties.give_up(self.services.now()):
            self.receipts.note_party(PartyPhase.ABANDONED, party, self.services.on_duty())

    def end(self) -> None:
        """Write down of whom the lane lets go as the engine stops."""
        self._let_go(self._credentials.release())
        if self.person is not None and self.state in MEASURED:
            self.receipts.note_abandoned(self.person)

    def happen(self, event: Event) -> bool:
        """Let the table answer to an event; False where it changes nothing."""
        cell = step(self.table, self.state, event)
        if cell is None:
            return False
        left, self.state = self.state, cell.target
        self.timers.pop(Event.RESULT_OVER, None)
        self.timers.pop(Event.PAUSE_OVER, None)
        if left in {State.MEASURING, State.REMEASURING}:
            self.timers.pop("measure", None)
        if Effect.FORGET_PERSON in cell.effects and left in {State.REFERRED, State.STOPPED} and self.person:
            # Whoever was refused may still stand there: that forehead serves nobody else.
            self.presences.spend(self.person.who)
        if Effect.FORGET_PERSON in cell.effects and left in MEASURED and self.person:
            self.receipts.note_abandoned(self.person)
        for effect in cell.effects:
            self._do(effect)
        self.shown.light(self.state)
        return True

    def _do(self, effect: Effect) -> None:
        now = self.clock()
        person = self.person
        match effect:
            case Effect.AWAIT_TEMPERATURE:
                self.timers["measure"] = now + self.devices.measure_timeout_s
                self.shown.hint = "hint.measure"
                self._use_held()
            case Effect.MEASURE_AGAIN:
                self._measuring.again()
            case Effect.START_PAUSE:
                self.timers[Event.PAUSE_OVER] = now + self.services.rules().times.remeasure_after_s
                self.shown.hint = "hint.measure_again"
            case Effect.RECORD_DECISION:
                self.shown.hint = None
                if person:
                    self.presences.spend(person.who)
                    self.memory.decided(person.verdict, now)
                    self.receipts.submit_decision(person, self.vehicle.number)
            case Effect.RECORD_OVERRIDE:
                word = self.overruling.word
                if person and word:
                    self.presences.spend(person.who)
                    self.receipts.submit_word(person, word, self.vehicle.number)
            case Effect.RECORD_RELEASE:
                if self.parties.current:
                    self.receipts.submit_release(self.parties.current, self.services.on_duty())
            case Effect.OPEN_GATE:
                self._open_gate()
            case Effect.SHOW_RESULT | Effect.SHOW_UNRECORDED:
                self._show_result()
            case Effect.START_RESULT_TIME:
                times = self.services.rules().times
                shown = times.pass_clears_s if self.state is State.PASSED else times.kiosk_clears_s
                self.timers[Event.RESULT_OVER] = now + shown
            case Effect.FORGET_PERSON:
                self.person, self.shown.hint = None, None
                self.overruling.end()
                self.vehicle.drop_released()
            case Effect.REPORT_OVERRIDE_FAILED:
                self.overruling.answer("override.not_recorded")
            case Effect.REPORT_RELEASE_FAILED:
                self.shown.hint = "hint.release_failed"

    def ring_timers(self) -> None:
        """Let happen what is due."""
        now = self.clock()
        for name in [name for name, due in self.timers.items() if due <= now]:
            self.timers.pop(name, None)
            if isinstance(name, Event):
                self.happen(name)
            elif name == "measure":
                self._measured_in_vain()
            elif name == "credential":
                if self.state not in READS_CODES:
                    self._let_go(self._credentials.release())
                elif held := self._credentials.release():
                    self.begin(self.judging.meet(held, now))
            elif name == CALL:
                self.gateway.unanswered()

    # --- codes ----------------------------------------------------------------------------------------------------

    def on_code(self, seen: CodeSeen) -> None:
        """Take the sighting of a code: of a new one, or of one that is still shown."""
        now = self.clock()
        if not self.sightings.concerns(seen, now):
            return
        if self.person is not None and seen.who == self.person.who:
            self.person.last_seen = now
        elif self.person is not None and self.state in MEASURED and self._has_left(self.person, now):
            self.presences.spend(self.person.who)
            self._measured_in_vain()
        if self.sightings.begins(seen, now, free=self.state in READS_CODES):
            taken = self._credentials.take(seen, now, self.judging.lacks_a_rule)
            self._let_go(taken.left)
            if taken.judge is not None:
                self.begin(self.judging.meet(taken.judge, now))
                return
            self.shown.hint = ANOTHER
            self.timers["credential"] = now + WAIT_S

    def _let_go(self, held: CodeSeen | None) -> None:
        """Decide about whoever showed a credential that did not suffice; something else is before the lane by now."""
        self.timers.pop("credential", None)
        if held is not None:
            self.shown.retract(ANOTHER)
            person = self.judging.meet(held, self.clock())
            self.memory.decided(person.verdict, self.clock())
            self.receipts.note_let_go(person, self.vehicle.number)
            self.shown.tally.count(person)
            self.services.report(person.report(self.devices.name, None))

    def _has_left(self, person: Person, at: float) -> bool:
        """Whether the person has made room for the next one, as far as codes tell; who shows none takes none away."""
        held = person.form is not None or self.sightings.together.includes(person.who)
        return not held and self._measuring.has_left(person, at)

    def begin(self, person: Person, typed: Measurement | None = None) -> None:
        """Begin a passage: decide at once where no temperature is wanted, none can be had, or staff have `typed` it."""
        self._let_go(self._credentials.release())
        self.shown.hint = None
        self.vehicle.drop_released()
        self.person = person
        self.turn += 1
        if typed is not None:
            self.decide(typed, Event.CODE_DECIDED)
            return
        rule = self.judging.temperature_rule(person)
        if rule is TemperatureRule.OFF:
            self.happen(Event.CODE_DECIDED)
        elif rule is TemperatureRule.RECORDED or self._links["thermometer"] is LinkState.LOST:
            self.decide(self.presences.take(person.who, self.clock()), Event.CODE_DECIDED)
        else:
            self.happen(Event.CODE_NEEDS_TEMPERATURE)

    # --- temperature ----------------------------------------------------------------------------------------------

    @property
    def thermometer_up(self) -> bool:
        """Whether the thermometer answers."""
        return self._links["thermometer"] is LinkState.UP

    def on_settled(self, measurement: Measurement) -> None:
        """Take a finished measurement."""
        self.presences.settled(measurement)
        if self.state in {State.MEASURING, State.REMEASURING}:
            self._use_held()

    def _use_held(self) -> None:
        event = self._measuring.give(self.person, self.clock()) if self.person else None
        if self.person and event is Event.TEMPERATURE_DECIDES:
            self.decide(self.person.measurement, event)
        elif event is not None:
            self.happen(event)

    def _measured_in_vain(self) -> None:
        """Decide with what there is: the time is over, or nobody knows whose forehead comes next."""
        if self.person is not None:
            self.decide(self._measuring.in_vain(self.person, self.clock()), Event.TEMPERATURE_DECIDES)

    def decide(self, measurement: Measurement | None, event: Event) -> None:
        """Complete the decision with what was measured, and let it happen."""
        person, now = self.person, self.clock()
        if person is None:
            return
        if event is Event.TEMPERATURE_DECIDES:
            person.ready_at = max(person.ready_at, now if measurement is None else measurement.at)
        self.judging.complete(person, measurement, now, thermometer_up=self.thermometer_up)
        self.happen(event)

    # --- the people of one vehicle --------------------------------------------------------------------------------

    def release_if_complete(self) -> None:
        """Record that the vehicle before the lane may go, once everybody in it may."""
        if self.vehicle.may_go(self.clock()):
            self.happen(Event.VEHICLE_COMPLETE)

    # --- the log --------------------------------------------------------------------------------------------------

    def on_recorded(self, recorded: Recorded) -> None:
        """Take the log's answer."""
        person, answer = self.person, self.receipts.meaning(recorded)
        if self.state is State.RELEASING and answer is not Answer.STALE:
            self._release(recorded, answer)
            return
        if answer is Answer.STALE or person is None or self.state not in {State.RECORDING, State.OVERRIDING}:
            return
        written = isinstance(recorded.result, Receipt)
        if isinstance(recorded.result, Receipt):
            person.seq, person.committed_at = recorded.result.seq, recorded.at
        if self.state is State.OVERRIDING:
            held = answer is Answer.LATE and self.overruling.admits
            if held and isinstance(recorded.result, Receipt):
                self.receipts.note_gate_held(recorded.result.seq)
            event = self.overruling.recorded(person) if written and not held else None
            if event is Event.REFUSAL_RECORDED:
                self.services.report(person.report(self.devices.name, None))
            if event is Event.ADMISSION_RECORDED and person.decision.outcome is Outcome.PASS:  # a code was activated
                self.memory.activated(person.verdict, self.clock())
            if event is not None:
                self.vehicle.seat(person, self.clock())
            self._recorded(event or FAILED[max(person.decision.outcome, Outcome.REFER)])
        elif answer is Answer.WRITTEN:
            self.vehicle.seat(person, self.clock())
            self._recorded(RECORDED[person.decision.outcome])
        else:
            if person.seq is not None and answer is Answer.LATE:
                self.receipts.note_gate_held(person.seq)
            person.decision = person.unrecorded(attended=self.site.attended)
            self.vehicle.seat(person, self.clock())  # an occupant who was checked before passes by that no more
            self.happen(FAILED[person.decision.outcome])

    def _recorded(self, event: Event) -> None:
        """Let happen what was recorded: of an occupant nothing opens but by the whole vehicle."""
        if self.parties.checking is None:
            self.happen(event)
            return
        self.happen(_SEATED.get(event, event))
        self.release_if_complete()

    def _release(self, recorded: Recorded, answer: Answer) -> None:
        result = recorded.result
        if answer is Answer.WRITTEN and isinstance(result, Receipt) and self.vehicle.release(result.seq):
            self.happen(Event.RELEASE_RECORDED)
            return
        if isinstance(result, Receipt):
            self.receipts.note_gate_held(result.seq)
        self.happen(Event.RECORD_FAILED)

    # --- the gate -------------------------------------------------------------------------------------------------

    def _open_gate(self) -> None:
        by = self.vehicle.goes(self.clock())
        if by is not None:
            self.devices.open_gate(by)
            return
        person = self.person
        if person is None or person.seq is None:  # nothing opens for what the log does not hold
            log.error("the gate was to open for something that is not recorded; it stays closed")
            return
        self.devices.open_gate(person.seq)
        opened_at = self.clock()
        self.memory.gate_opened(person.verdict, opened_at, person.beside)
        self.vehicle.visitor_passed(None if person.form is None else person.form.slip)
        self.services.report(person.report(self.devices.name, opened_at))

    def on_gate(self, event: GateEvent) -> None:
        """Take what became of an order to open. A device that never answers is no alarm: nothing else was expected."""
        self.receipts.note_gate(event)
        self.gateway.ordered(failed=isinstance(event, GateFailed))
        if isinstance(event, GateFailed):
            log.error("the gate did not confirm opening for entry %s: %s", event.token, event.why)
            self.shown.hint = "hint.gate_failed"

    # --- results --------------------------------------------------------------------------------------------------

    def _show_result(self) -> None:
        person = self.person
        if person is None:
            return
        self.shown.tally.count(person)
        opens = person.decision.outcome is Outcome.PASS or person.overridden is not None
        if not opens or self.state is State.SEATED:
            self.services.report(person.report(self.devices.name, None))

    def view(self) -> LaneView:
        """Return the lane as the screens are shown it."""
        now = self.clock()
        ends = self.timers.get(Event.RESULT_OVER)
        return self.shown.view(
            self.state,
            self.person,
            self._links,
            words=self.sightings.words(now) if self.state is State.WAITING else None,
            turn=self.turn,
            waiting=self.sightings.together.waiting(now),
            parties=self.parties,
            ends_in=None if ends is None else ends - now,
            present=self.presences.present is not None,
        )

    # --- devices and staff ----------------------------------------------------------------------------------------

    def on_device(self, change: DeviceState) -> None:
        """Note that a device came or went."""
        self._links[change.device] = change.state
        self.services.device_changed(self.devices.name, change.device, change.state, change.detail)
        if change.device == "thermometer" and change.state is not LinkState.UP:
            self.presences.ended()
            self.shown.sample = None
            # One that is only being connected may still measure in time.
            if self.state in MEASURED and change.state is LinkState.LOST:
                self.decide(self.person.first_high if self.person else None, Event.TEMPERATURE_DECIDES)
        if change.device == "gate" and change.state is LinkState.UP:
            self.shown.light_again()
