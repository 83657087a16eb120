from __future__ import annotations

import datetime as dt
import grp
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_bridge import link
from firmware_bridge.emulator.controller import VirtualController
from firmware_bridge.emulator.gate_board import Probe
from firmware_bridge.emulator.reader import VirtualReader
from firmware_bridge.emulator.relay import VirtualRelay
from firmware_bridge.emulator.thermometer import VirtualThermometer
from firmware_bridge.modbus_rtu import messages
from firmware_bridge.ports import FoundPort, holders
from firmware_bridge.reports import GateSettings
from scanner.config.model import GateSection, LaneSection, ReaderSection, ThermometerSection
from scanner.health import Grade
from scanner.health.serial_devices import (
    check_gate,
    check_names,
    check_offset,
    check_reader,
    check_thermometer,
    port_advice,
)
from scanner.values import TemperatureRule
from tests.firmware_bridge.bench import eventually
from tests.firmware_bridge.controller_bench import ControllerBench

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


def test_a_port_without_permission_names_the_group_or_says_that_no_group_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody keeps root out, as which the tests may run: what anybody else would be answered is put in."""
    port = tmp_path / "port"
    port.touch()
    group = os.getgid() or 1  # no one joins root's
    os.chown(port, -1, group)
    monkeypatch.setattr(os, "access", lambda *_: False)
    port.chmod(0o660)
    assert f"usermod -aG {grp.getgrgid(group).gr_name} $USER" in port_advice(str(port))
    port.chmod(0o600)
    assert "usermod" not in port_advice(str(port))
    assert "udev rule" in port_advice(str(port))


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


@pytest.mark.parametrize("energised", ["opens", "holds"])
def test_a_gate_that_was_left_without_an_engine_is_left_as_it_is(
    tmp_path: Path, energised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.health.serial_devices.WATCH_S", 1.2)
    monkeypatch.setattr(link, "HEARTBEAT_LOST_MS", 800)
    with VirtualController(tmp_path / "g", ambient_centi=3300) as device:
        section = {"driver": "controller", "port": str(device.link), "energised": energised, "fail": "safe"}
        gate = GateSection.model_validate_json(json.dumps(section))
        with ControllerBench(device.link, GateSettings(holds=energised == "holds", fail_safe=True)) as host:
            host.await_up()
        eventually(lambda: device.session == 0)
        left = device.energised
        findings = [
            check_gate(gate, "main"),
            check_thermometer(thermometer(Path("unused"), "controller"), "main", None, gate=gate),
        ]
        assert device.energised is left
    assert left is (energised == "opens")
    assert findings[1].grade is GOOD
    assert "°C" in findings[1].sentence
    assert findings[0].grade is (WARNING if energised == "opens" else GOOD), "without power it would be shut"


def test_a_controller_without_its_thermometer_says_what_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.health.serial_devices.WATCH_S", 1.9)
    with VirtualController(tmp_path / "g") as device:
        device.probe(Probe.ABSENT)
        gate = GateSection(driver="controller", port=str(device.link))
        finding = check_thermometer(thermometer(Path("unused"), "controller"), "main", None, gate=gate)
    assert (finding.grade, finding.sentence) == (FAILED, "no MLX90614 answers on the gate controller's wires")
    assert "wires" in finding.advice


def test_a_controllers_thermometer_without_the_controller_is_told_by_the_port_of_the_gate(tmp_path: Path) -> None:
    gate = GateSection(driver="controller", port=str(tmp_path / "none"))
    finding = check_thermometer(thermometer(Path("unused"), "controller"), "main", None, gate=gate)
    assert finding.grade is FAILED
    assert "plug it in" in finding.advice


def test_a_controller_with_older_firmware_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with VirtualController(tmp_path / "g") as device:
        monkeypatch.setattr(link, "RELEASE", link.RELEASE + 1)
        monkeypatch.setattr(link, "state", lambda *told: struct.pack(">IHBBBBB", *told, link.RELEASE - 1))
        finding = check_gate(GateSection(driver="controller", port=str(device.link)), "main")
    assert finding.grade is WARNING
    assert "older than release" in finding.sentence


def test_a_controller_of_another_version_of_the_link_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = link.VERSION + 1
    monkeypatch.setattr(link.Responder, "_hello", lambda *_: link.BAD_VERSION)
    monkeypatch.setattr(link, "answer", lambda session, status: struct.pack(">IBB", session, status, newer))
    with VirtualController(tmp_path / "g") as device:
        finding = check_gate(GateSection(driver="controller", port=str(device.link)), "main")
    assert finding.grade is FAILED
    assert finding.sentence == f"the gate controller speaks version {newer} of the link, not {link.VERSION}: update it"


def test_a_controller_that_does_not_answer_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_bridge.gate.PATIENCE_S", 0.5)
    with VirtualController(tmp_path / "g") as device:
        device.silence()
        finding = check_gate(GateSection(driver="controller", port=str(device.link)), "main")
    assert finding.grade is FAILED
    assert "answer" in finding.sentence


def test_without_a_gate_there_is_a_warning() -> None:
    assert check_gate(GateSection(), "main").grade is WARNING


def test_another_module_at_the_port_is_named_with_its_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.serial_devices.WATCH_S", 1.9)
    monkeypatch.setattr("firmware_bridge.probe.LISTEN_S", 0.3)
    with VirtualThermometer(tmp_path / "t", model="gy-614v3", baud=115200, rate_hz=20.0) as device:
        finding = check_thermometer(thermometer(device.link), "main", None)
    assert finding.grade is FAILED
    assert "another model, or another speed" in finding.sentence
    assert finding.advice.endswith('set [lane.thermometer] driver = "gy-614v3" and baud = 115200')


@pytest.mark.parametrize("driver", ["controller", "lcus", "modbus", "gm65"])
def test_a_thermometer_at_the_port_of_a_gate_or_a_reader_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    monkeypatch.setattr("scanner.health.serial_devices.WATCH_S", 1.0)
    with VirtualThermometer(tmp_path / "t") as device:
        section = {"driver": driver, "port": str(device.link)}
        if driver == "gm65":
            (finding,) = check_reader(ReaderSection.model_validate(section), "main")
        else:
            finding = check_gate(GateSection.model_validate(section), "main")
    assert finding.grade is FAILED, finding
    assert finding.advice == (
        'a gy-mcu90614 speaks there at 9600: set [lane.thermometer] driver = "gy-mcu90614" and baud = 9600'
    )


def test_a_modbus_thermometer_that_refuses_says_why(tmp_path: Path) -> None:
    with VirtualThermometer(tmp_path / "t", model="modbus") as device:
        section = ThermometerSection.model_validate(
            {"driver": "modbus", "port": str(device.link), "modbus": {"address": 7}}
        )
        finding = check_thermometer(section, "main", None)
    assert (finding.grade, finding.sentence) == (
        FAILED,
        "the thermometer refuses to give register 7: it has no such register or coil",
    )


def test_a_device_whose_package_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on an appliance without the optional package: here it is hidden."""
    messages.cache_clear()
    monkeypatch.setitem(sys.modules, "pymodbus.framer", None)
    for finding in (
        check_thermometer(thermometer(Path("/dev/none"), "modbus"), "main", None),
        check_gate(GateSection(driver="modbus"), "main"),
    ):
        assert finding.grade is FAILED
        assert "-r requirements/modbus.lock" in finding.advice
    messages.cache_clear()


