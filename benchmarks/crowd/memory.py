"""The memory of the engine while a crowd walks past as fast as its camera takes frames."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Final

import cv2

from benchmarks.crowd.population import person
from benchmarks.crowd.stream import Visit
from demo.engine_process import EngineProcess
from demo.frame_pipe import FramePipe
from demo.scripts import SCENARIOS, Place
from demo.site import bring_up_to_date, prepare
from firmware_bridge.emulator import VirtualController, VirtualThermometer

LARGEST_RESIDENT_MB: Final = 220.0
LARGEST_GROWTH_MB: Final = 5.0
_SAMPLE_S: Final = 0.5
_START_S: Final = 25.0
_WALKERS: Final = 8
_FIRST_FRAME: Final = 12


class EngineGoneError(Exception):
    """The engine did not start, or ended on the way; the text says what its log says."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What became of the memory."""

    seconds: float
    frames: int
    """Taken by the engine's camera."""
    passages: int
    resident_mb: float
    """The most that engine and decoders together had: pages that they share count once."""
    growth_mb: float
    """From just after the middle to the end."""
    deaths: int
    """Decoders that died on the way: then the growth says nothing."""


def watch(seconds: float, seed: int) -> Watched:
    """Run the engine for `seconds` on a crowd's frames, unpaced. Raises EngineGoneError."""
    jpegs = _frames(seed)
    with tempfile.TemporaryDirectory(prefix="crowd-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        site, issuing = prepare(folder, int(time.time()), "en", SCENARIOS[Place.GATE])
        stack.callback(issuing.close)
        issuing.issue_round(int(time.time()))
        bring_up_to_date(site, int(time.time()))
        site.config.write_text(site.config.read_text("utf-8").replace('"attended"', '"unattended"'), "utf-8")
        stack.enter_context(VirtualThermometer(site.thermometer, seed=seed))
        stack.enter_context(VirtualController(site.gate))
        log_path = folder / "engine.log"
        log = stack.enter_context(log_path.open("ab"))
        engine = EngineProcess(site.config, log)
        stack.callback(engine.end)
        pipe = FramePipe(site.camera)
        stack.callback(pipe.close)
        try:
            samples, deaths = _play(engine, pipe, jpegs, seconds)
        except EngineGoneError as error:
            raise EngineGoneError(f"{error}: {log_path.read_text('utf-8', 'replace')[-500:]}") from None
        passages = 0
        while engine.passage(0.0) is not None:
            passages += 1
        tenth = max(1, len(samples) // 10)
        middle = samples[len(samples) // 2 : len(samples) // 2 + tenth]
        growth = sum(samples[-tenth:]) / tenth - sum(middle) / len(middle)
        return Watched(seconds, pipe.written, passages, max(samples), growth, deaths)


def _frames(seed: int) -> list[bytes]:
    jpegs = []
    for number in range(_WALKERS):
        visit = Visit(person(number, seed))
        for frame in range(_FIRST_FRAME, visit.frames):
            _, jpeg = cv2.imencode(".jpg", visit.shot(frame).picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
            jpegs.append(jpeg.tobytes())
    return jpegs


def _play(engine: EngineProcess, pipe: FramePipe, jpegs: list[bytes], seconds: float) -> tuple[list[float], int]:
    """Write frames as fast as they are taken; return the memory in MB, every half second, and the deaths."""
    samples: list[float] = []
    known: set[int] = set()
    deaths = 0
    pictures: Iterator[bytes] = cycle(jpegs)
    begun: float | None = None
    give_up = time.monotonic() + _START_S
    while begun is None or time.monotonic() < begun + seconds:
        if not engine.running:
            raise EngineGoneError("the engine has ended")
        if pipe.write(next(pictures)):
            begun = begun or time.monotonic()
        elif begun is None and time.monotonic() > give_up:
            raise EngineGoneError("the engine takes no frames")
        else:
            time.sleep(0.002)
        if begun is not None and time.monotonic() >= begun + len(samples) * _SAMPLE_S:
            alive = set(family(engine.pid))
            deaths += len(known - alive)
            known = alive
            samples.append(sum(resident_mb(pid) for pid in alive))
    return samples, deaths


def family(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text("ascii").split()]
    return found


def resident_mb(pid: int) -> float:
    """Return a process's share of memory: its own pages, and its part of shared ones. 0 when it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
