from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_bridge.values import LinkState
from scanner.camera import Camera, CameraError, Frame
from scanner.camera.capture import MAX_ABANDONED, Capture
from scanner.config.model import CameraSection
from tests.scanner.camera.test_recording import video
from tests.scanner.pictures import jpeg, number_in, numbered

UP, LOST, CONNECTING = LinkState.UP, LinkState.LOST, LinkState.CONNECTING
READ_LIMIT_S = 0.3


class States:
    """Every state that was told, to be waited for."""

    def __init__(self) -> None:
        self.told: list[tuple[LinkState, str]] = []
        self._changed = threading.Condition()

    def __call__(self, state: LinkState, detail: str) -> None:
        with self._changed:
            self.told.append((state, detail))
            self._changed.notify_all()

    def wait_for(self, state: LinkState, words: str = "", *, after: int = 0, timeout: float = 10) -> int:
        """The position behind the first such state told after position `after`."""

        def position() -> int:
            return next((n for n, (s, d) in enumerate(self.told[after:], after + 1) if s is state and words in d), 0)

        with self._changed:
            assert self._changed.wait_for(position, timeout), f"{state} {words!r} never came: {self.told}"
            return position()


class ScriptedCamera:
    """A camera whose every read is a call of the test's choosing, in the capture's own thread."""

    live = True

    def __init__(self, reads: Callable[[int], Frame | None]) -> None:
        self._reads = reads
        self._number = -1
        self.closed = threading.Event()

    def read(self) -> Frame | None:
        self._number += 1
        return self._reads(self._number)

    def close(self) -> None:
        self.closed.set()


def frame(number: int) -> Frame:
    time.sleep(0.01)
    return Frame(numbered(number), time.monotonic(), number)


@pytest.fixture
def started() -> Iterator[Callable[..., tuple[Capture, States]]]:
    captures: list[Capture] = []

    def start(source: Path | str = "none", opener: Callable[[CameraSection], Camera] | None = None):  # type: ignore[no-untyped-def]
        states = States()
        chosen = {} if opener is None else {"opener": opener}
        capture = Capture(
            CameraSection(source=str(source), fps=60),
            states,
            open_limit_s=READ_LIMIT_S,
            read_limit_s=READ_LIMIT_S if opener else 3.0,
            backoff_s=(0.02, 0.1),
            **chosen,
        )
        captures.append(capture)
        capture.start()
        return capture, states

    yield start
    for capture in captures:
        capture.stop()


Start = Callable[..., tuple[Capture, States]]


def test_the_newest_frame_wins_and_is_handed_out_once(started: Start) -> None:
    release: queue.Queue[None] = queue.Queue()

    def reads(number: int) -> Frame:
        if number >= 20:
            release.get()
        return Frame(numbered(number), time.monotonic(), number)

    capture, states = started(opener=lambda _: ScriptedCamera(reads))
    states.wait_for(UP)
    time.sleep(0.1)
    newest = capture.newest(1)
    assert newest is not None
    assert newest.number == 19
    assert capture.newest(0.02) is None
    release.put(None)
    following = capture.newest(1)
    assert following is not None
    assert following.number == 20
    release.put(None)


def test_age_and_rate_tell_how_fresh_the_pictures_are(started: Start) -> None:
    capture, states = started(opener=lambda _: ScriptedCamera(frame))
    states.wait_for(UP)
    time.sleep(0.3)
    age = capture.age()
    assert age is not None
    assert age < 0.2
    assert capture.rate() > 1


def test_a_recording_ends(started: Start, tmp_path: Path) -> None:
    capture, states = started(video(tmp_path / "a.avi", 5, fps=50))
    seen = []
    while not capture.ended or not seen:
        if (taken := capture.newest(0.5)) is not None:
            seen.append(number_in(taken.grey))
    if (taken := capture.newest(0)) is not None:
        seen.append(number_in(taken.grey))
    assert seen[-1] == 4
    assert seen == sorted(set(seen))
    states.wait_for(LOST, "over")
    assert capture.newest(0) is None


