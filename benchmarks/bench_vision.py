"""Reading QR codes: photographs, the worth of each harder look, and the way of a frame, each beside its reference.

`CHECKPOINT_PHOTOS` in the environment names another folder of photographs with a ground truth; `checkpoint bench
--photos FOLDER` sets it. `CHECKPOINT_LOOKS=1` measures the worth of each look besides, which takes some minutes.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import segno

from benchmarks.reading import photographs, worth
from benchmarks.reading.pipeline import Measured
from benchmarks.row import Row
from scanner.camera.frame import Grey
from scanner.camera.picture import decode_picture, flatten
from scanner.decoder import Decoder
from scanner.decoder.process import DecoderProcess, Program

ROOT: Final = Path(__file__).resolve().parents[1]
PHOTOS: Final = Path(os.environ.get("CHECKPOINT_PHOTOS", ROOT.parent / "shared" / "photos"))
"""A sample of the public test sets; without it, only the speed is measured."""
OVERHEAD_LIMIT: Final = 1.15
FPS_LIMIT: Final = 150.0
"""Frames a second on one core: five times what a camera gives."""
_ROUNDS: Final = 100
_START_S: Final = 20.0
_SIZE: Final = (1280, 720)


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in about twenty seconds with the photographs and ten without."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield from _overhead()
        yield from _jpeg()
        yield from _pipeline()
        if (PHOTOS / photographs.TRUTH).is_file():
            yield from photographs.rows(PHOTOS)
            if os.environ.get("CHECKPOINT_LOOKS"):
                yield from worth.rows(PHOTOS)
    finally:
        cv2.setNumThreads(threads)


def _overhead() -> Iterator[Row]:
    """Yield what a process of its own adds to a bare zxing-cpp call on the same frame, taken in turn.

    Judged by processor time, of caller and process together on the same core, of the quicker half of the calls: what
    else the machine does takes caches and lengthens the others. Copying the picture counts as ours. The time by the
    clock stands beside it.
    """
    busy = _scene()
    code = _drawn("JKM1:" + "6BFOXN%TSMAHN-HWWC" * 15)
    busy[200 : 200 + code.shape[0], 400 : 400 + code.shape[1]] = code
    quick = DecoderProcess(Program.QUICK, name="the decoder")
    try:
        deadline = time.monotonic() + _START_S
        while not quick.ready(0.5):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the decoder does not start: {quick.health.detail}")
        for name, frame in (("code", busy), ("empty", _scene())):
            yield _processor(f"reading.overhead.{name}", quick, frame)
            yield _timed(
                f"reading.latency.{name}",
                lambda frame=frame: quick.look(frame),  # type: ignore[misc]  # mypy sees no default of a lambda
                lambda frame=frame: photographs.count(frame),  # type: ignore[misc]
                limit=None,
                reference="bare zxing-cpp call",
            )
        yield _timed(
            "reading.in_process",
            lambda: Decoder().decode(busy),
            lambda: photographs.count(busy),
            limit=None,
            reference="bare zxing-cpp call",
        )
    finally:
        quick.close()


def _processor(name: str, quick: DecoderProcess, frame: Grey) -> Row:
    pid = quick.pid or 0
    schedule = Path(f"/proc/{pid}/schedstat")
    cores = os.sched_getaffinity(0)
    core = {max(cores)}
    os.sched_setaffinity(0, core)
    os.sched_setaffinity(pid, core)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(2 * _ROUNDS):
        before = time.thread_time() + int(schedule.read_text("ascii").split()[0]) / 1e9
        quick.look(frame)
        between = time.thread_time()
        times[0].append(between + int(schedule.read_text("ascii").split()[0]) / 1e9 - before)
        between = time.thread_time()
        photographs.count(frame)
        times[1].append(time.thread_time() - between)
    os.sched_setaffinity(0, cores)
    ours, bare = (1000 * statistics.fmean(sorted(measured)[:_ROUNDS]) for measured in times)
    words = f"bare zxing-cpp call, {bare:.2f} ms, of processor time"
    return Row(name, ours, "ms", words, ours / bare, OVERHEAD_LIMIT, ours / bare <= OVERHEAD_LIMIT)


def _jpeg() -> Iterator[Row]:
    jpeg = cv2.imencode(".jpg", _scene(), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    yield _timed(
        "reading.jpeg_to_grey",
        lambda: decode_picture(jpeg),
        lambda: flatten(np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))),
        limit=1.1,
        reference="JPEG to colour to grey",
    )


def _pipeline() -> Iterator[Row]:
    """Yield the frames a second of the whole engine on one core, by processor time: other work slows it, not this."""
    core = max(os.sched_getaffinity(0))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reading.pipeline", str(core)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    measured = Measured(**json.loads(done.stdout))
    value = measured.frames / measured.busy_s
    clock = measured.frames / measured.seconds
    words = f"of processor time; {clock:.0f} by the clock, {100 * measured.codes / measured.frames:.0f} % with a code"
    yield Row("reading.pipeline_fps", value, "frames/s", words, None, FPS_LIMIT, value >= FPS_LIMIT)


def _timed(
    name: str,
    ours: Callable[[], object],
    reference_call: Callable[[], object],
    *,
    limit: float | None,
    reference: str,
) -> Row:
    """Milliseconds of both, taken in turn: the fastest tenth, since whatever else the machine does slows the others."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for call, measured in zip((ours, reference_call), times, strict=True):
            began = time.perf_counter()
            call()
            measured.append((time.perf_counter() - began) * 1000)
    value, bare = (statistics.quantiles(measured, n=10)[0] for measured in times)
    ratio = value / bare
    ok = None if limit is None else ratio <= limit
    return Row(name, value, "ms", f"{reference}, {bare:.2f} ms", ratio, limit, ok)


def _drawn(text: str) -> Grey:
    buffer = BytesIO()
    segno.make_qr(text, error="m").save(buffer, kind="png", scale=4, border=4)
    return decode_picture(buffer.getvalue())


def _scene() -> Grey:
    """Draw a wall, a window and noise: something to look at without a code in it."""
    rng = np.random.default_rng(7)
    width, height = _SIZE
    coarse = rng.integers(60, 190, (9, 16), dtype=np.uint8)
    scene = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    noisy = scene + rng.normal(0, 4, (height, width)).astype(np.int16)
    return np.clip(noisy, 0, 255).astype(np.uint8)
