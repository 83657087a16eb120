"""Staff's commands: what is too late is not done, and a damaged list of staff closes no gate."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import pytest

from scanner.clock import Clock
from scanner.control.messages import Acknowledge, ConfirmTime
from scanner.engine.inputs import Ask
from scanner.engine.lane_loop import LaneLoop
from scanner.engine.staff_desk import StaffDesk
from scanner.locale import Texts, languages
from scanner.staff import Staff
from scanner.values import Role


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
        self.desk = StaffDesk(staff, Clock(folder), lambda _: lane, self.confirmed.append, lambda: False)


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
