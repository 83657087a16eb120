"""One camera in threads of its own: the newest frame wins, and a read that hangs is left behind.

A keeper thread owns the story (open, up, lost, back-off, open again) and reports it; a reader thread opens and reads
one camera. A driver may hang in either for ever, and a thread cannot be killed: so the keeper judges the reader by the
age of its current job, abandons it, and starts another. An abandoned reader can never publish again, closes its camera
if it ever comes back, and at most `MAX_ABANDONED` of them may exist.

The pictures of a live camera are judged too (`watch`): a frozen one is a fault and is never handed out, an empty one is
a fault, and damaged, slow or changing ones are said.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from firmware_bridge.values import LinkState
from scanner.camera import Box, Camera, CameraError, CameraStalledError, Frame, open_camera
from scanner.camera.adapt import Setting
from scanner.camera.lens import Tunable
from scanner.camera.stream import StreamCamera
from scanner.camera.tuning import CodePlace, Tuner
from scanner.camera.viewed import ViewedCamera
from scanner.camera.watch import FROZEN_S, Fault, Grade, PictureWatch
from scanner.config.model import CameraSection

logger = logging.getLogger(__name__)

OPEN_LIMIT_S: Final = 15.0
"""Some drivers take seconds to open and to give the first picture; more is a hang."""
READ_LIMIT_S: Final = 1.75
"""A read that gives nothing for this long hangs: with opening it anew, a hang costs two seconds."""
BACKOFF_S: Final = (0.25, 5.0)
"""Wait before the second attempt, and the longest wait."""
MAX_ABANDONED: Final = 4
"""Readers that may hang at once; with so many, nothing is opened until one of them comes back."""
_STOP_S: Final = 0.5
"""How long a stop waits for the read in progress."""
_STEADY_FRAMES: Final = 30
"""A camera that gave so many is tried again quickly; one that comes for a moment only is not."""
_RATE_WINDOW_S: Final = 2.0


class _Job(Enum):
    """What a reader is doing, or how it ended."""

    OPENING = auto()
    READING = auto()
    FAILED = auto()
    FROZEN = auto()
    """Its pictures stand still: it is to be opened anew."""
    ENDED = auto()


@dataclass(slots=True)
class _Reader:
    """What keeper and reader know of one opened camera; guarded by the capture's condition."""

    first_number: int
    """What the camera's frame 0 is called."""
    since: float
    """When the current job began, monotonic seconds."""
    job: _Job = _Job.OPENING
    stalled: str = ""
    """Why the source gives nothing usable although it is open; empty while it gives."""
    poor: str = ""
    """What is wrong with pictures that can still be used."""
    error: str = ""
    frames: int = 0
    abandoned: bool = False
    thread: threading.Thread | None = None

    @property
    def news(self) -> tuple[_Job, str, str, bool]:
        """What the keeper has to tell; the same as before for one more frame."""
        return self.job, self.stalled, self.poor, self.frames > 0