def test_a_camera_missing_at_the_start_is_waited_for_and_logged_once(
    started: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    capture, states = started(tmp_path / "stills")
    assert states.wait_for(CONNECTING) == 1
    states.wait_for(LOST, "no camera")
    time.sleep(0.3)
    assert capture.age() is None
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.jpg").write_bytes(jpeg(numbered(6)))
    (tmp_path / "new").rename(tmp_path / "stills")
    states.wait_for(UP)
    assert capture.newest(1) is not None
    assert caplog.text.count("there is no camera") == 1
    assert caplog.text.count("is back") == 1


def test_a_read_that_hangs_is_abandoned_and_may_never_publish_again(started: Start) -> None:
    hangs = threading.Event()
    cameras: list[ScriptedCamera] = []

    def opener(_: CameraSection) -> Camera:
        first = not cameras

        def reads(number: int) -> Frame:
            if first and number == 3:
                hangs.wait(20)
                return Frame(numbered(999), time.monotonic(), 999_999)
            return frame(100 + number if not first else number)

        cameras.append(ScriptedCamera(reads))
        return cameras[-1]

    capture, states = started(opener=opener)
    lost = states.wait_for(LOST, "hangs")
    states.wait_for(UP, after=lost)
    assert capture.abandoned == 1
    before = capture.newest(1)
    hangs.set()
    assert cameras[0].closed.wait(5)
    numbers = []
    for _ in range(10):
        taken = capture.newest(1)
        assert taken is not None
        assert number_in(taken.grey) != 999
        numbers.append(taken.number)
    assert before is not None
    assert numbers == sorted(set(numbers))
    assert max(numbers) < 999_999
    assert capture.abandoned == 0


def test_an_open_that_hangs_is_abandoned_too(started: Start) -> None:
    hangs = threading.Event()
    opened: list[int] = []

    def opener(_: CameraSection) -> Camera:
        opened.append(1)
        if len(opened) == 1:
            hangs.wait(20)
        return ScriptedCamera(frame)

    _, states = started(opener=opener)
    states.wait_for(LOST, "opening it hangs")
    states.wait_for(UP)
    hangs.set()


def test_the_number_of_hanging_reads_is_bounded(started: Start) -> None:
    hangs = threading.Event()
    opened: list[int] = []

    def opener(_: CameraSection) -> Camera:
        opened.append(1)
        hangs.wait(20)
        return ScriptedCamera(frame)

    capture, states = started(opener=opener)
    at = states.wait_for(LOST, f"{MAX_ABANDONED} reads of it hang")
    time.sleep(2 * READ_LIMIT_S)
    assert len(opened) == MAX_ABANDONED
    hangs.set()
    states.wait_for(UP, after=at)
    assert capture.abandoned == 0


def test_a_camera_that_fails_is_closed_opened_anew_and_its_numbers_go_on(started: Start) -> None:
    cameras: list[ScriptedCamera] = []

    def reads(number: int) -> Frame:
        if number == 5:
            raise CameraError("was unplugged")
        return frame(number)

    def opener(_: CameraSection) -> Camera:
        cameras.append(ScriptedCamera(reads))
        return cameras[-1]

    capture, states = started(opener=opener)
    lost = states.wait_for(LOST, "was unplugged")
    states.wait_for(UP, after=lost)
    assert cameras[0].closed.is_set()
    numbers = []
    while len(cameras) < 4:
        if (taken := capture.newest(1)) is not None:
            numbers.append(taken.number)
    assert numbers == sorted(set(numbers))
    assert numbers[-1] >= 8


def test_an_unexpected_failure_of_a_driver_does_not_end_the_capture(started: Start) -> None:
    opened: list[int] = []

    def opener(_: CameraSection) -> Camera:
        opened.append(1)
        if len(opened) == 1:
            raise ZeroDivisionError("a driver's bug")
        return ScriptedCamera(frame)

    _, states = started(opener=opener)
    states.wait_for(LOST, "a driver's bug")
    states.wait_for(UP)


def test_the_writer_of_a_stream_crashes_and_returns(started: Start, tmp_path: Path) -> None:
    fifo = tmp_path / "camera.mjpeg"
    os.mkfifo(fifo)
    capture, states = started(fifo)
    at = 0
    for number in (1, 2, 3):
        pipe = fifo.open("wb", buffering=0)
        pipe.write(jpeg(numbered(number)) + jpeg(numbered(50))[:200])
        at = states.wait_for(UP, after=at)
        taken = capture.newest(1)
        assert taken is not None
        assert number_in(taken.grey) == number
        pipe.close()
        at = states.wait_for(LOST, "writer", after=at)
    assert [state for state, _ in states.told] == [CONNECTING, *[UP, LOST] * 3]
    assert capture.abandoned == 0


def test_the_writer_of_a_stream_falls_silent_without_losing_its_reader(started: Start, tmp_path: Path) -> None:
    fifo = tmp_path / "camera.mjpeg"
    os.mkfifo(fifo)
    _, states = started(fifo)
    with fifo.open("wb", buffering=0) as pipe:
        pipe.write(jpeg(numbered(1)))
        at = states.wait_for(LOST, "no picture", timeout=5)
        pipe.write(jpeg(numbered(2)))  # a closed reader would break this pipe
        states.wait_for(UP, after=at)


def test_stopping_lets_go_of_the_camera(started: Start) -> None:
    camera = ScriptedCamera(frame)
    capture, states = started(opener=lambda _: camera)
    states.wait_for(UP)
    capture.stop()
    assert camera.closed.is_set()
    assert capture.newest(0.01) is None or capture.newest(0.01) is None
