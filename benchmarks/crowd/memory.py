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
from scanner.decoder.process import Program

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
    """The most that the engine and all that it started had together: pages that they share count once."""
    growth_mb: float
    """From just after the middle to the end, of engine and decoders: an update's process comes and goes."""
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
        staying = [sample.staying_mb for sample in samples]
        tenth = max(1, len(staying) // 10)
        middle = staying[len(staying) // 2 : len(staying) // 2 + tenth]
        growth = sum(staying[-tenth:]) / tenth - sum(middle) / len(middle)
        return Watched(seconds, pipe.written, passages, max(sample.all_mb for sample in samples), growth, deaths)


def _frames(seed: int) -> list[bytes]:
    jpegs = []
    for number in range(_WALKERS):
        visit = Visit(person(number, seed))
        for frame in range(_FIRST_FRAME, visit.frames):
            _, jpeg = cv2.imencode(".jpg", visit.shot(frame).picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
            jpegs.append(jpeg.tobytes())
    return jpegs


@dataclass(frozen=True, slots=True)
class _Sample:
    """Memory at one moment."""

    all_mb: float
    """Of the engine and all that it started."""
    staying_mb: float
    """Of the engine and its decoders."""


def _play(engine: EngineProcess, pipe: FramePipe, jpegs: list[bytes], seconds: float) -> tuple[list[_Sample], int]:
    """Write frames as fast as they are taken; return the memory every half second, and the deaths of decoders."""
    samples: list[_Sample] = []
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
            sizes = {pid: resident_mb(pid) for pid in family(engine.pid)}
            decoders = {pid for pid in sizes if is_decoder(pid)}
            deaths += sum(not is_decoder(pid) for pid in known)
            known = decoders
            samples.append(_Sample(sum(sizes.values()), sum(sizes[pid] for pid in {engine.pid, *decoders})))
    return samples, deaths


def family(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for one in found:
        tasks: list[Path] = []
        with contextlib.suppress(OSError):  # it has ended
            tasks = list(Path(f"/proc/{one}/task").iterdir())
        for task in tasks:
            with contextlib.suppress(OSError):  # so has this thread; the others have children too
                found += [int(child) for child in (task / "children").read_text("ascii").split()]
    return found


def is_decoder(pid: int) -> bool:
    """Whether such a process lives and is a decoder's."""
    with contextlib.suppress(OSError):
        started_as = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return any(program.value.encode() in started_as for program in Program)
    return False


def resident_mb(pid: int) -> float:
    """Return a process's share of memory: its own pages, and its part of shared ones. 0 when it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
