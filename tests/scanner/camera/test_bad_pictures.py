"""Bad pictures through the whole capture: a real FIFO, real JPEGs, real threads; the waits of the watch shortened."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from firmware_bridge.values import LinkState
from scanner.camera import CameraError, Frame, watch
from scanner.camera.adapt import SHARP_US, Limits, Setting
from scanner.camera.capture import Capture
from scanner.config.model import CameraSection
from tests.scanner.camera.test_capture import ScriptedCamera, States
from tests.scanner.pictures import code, jpeg, placed, scene

UP, LOST = LinkState.UP, LinkState.LOST
NOISY = [jpeg(scene(320, 240, seed=seed)) for seed in range(3)]


def flat(level: int) -> bytes:
    return jpeg(np.full((240, 320), level, np.uint8))


class Writer(threading.Thread):
    """Another program that writes JPEGs into the FIFO, in turn, at a rate."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self.pictures: Sequence[bytes] = NOISY
        self.fps = 40.0
        self.ended = threading.Event()

    def run(self) -> None:
        with self._path.open("wb", buffering=0) as pipe:
            for number in itertools.count():
                rest = memoryview(self.pictures[number % len(self.pictures)])
                while rest:
                    rest = rest[pipe.write(rest) or 0 :]
                if self.ended.wait(1 / self.fps):
                    return


Stand = tuple[Writer, Capture, States]


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    monkeypatch.setattr(watch, "FROZEN_S", 0.5)
    monkeypatch.setattr(watch, "EMPTY_S", 0.3)
    monkeypatch.setattr(watch, "WINDOW_S", 0.8)
    monkeypatch.setattr(watch, "POOR_LASTS_S", 0.4)
    fifo = tmp_path / "camera.mjpeg"
    os.mkfifo(fifo)
    states = States()
    capture = Capture(CameraSection(source=str(fifo)), states)
    writer = Writer(fifo)
    capture.start()
    writer.start()
    states.wait_for(UP)
    yield writer, capture, states
    writer.ended.set()
    capture.stop()
    writer.join(5)


def frames_in(capture: Capture, seconds: float) -> list[Frame]:
    found = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        frame = capture.newest(left)
        if frame is not None:
            found.append(frame)
    return found


def test_a_frozen_picture_is_a_fault_is_not_handed_out_and_its_writer_is_kept(stand: Stand) -> None:
    writer, capture, states = stand
    writer.pictures = NOISY[:1]
    at = states.wait_for(LOST, "not changed")
    capture.newest(0)
    assert frames_in(capture, 0.3) == []
    age = capture.age()
    assert age is not None
    assert age > 0.25
    writer.pictures = NOISY
    states.wait_for(UP, after=at)
    assert frames_in(capture, 0.3)
    assert writer.is_alive()


def test_a_code_that_comes_into_a_standing_picture_is_seen(stand: Stand) -> None:
    writer, capture, states = stand
    wall = scene(320, 240)
    writer.pictures = [jpeg(wall)]
    at = states.wait_for(LOST, "not changed")
    writer.pictures = [jpeg(placed(code("HELLO", scale=2), 100, 100, on=wall.copy()))]
    states.wait_for(UP, after=at)
    assert capture.newest(1) is not None


@pytest.mark.parametrize(("level", "words"), [(0, "black"), (255, "white"), (96, "green")])
def test_a_picture_of_nothing_is_said_and_over_when_there_is_something(stand: Stand, level: int, words: str) -> None:
    writer, capture, states = stand
    writer.pictures = [flat(level)]
    at = states.wait_for(LOST, words)
    assert frames_in(capture, 0.3)  # what the guard's preview shows is what there is
    writer.pictures = NOISY
    states.wait_for(UP, after=at)


def test_pictures_with_wrong_bytes_inside_are_used_as_far_as_they_go_and_said(stand: Stand) -> None:
    writer, capture, states = stand
    spoiled = [whole[:2000] + b"\x55" * 60 + whole[2060:] for whole in NOISY]
    writer.pictures = [spoiled[0], NOISY[1], spoiled[2], NOISY[0]]
    states.wait_for(UP, "damaged")
    assert {frame.damaged for frame in frames_in(capture, 0.4)} == {True, False}
    before = len(states.told)
    writer.pictures = NOISY
    states.wait_for(UP, "", after=before)
    assert all(state is UP for state, _ in states.told[1:])


def test_torn_pictures_cost_no_more_than_themselves(stand: Stand) -> None:
    writer, capture, states = stand
    writer.pictures = [NOISY[0][:3000], NOISY[1], NOISY[2][:500], NOISY[0]]
    assert len(frames_in(capture, 1.0)) >= 5
    assert all(state is UP for state, _ in states.told[1:])
    writer.pictures = [NOISY[0][:3000], NOISY[1][:3000]]
    at = states.wait_for(LOST, "no whole JPEG")
    writer.pictures = NOISY
    states.wait_for(UP, after=at)


def test_a_changing_size_is_handed_out_as_it_is_and_said(stand: Stand) -> None:
    writer, capture, states = stand
    writer.pictures = [NOISY[0], jpeg(scene(640, 480)), jpeg(scene(160, 120))]
    states.wait_for(UP, "size")
    assert len({frame.grey.shape for frame in frames_in(capture, 0.5)}) > 1


