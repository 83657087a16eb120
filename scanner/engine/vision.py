"""One lane's eyes: newest frame → texts → verdicts, in a thread of its own, one quick look in flight.

Harder looks run beside the quick one in a thread of lower priority, on the newest frame in which nothing was read: they
take what time is left and never hold up the next frame.
"""

from __future__ import annotations

import base64
import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from keys.verdict import Verdict
from scanner.camera.capture import Capture
from scanner.camera.frame import Frame
from scanner.control.messages import Preview
from scanner.decoder import Decoded, Decoder

HARDER_BUDGET_MS = 40.0
HARDER_REST = 1.0
"""After a harder look its thread rests for as long as it took, times this: half a core at most."""
HARDER_NICE = 10
"""Added to the thread's niceness: the quick look, the lane and the log go first."""
PREVIEW_EVERY_S = 0.3
PREVIEW_WIDTH = 96


@dataclass(frozen=True, slots=True)
class CodeSeen:
    """A text read in a frame, and what the proof says of it."""

    text: str
    verdict: Verdict
    frame_at: float
    """Monotonic seconds at which the frame was captured."""
    decided_at: float
    """Monotonic seconds at which the verdict was known."""


class Vision:
    """Reads codes from one camera and hands each sighting on. `run` is the body of a supervised thread."""

    def __init__(
        self,
        lane: str,
        capture: Capture,
        *,
        verify: Callable[[str], Verdict],
        seen: Callable[[CodeSeen], None],
        preview: Callable[[Preview], None],
        watched: Callable[[], bool],
    ) -> None:
        self._lane = lane
        self._capture = capture
        self._verify = verify
        self._seen = seen
        self._preview = preview
        self._watched = watched
        self._decoder = Decoder()
        self._busy_since: float | None = None
        self._preview_due = 0.0
        self._harder = HarderLooks(Decoder(), self._found)

    def busy_for(self) -> float:
        """Return for how many seconds the current frame has been worked on; 0 between frames."""
        since = self._busy_since
        return max(self._harder.busy_for(), 0.0 if since is None else time.monotonic() - since)

    def run(self, stop: threading.Event) -> None:
        """Work on the newest frame until `stop`."""
        self._harder.start(stop)
        while not stop.is_set():
            frame = self._capture.newest(timeout=0.25)
            if frame is None:
                continue
            self._busy_since = time.monotonic()
            codes = self._decoder.decode(frame.grey)
            if stop.is_set():  # abandoned as hung meanwhile: whatever this frame held is old
                return
            if not codes:
                self._harder.offer(frame)
            self._found(frame, codes)
            self._show(frame, codes)
            self._busy_since = None

    def _found(self, frame: Frame, codes: tuple[Decoded, ...]) -> None:
        for code in codes:
            verdict = self._verify(code.text)
            self._seen(CodeSeen(code.text, verdict, frame.at, time.monotonic()))

    def _show(self, frame: Frame, codes: tuple[Decoded, ...]) -> None:
        now = time.monotonic()
        if now < self._preview_due or not self._watched():
            return
        self._preview_due = now + PREVIEW_EVERY_S
        height, width = frame.grey.shape
        small_height = max(2, round(PREVIEW_WIDTH * height / width) // 2 * 2)
        small = np.asarray(cv2.resize(frame.grey, (PREVIEW_WIDTH, small_height), interpolation=cv2.INTER_AREA))
        outlines = tuple(tuple((x / width, y / height) for x, y in code.corners) for code in codes)
        grey = base64.b64encode(small.tobytes()).decode()
        self._preview(Preview(lane=self._lane, width=PREVIEW_WIDTH, height=small_height, grey=grey, outlines=outlines))


class HarderLooks:
    """The thread for harder looks: takes the newest frame offered while it was free, forgets the others."""

    def __init__(self, decoder: Decoder, found: Callable[[Frame, tuple[Decoded, ...]], None]) -> None:
        self._decoder = decoder
        self._found = found
        self._offered: Frame | None = None
        self._wake = threading.Event()
        self._busy_since: float | None = None

    def start(self, stop: threading.Event) -> None:
        """Start the thread; it ends after `stop`."""
        threading.Thread(target=self._run, args=(stop,), name="harder-looks", daemon=True).start()

    def offer(self, frame: Frame) -> None:
        """Offer a frame in which the quick look found nothing; returns at once."""
        if self._busy_since is None:
            self._offered = frame
            self._wake.set()

    def busy_for(self) -> float:
        """Return for how many seconds the current look has lasted."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def _run(self, stop: threading.Event) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), HARDER_NICE)
        while not stop.is_set():
            self._wake.wait(0.25)
            frame, self._offered = self._offered, None
            self._wake.clear()
            if frame is None:
                continue
            began = self._busy_since = time.monotonic()
            codes = self._decoder.decode(frame.grey, harder=True, budget_ms=HARDER_BUDGET_MS, turn=frame.number)
            if codes and not stop.is_set():
                self._found(frame, codes)
            took = time.monotonic() - began
            self._busy_since = None
            stop.wait(took * HARDER_REST)
