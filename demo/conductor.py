"""Conducts people through the staged gate, one turn after the other, and notes what became of each.

It acts on the scene, the thermometer and the guard, and waits for what the engine reports; no turn takes longer than
its decision. What it knows of the engine is what everybody can see.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from demo import account
from demo.account import Turn
from demo.artwork import Kind
from demo.conditions import conditions
from demo.engine_process import EngineProcess
from demo.guard import Guard, GuardError
from demo.issuing import Issuing, masked
from demo.people import Act, Ending, Person, Specimen
from demo.scene import Showing
from demo.scripts import Scenario
from demo.stage import Lower, Show, StepUp, WalkOn
from demo.stage_process import StageProcess
from firmware_bridge.emulator import VirtualThermometer
from firmware_bridge.values import LinkState
from keys.reasons import Reason
from scanner.engine.report import PassageReport
from scanner.lane import State

DECISION_S = 6.0
"""Patience for a decision; the longest waits for the thermometer's time-out."""
FEVER_S = 12.0
HINT_S = 6.0
CLEARS_S = 15.0
"""Patience for a kiosk's result."""
LINK_S = 8.0
STEP_UP_S = 0.15
"""From a person's coming into the picture to the forehead before the thermometer."""
SETTLE_S = 0.85
"""For the temperature to be known before the code is raised."""
GLANCE_S = 0.35
"""How long a code is held up after its decision."""
APART_S = 0.4
"""For which nobody stands before the thermometer, between two people who hurry: shorter is no change of people."""
DRIVE_UP_S = 0.8
"""Between two vehicles: the last one's phones are out of the picture by then."""
GAP_S = 0.4
"""Between two people: nobody stands before the thermometer."""
LIVE_AFTER_S = 31
"""A presentation counts only from so long after the engine's start."""
SCAN_OVER_S = 5.6
"""A code seen again sooner is still the same scan."""
LISTS_S = 3.0
"""The engine looks for newer lists every two seconds."""
CAUSE = "document_checked"
"""The guard's, from the locale's list."""

_STANDING = frozenset({State.REFERRED, State.STOPPED})
_LIVE = frozenset({Specimen.LIVE, Specimen.STALE, Specimen.REPLAYED})


class StoppedError(Exception):
    """Somebody asked the demo to end."""


