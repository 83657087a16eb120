"""A real appliance for tests: the engine in a process of its own, an emulated thermometer and gate on ptys, a camera
that is a FIFO of JPEGs, a small authority behind it, and a guard at the control socket.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from demo.guard import PINS, ROLES, Guard
from demo.virtual_camera import VirtualCamera
from firmware_bridge.emulator.controller import VirtualController
from firmware_bridge.emulator.thermometer import VirtualThermometer
from firmware_bridge.values import LinkState
from scanner.control.messages import LaneView
from scanner.journal.device import PUBLIC_NAME, read_public
from scanner.journal.entry import Entry, decode
from scanner.journal.files import journal_path
from scanner.journal.reader import open_reader
from scanner.journal.verify import VerifyReport, verify
from scanner.staff import Staff
from tests.world import ISSUER, SmallWorld

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 20.0
T = TypeVar("T")


class Appliance:
    """Everything a gate has, in `folder`. As a context: made, started, and ended for sure."""

    def __init__(
        self,
        folder: Path,
        *,
        kind: str = "residential",
        mode: str = "attended",
        temperature: bool = True,
        extra: str = "",
        state: Path | None = None,
        environment: dict[str, str] | None = None,
        prefix: tuple[str, ...] = (),
        program: tuple[str, ...] = ("-m", "cli.main"),
        camera: Path | None = None,
        published_ago_s: int = 60,
        socket: Path | None = None,
    ) -> None:
        self.folder = folder
        self.state = state or folder / "state"
        self.world = SmallWorld(folder, ISSUER, int(time.time()))
        self.world.found()
        self.world.publish(self.world.now - published_ago_s)
        self.openings = folder / "openings"
        self.socket = socket or folder / "control.sock"
        self.thermometer = VirtualThermometer(folder / "thermometer")
        self.gate = VirtualController(folder / "gate", log=self.openings)
        self.feed = VirtualCamera(folder / "camera.mjpeg")
        self.guard: Guard | None = None
        self.engine: subprocess.Popen[str] | None = None
        self.reports: list[dict[str, object]] = []
        self.log = folder / "engine.log"
        self._prefix = prefix
        self._program = program
        self._environment = environment or {}
        self.state.mkdir(mode=0o700, exist_ok=True)
        staff = Staff.open(self.state)
        for number, role in ROLES.items():
            staff.add(number, role, PINS[number])
        driver = "gy-mcu90614" if temperature else "none"
        self.config = folder / "config.toml"
        self.config.write_text(
            f"""
[site]
kind = "{kind}"
language = "en"
[trust]
folder = "{self.world.kept}"
[state]
folder = "{self.state}"
[journal]
reserve_mb = 1
[control]
socket = "{self.socket}"
{extra}
[[lane]]
mode = "{mode}"
[lane.camera]
source = "{camera or folder / "camera.mjpeg"}"
[lane.thermometer]
driver = "{driver}"
port = "{folder / "thermometer"}"
timeout_s = 3.0
[lane.gate]
driver = "controller"
port = "{folder / "gate"}"
""",
            "utf-8",
        )

    def __enter__(self) -> Self:
        self.thermometer.start()
        self.gate.start()
        self.feed.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.feed.stop()
        self.thermometer.stop()
        self.gate.stop()

    def start(self, *, wait: bool = True) -> Self:
        """Start the engine; with `wait`, until its devices are up and a supervisor has confirmed the time."""
        with self.log.open("ab") as log:
            self.engine = subprocess.Popen(
                [*self._prefix, sys.executable, *self._program, "run", "--config", str(self.config), "--json"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **self._environment},
            )
        threading.Thread(target=self._listen, args=(self.engine,), daemon=True).start()
        if wait:
            self.attend()
        return self

    def attend(self, *, devices: bool = True) -> Guard:
        """Put a guard at the control socket."""
        self.guard = Guard(self.socket)
        self.guard.start()
        reply = self.guard.confirm_time()
        assert reply.ok, reply.error
        if devices:
            self.wait_lane(lambda lane: LinkState.UP is lane.camera is lane.gate is lane.thermometer)
        return self.guard

    def stop(self) -> None:
        """End the engine in order."""
        if self.guard is not None:
            self.guard.stop()
            self.guard = None
        if self.engine is not None:
            self.engine.send_signal(signal.SIGTERM)
            try:
                self.engine.wait(10)
            except subprocess.TimeoutExpired:
                self.engine.kill()
                self.engine.wait()
                raise
            finally:
                self.engine = None

    def kill(self) -> None:
        """End the engine as a power cut does."""
        if self.guard is not None:
            self.guard.stop()
            self.guard = None
        if self.engine is not None:
            self.engine.kill()
            self.engine.wait()
            self.engine = None

    def update(self, source: Path) -> subprocess.CompletedProcess[str]:
        """Bring the appliance up to date by the command, as somebody in a terminal does."""
        return subprocess.run(
            [sys.executable, "-m", "cli.main", "update", "--config", str(self.config), "--from", str(source)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self._environment},
            timeout=30,
            check=False,
        )

    def show(self, text: str | None) -> None:
        """Hold a code before the camera, or nothing."""
        self.feed.show(text)

    def lane(self) -> LaneView:
        """How the lane stands."""
        assert self.guard is not None
        return self.guard.view.lanes[0]

    def wait_lane(self, holds: Callable[[LaneView], bool], timeout: float = PATIENCE_S) -> LaneView:
        """Wait until the lane fulfils `holds`."""
        return self.wait_for(lambda: self.lane() if holds(self.lane()) else None, timeout)

    def wait_degraded(self, code: str, *, active: bool = True, timeout: float = PATIENCE_S) -> None:
        """Wait until something is degraded, or no longer."""
        guard = self.guard
        assert guard is not None
        self.wait_for(lambda: (code in {one.code for one in guard.view.degraded}) is active or None, timeout)

    def wait_for(self, find: Callable[[], T | None], timeout: float = PATIENCE_S) -> T:
        """Wait until `find` finds something."""
        deadline = time.monotonic() + timeout
        while True:
            found = find()
            if found is not None:
                return found
            if time.monotonic() > deadline:
                tail = self.log.read_text("utf-8", "replace")[-3000:]
                state = self.guard.view if self.guard is not None else None
                raise AssertionError(f"waited {timeout:.0f} s in vain\n{state}\n{tail}")
            time.sleep(0.02)

    def report(self, number: int, timeout: float = PATIENCE_S) -> dict[str, object]:
        """Wait for the engine's report of passage `number`, from 0."""
        return self.wait_for(lambda: self.reports[number] if len(self.reports) > number else None, timeout)

    def opened(self) -> list[int]:
        """Journal numbers for which the gate really opened, as the controller wrote them down."""
        if not self.openings.exists():
            return []
        return [int(line.split()[1]) for line in self.openings.read_text("ascii").splitlines() if line.count(" ")]

    def entries(self) -> list[Entry]:
        """The log as it lies on the disk."""
        with open_reader(journal_path(self.state)) as connection:
            bodies = connection.execute("SELECT body FROM entry ORDER BY seq").fetchall()
        return [decode(body) for (body,) in bodies]

    def verified(self) -> VerifyReport:
        """What a walk through the log on the disk finds."""
        return verify(journal_path(self.state), read_public(self.state / PUBLIC_NAME))

    def _listen(self, engine: subprocess.Popen[str]) -> None:
        assert engine.stdout is not None
        for line in engine.stdout:
            self.reports.append(json.loads(line))
