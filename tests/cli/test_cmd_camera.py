"""`checkpoint camera`: list, test and save, with files and FIFOs as cameras."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cli.main import main
from scanner.camera.found import FoundCamera
from scanner.camera.v4l2 import Control, ControlId, Mode
from tests.scanner.camera.test_bad_pictures import Writer
from tests.scanner.camera.test_recording import video
from tests.scanner.pictures import code, jpeg, placed, scene

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped file, with a short film as its camera."""
    monkeypatch.setattr("cli.cmd_camera.SETTLE_S", 1.2)
    path = tmp_path / "config.toml"
    text = (ROOT / "config.toml").read_text("utf-8")
    path.write_text(text.replace("source = 0", f'source = "{video(tmp_path / "a.avi", 24)}"  # the film'), "utf-8")
    return path


def run(*arguments: str) -> int:
    return main(["camera", *arguments])


def test_a_film_is_measured_and_its_end_is_the_end(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test", "--config", str(config), "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["fps"] == pytest.approx(20, rel=0.1)
    assert (lines[0]["width"], lines[0]["height"]) == (320, 240)
    assert {"sharpness", "best", "brightness", "blown", "codes", "read_fps", "damaged", "remarks"} <= lines[0].keys()


def test_codes_are_counted_and_words_are_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fifo = tmp_path / "camera.mjpeg"
    os.mkfifo(fifo)
    writer = Writer(fifo)
    writer.fps = 15
    writer.pictures = [jpeg(placed(code("HELLO"), 300, 200, on=scene(640, 480, seed=seed))) for seed in range(3)]
    writer.start()
    try:
        assert run("test", "--source", str(fifo), "--config", str(tmp_path / "none"), "--seconds", "1.3") == 0
    finally:
        writer.ended.set()
        writer.join(5)
    line = capsys.readouterr().out.splitlines()[-1]
    assert "of 30 pictures/s · 640 × 480 · sharpness" in line
    assert int(line.split(" codes/s")[0].rpartition("· ")[2]) >= 5


def test_on_a_terminal_one_line_is_updated_until_ctrl_c(config: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "cli.main",
            "camera",
            "test",
            "--config",
            str(config),
            "--source",
            str(video(config.parent / "long.avi", 400)),
        ],
        stdout=theirs,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 20
    while shown.count(b"\r\x1b[K") < 2 and time.monotonic() < deadline:
        if select.select([ours], [], [], 0.2)[0]:
            shown += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert b"pictures/s" in shown
    assert b"\n" not in shown
    os.close(ours)


def test_no_picture_is_a_failure_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.cmd_camera.GIVE_UP_S", 1.1)
    assert run("test", "--source", "/nowhere/camera", "--config", str(tmp_path / "none")) == 1
    assert "there is no camera at /nowhere/camera" in capsys.readouterr().out


@pytest.mark.alone
def test_what_the_camera_gives_is_saved_and_every_other_byte_stays(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = config.read_bytes()
    config.chmod(0o640)
    assert run("save", "--config", str(config), "--exposure", "2000", "--gain", "1.5", "--mirror", "--fps", "20") == 0
    assert set(capsys.readouterr().out.splitlines()) == {
        *("width: 1280 → 320", "height: 720 → 240", 'exposure: "auto" → 2000', 'gain: "auto" → 1.5'),
        *("mirror: false → true", "fps: 30 → 20"),
    }
    after = config.read_bytes()
    wanted = before
    for old, new in (
        (b"\nwidth = 1280", b"\nwidth = 320"),
        (b"\nheight = 720", b"\nheight = 240"),
        (b"\nfps = 30", b"\nfps = 20"),
        (b'\nexposure = "auto"', b"\nexposure = 2000"),
        (b'\ngain = "auto"', b"\ngain = 1.5"),
        (b"\nmirror = false", b"\nmirror = true"),
    ):
        assert wanted.count(old) == 1
        wanted = wanted.replace(old, new)
    assert after == wanted
    assert config.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in config.parent.iterdir() if "config" in path.name] == ["config.toml"]


@pytest.mark.alone
def test_saving_what_stands_there_already_writes_nothing(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("save", "--config", str(config), "--fps", "20") == 0
    inode = config.stat().st_ino
    capsys.readouterr()
    assert run("save", "--config", str(config)) == 0
    assert "says so already" in capsys.readouterr().out
    assert config.stat().st_ino == inode


def test_a_camera_that_gives_nothing_is_not_saved(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = config.read_bytes()
    assert run("save", "--config", str(config), "--source", "/nowhere") == 1
    assert "there is no camera at /nowhere" in capsys.readouterr().err
    assert config.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--exposure", "fast"), '--exposure: expected "auto" or a whole number from 50 to 1000000, got "fast"'),
        (("--width", "7"), "--width: expected a whole number from 320 to 4096, got 7"),
        (("--lane", "west"), "there is no lane 'west'; there are main"),
        (("--config", "/nowhere.toml"), "no such file"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    config: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert run("test", "--config", str(config), *arguments) == 2
    assert words in capsys.readouterr().err


def test_of_several_lanes_one_must_be_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with config.open("a") as file:
        file.write('\n[[lane]]\nname = "east"\n[lane.camera]\nsource = 1\n')
    assert run("test", "--config", str(config)) == 2
    assert "say which with --lane: main, east" in capsys.readouterr().err
    film = video(config.parent / "b.avi", 24)
    assert run("save", "--config", str(config), "--lane", "east", "--source", str(film)) == 0
    assert f'name = "east"\n[lane.camera]\nsource = "{film}"\n' in config.read_text("utf-8")


def test_the_list_says_what_to_write(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    camera = FoundCamera(
        "/dev/v4l/by-id/usb-x",
        "/dev/video0",
        "HD Webcam",
        "uvcvideo",
        ("/dev/v4l/by-id/usb-x",),
        (Mode("MJPG", 1280, 720, 30), Mode("MJPG", 1920, 1080, 0)),
        (Control(ControlId.EXPOSURE_US100, "Exposure Time, Absolute", 3, 2047, 1, 250, writable=True),),
    )
    monkeypatch.setattr("scanner.camera.found.find_cameras", lambda: [camera])
    assert run("list") == 0
    assert capsys.readouterr().out.splitlines() == [
        "HD Webcam (uvcvideo)",
        '  source = "/dev/v4l/by-id/usb-x"',
        "  also /dev/video0",
        "  MJPG: 1920 × 1080, 1280 × 720 at 30",
        "  Exposure Time, Absolute: 3 to 2047 (hundreds of µs), usually 250",
    ]
    assert run("list", "--json") == 0
    assert json.loads(capsys.readouterr().out)["source"] == "/dev/v4l/by-id/usb-x"


def test_a_machine_without_cameras_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.camera.found.find_cameras", lambda: [])
    assert run("list") == 1
    assert "plug one in" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["list", "test", "save"])
def test_every_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    assert f"Example: checkpoint camera {command}" in capsys.readouterr().out


def test_no_thread_is_left_behind(config: Path) -> None:
    before = set(threading.enumerate())
    run("test", "--config", str(config), "--seconds", "1.2", "--json")
    assert set(threading.enumerate()) <= before
