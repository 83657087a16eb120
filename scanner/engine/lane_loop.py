"""One lane's thread: takes what happens from one queue, asks the pure table what it means, and does what it answers."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from firmware_bridge.gate import GateConfirmed, GateFailed
from firmware_bridge.measurement import PresenceBegan, PresenceEnded, Settled
from firmware_bridge.values import Light, LinkState, Measurement, Sample, Unmeasurable
from keys.reasons import Reason
from scanner import policy
from scanner.control.messages import Acknowledge, LaneView, Pause, Remeasure
from scanner.engine import records
from scanner.engine.inputs import Ask, DeviceState, Input, Midnight, Recorded, StaffOverride
from scanner.engine.overruling import Overruling, objection_to
from scanner.engine.person import Person, Presences
from scanner.engine.ports import Devices, Services
from scanner.engine.tally import Tally
from scanner.engine.views import lane_view, light_of
from scanner.engine.vision import CodeSeen
from scanner.journal.entry import EntryDraft
from scanner.journal.errors import JournalError
from scanner.lane import ATTENDED, READS_CODES, UNATTENDED, Effect, Event, State, step
from scanner.memory import Memory, Opened
from scanner.sight.hints import HintSeen
from scanner.sight.in_view import InView
from scanner.values import Outcome, TemperatureRule

log = logging.getLogger(__name__)

VIEW_EVERY_S = 0.2

_RECORDED = {
    Outcome.PASS: Event.RECORDED_PASS,
    Outcome.REFER: Event.RECORDED_REFER,
    Outcome.STOP: Event.RECORDED_STOP,
}
_FAILED = {Outcome.REFER: Event.RECORD_FAILED, Outcome.STOP: Event.STOP_RECORD_FAILED}


class LaneLoop:
    """One lane. Everything but `post`, `sample` and `view` happens in its own thread."""

    def __init__(
        self, devices: Devices, services: Services, *, opened: Opened, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what all lanes share as `opened`; `clock`: monotonic seconds."""
        self._devices = devices
        self._clock = clock
        self._services = services
        self._site = devices.site
        self._table = ATTENDED if devices.site.attended else UNATTENDED
        self._queue: queue.SimpleQueue[Input] = queue.SimpleQueue()
        self._state = State.WAITING
        self._person: Person | None = None
        self._presences = Presences()
        self._memory = Memory(times=lambda: services.rules().times, opened=opened, direction=self._site.direction)
        self._timers: dict[Event | str, float] = {}
        self._waiting_for: int = 0
        self._overruling = Overruling()
        self._hint: str | None = None
        self._in_view = InView()
        self._tally = Tally()
        self._sample: Sample | None = None
        self._links = {
            "camera": LinkState.CONNECTING,
            "thermometer": LinkState.CONNECTING,
            "gate": LinkState.CONNECTING,
        }
        self._busy_since: float | None = None
        self._view_due = 0.0
        self._light = Light.IDLE
        self.view: LaneView = self._view()

    # --- from other threads -------------------------------------------------------------------------------------

    def post(self, item: Input) -> None:
        """Hand something to the lane; returns at once."""
        self._queue.put(item)

    def sample(self, sample: Sample) -> None:
        """Note what the thermometer sees now, for the screen."""
        self._sample = sample

    def busy_for(self) -> float:
        """Return for how many seconds the current input has been worked on."""
        since = self._busy_since
        return 0.0 if since is None else self._clock() - since

    # --- the loop -------------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`."""
        while not stop.is_set():
            self.turn(VIEW_EVERY_S)

    def turn(self, patience_s: float) -> None:
        """Wait at most `patience_s` for something to happen, and let it."""
        deadline = min([self._view_due, *self._timers.values()])
        item: Input | None
        try:
            item = self._queue.get(timeout=max(0.0, min(deadline - self._clock(), patience_s)))
        except queue.Empty:
            item = None
        self._busy_since = self._clock()
        if item is not None:
            self._take(item)
        self._ring_timers()
        if item is not None or self._clock() >= self._view_due:
            self._view_due = self._clock() + VIEW_EVERY_S
            self.view = self._view()
            self._services.view_changed()
        self._busy_since = None

    def _take(self, item: Input) -> None:
        match item:
            case CodeSeen():
                self._on_code(item)
            case HintSeen():
                self._in_view.unread(item)
            case PresenceBegan():
                self._presences.began(item.presence)
            case PresenceEnded():
                self._presences.ended()
            case Settled():
                self._on_settled(item.measurement)
            case Recorded():
                self._on_recorded(item)
            case DeviceState():
                self._on_device(item)
            case GateConfirmed() | GateFailed():
                self._on_gate(item)
            case Ask():
                self._on_ask(item)
            case Midnight():
                self._memory.forget()
                self._in_view.forget()
                self._tally.begin_day()

    def _happen(self, event: Event) -> bool:
        """Let the table answer to an event; False where it changes nothing."""
        cell = step(self._table, self._state, event)
        if cell is None:
            return False
        left, self._state = self._state, cell.target
        self._timers.pop(Event.RESULT_OVER, None)
        self._timers.pop(Event.PAUSE_OVER, None)
        if left in {State.MEASURING, State.REMEASURING}:
            self._timers.pop("measure", None)
        if Effect.FORGET_PERSON in cell.effects and left in {State.REFERRED, State.STOPPED} and self._person:
            # Whoever was refused may still stand there: that forehead serves nobody else.
            self._presences.spend(self._person.who)
        for effect in cell.effects:
            self._do(effect)
        self._show_light()
        return True

    def _do(self, effect: Effect) -> None:
        now = self._clock()
        person = self._person
        match effect:
            case Effect.AWAIT_TEMPERATURE:
                self._timers["measure"] = now + self._devices.measure_timeout_s
                self._hint = "hint.measure"
                self._use_held()
            case Effect.MEASURE_AGAIN:
                self._presences.discard()
                self._devices.measure_again()
            case Effect.START_PAUSE:
                self._timers[Event.PAUSE_OVER] = now + self._services.rules().times.remeasure_after_s
                self._hint = "hint.measure_again"
            case Effect.RECORD_DECISION:
                self._hint = None
                if person:
                    self._presences.spend(person.who)
                    draft = records.passage(person, self._site, self._services.rules(), self._stamp())
                    self._record(draft, reserve=False)
            case Effect.RECORD_OVERRIDE:
                word = self._overruling.word
                if person and word:
                    self._presences.spend(person.who)
                    draft = records.override(
                        person,
                        admit=word.admit,
                        staff=word.staff,
                        supervisor=word.supervisor,
                        cause=word.cause,
                        stamp=self._stamp(),
                    )
                    self._record(draft, reserve=True)
            case Effect.OPEN_GATE:
                self._open_gate()
            case Effect.SHOW_RESULT | Effect.SHOW_UNRECORDED:
                self._show_result()
            case Effect.START_RESULT_TIME:
                times = self._services.rules().times
                shown = times.pass_clears_s if self._state is State.PASSED else times.kiosk_clears_s
                self._timers[Event.RESULT_OVER] = now + shown
            case Effect.FORGET_PERSON:
                self._person, self._hint = None, None
                self._overruling.end()
            case Effect.REPORT_OVERRIDE_FAILED:
                self._overruling.answer("override.not_recorded")

    def _ring_timers(self) -> None:
        now = self._clock()
        for name in [name for name, due in self._timers.items() if due <= now]:
            self._timers.pop(name, None)
            if isinstance(name, Event):
                self._happen(name)
            elif name == "measure":
                self._decide(self._unmeasured(Unmeasurable.TIMEOUT), Event.TEMPERATURE_DECIDES)

    # --- codes ----------------------------------------------------------------------------------------------------

    def _on_code(self, seen: CodeSeen) -> None:
        verdict, corners = seen.verdict, seen.corners or ()
        rules = self._services.rules()
        now = self._clock()
        if policy.is_ignored(verdict, self._site, rules):
            self._in_view.foreign(seen.text, corners, now)
            return
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
        self._person = Person(seen, recollection, self._services.now(), decision, ready_at=seen.decided_at)
        rule = policy.temperature_rule(decision, self._site, rules)
        if rule is TemperatureRule.OFF:
            self._happen(Event.CODE_DECIDED)
        elif rule is TemperatureRule.RECORDED or self._links["thermometer"] is LinkState.LOST:
            self._decide(self._presences.take(self._person.who, now), Event.CODE_DECIDED)
        else:
            self._happen(Event.CODE_NEEDS_TEMPERATURE)

    # --- temperature ----------------------------------------------------------------------------------------------

    @property
    def _thermometer_up(self) -> bool:
        return self._links["thermometer"] is LinkState.UP

    def _on_settled(self, measurement: Measurement) -> None:
        self._presences.settled(measurement)
        if self._state in {State.MEASURING, State.REMEASURING}:
            self._use_held()

    def _use_held(self) -> None:
        person = self._person
        if person is None:
            return
        measurement = self._presences.take(person.who, self._clock())
        if measurement is None:
            return
        person.measurement = measurement
        person.ready_at = max(person.seen.decided_at, measurement.at)
        if measurement.why_not is not None:
            # Too cold, too far, unsteady: keep trying until the time is over, then say why.
            self._devices.measure_again()
        elif policy.is_high(measurement, self._services.rules()) and not person.high_once:
            person.high_once = True
            self._happen(Event.TEMPERATURE_HIGH_ONCE)
        else:
            self._decide(measurement, Event.TEMPERATURE_DECIDES)

    def _unmeasured(self, why: Unmeasurable) -> Measurement | None:
        """Return the last failed try, which says more than "time-out", or a bare `why`."""
        person = self._person
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

    def _record(self, draft: EntryDraft, *, reserve: bool) -> None:
        self._waiting_for += 1
        token = self._waiting_for
        self._services.record(draft, lambda result: self.post(Recorded(token, result, self._clock())), reserve=reserve)

    def _on_recorded(self, recorded: Recorded) -> None:
        person = self._person
        if recorded.token != self._waiting_for or person is None:
            return
        if self._state is State.OVERRIDING:
            self._on_override_recorded(person, recorded)
        elif self._state is State.RECORDING:
            if isinstance(recorded.result, JournalError):
                person.decision = person.unrecorded(attended=self._site.attended)
                self._happen(_FAILED[person.decision.outcome])
            else:
                person.seq, person.committed_at = recorded.result.seq, recorded.at
                self._happen(_RECORDED[person.decision.outcome])

    def _on_override_recorded(self, person: Person, recorded: Recorded) -> None:
        word = self._overruling.word
        if word is None or isinstance(recorded.result, JournalError):
            self._happen(_FAILED[max(person.decision.outcome, Outcome.REFER)])
            return
        person.overridden = Reason.OVERRIDE_ADMIT if word.admit else Reason.OVERRIDE_REFUSE
        person.committed_at = person.ready_at = recorded.at
        person.seq = recorded.result.seq
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

    def _on_gate(self, event: GateConfirmed | GateFailed) -> None:
        self._services.record(records.gate(event, self._stamp()), lambda _: None, reserve=False)
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

    def _view(self) -> LaneView:
        now = self._clock()
        ends = self._timers.get(Event.RESULT_OVER)
        return lane_view(
            devices=self._devices,
            rules=self._services.rules(),
            state=self._state,
            person=self._person,
            hint=self._hint or (self._in_view.words(now) if self._state is State.WAITING else None),
            countdown_s=None if ends is None else max(0.0, round(ends - now, 1)),
            sample=self._sample if self._thermometer_up else None,
            present=self._presences.present is not None,
            light=self._light,
            links=self._links,
            tally=self._tally,
            now=self._services.now(),
        )

    # --- devices and staff ----------------------------------------------------------------------------------------

    def _on_device(self, change: DeviceState) -> None:
        self._links[change.device] = change.state
        self._services.device_changed(self._devices.name, change.device, change.state, change.detail)
        if change.device == "thermometer" and change.state is not LinkState.UP:
            self._presences.ended()
            self._sample = None
            waits = self._state in {State.MEASURING, State.COOLING, State.REMEASURING}
            if waits and change.state is LinkState.LOST:  # one that is only being connected may still measure in time
                self._decide(None, Event.TEMPERATURE_DECIDES)
        if change.device == "gate" and change.state is LinkState.UP:
            self._devices.light(self._light)

    def _on_ask(self, ask: Ask) -> None:
        if not ask.answer.set_running_or_notify_cancel():  # whoever asked has been told that it was not done
            return
        match ask.command:
            case Acknowledge(about=about):
                done = self._is_before(about) and self._happen(Event.ACKNOWLEDGED)
            case Remeasure(about=about):
                done = self._is_before(about) and self._thermometer_up and self._happen(Event.REMEASURE)
            case Pause(paused=paused):
                done = self._happen(Event.PAUSE if paused else Event.RESUME)
                if done:
                    self._services.record(records.pause(paused, self._stamp()), lambda _: None, reserve=True)
            case StaffOverride():
                self._on_override(ask, ask.command)
                return
        ask.answer.set_result(None if done else "command.not_now")

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
