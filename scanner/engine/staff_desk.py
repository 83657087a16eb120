"""Where staff's commands come in from the screens: PINs are checked here, then the lane is asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Protocol

from scanner.clock import Clock, ClockError
from scanner.control.duty import (
    AskReport,
    AskShift,
    BrowseLog,
    Compare,
    DropPoints,
    KeepOffset,
    Lock,
    LogPage,
    Report,
    SignOff,
    SignOn,
    Unlock,
)
from scanner.control.messages import (
    Acknowledge,
    Command,
    ConfirmTime,
    Override,
    Pause,
    Remeasure,
    Reply,
    TakeStick,
    WatchPreview,
)
from scanner.control.people import CallSupervisor, ChooseCode
from scanner.engine.comparing import Comparing, NotComparedError
from scanner.engine.duty import Duty
from scanner.engine.inputs import Ask, AskedCommand, Noticed, Reaction, StaffOverride
from scanner.engine.lane_loop import LaneLoop
from scanner.journal.detail import StaffAction
from scanner.journal.errors import JournalError
from scanner.lane import State
from scanner.staff import Staff, StaffError
from scanner.values import Role

log = logging.getLogger(__name__)

COMMAND_TIMEOUT_S = 8.0


class Reports(Protocol):
    """What the log says to a supervisor. Methods raise JournalError."""

    def report(self, hours: int) -> Report | None:
        """Return what the last hours came to; None while another report is being counted."""

    def page(self, before: int | None, count: int) -> LogPage:
        """Return entries below number `before`, newest first."""


class StaffDesk:
    """Answers commands, in the control server's worker threads; errors are locale keys."""

    def __init__(
        self,
        staff: Staff,
        clock: Clock,
        lane: Callable[[str], LaneLoop | None],
        confirmed: Callable[[str], None],
        take_stick: Callable[[], bool],
        *,
        comparing: Callable[[str], Comparing | None],
        duty: Duty,
        reports: Reports,
    ) -> None:
        """Serve one engine's screens.

        `comparing` gives the thermometer of the lane with this name, None where there is none.

        `confirmed` hears which supervisor vouched for the time; `take_stick` takes in what a stick offers.
        """
        self._comparing = comparing
        self._duty = duty
        self._reports = reports
        self._staff = staff
        self._confirmed = confirmed
        self._clock = clock
        self._lane = lane
        self._take_stick = take_stick

    def handle(self, command: Command) -> Reply:
        """Carry out one command and return its reply; may wait for the lane and its log."""
        reaction = self._react(command)
        if isinstance(reaction, str):
            return Reply(id=command.id, ok=False, error=reaction)
        return Reply(id=command.id, ok=True, answer=reaction)

    def _react(self, command: Command) -> Reaction:
        match command:
            case ConfirmTime():
                return self._confirm_time(command)
            case Override():
                return self._override(command)
            case Acknowledge() | Remeasure() | Pause() | ChooseCode() | CallSupervisor():
                return self._ask(command.lane, command, self._duty.number)
            case TakeStick():
                return None if self._take_stick() else "command.no_stick"
            case SignOn(staff=staff, pin=pin):
                return self._duty.sign_on(staff, pin)
            case SignOff(staff=staff, pin=pin):
                return self._duty.sign_off(staff, pin)
            case AskShift():
                return self._duty.hand_over()
            case Unlock(staff=staff, pin=pin):
                return self._duty.unlock(staff, pin)
            case Lock(token=token):
                self._duty.lock(token)
                return None
            case AskReport() | BrowseLog():
                return self._look_up(command)
            case Compare() | KeepOffset() | DropPoints():
                return self._compare(command)
            case WatchPreview():  # the control server's own
                return "command.unknown"
            case _:
                number = self._duty.number  # once: the shift may end at any moment
                return "shift.nobody" if number is None else self._ask(command.lane, command, number)

    def _look_up(self, command: AskReport | BrowseLog) -> Reaction:
        if self._duty.unlocked_by(command.token) is None:
            return "unlock.over"
        try:
            if isinstance(command, AskReport):
                return self._reports.report(command.hours) or "unlock.busy"
            return self._reports.page(command.before, command.count)
        except JournalError as error:
            log.warning("the log cannot be read: %s", error)
            return "unlock.log"

    def _compare(self, command: Compare | KeepOffset | DropPoints) -> Reaction:
        supervisor = self._duty.unlocked_by(command.token)
        if supervisor is None:
            return "unlock.over"
        comparing, loop = self._comparing(command.lane), self._lane(command.lane)
        if comparing is None or loop is None:
            return "compare.none"
        if loop.view.state != State.OUT_OF_SERVICE:
            return "compare.in_service"
        try:
            match command:
                case Compare(known_centi=known):
                    return comparing.add(known)
                case KeepOffset():
                    found = comparing.keep()
                    loop.post(Noticed(StaffAction.COMPARED, supervisor))
                    return found
                case DropPoints():
                    comparing.drop()
        except NotComparedError as error:
            return error.key
        return None

    def _ask(self, lane: str, command: AskedCommand, staff: str | None) -> Reaction:
        loop = self._lane(lane)
        if loop is None:
            return "command.no_such_lane"
        answer: Future[Reaction] = Future()
        loop.post(Ask(command, answer, staff))
        try:
            return answer.result(COMMAND_TIMEOUT_S)
        except FutureTimeoutError:
            answer.cancel()  # a lane that comes to it late must not do it to the next person
            return "command.timeout"

    def _override(self, command: Override) -> Reaction:
        try:
            role = self._staff.check(command.staff, command.pin, time.monotonic())
            if command.supervisor is not None:
                second = self._staff.check(command.supervisor, command.supervisor_pin or "", time.monotonic())
                if second is not Role.SUPERVISOR:
                    return "override.supervisor_needed"
        except StaffError as error:
            return error.key
        word = StaffOverride(command.admit, command.staff, role, command.supervisor, command.cause, command.about)
        return self._ask(command.lane, word, command.staff)

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
