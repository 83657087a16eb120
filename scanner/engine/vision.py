"""One lane's eyes: newest frame → texts → verdicts, in a thread of its own, one decode in flight."""

from __future__ import annotations

import base64
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

HARDER_EVERY_S = 0.2
"""Frames without a code get the slower looks at most this often: spare time, never every frame."""
HARDER_BUDGET_MS = 40.0
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
        self._harder_due = 0.0
        self._preview_due = 0.0

    def busy_for(self) -> float:
        """Return for how many seconds the current frame has been worked on; 0 between frames."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def run(self, stop: threading.Event) -> None:
        """Work on the newest frame until `stop`."""
        while not stop.is_set():
            frame = self._capture.newest(timeout=0.25)
            if frame is None:
                continue
            self._busy_since = time.monotonic()
            codes = self._look(frame)
            if stop.is_set():  # abandoned as hung meanwhile: whatever this frame held is old
                return
            for code in codes:
                verdict = self._verify(code.text)
                self._seen(CodeSeen(code.text, verdict, frame.at, time.monotonic()))
            self._show(frame, codes)
            self._busy_since = None

    def _look(self, frame: Frame) -> tuple[Decoded, ...]:
        now = time.monotonic()
        codes = self._decoder.decode(frame.grey)
        if not codes and now >= self._harder_due:
            self._harder_due = now + HARDER_EVERY_S
            codes = self._decoder.decode(frame.grey, harder=True, budget_ms=HARDER_BUDGET_MS, turn=frame.number)
        return codes

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
