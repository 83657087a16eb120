"""Every device as its own command, with socat for a cable that is pulled and plugged while people pass."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from firmware_bridge.values import LinkState
from tests.appliance import ROOT, Appliance

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(shutil.which("socat") is None, reason="socat is not installed"),
]

RETURN_S = 5.0
"""Two until the line is open again, and what the slowest device then takes to speak, on a machine that does more."""

LANE = """
[[lane]]
[lane.camera]
source = "none"
[lane.reader]
driver = "{reader}"
port = "{folder}/reader-line"
[lane.thermometer]
driver = "{thermometer}"
port = "{folder}/thermometer-line"
timeout_s = 4.0
[lane.gate]
driver = "{gate}"
port = "{folder}/gate-line"
pulse_ms = 200
"""


class Cabled:
    """One emulated device in a process of its own, and a socat between it and the appliance."""

    def __init__(self, folder: Path, name: str, *command: str) -> None:
        self.end, self.line = folder / name, folder / f"{name}-line"
        self.device = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "emulate", *command, "--link", str(self.end)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self.device.stdout is not None
        self.device.stdout.readline()
        self.cable: subprocess.Popen[bytes] | None = None
        self.plug()

    def plug(self) -> None:
        """Put a cable between device and appliance."""
        ends = f"pty,raw,echo=0,link={self.line}", f"{self.end},raw,echo=0"
        self.cable = subprocess.Popen(["socat", *ends], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 5
        while not self.line.is_symlink() and time.monotonic() < deadline:
            time.sleep(0.01)

    def pull(self) -> None:
        """Take it away."""
        assert self.cable is not None
        self.cable.terminate()
        self.cable.wait()
        self.line.unlink(missing_ok=True)

    def type(self, line: str) -> None:
        """Type a command to the device."""
        assert self.device.stdin is not None
        self.device.stdin.write(line + "\n")

    def close(self) -> None:
        """End both."""
        if self.cable is not None:
            self.cable.terminate()
            self.cable.wait()
        self.device.kill()
        self.device.communicate()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


LANES = [
    ("gy-mcu90614", "controller", "gm65"),
    ("gy-614v3", "modbus", "keyboard"),
    ("lu90614", "lcus", "gm65"),
    ("heimann-idc50", "modbus", "keyboard"),
    ("modbus", "controller", "gm65"),
    ("controller", "controller", "keyboard"),
]


@pytest.mark.parametrize(("thermometer", "gate", "reader"), LANES)
def test_people_pass_while_cables_are_pulled_and_plugged(
    tmp_path: Path, stack: ExitStack, thermometer: str, gate: str, reader: str
) -> None:
    appliance = Appliance(tmp_path)
    text = appliance.config.read_text("utf-8")
    lane = LANE.format(folder=tmp_path, reader=reader, thermometer=thermometer, gate=gate)
    appliance.config.write_text(text[: text.index("[[lane]]")] + lane, "utf-8")
    gate_device = Cabled(tmp_path, "gate", *(("gate",) if gate == "controller" else ("relay", "--model", gate)))
    devices = {"reader": Cabled(tmp_path, "reader", "reader", "--model", reader), "gate": gate_device}
    devices["thermometer"] = (
        gate_device  # its own MLX90614, behind the same cable
        if thermometer == "controller"
        else Cabled(tmp_path, "thermometer", "thermometer", "--model", thermometer)
    )
    for device in set(devices.values()):
        stack.callback(device.close)
    stack.callback(appliance.stop)
    appliance.start(wait=False)
    appliance.attend(devices=False)
    appliance.wait_lane(lambda lane: LinkState.UP is lane.reader is lane.gate is lane.thermometer)
    for number, pulled in enumerate(devices):
        devices["thermometer"].type("person 36.6")
        appliance.wait_lane(lambda lane: lane.present)
        devices["reader"].type(f"scan {appliance.world.code().text}")
        report = appliance.report(number)
        # The iDC50 tells what it takes for the body's temperature, which the built-in policy does not accept.
        assert report["outcome"] == ("refer" if thermometer == "heimann-idc50" else "pass"), report
        if report["outcome"] == "refer":
            assert appliance.guard is not None
            assert appliance.guard.acknowledge().ok
        devices[pulled].pull()  # while somebody still stands there
        appliance.wait_degraded(f"{pulled}_lost")
        devices[pulled].plug()
        began = time.monotonic()
        appliance.wait_degraded(f"{pulled}_lost", active=False)
        assert time.monotonic() - began < RETURN_S
        devices["thermometer"].type("nobody")
        appliance.wait_lane(lambda lane: not lane.present)
        appliance.wait_lane(lambda lane: LinkState.UP is lane.reader is lane.gate is lane.thermometer)
    appliance.stop()
    assert appliance.verified().ok
