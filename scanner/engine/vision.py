"""One lane's eyes: newest frame → texts → verdicts. The looking itself is done in processes that may die.

One thread hands the newest frame to the quick process and waits for its answer, one frame in flight; another hands the
newest frame in which nothing was read to the process for harder looks, which runs in time that nobody else wants.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from keys.verdict import Verdict
from scanner.camera.capture import Capture
from scanner.camera.frame import Frame
from scanner.control.messages import Outline, OutlineKind, Preview
from scanner.decoder.process import DecoderProcess, Health, LostError, Program
from scanner.decoder.values import Corners, Decoded
from scanner.engine.places import Part, Places
from scanner.sight.beside import together
from scanner.sight.hints import Hint, HintSeen

HARDER_BUDGET_MS: Final = 40.0
HARDER_REST: Final = 1.0
"""After a harder look its thread rests for as long as it took, times this: half a core at most."""
WHOLE: Final[Part] = (0.0, 0.0, 1.0, 1.0)
PREVIEW_EVERY_S: Final = 0.3
PREVIEW_WIDTH: Final = 96
UNREAD_SHOWN_S: Final = 0.6
"""What could not be read is outlined in previews for this long: it is looked for in spare time only."""
_PATIENCE_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class CodeSeen:
    """A text read in a frame, and what the proof says of it."""

    text: str
    verdict: Verdict
    frame_at: float
    """Monotonic seconds at which the frame was captured, or the reader's text had come."""
    decided_at: float
    """Monotonic seconds at which the verdict was known."""
    corners: Corners | None = None
    """Where in the frame, in pixels."""
    together: bool = False
    """Whether another code that the lane acts upon lies right beside it, as on one phone."""
    by_reader: bool = False
    """Whether a code reader read it: somebody has held it up, and nothing tells how long it stays there."""
    beside: CodeSeen | None = None
    """Another credential of the same person, shown just before, that counts together with this one."""

    @property
    def who(self) -> str:
        """What tells this code from another: the identity, which stays when a phone renews its presentation."""
        return str(self.verdict.identity) if self.verdict.identity else self.text


@dataclass(frozen=True, slots=True)
class Reports:
    """Whom a lane's eyes tell what. All are called from the eyes' threads and must return at once."""

    verify: Callable[[str], Verdict]
    foreign: Callable[[Verdict], bool]
    """Whether the lane has nothing to do with such a code: a poster, a payment code."""
    seen: Callable[[CodeSeen | HintSeen], None]
    preview: Callable[[Preview], None]
    watched: Callable[[], bool]
    """Whether anybody looks at previews."""
    health: Callable[[Health], None]
    """Called when the quick process begins to keep dying, and when it lives again."""
    whole: Callable[[str], str] = str
    """What is judged instead of a text: the whole card, of which it is the last of several codes."""


