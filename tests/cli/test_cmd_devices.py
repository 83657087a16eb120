"""`checkpoint devices`: ports by name, what answers there, and what keeps a port from being looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from firmware_bridge.emulator import VirtualRelay, VirtualThermometer
from firmware_bridge.ports import FoundPort


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_bridge.probe.LISTEN_S", 0.3)
    monkeypatch.setattr("firmware_bridge.probe.ANSWER_S", 0.1)


def test_each_port_is_told_with_what_to_write_into_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with VirtualThermometer(tmp_path / "t") as module, VirtualRelay(tmp_path / "r", model="modbus") as relay:
        assert main(["devices", str(module.link), str(relay.link)]) == 0
        assert relay.switched == ()
    said = capsys.readouterr().out
    assert "✓ gy-mcu90614 at 9600: 24." in said
    assert f'→ [lane.thermometer] driver = "gy-mcu90614", port = "{module.link}", baud = 9600' in said
    assert f'→ [lane.gate] driver = "modbus", port = "{relay.link}", baud = 9600' in said


def test_for_machines_each_port_is_an_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with VirtualThermometer(tmp_path / "t") as module:
        assert main(["devices", "--json", "--listen", str(module.link), str(tmp_path / "none")]) == 0
    there, missing = map(json.loads, capsys.readouterr().out.splitlines())
    assert there["answer"]["driver"] == "gy-mcu90614"
    assert (there["port"], there["speaks"], there["trouble"]) == (str(module.link), True, "")
    assert missing["answer"] is None
    assert "is the device plugged in?" in missing["trouble"]


def test_a_port_in_use_names_the_program_that_has_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = "import sys; port = open(sys.argv[1], 'rb', buffering=0); print('open', flush=True); sys.stdin.read()"
    with (
        VirtualThermometer(tmp_path / "t") as module,
        subprocess.Popen(
            [sys.executable, "-c", script, str(module.link)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        assert main(["devices", str(module.link)]) == 0
        other.communicate(timeout=10)
    assert f"(process {other.pid}) has it open" in capsys.readouterr().out


def test_an_emulator_in_another_process_is_the_device_and_not_who_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "emulate", "thermometer", "--link", str(tmp_path / "t")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as emulator:
        assert emulator.stdout is not None
        emulator.stdout.readline()
        main(["devices", str(tmp_path / "t")])
        emulator.communicate(b"quit\n", timeout=10)
    assert "✓ gy-mcu90614" in capsys.readouterr().out


def test_two_devices_with_one_name_and_a_reader_that_types_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("/dev/serial/by-id/usb-1a86", "/dev/serial/by-path/pci-1")
    ports = (
        FoundPort("/dev/ttyUSB7", names, "1a86:7523", "USB Serial", shares_its_name=True),
        FoundPort("/dev/input/event9", ("/dev/input/by-id/usb-X-event-kbd",), "", "X", types=True),
    )
    monkeypatch.setattr("firmware_bridge.ports.find_ports", lambda: ports)
    assert main(["devices", "--list"]) == 0
    said = capsys.readouterr().out
    assert "/dev/serial/by-path/pci-1 (1a86:7523 USB Serial)" in said
    assert "another device here has the same name by-id" in said
    assert 'driver = "keyboard", port = "/dev/input/by-id/usb-X-event-kbd"' in said


def test_a_machine_without_ports_is_one_sentence_and_a_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firmware_bridge.ports.find_ports", lambda: ())
    assert main(["devices"]) == 1
    assert "no serial port found" in capsys.readouterr().err
