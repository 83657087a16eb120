"""One lane's passage round the pure table: what happened becomes an event, and what the table answers is done.

Not thread-safe: everything here happens in the lane's own thread (`scanner.engine.lane_loop`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from firmware_bridge.gate import GateConfirmed, GateFailed
from firmware_bridge.values import Light, LinkState, Measurement, Sample, Unmeasurable
from keys.reasons import Reason
from scanner import policy
from scanner.control.messages import Acknowledge, LaneView, Pause, Remeasure
from scanner.engine import records
from scanner.engine.inputs import Ask, DeviceState, Recorded, StaffOverride
from scanner.engine.overruling import Overruling, objection_to
from scanner.engine.person import Person, Presences
from scanner.engine.ports import Devices, Services
from scanner.engine.receipts import Answer, Receipts
from scanner.engine.tally import Tally
from scanner.engine.views import lane_view, light_of
from scanner.engine.vision import CodeSeen
from scanner.journal.store import Receipt
from scanner.lane import ATTENDED, READS_CODES, UNATTENDED, Effect, Event, State, step
from scanner.memory import Memory, Opened
from scanner.sight.hints import HintSeen
from scanner.sight.in_view import InView
from scanner.values import Outcome, TemperatureRule

log = logging.getLogger(__name__)

LEFT_S = 1.0
"""A code not seen for so long while another one is: its holder has made room for somebody else."""

_MEASURED = frozenset({State.MEASURING, State.COOLING, State.REMEASURING})
_RECORDED = {
    Outcome.PASS: Event.RECORDED_PASS,
    Outcome.REFER: Event.RECORDED_REFER,
    Outcome.STOP: Event.RECORDED_STOP,
}
_FAILED = {Outcome.REFER: Event.RECORD_FAILED, Outcome.STOP: Event.STOP_RECORD_FAILED}


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
        self.presences = Presences()
        self._memory = Memory(times=lambda: services.rules().times, opened=opened, direction=self._site.direction)
        self.timers: dict[Event | str, float] = {}
        """What rings when, monotonic seconds."""
        self._receipts = Receipts(services, post, clock)
        self._overruling = Overruling()
        self._hint: str | None = None
        self._in_view = InView()
        self._tally = Tally()
        self.sample: Sample | None = None
        """What the thermometer sees now, for the screen."""
        self._links = {
            "camera": LinkState.CONNECTING,
            "thermometer": LinkState.CONNECTING,
            "gate": LinkState.CONNECTING,
        }
        self._light = Light.IDLE

    def on_hint(self, hint: HintSeen) -> None:
        """Note that something like a code is in view and cannot be read."""
        self._in_view.unread(hint)

    def on_midnight(self) -> None:
        """Forget what is remembered for a day only."""
        self._memory.forget()
        self._in_view.forget()
        self._tally.begin_day()

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
        self._show_light()
        return True

    def _do(self, effect: Effect) -> None:
        now = self._clock()
        person = self._person
        match effect:
            case Effect.AWAIT_TEMPERATURE:
                self.timers["measure"] = now + self._devices.measure_timeout_s
                self._hint = "hint.measure"
                self._use_held()
            case Effect.MEASURE_AGAIN:
                self.presences.discard()
                self._devices.measure_again()
            case Effect.START_PAUSE:
                self.timers[Event.PAUSE_OVER] = now + self._services.rules().times.remeasure_after_s
                self._hint = "hint.measure_again"
            case Effect.RECORD_DECISION:
                self._hint = None
                if person:
                    self.presences.spend(person.who)
                    draft = records.passage(person, self._site, self._services.rules(), self._stamp())
                    self._receipts.submit(draft, reserve=False)
            case Effect.RECORD_OVERRIDE:
                word = self._overruling.word
                if person and word:
                    self.presences.spend(person.who)
                    draft = records.override(
                        person,
                        admit=word.admit,
                        staff=word.staff,
                        supervisor=word.supervisor,
                        cause=word.cause,
                        stamp=self._stamp(),
                    )
                    self._receipts.submit(draft, reserve=True)
            case Effect.OPEN_GATE:
                self._open_gate()
            case Effect.SHOW_RESULT | Effect.SHOW_UNRECORDED:
                self._show_result()
            case Effect.START_RESULT_TIME:
                times = self._services.rules().times
                shown = times.pass_clears_s if self._state is State.PASSED else times.kiosk_clears_s
                self.timers[Event.RESULT_OVER] = now + shown
            case Effect.FORGET_PERSON:
                self._person, self._hint = None, None
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
                self._decide(self._unmeasured(Unmeasurable.TIMEOUT), Event.TEMPERATURE_DECIDES)

    # --- codes ----------------------------------------------------------------------------------------------------

    def on_code(self, seen: CodeSeen) -> None:
        """Take the sighting of a code: of a new one, or of one that is still shown."""
        verdict, corners = seen.verdict, seen.corners or ()
        rules = self._services.rules()
        now = self._clock()
        if policy.is_ignored(verdict, self._site, rules):
            self._in_view.foreign(seen.text, corners, now)
            return
        if self._person is not None and seen.who == self._person.who:
            self._person.last_seen = now
        elif self._state in _MEASURED:
            self._on_another(now)
        if self._memory.is_same_scan(seen.text, verdict, now):
            self._in_view.served(seen.who, corners, now)
            return
        if not self._in_view.waits(seen.who, corners, now) or self._state not in READS_CODES:
            return
        self._in_view.served(seen.who, corners, now)
        self._memory.scanned(seen.text, verdict, now)
        recollection = self._memory.recollect(verdict, now)
        freshness = self._services.freshness(verdict.issuer)
        decision = policy.judge_code(verdict, freshness, recollection, self._site, rules)
        self._hint = None
        self._person = Person(seen, recollection, self._services.now(), decision, last_seen=now)
        self._person.ready_at = seen.decided_at
        rule = policy.temperature_rule(decision, self._site, rules)
        if rule is TemperatureRule.OFF:
            self._happen(Event.CODE_DECIDED)
        elif rule is TemperatureRule.RECORDED or self._links["thermometer"] is LinkState.LOST:
            self._decide(self.presences.take(self._person.who, now), Event.CODE_DECIDED)
        else:
            self._happen(Event.CODE_NEEDS_TEMPERATURE)

    def _on_another(self, now: float) -> None:
        """Take note of another code while this person is being measured.

        Where this person's own code is no longer in view, nobody knows whose forehead comes next: then it counts for
        nobody.
        """
        person = self._person
        if person is not None and now - person.last_seen > LEFT_S:
            self.presences.spend(person.who)
            self._decide(self._unmeasured(Unmeasurable.TIMEOUT), Event.TEMPERATURE_DECIDES)

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
        person = self._person
        if person is None:
            return
        measurement = self.presences.take(person.who, self._clock())
        if measurement is None:
            return
        person.measurement = measurement
        person.ready_at = max(person.seen.decided_at, measurement.at)
        if measurement.why_not is not None:
            # Too cold, too far, unsteady: keep trying until the time is over, then say why.
            self._devices.measure_again()
        elif policy.is_high(measurement, self._services.rules()) and person.first_high is None:
            person.first_high = measurement
            self._happen(Event.TEMPERATURE_HIGH_ONCE)
        else:
            self._decide(measurement, Event.TEMPERATURE_DECIDES)

    def _unmeasured(self, why: Unmeasurable) -> Measurement | None:
        """Return what was measured at all: high once, or why a try failed; otherwise a bare `why`."""
        person = self._person
        if person is not None and person.first_high is not None:
            return person.first_high
        if person is not None and person.measurement is not None and person.measurement.why_not is not None:
            return person.measurement
        return self._devices.no_measurement(why, self._clock())

    def _decide(self, measurement: Measurement | None, event: Event) -> None:
        """Complete the decision with what was measured, and let it happen."""
        person = self._person
        if person is None:
            return
        person.measurement = measurement
        if event is Event.TEMPERATURE_DECIDES:
            person.ready_at = max(person.ready_at, self._clock() if measurement is None else measurement.at)
        # Another lane's gate may have opened for this code while its temperature was taken.
        person.recollection = self._memory.recollect(person.verdict, self._clock())
        person.decision = policy.judge(
            person.verdict,
            measurement,
            self._thermometer_up,
            self._services.freshness(person.verdict.issuer),
            person.recollection,
            self._site,
            self._services.rules(),
        )
        self._happen(event)

    # --- the log --------------------------------------------------------------------------------------------------

    def _stamp(self) -> records.Stamp:
        return self._services.stamp(self._devices.name)

    def on_recorded(self, recorded: Recorded) -> None:
        """Take the log's answer."""
        person, answer = self._person, self._receipts.meaning(recorded)
        if answer is Answer.STALE or person is None or self._state not in {State.RECORDING, State.OVERRIDING}:
            return
        written = isinstance(recorded.result, Receipt)
        if isinstance(recorded.result, Receipt):
            person.seq, person.committed_at = recorded.result.seq, recorded.at
        if self._state is State.OVERRIDING:
            self._on_override_recorded(person, written)
        elif answer is Answer.WRITTEN:
            self._happen(_RECORDED[person.decision.outcome])
        else:
            if person.seq is not None and answer is Answer.LATE:
                held = records.gate_held(person.seq, self._stamp())
                self._services.record(held, lambda _: None, reserve=True)
            person.decision = person.unrecorded(attended=self._site.attended)
            self._happen(_FAILED[person.decision.outcome])

    def _on_override_recorded(self, person: Person, written: bool) -> None:
        word = self._overruling.word
        if word is None or not written:
            self._happen(_FAILED[max(person.decision.outcome, Outcome.REFER)])
            return
        person.overridden = Reason.OVERRIDE_ADMIT if word.admit else Reason.OVERRIDE_REFUSE
        person.ready_at = person.committed_at or 0.0
        self._overruling.answer(None)
        if not word.admit:
            self._services.report(person.report(self._devices.name, None))
        self._happen(Event.ADMISSION_RECORDED if word.admit else Event.REFUSAL_RECORDED)

    # --- the gate -------------------------------------------------------------------------------------------------

    def _open_gate(self) -> None:
        person = self._person
        if person is None or person.seq is None:  # nothing opens for what the log does not hold
            log.error("the gate was to open for something that is not recorded; it stays closed")
            return
        self._devices.open_gate(person.seq)
        person_gate = self._clock()
        self._memory.gate_opened(person.verdict, person_gate)
        self._services.report(person.report(self._devices.name, person_gate))

    def on_gate(self, event: GateConfirmed | GateFailed) -> None:
        """Take what the gate controller answered."""
        self._services.record(records.gate(event, self._stamp()), lambda _: None, reserve=True)
        if isinstance(event, GateFailed):
            log.error("the gate did not confirm opening for entry %s: %s", event.token, event.why)
            self._hint = "hint.gate_failed"

    # --- results --------------------------------------------------------------------------------------------------

    def _show_result(self) -> None:
        person = self._person
        if person is None:
            return
        self._tally.count(person)
        if person.decision.outcome is not Outcome.PASS and person.overridden is None:
            self._services.report(person.report(self._devices.name, None))

    def _show_light(self) -> None:
        light = light_of(self._state)
        if light is not self._light:
            self._light = light
            self._devices.light(light)

    def view(self) -> LaneView:
        """Return the lane as the screens are shown it."""
        now = self._clock()
        ends = self.timers.get(Event.RESULT_OVER)
        return lane_view(
            devices=self._devices,
            rules=self._services.rules(),
            state=self._state,
            person=self._person,
            hint=self._hint or (self._in_view.words(now) if self._state is State.WAITING else None),
            countdown_s=None if ends is None else max(0.0, round(ends - now, 1)),
            sample=self.sample if self._thermometer_up else None,
            present=self.presences.present is not None,
            light=self._light,
            links=self._links,
            tally=self._tally,
            now=self._services.now(),
        )

    # --- devices and staff ----------------------------------------------------------------------------------------

    def on_device(self, change: DeviceState) -> None:
        """Note that a device came or went."""
        self._links[change.device] = change.state
        self._services.device_changed(self._devices.name, change.device, change.state, change.detail)
        if change.device == "thermometer" and change.state is not LinkState.UP:
            self.presences.ended()
            self.sample = None
            waits = self._state in {State.MEASURING, State.COOLING, State.REMEASURING}
            if waits and change.state is LinkState.LOST:  # one that is only being connected may still measure in time
                self._decide(self._person.first_high if self._person else None, Event.TEMPERATURE_DECIDES)
        if change.device == "gate" and change.state is LinkState.UP:
            self._devices.light(self._light)

    def on_ask(self, ask: Ask) -> None:
        """Carry out a command of staff, and answer it."""
        if not ask.answer.set_running_or_notify_cancel():  # whoever asked has been told that it was not done
            return
        match ask.command:
            case Acknowledge(about=about):
                done = self._is_before(about) and self._happen(Event.ACKNOWLEDGED)
            case Remeasure(about=about):
                done = self._is_before(about) and self._thermometer_up and self._remeasure()
            case Pause(paused=paused):
                done = self._happen(Event.PAUSE if paused else Event.RESUME)
                if done:
                    self._services.record(records.pause(paused, self._stamp()), lambda _: None, reserve=True)
            case StaffOverride():
                self._on_override(ask, ask.command)
                return
        ask.answer.set_result(None if done else "command.not_now")

    def _remeasure(self) -> bool:
        """Measure the person again, by what the proof says of the code now: it may have ended since it was read."""
        person = self._person
        if person is None or step(self._table, self._state, Event.REMEASURE) is None:
            return False
        verdict = self._services.verify(person.seen.text)
        if verdict.reason is not Reason.PRESENTATION_EXPIRED:  # it was shown live when it was read
            person.seen = replace(person.seen, verdict=verdict)
        person.first_high = None
        return self._happen(Event.REMEASURE)

    def _is_before(self, about: int | None) -> bool:
        """Whether the person meant at the screen is the one before the lane now."""
        return about is None or (self._person is not None and self._person.seq == about)

    def _on_override(self, ask: Ask, word: StaffOverride) -> None:
        person = self._person
        possible = step(self._table, self._state, Event.OVERRULED) is not None
        if person is None or not possible or not self._is_before(word.about):
            ask.answer.set_result("command.not_now")
            return
        objection = objection_to(word, person.decision, self._services.rules())
        if objection is not None:
            ask.answer.set_result(objection)
            return
        self._overruling.begin(word, ask.answer)
        self._happen(Event.OVERRULED)