class Vision:
    """Reads codes from one camera and hands each sighting on. `run` is the body of a supervised thread."""

    def __init__(
        self,
        lane: str,
        capture: Capture,
        reports: Reports,
        *,
        region: Part = WHOLE,
        quick: str = Program.QUICK,
        harder: str = Program.HARDER,
    ) -> None:
        """`region`: where people hold their phone. `quick` and `harder`: the modules that the processes run."""
        self._lane = lane
        self._capture = capture
        self._reports = reports
        self._quick_program = quick
        self._busy_since: float | None = None
        self._preview_due = 0.0
        self._turn = 0
        self._failing = False
        self._places = Places(region)
        self._harder = HarderLooks(lane, harder, self._places, self._found, reports.seen)

    def busy_for(self) -> float:
        """Return for how many seconds the current frame has been worked on; 0 between frames."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def run(self, stop: threading.Event) -> None:
        """Work on the newest frame until `stop`."""
        quick = DecoderProcess(self._quick_program, name=f"the decoder of lane {self._lane}")
        try:
            while not stop.is_set():
                self._harder.keep_running(stop)
                if quick.ready(_PATIENCE_S):
                    self._look(quick, stop)
                self._judge(quick.health)
        finally:
            quick.close()

    def _look(self, quick: DecoderProcess, stop: threading.Event) -> None:
        frame = self._capture.newest(timeout=_PATIENCE_S)
        if frame is None:
            return
        self._busy_since = time.monotonic()
        self._turn ^= 1
        try:
            reply = quick.look(frame.grey, turn=self._turn)
        except LostError:  # logged and counted there; the next frame comes soon
            self._busy_since = None
            return
        if stop.is_set():  # abandoned as hung meanwhile: whatever this frame held is old
            return
        codes = reply.codes
        foreign = self._found(frame, codes)
        if reply.unread is not None:
            height, width = frame.grey.shape
            self._places.suspected(reply.unread.corners, (width, height), time.monotonic())
        if all(foreign) or reply.unread is not None:
            # A poster must not hide a code beside it that is harder to read: it is painted over for the harder looks.
            self._harder.offer(frame, codes, found=reply.unread is not None)
        self._show(frame, codes, foreign)
        self._busy_since = None

    def _judge(self, health: Health) -> None:
        if health.failing is not self._failing:
            self._failing = health.failing
            self._reports.health(health)

    def _found(self, frame: Frame, codes: tuple[Decoded, ...]) -> list[bool]:
        """Hand on what was read; return of each code whether it is foreign."""
        codes = tuple(replace(code, text=self._reports.whole(code.text)) for code in codes)
        verdicts = [self._reports.verify(code.text) for code in codes]
        foreign = [self._reports.foreign(verdict) for verdict in verdicts]
        at = time.monotonic()
        seen = [CodeSeen(code.text, of, frame.at, at, code.corners) for code, of in zip(codes, verdicts, strict=True)]
        # One person's code read twice, or shown on paper and on a phone at once, is no family.
        beside = together(
            [None if other else code.corners for code, other in zip(codes, foreign, strict=True)],
            [one.who for one in seen],
        )
        for one, code, close in zip(seen, codes, beside, strict=True):
            self._reports.seen(replace(one, together=close))
            self._capture.code_read(frame, code.corners)
        height, width = frame.grey.shape
        own = [code.corners for code, other in zip(codes, foreign, strict=True) if not other]
        self._places.read(own, (width, height), time.monotonic())
        return foreign

    def _show(self, frame: Frame, codes: tuple[Decoded, ...], foreign: list[bool]) -> None:
        now = time.monotonic()
        if now < self._preview_due or not self._reports.watched():
            return
        self._preview_due = now + PREVIEW_EVERY_S
        height, width = frame.grey.shape
        small_height = max(2, round(PREVIEW_WIDTH * height / width) // 2 * 2)
        small = np.asarray(cv2.resize(frame.grey, (PREVIEW_WIDTH, small_height), interpolation=cv2.INTER_AREA))
        kinds = [OutlineKind.FOREIGN if other else OutlineKind.CODE for other in foreign]
        marked = [(kind, code.corners) for kind, code in zip(kinds, codes, strict=True)]
        unread = self._harder.unread
        if all(foreign) and unread is not None and frame.at - unread[0] <= UNREAD_SHOWN_S:
            marked.append((OutlineKind.UNREAD, unread[1]))
        outlines = tuple(
            Outline(kind=kind, corners=tuple((x / width, y / height) for x, y in corners)) for kind, corners in marked
        )
        grey = base64.b64encode(small.tobytes()).decode()
        self._reports.preview(
            Preview(lane=self._lane, width=PREVIEW_WIDTH, height=small_height, grey=grey, outlines=outlines)
        )


class HarderLooks:
    """The thread for harder looks: takes the newest frame offered while it was free, forgets the others."""

    def __init__(
        self,
        lane: str,
        program: str,
        places: Places,
        found: Callable[[Frame, tuple[Decoded, ...]], object],
        hinted: Callable[[HintSeen], None],
    ) -> None:
        self._lane = lane
        self._program = program
        self._places = places
        self._found = found
        self._hinted = hinted
        self.unread: tuple[float, Corners] | None = None
        """When the newest frame was taken in which something looked like a code that was not read, and where."""
        self._offered: tuple[Frame, tuple[Decoded, ...], bool] | None = None
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._busy = False
        self._turn = 0

    def keep_running(self, stop: threading.Event) -> None:
        """Start the thread where it does not run; it ends after `stop`."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, args=(stop,), name=f"{self._lane}-harder", daemon=True)
            self._thread.start()

    def offer(self, frame: Frame, codes: tuple[Decoded, ...], *, found: bool) -> None:
        """Offer a frame in which more than `codes` may be; returns at once.

        `found`: the quick look found a code there and could not read it.
        """
        if not self._busy:
            self._offered = frame, codes, found
            self._wake.set()

    def _run(self, stop: threading.Event) -> None:
        process = DecoderProcess(self._program, name=f"the harder looks of lane {self._lane}", spare=True)
        try:
            while not stop.is_set():
                if not process.ready(_PATIENCE_S):
                    continue
                self._wake.wait(_PATIENCE_S)
                offered, self._offered = self._offered, None
                self._wake.clear()
                if offered is None:
                    continue
                self._busy, began = True, time.monotonic()
                frame, codes, found = offered
                self._look(process, without(frame, codes), stop, found=found)
                took = time.monotonic() - began
                self._busy = False
                stop.wait(took * HARDER_REST)
        finally:
            process.close()

    def _look(self, process: DecoderProcess, frame: Frame, stop: threading.Event, *, found: bool) -> None:
        height, width = frame.grey.shape
        region = self._places.closer_look((width, height), time.monotonic())
        try:
            reply = process.look(frame.grey, budget_ms=HARDER_BUDGET_MS, turn=self._turn, found=found, region=region)
        except LostError:  # logged and counted there
            return
        self._turn += reply.looks
        if stop.is_set():
            return
        if reply.codes:
            self.unread = None
            self._found(frame, reply.codes)
            return
        self.unread = None if reply.unread is None else (frame.at, reply.unread.corners)
        if reply.unread is not None:
            self._places.suspected(reply.unread.corners, (width, height), time.monotonic())
        self._hinted(HintSeen(_hint(reply.unread.hint if reply.unread else ""), frame.at))


def without(frame: Frame, codes: tuple[Decoded, ...]) -> Frame:
    """Return a frame in which `codes` are painted over with the mean brightness."""
    if not codes:
        return frame
    grey = frame.grey.copy()
    shade = int(grey[::16, ::16].mean())
    for code in codes:
        cv2.fillConvexPoly(grey, np.array(code.corners).round().astype(np.int32), shade)
    return replace(frame, grey=grey)


def _hint(name: str) -> Hint | None:
    """Return the hint that a process named; None for none, and for a name that no hint has."""
    return next((hint for hint in Hint if hint.value == name), None)
