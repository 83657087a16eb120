"""The whole way of a frame on one core: JPEG → grey → the decoder's process → proof → lane, as the engine does it.

    python -m benchmarks.reading.pipeline [CORE [SECONDS [WARM_S]]]

The demo's own scene is drawn beforehand. The engine is the real one, with its capture, its decoders' processes and its
lane; only the camera gives the next picture as soon as the last one has been taken, so that nothing is left out and
nothing waits. Prints one JSON object.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import Final

import cv2

from demo import scenery
from demo.artwork import Kind
from demo.motion import Hold
from demo.people import SCRIPT
from demo.scene import Scene, Showing, draw
from demo.scripts import SCENARIOS, Place
from demo.site import bring_up_to_date, prepare
from scanner.camera.capture import Capture
from scanner.camera.frame import Frame
from scanner.camera.picture import decode_picture
from scanner.clock import Clock
from scanner.clock_probes import PROBES, boot_id
from scanner.config.loader import load_document
from scanner.engine.engine import Engine

SECONDS: Final = 5.0
WARM_S: Final = 2.0
FPS: Final = 30
DRAWN_S: Final = 3.0
"""Of the scene: somebody walks up, holds a phone before the camera, and takes it down again."""
QUALITY: Final = 80


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it."""

    frames: int
    """Looked at by the fast path."""
    seconds: float
    busy_s: float
    """Processor time of the engine and the quick decoder: the fast path."""
    spare_s: float
    """Processor time of the harder looks, which take what is left."""
    codes: int
    """Read and proved."""


class _Pictures:
    """A camera that gives the next of its pictures once the last one was taken."""

    live = True

    def __init__(self, jpegs: list[bytes]) -> None:
        self._jpegs = cycle(jpegs)
        self._number = -1
        self.taken = threading.Semaphore(1)

    def read(self) -> Frame | None:
        """Wait for the last one to be taken, and decode the next one."""
        self.taken.acquire(timeout=1.0)
        self._number += 1
        return Frame(decode_picture(next(self._jpegs)), time.monotonic(), self._number)

    def close(self) -> None:
        """Nothing is held."""


class _Counting(Capture):
    """The engine's capture, counting what is taken from it."""

    def __init__(self, pictures: _Pictures, engine: Engine) -> None:
        section = engine.configuration.lane[0].camera
        super().__init__(section, lambda *_: None, opener=lambda _: pictures)
        self._pictures = pictures
        self.count = 0

    def newest(self, timeout: float) -> Frame | None:
        """Hand out the newest frame, and let the camera go on."""
        frame = super().newest(timeout)
        if frame is not None:
            self.count += 1
            self._pictures.taken.release()
        return frame


def measure(core: int, seconds: float = SECONDS, warm_s: float = WARM_S) -> Measured:
    """Run the engine on one core for some seconds, after `warm_s` that do not count."""
    with tempfile.TemporaryDirectory(prefix="pipeline-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        now = int(time.time())
        site, issuing = prepare(folder, now, "en", SCENARIOS[Place.GATE])
        stack.callback(issuing.close)
        issuing.issue_round(now)
        bring_up_to_date(site, now)
        jpegs = list(_drawn(issuing.texts(SCRIPT[0], now)[0]))
        os.sched_setaffinity(0, {core})
        cv2.setNumThreads(1)
        document = load_document(site.config)
        clock = Clock(document.model.state.folder, probes=PROBES, boot=boot_id())
        engine = Engine(document, clock, software="benchmark", report=lambda _: None)
        engine.prove()
        capture = _Counting(_Pictures(jpegs), engine)
        (lane,) = engine._lanes
        lane.devices.capture = capture
        proofs = [0]
        prove = engine.verify

        def proved(text: str) -> object:
            proofs[0] += 1
            return prove(text)

        engine.verify = proved  # type: ignore[method-assign, assignment]  # counted, and otherwise itself
        running = threading.Thread(target=engine.run, name="engine")
        running.start()
        try:
            time.sleep(warm_s)
            before, frames, codes, began = _processor_s(), capture.count, proofs[0], time.perf_counter()
            time.sleep(seconds)
            took = time.perf_counter() - began
            busy, spare = (now - then for now, then in zip(_processor_s(), before, strict=True))
            return Measured(capture.count - frames, took, busy, spare, proofs[0] - codes)
        finally:
            engine.stopping.set()
            running.join(10)


def _processor_s() -> tuple[float, float]:
    """Return the processor time of this process and the quick decoder, and of the harder looks, in seconds."""
    busy, spare = time.process_time(), 0.0
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            took = int(Path(f"/proc/{child}/schedstat").read_text("ascii").split()[0]) / 1e9
            if os.sched_getscheduler(int(child)) == os.SCHED_IDLE:
                spare += took
            else:
                busy += took
    return busy, spare


def _drawn(text: str) -> Iterator[bytes]:
    """Draw the stream as JPEGs."""
    scene = Scene(seed=3)
    scene.step_up(scenery.figure(3), 0.0)
    showing = Showing("x", Kind.PHONE, (text,), ("张*",), hold=Hold(rise_s=0.5))
    scene.show(showing, draw(showing), 0.4)
    for number in range(round(DRAWN_S * FPS)):
        if number == round((DRAWN_S - 0.6) * FPS):
            scene.lower("x", number / FPS)
        done, jpeg = cv2.imencode(".jpg", scene.frame(number / FPS), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if done:
            yield jpeg.tobytes()


if __name__ == "__main__":
    cpu = int(sys.argv[1]) if len(sys.argv) > 1 else max(os.sched_getaffinity(0))
    print(json.dumps(asdict(measure(cpu, *map(float, sys.argv[2:])))), flush=True)
    os._exit(0)  # a decoder's thread that still logs would make an ordinary exit abort