class Conductor:
    """Brings people to the gate. Not thread-safe but for `stop`."""

    def __init__(
        self,
        *,
        issuing: Issuing,
        renew: Callable[[], None],
        stage: StageProcess,
        thermometer: VirtualThermometer,
        engine: EngineProcess,
        guard: Guard,
        scenario: Scenario,
        seed: int,
        guard_waits_s: float,
    ) -> None:
        """`renew` gives everybody new codes; `guard_waits_s`: how long staff leave a result to people at the screen."""
        self._issuing = issuing
        self._renew = renew
        self._stage = stage
        self._thermometer = thermometer
        self._engine = engine
        self._guard = guard
        self._scenario = scenario
        self._seed = seed
        self._guard_waits_s = guard_waits_s
        self._started_at = time.time()
        self._round = 1
        self._faces = itertools.count(seed * 1000)
        self._hanging: str | None = None
        self._last_shown: dict[str, float] = {}
        self._stop = threading.Event()
        self.turns: list[Turn] = []
        self.overrides: list[PassageReport] = []
        """The guard's."""
        self.released = 0
        """Vehicles for which the barrier opened."""
        self.stray: list[PassageReport] = []
        """Decisions about nobody in the script."""

    def stop(self) -> None:
        """End at the next pause; may be called from any thread and from a signal's handler."""
        self._stop.set()

    def once(self, people: Sequence[Person] | None = None) -> Iterator[Turn]:
        """Conduct `people`, the scenario's unless given, and yield each turn. Raises StoppedError, GuardError."""
        for person in self._scenario.people if people is None else people:
            if not self._engine.running:
                raise GuardError("the engine has ended by itself")
            self.take_stray()
            turn = self._turn(person)
            self.turns.append(turn)
            yield turn

    def close_upon(self, people: Sequence[Person]) -> list[PassageReport]:
        """Conduct people who come close upon one another, code in hand; return who was decided about, in order.

        Each raises the code as soon as the one before has been decided about, and stands before the thermometer when
        that one has left it; nobody waits for anything to clear.
        """
        decided: list[PassageReport] = []
        for person in people:
            self._be_in_time(person)
            self._stage.tell(StepUp(next(self._faces)))
            self._show(person)
            self._pause(APART_S)
            self._thermometer.person(person.object_centi)
            if (passage := self._take(DECISION_S)) is not None:
                decided.append(passage)
            self._stage.tell(Lower(self._key(person)))
            self._thermometer.nobody()
        return decided

    def for_ever(self) -> Iterator[Turn]:
        """Conduct the script again and again, everybody with new codes, until stopped."""
        while True:
            yield from self.once()
            self._round += 1
            self._renew()
            self._pause(LISTS_S)

    def take_stray(self) -> None:
        """Take in decisions that nobody's turn accounts for."""
        while (stray := self._engine.passage(0.0)) is not None:
            (self.stray if stray.override is None else self.overrides).append(stray)

    # --- one turn -------------------------------------------------------------------------------------------------

    def _turn(self, person: Person) -> Turn:
        problems: list[str] = []
        self._be_in_time(person)
        problems += self._begin_vehicle(person)
        match person.act:
            case Act.POSTER:
                passages: list[PassageReport] = []
                problems += self._poster(person)
            case Act.UNPLUGGED:
                passages = self._unplugged(person, problems)
            case Act.FAMILY:
                passages = self._family(person, problems)
            case Act.PLUGGED_IN:
                problems += self._plug_in()
                passages = self._ordinary(person, DECISION_S)
            case Act.FEVER:
                passages = self._ordinary(person, FEVER_S)
            case Act.ORDINARY | Act.COLD | Act.OVERRIDDEN:
                passages = self._ordinary(person, DECISION_S)
        if person.act is not Act.POSTER:
            problems += self._part(person, passages)
        problems += account.compare(person, passages)
        problems += self._end_vehicle(person)
        return Turn(person, tuple(passages), self._latencies(person, passages), tuple(problems))

    def _begin_vehicle(self, person: Person) -> list[str]:
        """Let the officer type plate and number of people."""
        if person.begins is None:
            return []
        self._pause(DRIVE_UP_S)
        reply = self._guard.begin_vehicle(person.begins.plate, person.begins.people)
        return [] if reply.ok else [f"the vehicle could not be begun: {reply.error}"]

    def _end_vehicle(self, person: Person) -> list[str]:
        """See the vehicle off, or do with it what the officer does."""
        match person.ends:
            case None:
                return []
            case Ending.RELEASED:
                if not self._wait_for(self._is_released, DECISION_S):
                    return ["the barrier did not open for the vehicle"]
                self.released += 1
                return []
            case Ending.SET_ASIDE:
                replies = [self._guard.put_aside()]
            case Ending.TURNED_AWAY:
                replies = [self._guard.turn_away()]
                if self._wait_for(lambda: bool(self._guard.lane.aside), HINT_S):
                    replies += [self._guard.take_up(), self._guard.turn_away()]
        return [f"the officer was refused: {reply.error}" for reply in replies if not reply.ok]

    def _is_released(self) -> bool:
        party = self._guard.lane.party
        return party is not None and party.released

    def _be_in_time(self, person: Person) -> None:
        """Wait where the script needs time to have passed."""
        if _LIVE & set(person.specimens):
            self._pause(self._started_at + LIVE_AFTER_S - time.time())
        if person.same_code_as is not None:
            self._pause(self._last_shown.get(person.same_code_as, 0.0) + SCAN_OVER_S - time.monotonic() - SETTLE_S)

    def _ordinary(self, person: Person, patience_s: float) -> list[PassageReport]:
        self._step_up(person)
        self._pause(SETTLE_S)
        self._show(person)
        return self._decisions(len(person.expected), patience_s)

    def _family(self, person: Person, problems: list[str]) -> list[PassageReport]:
        """Let one after the other step up, and the guard say whose code of those on the phone it is."""
        passages: list[PassageReport] = []
        self._step_up(person)
        self._pause(SETTLE_S)
        self._show(person)
        for left in range(len(person.specimens), 0, -1):
            if not self._wait_for(lambda: len(self._guard.lane.waiting) == left, DECISION_S):  # noqa: B023 - at once
                problems.append(f"{len(self._guard.lane.waiting)} codes to choose among instead of {left}")
                break
            reply = self._guard.choose(self._guard.lane.waiting[0].handle)
            if not reply.ok:
                problems.append(f"the guard's choice was refused: {reply.error}")
            passages += self._decisions(1, DECISION_S)
            if left > 1:
                self._thermometer.nobody()
                self._pause(GAP_S)
                self._step_up(person)
        return passages

    def _poster(self, person: Person) -> list[str]:
        self._show(person)
        self._hanging = self._key(person)
        if self._wait_for(lambda: self._guard.lane.hint == "hint.not_a_code", HINT_S):
            return []
        return [f"the foreign code was not named within {HINT_S:.0f} s"]

    def _unplugged(self, person: Person, problems: list[str]) -> list[PassageReport]:
        self._stage.tell(StepUp(next(self._faces)))
        self._pause(SETTLE_S)
        self._show(person)
        if not self._wait_for(lambda: self._guard.lane.state == State.MEASURING, DECISION_S):
            problems.append("no temperature was waited for")
        self._thermometer.unplug()
        return self._decisions(1, DECISION_S)

    def _plug_in(self) -> list[str]:
        self._thermometer.replug()
        if self._wait_for(lambda: self._guard.lane.thermometer is LinkState.UP, LINK_S):
            return []
        return [f"the thermometer did not come back within {LINK_S:.0f} s"]

    def _step_up(self, person: Person) -> None:
        self._stage.tell(StepUp(next(self._faces)))
        self._pause(STEP_UP_S)
        self._thermometer.person(person.object_centi)

    def _show(self, person: Person) -> None:
        now = int(time.time())
        hold, optics = conditions(person.key, person.kind, len(person.specimens), self._seed + self._round)
        showing = Showing(
            key=self._key(person),
            kind=person.kind,
            texts=self._issuing.texts(person, now),
            names=person.names if person.kind is Kind.POSTER else masked(person.names),
            clock=time.strftime("%H:%M:%S", time.localtime(now)),
            tint=person.tint,
            seed=next(self._faces),
            hold=hold,
            optics=optics,
        )
        self._stage.tell(Show(showing))

    def _part(self, person: Person, passages: Sequence[PassageReport]) -> list[str]:
        """Let the person put the code away and go, and the guard do what is to be done."""
        self._pause(GLANCE_S)
        self._stage.tell(Lower(self._key(person)))
        self._last_shown[person.key] = time.monotonic()
        if self._hanging is not None:
            self._stage.tell(Lower(self._hanging))
            self._hanging = None
        if person.act is not Act.UNPLUGGED:
            self._thermometer.nobody()
        problems = self._guard_acts(person, passages)
        self._stage.tell(WalkOn())
        self._pause(GAP_S)
        return problems

    def _guard_acts(self, person: Person, passages: Sequence[PassageReport]) -> list[str]:
        standing = self._wait_for(lambda: self._guard.lane.state in _STANDING, 0.2 if passages else 0.0)
        if not self._scenario.attended:
            # Nobody is there: the result clears by itself.
            cleared = self._wait_for(lambda: self._guard.lane.state not in _STANDING, CLEARS_S)
            return [] if cleared else [f"the result did not clear within {CLEARS_S:.0f} s"]
        self._wait_for(lambda: self._guard.lane.state not in _STANDING, self._guard_waits_s)
        if not standing or self._guard.lane.state not in _STANDING:
            return []
        if person.act is Act.OVERRIDDEN:
            return self._override()
        reply = self._guard.acknowledge()
        return [] if reply.ok else [f"the guard's acknowledgement was refused: {reply.error}"]

    def _override(self) -> list[str]:
        reply = self._guard.admit(CAUSE)
        if not reply.ok:
            return [f"the guard's override was refused: {reply.error}"]
        admitted = self._take(DECISION_S)
        if admitted is None or admitted.override is not Reason.OVERRIDE_ADMIT or admitted.gate_ns is None:
            return ["the gate did not open for the guard's override"]
        self.overrides.append(admitted)
        return []

    # --- waiting --------------------------------------------------------------------------------------------------

    def _decisions(self, count: int, patience_s: float) -> list[PassageReport]:
        """Return the next `count` decisions, fewer when they do not come in time."""
        passages: list[PassageReport] = []
        deadline = time.monotonic() + patience_s
        while len(passages) < count:
            passage = self._take(deadline - time.monotonic())
            if passage is None:
                break
            passages.append(passage)
        return passages

    def _take(self, patience_s: float) -> PassageReport | None:
        deadline = time.monotonic() + patience_s
        while (rest := deadline - time.monotonic()) > 0 and self._engine.running:
            passage = self._engine.passage(min(rest, 0.1))
            if passage is not None:
                return passage
            self._pause(0.0)
        return None

    def _wait_for(self, holds: Callable[[], bool], patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while not holds():
            if time.monotonic() >= deadline:
                return False
            self._pause(0.02)
        return True

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(max(0.0, seconds)):
            raise StoppedError

    def _key(self, person: Person) -> str:
        return f"{self._round}/{person.key}"

    def _latencies(self, person: Person, passages: Sequence[PassageReport]) -> tuple[float | None, ...]:
        if not person.temperature_first:
            return (None,) * len(passages)
        return tuple(account.latency_ms(passage, self._stage.readable(self._key(person))) for passage in passages)
