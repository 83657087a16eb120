from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import main
from firmware_bridge.emulator.controller import VirtualController
from firmware_bridge.emulator.thermometer import VirtualThermometer
from scanner.control.messages import Command, Hello, Reply
from scanner.control.server import ControlServer
from scanner.values import Role
from tests.scanner.camera.test_recording import video
from tests.scanner.health.place import Place, lane_view, view


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """An appliance at which everything is well."""
    monkeypatch.setattr("scanner.health.devices.WATCH_S", 1.0)
    monkeypatch.setattr("scanner.health.serial_devices.WATCH_S", 1.0)
    place = Place(tmp_path)
    place.publish()
    place.employ(Role.GUARD, Role.SUPERVISOR)
    place.confirm_clock()
    source = video(tmp_path / "camera.avi", 3)
    with VirtualThermometer(tmp_path / "t") as thermometer, VirtualController(tmp_path / "g") as gate:
        place.lane = (
            f'[[lane]]\nname = "main"\n[lane.camera]\nsource = "{source}"\n'
            f'[lane.thermometer]\ndriver = "gy-mcu90614"\nport = "{thermometer.link}"\n'
            f'[lane.gate]\ndriver = "controller"\nport = "{gate.link}"\n'
        )
        place.write()
        yield place


def findings(place: Place, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, str]]]:
    status = main(["doctor", "--config", str(place.config), "--json"])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_sound_appliance_has_nothing_failed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = findings(place, capsys)
    assert [one for one in found if one["grade"] == "failed"] == []
    assert status == 0
    parts = {one["part"] for one in found}
    assert parts == {
        *("configuration", "engine", "state folder", "clock", "policy", "keys", "status lists", "decoders"),
        *("camera", "thermometer", "gate", "adjustment", "staff", "log", "sound", "hub"),
    }
    assert found[0].keys() == {"part", "grade", "sentence", "advice", "lane"}


def test_each_fault_is_a_sign_a_sentence_and_what_to_do(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(place.trust / "generations")
    assert main(["doctor", "--config", str(place.config)]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("✕ trust"))
    assert "nothing that is kept can be proved" in lines[at]
    assert lines[at + 1].strip() == "→ run: checkpoint update"
    assert lines[-1].endswith("could be better")


def test_a_running_engine_keeps_its_devices(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    def handle(command: Command) -> Reply:
        raise AssertionError(command)

    server = ControlServer(place.root / "c.sock", Hello(software="1", device="", language="en"), handle)
    server.start()
    server.publish(view(place.now, lanes=(lane_view(),)))
    status, found = findings(place, capsys)
    server.stop()
    sentences = {one["part"]: one["sentence"] for one in found}
    assert status == 0
    assert sentences["camera"] == "30 pictures a second"
    assert "its devices are not touched" in sentences["engine"]


def test_every_fault_of_a_broken_configuration_is_told(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.config.write_text('[site]\nkind = "moon"\nnmae = "x"\n')
    status, found = findings(place, capsys)
    assert status == 1
    broken = [one for one in found if one["part"] == "configuration"]
    assert len(broken) == 2
    assert all(one["grade"] == "failed" for one in broken)


@pytest.mark.parametrize(("term", "sign"), [("xterm-256color", "✓ terminal"), ("linux", "! terminal")])
def test_a_terminal_is_told_whether_it_can_show_chinese(term: str, sign: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cli.main", "doctor", "--config", str(tmp_path / "none")]
    environment = {**os.environ, "TERM": term, "LANG": "C.UTF-8", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""
    shown = b""
    while select.select([ours], [], [], 0)[0]:
        try:
            shown += os.read(ours, 4096)
        except OSError:
            break
    os.close(ours)
    assert sign in shown.decode()
