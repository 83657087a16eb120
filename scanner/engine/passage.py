"""One lane's passage round the pure table: what happened becomes an event, and what the table answers is done.

Not thread-safe: everything here happens in the lane's own thread (`scanner.engine.lane_loop`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from firmware_bridge.gate import GateEvent, GateFailed
from firmware_bridge.values import LinkState, Measurement
from scanner.control.messages import LaneView, Pause, Remeasure
from scanner.engine.asks import NOT_NOW, event_of, objection_to
from scanner.engine.gateway import CALL, Gateway
from scanner.engine.inputs import Ask, DeviceState, Recorded, StaffOverride
from scanner.engine.judging import Judging
from scanner.engine.measuring import Measuring
from scanner.engine.overruling import Overruling
from scanner.engine.person import Person
from scanner.engine.ports import Devices, Services
from scanner.engine.receipts import FAILED, RECORDED, Answer, Receipts
from scanner.engine.shown import Shown
from scanner.engine.sightings import Sightings
from scanner.engine.vision import CodeSeen
from scanner.journal.store import Receipt
from scanner.lane import ATTENDED, READS_CODES, UNATTENDED, Effect, Event, State, step
from scanner.memory import Memory, Opened
from scanner.values import Outcome, TemperatureRule

log = logging.getLogger(__name__)

_MEASURED = frozenset({State.MEASURING, State.COOLING, State.REMEASURING})


class Passage:
    """The lane's state, the person before it, and what must be remembered between two inputs."""

    def __init__(
        self,
        devices: Devices,
        services: Services,
        *,
        opened: Opened,
        post: Callable[[Recorded], None],
        clock: Callable[[], float],
    ) -> None:
        """`post` hands a receipt to the lane's thread; `clock`: monotonic seconds."""
        self._devices = devices
        self._services = services
        self._clock = clock
        self._site = devices.site
        self._table = ATTENDED if devices.site.attended else UNATTENDED
        self._state = State.WAITING
        self._person: Person | None = None
        self._memory = Memory(times=lambda: services.rules().times, opened=opened, direction=self._site.direction)
        self.sightings = Sightings(self._site, services.rules, self._memory)
        self._judging = Judging(self._site, services, self._memory)
        self._measuring = Measuring(devices, self._judging)
        self.presences = self._measuring.presences
        self.timers: dict[Event | str, float] = {}
        """What rings when, monotonic seconds."""
        self.gateway = Gateway(devices.name, services, self.timers, clock)
        self._receipts = Receipts(devices, services, post, clock)
        self._overruling = Overruling()
        self.shown = Shown(devices, services)
        self._links = dict.fromkeys(devices.parts, LinkState.CONNECTING)

    @property
    def wants_codes(self) -> bool:
        """Whether a code would begin a passage now. Any thread may ask."""
        return self._state in READS_CODES

    def on_midnight(self) -> None:
        """Forget what is remembered for a day only."""
        self.sightings.forget()
        self.shown.tally.begin_day()

    def _happen(self, event: Event) -> bool:
        """Let the table answer to an event; False where it changes nothing."""
        cell = step(self._table, self._state, event)
        if cell is None:
            return False
        left, self._state = self._state, cell.target
        self.timers.pop(Event.RESULT_OVER, None)
        self.timers.pop(Event.PAUSE_OVER, None)
        if left in {State.MEASURING, State.REMEASURING}:
            self.timers.pop("measure", None)
        if Effect.FORGET_PERSON in cell.effects and left in {State.REFERRED, State.STOPPED} and self._person:
            # Whoever was refused may still stand there: that forehead serves nobody else.
            self.presences.spend(self._person.who)
        for effect in cell.effects:
            self._do(effect)
        self.shown.light(self._state)
        return True

    def _do(self, effect: Effect) -> None:
        now = self._clock()
        person = self._person
        match effect:
            case Effect.AWAIT_TEMPERATURE:
                self.timers["measure"] = now + self._devices.measure_timeout_s
                self.shown.hint = "hint.measure"
                self._use_held()
            case Effect.MEASURE_AGAIN:
                self._measuring.again()
            case Effect.START_PAUSE:
                self.timers[Event.PAUSE_OVER] = now + self._services.rules().times.remeasure_after_s
                self.shown.hint = "hint.measure_again"
            case Effect.RECORD_DECISION:
                self.shown.hint = None
                if person:
                    self.presences.spend(person.who)
                    self._receipts.submit_decision(person)
            case Effect.RECORD_OVERRIDE:
                word = self._overruling.word
                if person and word:
                    self.presences.spend(person.who)
                    self._receipts.submit_override(person, word)
            case Effect.OPEN_GATE:
                self._open_gate()
            case Effect.SHOW_RESULT | Effect.SHOW_UNRECORDED:
                self._show_result()
            case Effect.START_RESULT_TIME:
                times = self._services.rules().times
                shown = times.pass_clears_s if self._state is State.PASSED else times.kiosk_clears_s
                self.timers[Event.RESULT_OVER] = now + shown
            case Effect.FORGET_PERSON:
                self._person, self.shown.hint = None, None
                self._overruling.end()
            case Effect.REPORT_OVERRIDE_FAILED:
                self._overruling.answer("override.not_recorded")

    def ring_timers(self) -> None:
        """Let happen what is due."""
        now = self._clock()
        for name in [name for name, due in self.timers.items() if due <= now]:
            self.timers.pop(name, None)
            if isinstance(name, Event):
                self._happen(name)
            elif name == "measure":
                self._measured_in_vain()
            elif name == CALL:
                self.gateway.attended()

    # --- codes ----------------------------------------------------------------------------------------------------

    def on_code(self, seen: CodeSeen) -> None:
        """Take the sighting of a code: of a new one, or of one that is still shown."""
        now = self._clock()
        if not self.sightings.concerns(seen, now):
            return
        if self._person is not None and seen.who == self._person.who:
            self._person.last_seen = now
        elif self._person is not None and self._state in _MEASURED and self._measuring.has_left(self._person, now):
            self.presences.spend(self._person.who)
            self._measured_in_vain()
        if not self.sightings.begins(seen, now, free=self._state in READS_CODES):
            return
        self.shown.hint = None
        self._person = self._judging.meet(seen, now)
        rule = self._judging.temperature_rule(self._person)
        if rule is TemperatureRule.OFF:
            self._happen(Event.CODE_DECIDED)
        elif rule is TemperatureRule.RECORDED or self._links["thermometer"] is LinkState.LOST:
            self._decide(self.presences.take(self._person.who, now), Event.CODE_DECIDED)
        else:
            self._happen(Event.CODE_NEEDS_TEMPERATURE)

    # --- temperature ----------------------------------------------------------------------------------------------

    @property
    def _thermometer_up(self) -> bool:
        return self._links["thermometer"] is LinkState.UP

    def on_settled(self, measurement: Measurement) -> None:
        """Take a finished measurement."""
        self.presences.settled(measurement)
        if self._state in {State.MEASURING, State.REMEASURING}:
            self._use_held()

    def _use_held(self) -> None:
        event = self._measuring.give(self._person, self._clock()) if self._person else None
        if self._person and event is Event.TEMPERATURE_DECIDES:
            self._decide(self._person.measurement, event)
        elif event is not None:
            self._happen(event)

    def _measured_in_vain(self) -> None:
        """Decide with what there is: the time is over, or nobody knows whose forehead comes next."""
        if self._person is not None:
            self._decide(self._measuring.in_vain(self._person, self._clock()), Event.TEMPERATURE_DECIDES)

    def _decide(self, measurement: Measurement | None, event: Event) -> None:
        """Complete the decision with what was measured, and let it happen."""
        person, now = self._person, self._clock()
        if person is None:
            return
        if event is Event.TEMPERATURE_DECIDES:
            person.ready_at = max(person.ready_at, now if measurement is None else measurement.at)
        self._judging.complete(person, measurement, now, thermometer_up=self._thermometer_up)
        self._happen(event)

    # --- the log --------------------------------------------------------------------------------------------------

    def on_recorded(self, recorded: Recorded) -> None:
        """Take the log's answer."""
        person, answer = self._person, self._receipts.meaning(recorded)
        if answer is Answer.STALE or person is None or self._state not in {State.RECORDING, State.OVERRIDING}:
            return
        written = isinstance(recorded.result, Receipt)
        if isinstance(recorded.result, Receipt):
            person.seq, person.committed_at = recorded.result.seq, recorded.at
        if self._state is State.OVERRIDING:
            event = self._overruling.recorded(person) if written else None
            if event is Event.REFUSAL_RECORDED:
                self._services.report(person.report(self._devices.name, None))
            self._happen(event or FAILED[max(person.decision.outcome, Outcome.REFER)])
        elif answer is Answer.WRITTEN:
            self._happen(RECORDED[person.decision.outcome])
        else:
            if person.seq is not None and answer is Answer.LATE:
                self._receipts.note_gate_held(person.seq)
            person.decision = person.unrecorded(attended=self._site.attended)
            self._happen(FAILED[person.decision.outcome])

    # --- the gate -------------------------------------------------------------------------------------------------

    def _open_gate(self) -> None:
        person = self._person
        if person is None or person.seq is None:  # nothing opens for what the log does not hold
            log.error("the gate was to open for something that is not recorded; it stays closed")
            return
        self._devices.open_gate(person.seq)
        opened_at = self._clock()
        self._memory.gate_opened(person.verdict, opened_at)
        self._services.report(person.report(self._devices.name, opened_at))

    def on_gate(self, event: GateEvent) -> None:
        """Take what became of an order to open. A device that never answers is no alarm: nothing else was expected."""
        self._receipts.note_gate(event)
        if isinstance(event, GateFailed):
            log.error("the gate did not confirm opening for entry %s: %s", event.token, event.why)
            self.shown.hint = "hint.gate_failed"

    # --- results --------------------------------------------------------------------------------------------------

    def _show_result(self) -> None:
        person = self._person
        if person is None:
            return
        self.shown.tally.count(person)
        if person.decision.outcome is not Outcome.PASS and person.overridden is None:
            self._services.report(person.report(self._devices.name, None))

    def view(self) -> LaneView:
        """Return the lane as the screens are shown it."""
        now = self._clock()
        ends = self.timers.get(Event.RESULT_OVER)
        return self.shown.view(
            self._state,
            self._person,
            self._links,
            words=self.sightings.words(now) if self._state is State.WAITING else None,
            ends_in=None if ends is None else ends - now,
            present=self.presences.present is not None,
        )

    # --- devices and staff ----------------------------------------------------------------------------------------

    def on_device(self, change: DeviceState) -> None:
        """Note that a device came or went."""
        self._links[change.device] = change.state
        self._services.device_changed(self._devices.name, change.device, change.state, change.detail)
        if change.device == "thermometer" and change.state is not LinkState.UP:
            self.presences.ended()
            self.shown.sample = None
            # One that is only being connected may still measure in time.
            if self._state in _MEASURED and change.state is LinkState.LOST:
                self._decide(self._person.first_high if self._person else None, Event.TEMPERATURE_DECIDES)
        if change.device == "gate" and change.state is LinkState.UP:
            self.shown.light_again()

    def on_ask(self, ask: Ask) -> None:
        """Carry out a command of staff, and answer it."""
        if not ask.answer.set_running_or_notify_cancel():  # whoever asked has been told that it was not done
            return
        command, person, event = ask.command, self._person, event_of(ask.command)
        objection: str | None = NOT_NOW
        if step(self._table, self._state, event) is not None:
            rules = self._services.rules()
            objection = objection_to(command, person, rules, thermometer_up=self._thermometer_up)
        if objection is not None:
            ask.answer.set_result(objection)
            return
        self.gateway.attended()
        if isinstance(command, StaffOverride):  # answered when the log has it
            self._overruling.begin(command, ask.answer)
            self._happen(event)
            return
        if isinstance(command, Remeasure) and person is not None:
            self._judging.prove_again(person)
            person.first_high = None
        self._happen(event)
        if isinstance(command, Pause):
            self._receipts.note_pause(command.paused)
        ask.answer.set_result(None)
