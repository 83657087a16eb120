"""The unit forbids most system calls; the engine, watched while it runs, makes none of those."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firmware_bridge.emulator.controller import VirtualController
from firmware_bridge.emulator.thermometer import VirtualThermometer
from scanner.values import Role
from tests.deploy.test_deploy import ROOT
from tests.scanner.camera.test_recording import video
from tests.scanner.health.place import Place

AS_ROOT_ONLY = {"fchown"}
"""SQLite gives its files to the folder's owner, when it is root."""


def members(group: str) -> set[str]:
    """Every system call of a systemd group."""
    lines = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    names = [line.strip() for line in lines.stdout.splitlines()[1:]]
    return {
        call
        for name in names
        if name and not name.startswith("#")
        for call in (members(name) if name.startswith("@") else {name})
    }


def allowed() -> set[str]:
    """What the unit's filter lets through, in the order of its lines."""
    calls: set[str] = set()
    for line in (ROOT / "deploy" / "checkpoint.service").read_text(encoding="utf-8").splitlines():
        if not line.startswith("SystemCallFilter="):
            continue
        takes_away = line.startswith("SystemCallFilter=~")
        for name in line.partition("=")[2].lstrip("~").split():
            found = members(name) if name.startswith("@") else {name}
            calls = calls - found if takes_away else calls | found
    return calls | members("@default")


@pytest.mark.soak
@pytest.mark.needs_strace
@pytest.mark.skipif(
    shutil.which("strace") is None or shutil.which("systemd-analyze") is None,
    reason="strace and systemd-analyze are both needed",
)
def test_the_engine_makes_no_system_call_that_its_unit_forbids(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.publish()
    place.employ(Role.GUARD)
    place.confirm_clock()
    log = tmp_path / "strace.log"
    with VirtualThermometer(tmp_path / "t") as thermometer, VirtualController(tmp_path / "g") as gate:
        thermometer.person(3650)
        place.lane = (
            f'[[lane]]\nname = "main"\n[lane.camera]\nsource = "{video(tmp_path / "a.avi", 300)}"\n'
            f'[lane.thermometer]\ndriver = "gy-mcu90614"\nport = "{thermometer.link}"\n'
            f'[lane.gate]\ndriver = "controller"\nport = "{gate.link}"\n'
        )
        place.write()
        engine = [sys.executable, "-m", "cli.main", "run", "--headless", "--config", str(place.config)]
        with subprocess.Popen(
            ["strace", "-f", "-qq", "-o", str(log), *engine], cwd=ROOT, stdout=subprocess.DEVNULL, process_group=0
        ) as traced:
            deadline = time.monotonic() + 60
            while not (tmp_path / "c.sock").exists() and time.monotonic() < deadline:
                time.sleep(0.2)
            time.sleep(6)
            os.killpg(traced.pid, signal.SIGINT)
            traced.wait(30)
    made = {found.group(1) for line in log.read_text().splitlines() if (found := re.match(r"\d+\s+(\w+)\(", line))}
    assert {"fdatasync", "bind", "ioctl"} <= made
    assert made - allowed() - (AS_ROOT_ONLY if os.getuid() == 0 else set()) == set()
