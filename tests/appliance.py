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

import cv2
import numpy as np

from authority.qr import matrix
from demo.frame_pipe import FramePipe
from demo.guard import PINS, ROLES, Guard
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


def pictures(text: str | None) -> tuple[bytes, ...]:
    """The same picture some times, each with noise of its own, as a sensor gives it: without, a camera has frozen."""
    return tuple(picture(text, seed=seed) for seed in range(3))


def picture(text: str | None, width: int = 960, height: int = 540, seed: int = 0) -> bytes:
    """A JPEG of a wall, with a code on it or without."""
    frame = np.full((height, width), 120, np.uint8)
    if text is not None:
        rows = np.array([list(row) for row in matrix(text)], np.uint8)
        scale = (height - 40) // len(rows)
        symbol = np.kron((1 - rows) * 255, np.ones((scale, scale), np.uint8)).astype(np.uint8)
        top, left = (height - len(symbol)) // 2, (width - len(symbol)) // 2
        frame[top : top + len(symbol), left : left + len(symbol)] = symbol
    grain = np.random.default_rng(seed).integers(-6, 7, (height // 4, width // 4), np.int8)
    noise = cv2.resize(grain.astype(np.int16), (width, height), interpolation=cv2.INTER_NEAREST)
    frame = np.clip(frame.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    done, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert done
    return bytes(jpeg)


class Feed(threading.Thread):
    """Writes the pictures of the moment into the camera's FIFO in turn, 15 a second."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="feed", daemon=True)
        self.pipe = FramePipe(path)
        self.frames = pictures(None)
        self.ended = threading.Event()
        self.paused = threading.Event()

    @property
    def frame(self) -> bytes:
        """One of the pictures. Setting it lets the picture stand still, as in a camera that has hung."""
        return self.frames[0]

    @frame.setter
    def frame(self, frame: bytes) -> None:
        self.frames = (frame,)

    def run(self) -> None:
        turn = 0
        while not self.ended.wait(1 / 15):
            if not self.paused.is_set():
                turn += 1
                self.pipe.write(self.frames[turn % len(self.frames)])
        self.pipe.close()


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
        self.feed = Feed(folder / "camera.mjpeg")
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
        self.feed.ended.set()
        self.feed.join(2)
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
        self.feed.frames = pictures(text)

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
