from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.emulator.controller import VirtualController
from firmware_bridge.emulator.thermometer import VirtualThermometer
from scanner.camera.frame import Grey
from scanner.config.model import CameraSection, GateSection, ThermometerSection
from scanner.health import Grade
from scanner.health.devices import check_camera, check_decoders, check_gate, check_thermometer, holders
from scanner.values import TemperatureRule
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


def thermometer(port: Path, driver: str = "gy-mcu90614") -> ThermometerSection:
    return ThermometerSection.model_validate({"driver": driver, "port": str(port)})


def test_a_thermometer_is_good_by_its_readings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.devices.WATCH_S", 1.0)
    with VirtualThermometer(tmp_path / "t") as device:
        finding = check_thermometer(thermometer(device.link), "main", TemperatureRule.REQUIRED)
    assert finding.grade is GOOD, finding
    assert "readings" in finding.sentence
    assert "°C" in finding.sentence


def test_a_silent_thermometer_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.devices.WATCH_S", 1.0)
    with VirtualThermometer(tmp_path / "t") as device:
        device.silence()
        finding = check_thermometer(thermometer(device.link), "main", TemperatureRule.REQUIRED)
    assert finding.grade is FAILED
    assert "9600" in finding.advice


def test_a_missing_port_fails_and_others_are_named(tmp_path: Path) -> None:
    finding = check_thermometer(thermometer(tmp_path / "none"), "main", None)
    assert finding.grade is FAILED
    assert "serial ports here" in finding.advice


def test_without_a_thermometer_it_depends_on_the_policy(tmp_path: Path) -> None:
    section = thermometer(tmp_path, "none")
    assert check_thermometer(section, "main", TemperatureRule.REQUIRED).grade is FAILED
    assert check_thermometer(section, "main", TemperatureRule.OFF).grade is GOOD


def test_a_port_in_use_names_the_program_that_has_it(tmp_path: Path) -> None:
    script = (
        "import serial, sys; port = serial.Serial(sys.argv[1], 9600, exclusive=True);"
        "print('open', flush=True); sys.stdin.read()"
    )
    with (
        VirtualThermometer(tmp_path / "t") as device,
        subprocess.Popen(
            [sys.executable, "-c", script, str(device.link)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        assert any(str(other.pid) in one for one in holders(device.link))
        finding = check_thermometer(thermometer(device.link), "main", None)
        other.communicate(timeout=10)
    assert finding.grade is FAILED
    assert f"process {other.pid}" in finding.advice


def test_a_gate_controller_is_greeted_and_its_barrier_stays_as_it_is(tmp_path: Path) -> None:
    with VirtualController(tmp_path / "g") as device:
        finding = check_gate(GateSection(driver="controller", port=str(device.link)), "main")
        assert device.openings == ()
    assert finding.grade is GOOD, finding


def test_a_controller_that_does_not_answer_fails(tmp_path: Path) -> None:
    with VirtualController(tmp_path / "g") as device:
        device.silence()
        finding = check_gate(GateSection(driver="controller", port=str(device.link)), "main")
    assert finding.grade is FAILED
    assert "answer" in finding.sentence


def test_without_a_gate_there_is_a_warning() -> None:
    assert check_gate(GateSection(), "main").grade is WARNING
