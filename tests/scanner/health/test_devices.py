from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from scanner.camera.frame import Grey
from scanner.config.model import CameraSection
from scanner.health import Grade
from scanner.health.devices import check_camera, check_decoders
from tests.scanner.camera.test_recording import video
from tests.scanner.pictures import jpeg, scene

GOOD, WARNING, FAILED = Grade.GOOD, Grade.WARNING, Grade.FAILED


def test_both_decoders_are_tried() -> None:
    (finding,) = check_decoders()
    assert finding.grade is GOOD


def test_a_missing_second_decoder_is_a_warning_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.devices.zbar_missing", lambda: "it is missing")
    (finding,) = check_decoders()
    assert finding.grade is WARNING
    assert "libzbar0" in finding.advice


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "camera.mjpeg"
    os.mkfifo(path)
    return path


def play(fifo: Path, picture: Grey, fps: float, stop: threading.Event) -> threading.Thread:
    def write() -> None:
        data = jpeg(picture)
        try:
            with fifo.open("wb", buffering=0) as pipe:
                while not stop.wait(1 / fps):
                    pipe.write(data)
        except BrokenPipeError:
            return

    thread = threading.Thread(target=write)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("picture", "fps", "grade", "words"),
    [
        (scene(), 30, GOOD, "1280 × 720"),
        (np.full((720, 1280), 4, np.uint8), 30, WARNING, "dark"),
        (np.full((720, 1280), 250, np.uint8), 30, WARNING, "white"),
        (scene(320, 240), 30, WARNING, "small"),
        (scene(), 3, WARNING, "pictures a second"),
    ],
)
def test_a_camera_is_judged_by_its_pictures(
    fifo: Path, picture: Grey, fps: float, grade: Grade, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.health.devices.WATCH_S", 2.0 if fps < 10 else 0.8)
    monkeypatch.setattr("scanner.camera.capture._RATE_WINDOW_S", 2.0 if fps < 10 else 0.8)
    stop = threading.Event()
    writer = play(fifo, picture, fps, stop)
    finding = check_camera(CameraSection(source=str(fifo)), "main")
    stop.set()
    writer.join()
    assert finding.grade is grade, finding
    assert words in finding.sentence


def test_a_stream_that_nobody_writes_to_fails(fifo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.devices.FIRST_FRAME_S", 0.5)
    finding = check_camera(CameraSection(source=str(fifo)), "main")
    assert (finding.grade, finding.advice) == (FAILED, "start the program that writes the pictures")


def test_a_missing_camera_fails_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    for source in (77, "/dev/video77", str(tmp_path / "none")):
        finding = check_camera(CameraSection(source=source), "main")
        assert finding.grade is FAILED
        assert finding.advice
    assert time.monotonic() - began < 3


def test_a_recording_counts_as_a_camera(tmp_path: Path) -> None:
    finding = check_camera(CameraSection(source=str(video(tmp_path / "a.avi", 3))), "main")
    assert (finding.grade, "recording" in finding.sentence) == (GOOD, True)
