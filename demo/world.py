"""Stages a whole small world round the ordinary engine.

Everything is real but the light and the iron: real keys and lists, a real stream of pictures, real serial lines (as
ptys), the engine as a process of its own. `World` starts and ends all of it; `demo.conductor` brings the people.
"""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path
from typing import IO

from demo import account
from demo.account import Summary
from demo.conductor import Conductor
from demo.engine_process import EngineProcess
from demo.guard import Guard, GuardError
from demo.hub_process import HubError, HubProcess
from demo.scripts import SCENARIOS, Place, Scenario
from demo.site import Site, bring_up_to_date, prepare
from demo.stage import Barrier
from demo.stage_process import StageProcess
from firmware_bridge.emulator import OpeningSeen, VirtualController, VirtualThermometer
from firmware_bridge.values import LinkState
from keys.errors import KeysError
from scanner.control.messages import LaneView
from scanner.engine.report import PassageReport
from scanner.journal import verify
from scanner.journal.device import PUBLIC_NAME, read_public
from scanner.journal.errors import JournalError
from scanner.journal.files import journal_path
from scanner.values import ClockTrust

START_S = 25.0
BARRIER_UP_S = 1.2
"""How long the staged barrier stays up; the real pulse is too short to be looked at."""
HANDED_OVER_S = 40.0
"""For what waits for the hub: a gate asks first up to half a minute after its start, so that all do not ask at once."""
LOG_NAME = "demo.log"


class WorldError(Exception):
    """The world cannot be staged; the text says what and why."""


class World:
    """A context manager: everything that it starts is gone at its end, however that comes."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        language: str,
        guard_waits_s: float = 0.0,
        scenario: Scenario = SCENARIOS[Place.GATE],
        with_hub: bool = False,
    ) -> None:
        """`folder` exists, is empty, and belongs to its owner alone; it is the caller's to remove.

        `with_hub`: a hub is started beside the gate, which is enrolled with it.
        """
        self._with_hub = with_hub
        self._hub: HubProcess | None = None
        self._seed = seed
        self._language = language
        self._folder = folder
        self._guard_waits_s = guard_waits_s
        self._scenario = scenario
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def site(self) -> Site:
        """Where everything lies."""
        return self._site

    @property
    def conductor(self) -> Conductor:
        """Who brings the people."""
        return self._conductor

    @property
    def hub(self) -> HubProcess | None:
        """The hub beside the gate."""
        return self._hub

    def waiting(self) -> int:
        """Return how many entries the hub does not have, after some patience for the last of them."""
        self._guard.wait(lambda view: view.waiting == 0, HANDED_OVER_S)
        return self._guard.view.waiting

    def summary(self) -> Summary:
        """End the world, verify the log that it leaves, and sum up."""
        self._stack.close()
        self._conductor.take_stray()
        turns, stray = self._conductor.turns, self._conductor.stray
        decided = [one for turn in turns for one in turn.passages]
        verified, said = self._verify_journal()
        wrong = sum(bool(turn.problems) for turn in turns) + len(stray)
        return Summary(
            decisions=len(decided) + len(stray),
            unexpected=wrong + (not self._gate_agrees([*decided, *stray, *self._conductor.overrides])),
            latency=account.latency(turns),
            journal_verified=verified,
            journal=said,
            frames=self._stage.tally,
        )

    def _gate_agrees(self, passages: list[PassageReport]) -> bool:
        """Whether the gate opened once for each person and vehicle that it was to open for, and for nobody else."""
        opened_for = [one.seq for one in passages if one.gate_ns is not None and one.seq is not None]
        openings = [opening.token for opening in self._gate.openings]
        vehicles = [token for token in openings if token not in opened_for]
        people = sorted(token for token in openings if token in opened_for)
        return people == sorted(opened_for) and len(vehicles) == len(set(vehicles)) == self._conductor.released

    def _verify_journal(self) -> tuple[bool, str]:
        try:
            report = verify.verify(journal_path(self._site.state), read_public(self._site.state / PUBLIC_NAME))
        except (JournalError, KeysError) as error:
            return False, str(error)
        if report.problem is not None:
            return False, report.problem.text
        return True, f"{report.entries} entries under {report.heads} signed heads"

    # --- the beginning --------------------------------------------------------------------------------------------

    def _start(self, stack: contextlib.ExitStack) -> None:
        log_path = self._folder / LOG_NAME
        self._site, issuing = prepare(self._folder, int(time.time()), self._language, self._scenario)
        stack.callback(issuing.close)
        self._issuing = issuing
        self._renew()
        log: IO[bytes] = stack.enter_context(log_path.open("ab"))
        thermometer = stack.enter_context(VirtualThermometer(self._site.thermometer, seed=self._seed))
        self._gate = stack.enter_context(VirtualController(self._site.gate, on_opening=self._lift_barrier))
        self._stage = StageProcess(self._site.camera, self._seed, log)
        stack.callback(self._stage.end)
        if self._with_hub:
            self._hub = self._start_hub(stack, log)
        engine = EngineProcess(self._site.config, log)
        stack.callback(engine.end)
        if not self._stage.wait_rolling(START_S):
            raise WorldError(f"the staged camera does not start; see {log_path}")
        guard = self._guard = Guard(self._site.socket)
        stack.callback(guard.stop)
        try:
            self._bring_up(guard)
        except GuardError as error:
            raise WorldError(f"the engine does not start: {error}; see {log_path}") from error
        self._conductor = Conductor(
            issuing=issuing,
            renew=self._renew,
            stage=self._stage,
            thermometer=thermometer,
            engine=engine,
            guard=guard,
            scenario=self._scenario,
            seed=self._seed,
            guard_waits_s=self._guard_waits_s,
        )

    def _start_hub(self, stack: contextlib.ExitStack, log: IO[bytes]) -> HubProcess:
        try:
            hub = HubProcess(self._site, log)
            stack.callback(hub.end)
            hub.enrol()
        except HubError as error:
            raise WorldError(f"{error}; see {self._folder / LOG_NAME}") from error
        return hub

    def _renew(self) -> None:
        """Let everybody have new codes, and the appliance what was released with them."""
        now = int(time.time())
        self._issuing.issue_round(now)
        bring_up_to_date(self._site, now)

    def _bring_up(self, guard: Guard) -> None:
        guard.start()
        up = guard.wait_for_lane(_devices_up, START_S)
        if guard.view.clock is ClockTrust.UNTRUSTED:
            guard.confirm_time()
        if not up or not guard.wait(lambda view: view.clock is ClockTrust.TRUSTED, START_S):
            degraded = ", ".join(f"{one.code} {one.detail}".strip() for one in guard.view.degraded)
            raise GuardError(f"it does not come up: {degraded}")
        if self._scenario.place is Place.HIGHWAY and not (reply := guard.sign_on()).ok:
            raise GuardError(f"the officer cannot sign on: {reply.error}")

    def _lift_barrier(self, _opening: OpeningSeen) -> None:
        self._stage.tell(Barrier(True))
        lower = threading.Timer(BARRIER_UP_S, self._stage.tell, (Barrier(False),))
        lower.daemon = True
        lower.start()


def _devices_up(lane: LaneView) -> bool:
    return lane.camera is lane.thermometer is lane.gate is LinkState.UP