@pytest.mark.parametrize("model", ["modbus", "lcus"])
def test_a_relay_is_looked_at_and_not_switched(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.serial_devices.WATCH_S", 1.0)
    with VirtualRelay(tmp_path / "r", model=model) as device:
        device.switch(1, on=True)
        finding = check_gate(GateSection.model_validate({"driver": model, "port": str(device.link)}), "main")
        assert device.is_on(1), "a gate that was left open for a fire stays open"
    assert finding.grade is (GOOD if model == "modbus" else WARNING), finding
    assert "answer" in finding.sentence


def test_a_gate_that_is_to_fail_safe_and_needs_power_for_it_is_a_warning(tmp_path: Path) -> None:
    with VirtualRelay(tmp_path / "r", model="modbus") as device:
        section = {"driver": "modbus", "port": str(device.link), "fail": "safe"}
        opens, holds = (
            check_gate(GateSection.model_validate_json(json.dumps({**section, "energised": energised})), "main")
            for energised in ("opens", "holds")
        )
    assert (opens.grade, holds.grade) == (WARNING, GOOD)
    assert 'energised = "holds"' in opens.advice


def test_a_reader_is_good_when_it_opens_and_when_it_takes_its_trigger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.health.serial_devices.WATCH_S", 2.0)
    with VirtualReader(tmp_path / "r", waits=True) as device:
        section = ReaderSection(driver="gm65", port=str(device.link))
        (opens,) = check_reader(section, "main")
        (answers,) = check_reader(section.model_copy(update={"trigger": True}), "main")
        device.silence()
        (silent,) = check_reader(section.model_copy(update={"trigger": True}), "main")
    assert [one.grade for one in (opens, answers, silent)] == [GOOD, GOOD, FAILED]
    assert "does not answer its trigger" in silent.sentence
    assert list(check_reader(ReaderSection(), "main")) == []


@pytest.mark.parametrize(
    ("keys", "grade", "words"),
    [
        ({}, WARNING, "never been compared"),
        ({"offset_centi": -12, "offset_taken": "2026-03-01"}, GOOD, "-0.12 °C of 2026-03-01, for ever"),
        ({"offset_centi": 5, "offset_expires": "2026-09-01"}, GOOD, "+0.05 °C, good until 2026-09-01"),
        ({"offset_centi": 5, "offset_expires": "2026-03-20"}, WARNING, "good for 16 days more"),
        ({"offset_centi": 5, "offset_expires": "2026-03-03"}, FAILED, "was good until 2026-03-03"),
    ],
)
def test_an_adjustment_is_told_with_its_dates(keys: dict[str, object], grade: Grade, words: str) -> None:
    section = ThermometerSection.model_validate({"driver": "gy-mcu90614", **keys})
    (finding,) = check_offset(section, "main", dt.date(2026, 3, 4))
    assert (finding.grade, words in finding.sentence) == (grade, True), finding
    assert ("checkpoint calibrate" in finding.advice) is (grade is not GOOD)
    assert list(check_offset(ThermometerSection(), "main", dt.date(2026, 3, 4))) == []


def test_a_configured_name_that_two_devices_have_fails() -> None:
    name = "/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0"
    ports = [FoundPort("/dev/ttyUSB0", (name,), "1a86:7523", "USB Serial", shares_its_name=True)]
    lanes = [LaneSection(gate=GateSection(driver="lcus", port=name), thermometer=thermometer(Path("/dev/x")))]
    (finding,) = check_names(lanes, ports)
    assert (finding.grade, finding.lane) == (FAILED, "main")
    assert "by-path" in finding.advice
    assert list(check_names(lanes, [])) == []
