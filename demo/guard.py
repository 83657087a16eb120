"""The staged guard: a client of the control socket like every screen, with a number, a PIN, and a supervisor nearby."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from scanner.control.client import ControlClient, ControlClientError
from scanner.control.duty import SignOn
from scanner.control.messages import Acknowledge, Command, ConfirmTime, LaneView, Override, Reply, TakeStick, View
from scanner.control.people import BeginParty, ChooseCode, PutAside, TakeUp, TurnAway
from scanner.values import Role

LANE = "main"
GUARD = "1001"
SUPERVISOR = "9001"
PINS = {GUARD: "4071", SUPERVISOR: "8305"}
"""Known to everybody who reads this: they open a gate that does not exist."""
ROLES = {GUARD: Role.GUARD, SUPERVISOR: Role.SUPERVISOR}

CONNECT_S = 20.0
ANSWER_S = 12.0


class GuardError(Exception):
    """The engine cannot be reached, or refused what the script says must be possible."""


class Guard:
    """Watches one lane and acts on it. Its connection lives in a thread; every method may be called from others."""

    def __init__(self, socket: Path) -> None:
        self._client = ControlClient(socket)
        self._changed = threading.Condition()
        self._view: View | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="guard", daemon=True)
        self._error: str | None = None

    def start(self) -> None:
        """Connect, and wait for the first view. Raises GuardError."""
        self._thread.start()
        if not self.wait(lambda _: True, CONNECT_S):
            raise GuardError(self._error or f"no engine answers on {self._client.path}")

    def stop(self) -> None:
        """End the connection."""
        loop, serving = self._loop, self._serving
        if loop is not None and serving is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(serving.cancel)
            self._thread.join(ANSWER_S)

    @property
    def view(self) -> View:
        """How things stand. Raises GuardError before the first view."""
        if self._view is None:
            raise GuardError("the engine has not said anything yet")
        return self._view

    @property
    def lane(self) -> LaneView:
        """How the lane stands."""
        return next(lane for lane in self.view.lanes if lane.name == LANE)

    def wait(self, holds: Callable[[View], bool], timeout_s: float) -> bool:
        """Wait until a view fulfils `holds`; False when none does in time or the engine has gone."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._error is not None or (self._view is not None and holds(self._view)), timeout_s
            )
            return self._view is not None and self._error is None and holds(self._view)

    def wait_for_lane(self, holds: Callable[[LaneView], bool], timeout_s: float) -> bool:
        """Wait until the lane fulfils `holds`."""
        return self.wait(lambda view: any(lane.name == LANE and holds(lane) for lane in view.lanes), timeout_s)

    def acknowledge(self) -> Reply:
        """Clear a result that waits for staff."""
        return self.send(Acknowledge(id=0, lane=LANE, about=self._about()))

    def admit(self, cause: str) -> Reply:
        """Admit the person before the lane with the guard's PIN."""
        return self.send(
            Override(id=0, lane=LANE, admit=True, staff=GUARD, pin=PINS[GUARD], cause=cause, about=self._about())
        )

    def sign_on(self) -> Reply:
        """Come on shift."""
        return self.send(SignOn(id=0, staff=GUARD, pin=PINS[GUARD]))

    def begin_vehicle(self, plate: str, people: int) -> Reply:
        """Begin the check of a vehicle."""
        return self.send(BeginParty(id=0, lane=LANE, plate=plate, people=people))

    def put_aside(self) -> Reply:
        """Let the vehicle before the lane wait aside."""
        return self.send(PutAside(id=0, lane=LANE))

    def take_up(self) -> Reply:
        """Take up the vehicle that has waited longest."""
        return self.send(TakeUp(id=0, lane=LANE, party=self.lane.aside[0].party if self.lane.aside else 0))

    def turn_away(self) -> Reply:
        """Let the vehicle before the lane go back."""
        return self.send(TurnAway(id=0, lane=LANE))

    def confirm_time(self) -> Reply:
        """Let the supervisor confirm the shown time: a machine without NTP has no other evidence."""
        return self.send(ConfirmTime(id=0, supervisor=SUPERVISOR, pin=PINS[SUPERVISOR]))

    def choose(self, handle: int) -> Reply:
        """Say whose code of several shown together is meant."""
        return self.send(ChooseCode(id=0, lane=LANE, handle=handle))

    def take_stick(self) -> Reply:
        """Take in what a stick offers."""
        return self.send(TakeStick(id=0))

    def _about(self) -> int | None:
        """Return which result this guard sees, and therefore means."""
        result = self.lane.result
        return None if result is None else result.seq

    def send(self, command: Command) -> Reply:
        """Send any command and return its reply. Raises GuardError."""
        return self._run(self._client.send(command))

    def _run(self, work: Coroutine[Any, Any, Reply]) -> Reply:
        if self._loop is None or self._error is not None:
            work.close()
            raise GuardError(self._error or "not connected")
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_S)
        except (ControlClientError, TimeoutError) as error:
            raise GuardError(str(error)) from error

    async def _serve(self) -> None:
        self._loop, self._serving = asyncio.get_running_loop(), asyncio.current_task()
        deadline = time.monotonic() + CONNECT_S
        try:
            while True:
                try:
                    await self._client.connect()
                    break
                except ControlClientError:
                    if time.monotonic() >= deadline:
                        raise
                    await asyncio.sleep(0.05)
            async for message in self._client:
                if isinstance(message, View):
                    with self._changed:
                        self._view = message
                        self._changed.notify_all()
        except ControlClientError as error:
            self._fail(str(error))
        except asyncio.CancelledError:
            self._fail("the guard has gone home")
        finally:
            await self._client.close()

    def _fail(self, error: str) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()