class Capture:
    """Keeps the newest frame of the camera that `opener` opens. Started once, stopped once."""

    def __init__(
        self,
        section: CameraSection,
        on_state: Callable[[LinkState, str], None],
        *,
        name: str = "camera",
        opener: Callable[[CameraSection], Camera] = open_camera,
        open_limit_s: float = OPEN_LIMIT_S,
        read_limit_s: float = READ_LIMIT_S,
        backoff_s: tuple[float, float] = BACKOFF_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_state(state, detail)` is called from the keeper's thread at every change, and must not block.

        LOST says why there is no picture; UP with a detail, what is wrong with pictures that can still be used.
        """
        self._section = section
        self._on_state = on_state
        self._name = name
        self._opener = opener
        self._open_limit_s = open_limit_s
        self._read_limit_s = read_limit_s
        self._backoff_s = backoff_s
        self._clock = clock
        self._changed = threading.Condition()
        self._stopping = False
        self._ended = False
        self._newest: Frame | None = None
        self._taken = True
        self._last_number = -1
        self._last_at: float | None = None
        self._arrivals: deque[float] = deque(maxlen=512)
        self._abandoned: list[_Reader] = []
        self._state: tuple[LinkState, str] | None = None
        self._watch_pictures = PictureWatch(section.fps)
        self._codes = CodePlace()
        self._remarked: list[str] = []
        self._tuner: Tuner | None = None
        self._keeper = threading.Thread(target=self._keep, name=f"{name}-keeper", daemon=True)

    def start(self) -> None:
        """Begin; a camera that is not there yet is waited for."""
        self._keeper.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Let go of the camera, waiting at most `timeout` seconds for it; a hung one is left behind."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._keeper.is_alive():
            self._keeper.join(timeout)

    def newest(self, timeout: float) -> Frame | None:
        """Wait up to `timeout` seconds for a frame that was not handed out yet; None when there was none."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._stopping or self._ended, timeout)
            if self._taken:
                return None
            self._taken = True
            return self._newest

    def code_read(self, frame: Frame, corners: Sequence[tuple[float, float]]) -> None:
        """Say where in a frame a code was read, corners in pixels: the light there counts most. Never blocks."""
        self._codes.tell(corners, frame.grey.shape, frame.at)

    @property
    def light(self) -> Setting | None:
        """Exposure and gain that the light was followed to, None where they are fixed or the camera's own."""
        tuner = self._tuner
        return None if tuner is None else tuner.setting

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the camera does not do as it was asked, a sentence each."""
        with self._changed:
            return tuple(self._remarked)

    def age(self) -> float | None:
        """Seconds since the newest frame arrived, None before the first one."""
        with self._changed:
            return None if self._last_at is None else self._clock() - self._last_at

    def rate(self) -> float:
        """Frames a second that the camera gave lately, whether taken or dropped."""
        with self._changed:
            now = self._clock()
            return sum(1 for at in self._arrivals if now - at <= _RATE_WINDOW_S) / _RATE_WINDOW_S

    @property
    def ended(self) -> bool:
        """Whether a recording is over. Its last frame may still be waiting."""
        return self._ended

    @property
    def abandoned(self) -> int:
        """Readers left behind that still hang."""
        with self._changed:
            return sum(1 for reader in self._abandoned if reader.thread is not None and reader.thread.is_alive())

    def _keep(self) -> None:
        """Keeper thread: one camera after the other until stopped, or until a recording ends."""
        wait = 0.0
        self._tell(LinkState.CONNECTING, "")
        while not self._pause(wait):
            if self.abandoned >= MAX_ABANDONED:
                self._tell(LinkState.LOST, f"{self.abandoned} reads of it hang: unplug the camera, or restart")
                wait = self._backoff_s[1]
                continue
            reader = self._start_reader()
            hung = self._watch(reader)
            if self._ended or self._stopping:
                break
            shortest, longest = self._backoff_s
            if hung and reader.frames >= _STEADY_FRAMES:
                wait = 0.0  # it has cost enough time already
                continue
            wait = shortest if reader.frames >= _STEADY_FRAMES or not wait else min(longest, wait * 2)
            wait *= random.uniform(0.8, 1.2)  # noqa: S311  # jitter, no secret

    def _pause(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, seconds)

    def _tell(self, state: LinkState, detail: str) -> None:
        """Report a change once, and log each loss and each return once."""
        before = self._state[0] if self._state else None
        if self._state == (state, detail):
            return
        self._state = (state, detail)
        if state is LinkState.LOST and before is not LinkState.LOST:
            logger.warning("%s lost: %s", self._name, detail)
        elif state is LinkState.UP and before is not LinkState.UP:
            logger.info("%s %s", self._name, "is back" if before is LinkState.LOST else "is up")
        if state is LinkState.UP and detail:
            logger.warning("%s: %s", self._name, detail)
        self._on_state(state, detail)

    def _start_reader(self) -> _Reader:
        with self._changed:
            reader = _Reader(first_number=self._last_number + 1, since=self._clock())
        thread = threading.Thread(target=self._read, args=(reader,), name=f"{self._name}-reader", daemon=True)
        reader.thread = thread
        thread.start()
        return reader

    def _watch(self, reader: _Reader) -> bool:
        """Report what becomes of a reader until it has ended, or hangs and is abandoned. Returns whether it hung."""
        seen: tuple[_Job, str, str, bool] | None = None
        while True:
            with self._changed:
                waits_long = reader.job is _Job.OPENING or not reader.frames
                limit = self._open_limit_s if waits_long else self._read_limit_s
                if reader.news == seen and not self._stopping:
                    self._changed.wait(max(0.01, reader.since + limit - self._clock()))
                seen = reader.news
                hung = reader.job in (_Job.OPENING, _Job.READING) and self._clock() - reader.since >= limit
                if hung or self._stopping:
                    reader.abandoned = True
                    if hung:
                        self._abandoned = [r for r in self._abandoned if r.thread and r.thread.is_alive()] + [reader]
                self._ended = self._ended or reader.job is _Job.ENDED
                (job, stalled, poor, any_frame), error = reader.news, reader.error
                stopping = self._stopping
                self._changed.notify_all()
            if stopping:
                self._let_go(reader)
                return False
            if job in (_Job.FAILED, _Job.FROZEN):
                self._tell(LinkState.LOST, error or stalled)
                self._let_go(reader)
                return False
            if any_frame and not stalled:
                self._tell(LinkState.UP, poor)
            if job is _Job.ENDED:
                self._tell(LinkState.LOST, "the recording is over")
                self._let_go(reader)
                return False
            if hung:
                doing = "opening it" if job is _Job.OPENING else "reading it"
                self._tell(LinkState.LOST, f"{doing} hangs since {limit:g} s: was it unplugged?")
                return True
            if stalled:
                self._tell(LinkState.LOST, stalled)

    def _let_go(self, reader: _Reader) -> None:
        """Wait a moment until a reader that has ended has closed its camera; a close may hang too."""
        if reader.thread is None:
            return
        reader.thread.join(_STOP_S)
        if reader.thread.is_alive():
            with self._changed:
                reader.abandoned = True
                self._abandoned.append(reader)

    def _read(self, reader: _Reader) -> None:
        """Reader thread: one camera from open to close."""
        camera: Camera | None = None
        try:
            camera = self._opener(self._section)
            self._remark(camera)
            tuner = self._tuner = Tuner(camera, Box(*self._section.region), self._codes)
            self._watch_pictures.reopened()
            going_on = self._note(reader, _Job.READING)
            opened_at = self._clock()
            while going_on:
                try:
                    frame = camera.read()
                except CameraStalledError as error:
                    self._watch_pictures.reopened()
                    going_on = self._note(reader, _Job.READING, stalled=str(error))
                    continue
                if frame is None:
                    self._note(reader, _Job.ENDED)
                    return
                fault = self._watch_pictures.judge(frame) if camera.live else None
                if fault is not None and fault.grade is Grade.FROZEN:
                    # A stream's writer may go on; a device is opened anew, and given time to wake up then.
                    wakes_up = frame.at - opened_at < FROZEN_S
                    job = _Job.READING if wakes_up or _survives(camera) else _Job.FROZEN
                    going_on = self._note(reader, job, stalled=fault.words) and job is _Job.READING
                    continue
                going_on = self._publish(reader, frame, fault)
                tuner.after(frame)
        except CameraError as error:
            self._note(reader, _Job.FAILED, error=str(error))
        except Exception as error:  # the one supervised edge of this thread: whatever broke, the keeper opens anew
            logger.exception("%s: unexpected failure", self._name)
            self._note(reader, _Job.FAILED, error=f"unexpected failure: {error!r}")
        finally:
            if camera is not None:
                camera.close()

    def _remark(self, camera: Camera) -> None:
        """Log once what the camera does not do as it was asked, however often it is opened."""
        for sentence in camera.remarks if isinstance(camera, Tunable) else ():
            if sentence not in self._remarked:
                with self._changed:
                    self._remarked.append(sentence)
                logger.warning("%s: %s", self._name, sentence)

    def _note(self, reader: _Reader, job: _Job, *, stalled: str = "", error: str = "") -> bool:
        """Say what the reader does now; False when it has been abandoned."""
        with self._changed:
            reader.job, reader.stalled, reader.error = job, stalled, error
            reader.since = self._clock()
            self._changed.notify_all()
            return not reader.abandoned

    def _publish(self, reader: _Reader, frame: Frame, fault: Fault | None) -> bool:
        """Put a frame into the slot, over an older one; False when the reader has been abandoned."""
        with self._changed:
            if reader.abandoned:
                return False
            number = reader.first_number + frame.number
            self._newest = replace(frame, number=number)
            self._taken = False
            self._last_number = number
            self._last_at = reader.since = self._clock()
            self._arrivals.append(self._last_at)
            reader.frames += 1
            reader.stalled = fault.words if fault is not None and fault.grade is Grade.LOST else ""
            reader.poor = fault.words if fault is not None and fault.grade is Grade.POOR else ""
            self._changed.notify_all()
            return True


def _survives(camera: Camera) -> bool:
    """Whether a source is better left open while its picture stands still: closing a FIFO kills its writer."""
    while isinstance(camera, ViewedCamera):
        camera = camera.behind
    return isinstance(camera, StreamCamera)