def test_one_picture_a_second_is_used_and_said(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, capture, states = stand
    monkeypatch.setattr(watch, "WINDOW_S", 1.4)
    writer.fps = 1.0
    states.wait_for(UP, "of 30 pictures a second")
    assert frames_in(capture, 1.2)
    assert all(state is UP for state, _ in states.told[1:])


def test_nothing_is_printed_whatever_the_bytes(stand: Stand, capfd: pytest.CaptureFixture[str]) -> None:
    writer, capture, _ = stand
    whole = NOISY[0]
    writer.pictures = [
        *(whole[:2000] + b"\x55" * 60 + whole[2060:], whole[:-2] + b"\0" * 700 + b"\xff\xd9"),
        *(whole[:1500] + b"\xff\xd9", whole[:1500] + bytes(100) + whole[1900:], NOISY[1], os.urandom(3000), NOISY[2]),
    ]
    frames_in(capture, 0.7)
    assert capfd.readouterr() == ("", "")


def test_a_device_that_freezes_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "FROZEN_S", 0.3)
    monkeypatch.setattr("scanner.camera.capture.FROZEN_S", 0.3)
    pictures = [scene(320, 240, seed=seed) for seed in range(3)]
    cameras: list[ScriptedCamera] = []

    def opener(_: CameraSection) -> ScriptedCamera:
        first = not cameras

        def reads(number: int) -> Frame:
            time.sleep(0.01)
            return Frame(pictures[0 if first and number > 40 else number % 3], time.monotonic(), number)

        cameras.append(ScriptedCamera(reads))
        return cameras[-1]

    states = States()
    capture = Capture(CameraSection(), states, opener=opener)
    capture.start()
    try:
        at = states.wait_for(LOST, "not changed")
        states.wait_for(UP, after=at)
        assert cameras[0].closed.is_set()
        assert len(cameras) == 2  # although it begins with the very picture at which it froze
    finally:
        capture.stop()


def test_a_hang_in_a_driver_costs_two_seconds_at_most() -> None:
    hangs = threading.Event()
    cameras: list[ScriptedCamera] = []

    def opener(_: CameraSection) -> ScriptedCamera:
        first = not cameras

        def reads(number: int) -> Frame:
            time.sleep(0.01)
            if first and number == 50:
                hangs.wait(20)
                raise CameraError("came back too late")
            return Frame(scene(320, 240, seed=number % 3), time.monotonic(), number)

        cameras.append(ScriptedCamera(reads))
        return cameras[-1]

    capture = Capture(CameraSection(), States(), opener=opener)
    capture.start()
    try:
        gap, last = 0.0, time.monotonic()
        while gap < 1.0:
            frame = capture.newest(5.0)
            assert frame is not None
            gap, last = frame.at - last, frame.at
        assert len(cameras) == 2
        assert gap < 2.2
    finally:
        hangs.set()
        capture.stop()


class LensCamera(ScriptedCamera):
    """A camera in a dark place that obeys, and is its own lens."""

    def __init__(self, settings: list[Setting]) -> None:
        super().__init__(self._take)
        self.limits = Limits((100, 10_000), (0.0, 100.0))
        self.settings = settings
        self.remarks = ("it cannot fly",)

    @property
    def lens(self) -> LensCamera:
        return self

    def now(self) -> Setting:
        return Setting(SHARP_US, 0.0)

    def set(self, setting: Setting) -> Setting:
        self.settings.append(setting)
        return setting

    def _take(self, number: int) -> Frame:
        time.sleep(0.01)
        return Frame((scene(320, 240, seed=number % 3) // 4).astype(np.uint8), time.monotonic(), number)


@pytest.fixture
def adapting() -> Iterator[Callable[..., tuple[Capture, States]]]:
    captures: list[Capture] = []

    def start(camera: LensCamera, section: CameraSection) -> tuple[Capture, States]:
        states = States()
        captures.append(Capture(section, states, opener=lambda _: camera))
        captures[-1].start()
        states.wait_for(UP)
        return captures[-1], states

    yield start
    for capture in captures:
        capture.stop()


Adapting = Callable[..., tuple[Capture, States]]


def test_a_camera_that_obeys_is_made_brighter_by_gain(adapting: Adapting, caplog: pytest.LogCaptureFixture) -> None:
    settings: list[Setting] = []
    capture, _ = adapting(LensCamera(settings), CameraSection())
    time.sleep(0.7)
    assert settings
    assert settings[-1].gain > 0
    assert settings[-1].exposure_us == SHARP_US
    assert capture.light == settings[-1]
    assert capture.remarks == ("it cannot fly",)
    assert caplog.text.count("it cannot fly") == 1


def test_the_area_of_a_code_just_read_is_what_counts(adapting: Adapting) -> None:
    settings: list[Setting] = []
    camera = LensCamera(settings)
    grey = scene(320, 240) // 4
    grey[100:200, 100:200] = 120
    camera._reads = lambda number: time.sleep(0.01) or Frame(grey + np.uint8(number % 3 * 2), time.monotonic(), number)  # type: ignore[func-returns-value]
    capture, _ = adapting(camera, CameraSection())
    deadline = time.monotonic() + 0.8
    settings.clear()
    while time.monotonic() < deadline:
        frame = capture.newest(0.1)
        if frame is not None:
            capture.code_read(frame, ((110, 110), (190, 110), (190, 190), (110, 190)))
    assert len(settings) <= 1  # at most the one before the first code was told


def test_the_jpegs_of_opencv_and_of_the_stream_are_decoded_to_the_same_grey() -> None:
    from scanner.camera.picture import decode_jpeg  # noqa: PLC0415

    data = jpeg(scene())
    grey, damaged = decode_jpeg(data)
    assert not damaged
    assert np.array_equal(grey, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE))
