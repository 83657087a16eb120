from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from firmware_bridge.values import LinkState
from scanner.config.model import Configuration, GateSection, LaneSection, ThermometerSection
from scanner.control.messages import Command, DegradationView, Hello, Reply
from scanner.control.server import ControlServer
from scanner.health import Grade
from scanner.health.engine import ask_engine, tell_view
from scanner.values import ClockTrust
from tests.scanner.health.place import lane_view, view

NOW = 1_800_000_000
CONFIGURATION = Configuration(
    lane=(LaneSection(thermometer=ThermometerSection(driver="gy-mcu90614"), gate=GateSection(driver="controller")),)
)


def handle(command: Command) -> Reply:
    raise AssertionError(f"the doctor only looks, and sent {command}")


def test_a_running_engine_is_found_and_asked(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "c.sock", Hello(software="1", device="", language="en"), handle)
    server.start()
    server.publish(view(NOW, lanes=(lane_view(),)))
    found, finding = ask_engine(tmp_path / "c.sock")
    server.stop()
    assert found is not None
    assert found.lanes[0].name == "main"
    assert (finding.grade, "12 entries" in finding.sentence) == (Grade.GOOD, True)


def test_no_engine_and_a_socket_left_behind_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "c.sock"
    assert ask_engine(path)[1].grade is Grade.GOOD
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    found, finding = ask_engine(path)
    assert found is None
    assert (finding.grade, "left behind" in finding.sentence) == (Grade.GOOD, True)


def test_what_is_no_socket_or_cannot_be_one_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ask_engine(tmp_path / "file")[1].grade is Grade.FAILED
    assert ask_engine(tmp_path / "file" / "below")[1].grade is Grade.FAILED
    too_long = tmp_path / ("x" * 120)
    assert "too long" in ask_engine(too_long)[1].sentence


def test_something_that_listens_and_is_silent_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.engine.ANSWER_S", 0.3)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(tmp_path / "c.sock"))
        listener.listen()
        found, finding = ask_engine(tmp_path / "c.sock")
    assert found is None
    assert (finding.grade, finding.advice) == (Grade.FAILED, "restart the engine")


def test_the_view_is_told_device_by_device_and_by_what_is_degraded() -> None:
    degraded = (
        DegradationView(code="camera_lost", lane="main", detail="it was unplugged", since=NOW - 5),
        DegradationView(code="journal_full", lane=None, detail="no room", since=NOW - 7200),
    )
    told = list(tell_view(view(NOW, lanes=(lane_view(LinkState.LOST),), degraded=degraded), CONFIGURATION, None))
    grades = {finding.part: finding.grade for finding in told}
    assert grades == {
        "clock": Grade.GOOD,
        "camera": Grade.FAILED,
        "thermometer": Grade.GOOD,
        "gate": Grade.WARNING,
        "engine": Grade.WARNING,
    }
    sentences = [finding.sentence for finding in told]
    assert "it was unplugged" in sentences
    assert "it has said for 2 hours: journal full: no room" in sentences


def test_an_untrusted_clock_and_a_lane_that_the_engine_does_not_know_are_told() -> None:
    clock, lane = tell_view(view(NOW, clock=ClockTrust.UNTRUSTED), CONFIGURATION, None)
    assert clock.grade is Grade.FAILED
    assert "restart the engine" in lane.advice
