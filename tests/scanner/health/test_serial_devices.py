from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from firmware_bridge.emulator.controller import VirtualController
from firmware_bridge.emulator.thermometer import VirtualThermometer
from firmware_bridge.ports import holders
from scanner.config.model import GateSection, ThermometerSection
from scanner.health import Grade
from scanner.health.serial_devices import check_gate, check_thermometer
from scanner.values import TemperatureRule

GOOD, WARNING, FAILED = Grade.GOOD, Grade.WARNING, Grade.FAILED


def thermometer(port: Path, driver: str = "gy-mcu90614") -> ThermometerSection:
    return ThermometerSection.model_validate({"driver": driver, "port": str(port)})


def test_a_thermometer_is_good_by_its_readings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.serial_devices.WATCH_S", 1.0)
    with VirtualThermometer(tmp_path / "t") as device:
        finding = check_thermometer(thermometer(device.link), "main", TemperatureRule.REQUIRED)
    assert finding.grade is GOOD, finding
    assert "readings" in finding.sentence
    assert "°C" in finding.sentence


def test_a_silent_thermometer_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.serial_devices.WATCH_S", 1.0)
    with VirtualThermometer(tmp_path / "t") as device:
        device.silence()
        finding = check_thermometer(thermometer(device.link), "main", TemperatureRule.REQUIRED)
    assert finding.grade is FAILED
    assert "9600" in finding.advice


def test_a_missing_port_fails_and_others_are_named(tmp_path: Path) -> None:
    finding = check_thermometer(thermometer(tmp_path / "none"), "main", None)
    assert finding.grade is FAILED
    assert "serial ports here" in finding.advice


def test_without_a_thermometer_it_depends_on_the_policy(tmp_path: Path) -> None:
    section = thermometer(tmp_path, "none")
    assert check_thermometer(section, "main", TemperatureRule.REQUIRED).grade is FAILED
    assert check_thermometer(section, "main", TemperatureRule.OFF).grade is GOOD


def test_a_port_in_use_names_the_program_that_has_it(tmp_path: Path) -> None:
    script = (
        "import serial, sys; port = serial.Serial(sys.argv[1], 9600, exclusive=True);"
        "print('open', flush=True); sys.stdin.read()"
    )
    with (
        VirtualThermometer(tmp_path / "t") as device,
        subprocess.Popen(
            [sys.executable, "-c", script, str(device.link)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        assert any(str(other.pid) in one for one in holders(device.link))
        finding = check_thermometer(thermometer(device.link), "main", None)
        other.communicate(timeout=10)
    assert finding.grade is FAILED
    assert f"process {other.pid}" in finding.advice


def test_a_gate_controller_is_greeted_and_its_barrier_stays_as_it_is(tmp_path: Path) -> None:
    with VirtualController(tmp_path / "g") as device:
        finding = check_gate(GateSection(driver="controller", port=str(device.link)), "main")
        assert device.openings == ()
    assert finding.grade is GOOD, finding


def test_a_controller_that_does_not_answer_fails(tmp_path: Path) -> None:
    with VirtualController(tmp_path / "g") as device:
        device.silence()
        finding = check_gate(GateSection(driver="controller", port=str(device.link)), "main")
    assert finding.grade is FAILED
    assert "answer" in finding.sentence


def test_without_a_gate_there_is_a_warning() -> None:
    assert check_gate(GateSection(), "main").grade is WARNING
