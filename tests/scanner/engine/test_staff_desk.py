"""Staff's commands: what is too late is not done, and a damaged list of staff closes no gate."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import pytest

from keys.reasons import Reason
from scanner.clock import Clock
from scanner.control.duty import (
    AskReport,
    AskShift,
    BrowseLog,
    HandOver,
    Lock,
    ShiftView,
    SignOff,
    SignOn,
    Unlock,
    Unlocked,
)
from scanner.control.messages import Acknowledge, ConfirmTime, Reply
from scanner.control.people import ManualEntry, TurnAway
from scanner.engine.duty import UNLOCKED_S, Duty
from scanner.engine.inputs import Ask
from scanner.engine.lane_loop import LaneLoop
from scanner.engine.records import Stamp
from scanner.engine.report import PassageReport
from scanner.engine.reports import Reading
from scanner.engine.staff_desk import StaffDesk
from scanner.journal.detail import ShiftDetail
from scanner.journal.entry import EntryDraft
from scanner.locale import Texts, languages
from scanner.staff import Staff
from scanner.values import ClockTrust, Outcome, Role

NOW = 1_800_000_000


class Lane:
    """A lane that takes nothing from its queue."""

    def __init__(self) -> None:
        self.queue: list[Ask] = []

    def post(self, ask: Ask) -> None:
        self.queue.append(ask)


class Desk:
    """A desk before one lane, and who vouched for the time."""

    def __init__(self, folder: Path) -> None:
        self.lane = Lane()
        self.confirmed: list[str] = []
        staff = Staff(folder)
        lane = cast(LaneLoop, self.lane)
        self.written: list[EntryDraft] = []
        self.duty = Duty(
            staff,
            now=lambda: NOW,
            stamp=lambda: Stamp(NOW * 1000, ClockTrust.TRUSTED, ""),
            written=self._write,
            matters=lambda: ("visitors_inside:2",),
            head=lambda: "head",
        )
        self.log_works = True
        self.desk = StaffDesk(
            staff,
            Clock(folder),
            lambda _: lane,
            self.confirmed.append,
            lambda: False,
            comparing=lambda _: None,
            duty=self.duty,
            reports=Reading(folder, lambda: NOW, lambda: (3, NOW - 60)),
        )

    def _write(self, draft: EntryDraft) -> bool:
        if self.log_works:
            self.written.append(draft)
        return self.log_works


def test_a_command_that_the_lane_did_not_come_to_is_not_done_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.engine.staff_desk.COMMAND_TIMEOUT_S", 0.01)
    desk = Desk(tmp_path)
    reply = desk.desk.handle(Acknowledge(id=1, lane="main"))
    assert reply.error == "command.timeout"
    assert not desk.lane.queue[0].answer.set_running_or_notify_cancel()


def test_a_confirmed_time_is_told_with_the_supervisors_number(tmp_path: Path) -> None:
    Staff.open(tmp_path).add("S1", Role.SUPERVISOR, "4826")
    desk = Desk(tmp_path)
    assert desk.desk.handle(ConfirmTime(id=1, supervisor="S1", pin="1111")).error == "staff.wrong_pin"
    assert desk.confirmed == []
    assert desk.desk.handle(ConfirmTime(id=2, supervisor="S1", pin="4826")).ok
    assert desk.confirmed == ["S1"]


def test_a_time_that_cannot_be_right_is_refused_in_words_that_every_language_has(tmp_path: Path) -> None:
    Staff.open(tmp_path).add("S1", Role.SUPERVISOR, "4826")
    Clock(tmp_path).raise_floor(int(time.time()) + 3600, "log")
    desk = Desk(tmp_path)
    error = desk.desk.handle(ConfirmTime(id=1, supervisor="S1", pin="4826")).error
    assert error is not None
    assert all(Texts.load(language).has(error) for language in languages())
    assert desk.confirmed == []


def test_a_damaged_list_of_staff_is_said_at_the_desk(tmp_path: Path) -> None:
    (tmp_path / "staff.json").write_text("{")
    (tmp_path / "staff.json").chmod(0o600)
    desk = Desk(tmp_path)
    assert desk.desk.handle(ConfirmTime(id=1, supervisor="S1", pin="4826")).error == "staff.file"


# --- shifts -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def staffed(tmp_path: Path) -> Desk:
    staff = Staff.open(tmp_path)
    staff.add("G1", Role.GUARD, "4071")
    staff.add("G2", Role.GUARD, "5182")
    staff.add("S1", Role.SUPERVISOR, "8305")
    return Desk(tmp_path)


def sign_on(desk: Desk, staff: str = "G1", pin: str = "4071") -> Reply:
    return desk.desk.handle(SignOn(id=1, staff=staff, pin=pin))


def shifts(desk: Desk) -> list[tuple[str | None, bool]]:
    return [(one.staff, one.detail.began) for one in desk.written if isinstance(one.detail, ShiftDetail)]


def test_whoever_signs_on_is_on_shift_and_in_the_log(staffed: Desk) -> None:
    assert sign_on(staffed, pin="0001").error == "staff.wrong_pin"
    assert staffed.duty.shift is None
    assert sign_on(staffed).ok
    assert staffed.duty.shift == ShiftView(staff="G1", role=Role.GUARD, since=NOW)
    assert shifts(staffed) == [("G1", True)]
    assert sign_on(staffed).error == "shift.same"


def test_a_hand_over_tells_what_the_shift_came_to_and_ends_it(staffed: Desk) -> None:
    sign_on(staffed)
    staffed.duty.count(passed(Outcome.PASS))
    staffed.duty.count(passed(Outcome.STOP))
    staffed.duty.count(passed(Outcome.STOP, override=Reason.OVERRIDE_ADMIT))
    staffed.duty.count(passed(Outcome.PASS, by_hand=True))
    over = sign_on(staffed, "G2", "5182").answer
    assert isinstance(over, HandOver)
    assert (over.passed, over.stopped, over.overrides, over.by_hand) == (2, 1, 1, 1)
    assert over.open == ("visitors_inside:2",)
    assert shifts(staffed) == [("G1", True), ("G1", False), ("G2", True)]
    fresh = staffed.desk.handle(AskShift(id=2)).answer
    assert isinstance(fresh, HandOver)
    assert fresh.passed == 0


def test_a_shift_ends_by_its_own_pin_or_a_supervisors(staffed: Desk) -> None:
    sign_on(staffed)
    assert staffed.desk.handle(SignOff(id=2, staff="G2", pin="5182")).error == "override.supervisor_needed"
    assert staffed.desk.handle(SignOff(id=3, staff="S1", pin="8305")).ok
    assert staffed.duty.shift is None
    assert staffed.desk.handle(SignOff(id=4, staff="S1", pin="8305")).error == "shift.nobody"


def test_nobody_comes_on_shift_whom_the_log_does_not_hold(staffed: Desk) -> None:
    staffed.log_works = False
    assert sign_on(staffed).error == "entry.log"
    assert staffed.duty.shift is None


def test_people_are_registered_by_somebody_on_shift_only(staffed: Desk) -> None:
    command = ManualEntry(id=1, lane="main", name="张三丰", document="123456")
    assert staffed.desk.handle(command).error == "shift.nobody"
    assert staffed.lane.queue == []


def test_a_lane_is_told_who_is_on_shift(staffed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.engine.staff_desk.COMMAND_TIMEOUT_S", 0.01)
    sign_on(staffed)
    staffed.desk.handle(TurnAway(id=2, lane="main"))
    assert staffed.lane.queue[0].staff == "G1"


# --- the supervisor's screens -----------------------------------------------------------------------------------------


def test_reports_need_a_supervisors_pin_and_end_with_its_time(staffed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert staffed.desk.handle(AskReport(id=1, token="guessed")).error == "unlock.over"
    assert staffed.desk.handle(Unlock(id=2, staff="G1", pin="4071")).error == "unlock.supervisor"
    unlocked = staffed.desk.handle(Unlock(id=3, staff="S1", pin="8305")).answer
    assert isinstance(unlocked, Unlocked)
    assert staffed.duty.unlocked_by(unlocked.token) == "S1"
    staffed.desk.handle(Lock(id=4, token=unlocked.token))
    assert staffed.desk.handle(BrowseLog(id=5, token=unlocked.token)).error == "unlock.over"
    again = staffed.desk.handle(Unlock(id=6, staff="S1", pin="8305")).answer
    assert isinstance(again, Unlocked)
    later = time.monotonic() + UNLOCKED_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert staffed.duty.unlocked_by(again.token) is None


def test_a_log_that_cannot_be_read_is_said_so(staffed: Desk) -> None:
    unlocked = staffed.desk.handle(Unlock(id=3, staff="S1", pin="8305")).answer
    assert isinstance(unlocked, Unlocked)
    assert staffed.desk.handle(AskReport(id=4, token=unlocked.token)).error == "unlock.log"


def passed(outcome: Outcome, *, override: Reason | None = None, by_hand: bool = False) -> PassageReport:
    return PassageReport("main", 1, NOW, outcome, (), None, None, 0, 0, None, None, override, by_hand)
