"""Where staff's commands come in from the screens: PINs are checked here, then the lane is asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError

from scanner.clock import Clock, ClockError
from scanner.control.messages import Acknowledge, Command, ConfirmTime, Override, Pause, Remeasure, Reply, TakeStick
from scanner.engine.inputs import Ask, AskedCommand, StaffOverride
from scanner.engine.lane_loop import LaneLoop
from scanner.staff import Staff, StaffError
from scanner.values import Role

log = logging.getLogger(__name__)

COMMAND_TIMEOUT_S = 8.0


class StaffDesk:
    """Answers commands, in the control server's worker threads; errors are locale keys."""

    def __init__(
        self,
        staff: Staff,
        clock: Clock,
        lane: Callable[[str], LaneLoop | None],
        confirmed: Callable[[str], None],
        take_stick: Callable[[], bool],
    ) -> None:
        """Serve one engine's screens.

        `confirmed` hears which supervisor vouched for the time; `take_stick` takes in what a stick offers.
        """
        self._staff = staff
        self._confirmed = confirmed
        self._clock = clock
        self._lane = lane
        self._take_stick = take_stick

    def handle(self, command: Command) -> Reply:
        """Carry out one command and return its reply; may wait for the lane and its log."""
        error: str | None
        match command:
            case ConfirmTime():
                error = self._confirm_time(command)
            case Override():
                error = self._override(command)
            case Acknowledge() | Remeasure() | Pause():
                error = self._ask(command.lane, command)
            case TakeStick():
                error = None if self._take_stick() else "command.no_stick"
            case _:
                error = "command.unknown"
        return Reply(id=command.id, ok=error is None, error=error)

    def _ask(self, lane: str, command: AskedCommand) -> str | None:
        loop = self._lane(lane)
        if loop is None:
            return "command.no_such_lane"
        answer: Future[str | None] = Future()
        loop.post(Ask(command, answer))
        try:
            return answer.result(COMMAND_TIMEOUT_S)
        except FutureTimeoutError:
            answer.cancel()  # a lane that comes to it late must not do it to the next person
            return "command.timeout"

    def _override(self, command: Override) -> str | None:
        try:
            role = self._staff.check(command.staff, command.pin, time.monotonic())
            if command.supervisor is not None:
                second = self._staff.check(command.supervisor, command.supervisor_pin or "", time.monotonic())
                if second is not Role.SUPERVISOR:
                    return "override.supervisor_needed"
        except StaffError as error:
            return error.key
        word = StaffOverride(command.admit, command.staff, role, command.supervisor, command.cause, command.about)
        return self._ask(command.lane, word)

    def _confirm_time(self, command: ConfirmTime) -> str | None:
        try:
            role = self._staff.check(command.supervisor, command.pin, time.monotonic())
        except StaffError as error:
            return error.key
        if role is not Role.SUPERVISOR:
            return "override.supervisor_needed"
        try:
            self._clock.confirm(command.supervisor)
        except ClockError as error:
            log.warning("the time was not confirmed: %s", error)
            return error.key
        self._confirmed(command.supervisor)
        return None
