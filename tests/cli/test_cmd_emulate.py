"""`checkpoint emulate` as a process: its path, its commands, its end."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import serial
import zxingcpp

from cli.main import main
from firmware_bridge import link as protocol
from firmware_bridge.drivers import DRIVERS
from firmware_bridge.gy_mcu90614 import Parser
from firmware_bridge.readers import READERS
from firmware_bridge.reports import GateSettings
from firmware_bridge.values import Door, LinkState
from scanner.camera import open_camera
from scanner.config.model import CameraSection
from tests.firmware_bridge.bench import eventually
from tests.firmware_bridge.controller_bench import ControllerBench

ROOT = Path(__file__).resolve().parents[2]


class Emulator:
    """The command in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "emulate", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def line(self) -> str:
        return self.process.stdout.readline().strip()

    def say(self, line: str) -> str:
        """Type a command; its answer."""
        self.process.stdin.write(line + "\n")
        return self.line()

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def start():
    running = []

    def run(*arguments: str) -> Emulator:
        running.append(Emulator(*arguments))
        return running[-1]

    yield run
    for emulator in running:
        if emulator.process.poll() is None:
            emulator.process.kill()
        emulator.process.communicate()


def objects(link: Path, seconds: float = 0.4) -> list[int]:
    with serial.Serial(str(link), 9600, timeout=seconds) as port:
        return [sample.object_centi for sample in Parser().feed(port.read(10_000), 0.0)]


def test_a_virtual_thermometer_shows_its_path_and_obeys(tmp_path, start):
    link = tmp_path / "t"
    emulator = start("thermometer", "--link", str(link), "--object", "36.5", "--ambient", "24.8")
    assert emulator.line() == str(link)
    assert objects(link)[-1] == pytest.approx(3650, abs=30)
    assert emulator.say("nobody") == "done: nobody"
    assert objects(link)[-1] == pytest.approx(2480, abs=30)
    assert emulator.say("unplug") == "done: unplug"
    assert not link.is_symlink()
    emulator.say("replug")
    emulator.say("person 38.1")
    assert objects(link)[-1] == pytest.approx(3810, abs=30)
    assert emulator.end() == 0
    assert not link.is_symlink()


def test_people_come_and_go_by_themselves(tmp_path, start):
    link = tmp_path / "t"
    emulator = start("thermometer", "--link", str(link), "--person", "0.8/0.4")
    emulator.line()
    seen = objects(link, 1.2)
    assert max(seen) > 3600
    assert min(seen) < 2600


def test_wrong_commands_are_answered_with_a_sentence_and_end_nothing(tmp_path, start):
    emulator = start("thermometer", "--link", str(tmp_path / "t"), "--json")
    assert json.loads(emulator.line()) == {"device": "thermometer", "path": str(tmp_path / "t")}
    for line in ("dance", "garbage", "garbage -1", "person nan", "late x"):
        assert "error" in json.loads(emulator.say(line))
    assert json.loads(emulator.say("silence 3")) == {"done": "silence 3"}
    emulator.process.stdin.write("quit\n")
    assert emulator.process.wait(20) == 0


def test_a_virtual_gate_prints_and_logs_each_opening(tmp_path, start):
    link, log = tmp_path / "g", tmp_path / "log"
    emulator = start("gate", "--link", str(link), "--log", str(log), "--json")
    emulator.line()
    with serial.Serial(str(link), timeout=5) as port:
        port.write(protocol.frame(0, protocol.HELLO, protocol.hello(5)))
        port.read_until(b"\x00")
        port.write(protocol.frame(1, protocol.OPEN, protocol.open_gate(5, 99, 500)))
        port.read_until(b"\x00")
    opening = json.loads(emulator.line())
    assert (opening["opening"], opening["pulse_ms"]) == (99, 500)
    assert log.read_text() == f"{opening['at_ns']} 99\n"
    assert abs(time.monotonic_ns() - opening["at_ns"]) < 30e9
    emulator.process.stdin.close()
    time.sleep(0.2)
    assert emulator.process.poll() is None, "the end of input must end nothing"
    assert emulator.end(signal.SIGTERM) == 0
    emulator.process.stdin = None


@pytest.mark.parametrize("model", ["gy-614v3", "heimann-idc50"])
def test_every_model_of_thermometer_speaks_its_own_language(tmp_path, start, model):
    link = tmp_path / "t"
    emulator = start("thermometer", "--link", str(link), "--model", model, "--object", "36.5")
    assert emulator.line() == str(link)
    with serial.Serial(str(link), DRIVERS[model].baud, timeout=1.2) as port:
        found = DRIVERS[model].parser().feed(port.read(10_000), 0.0)
    assert found[-1].object_centi == pytest.approx(3650, abs=30)


def test_a_virtual_relay_prints_and_logs_each_switching_and_has_buttons(tmp_path, start):
    link, log = tmp_path / "r", tmp_path / "log"
    emulator = start("relay", "--link", str(link), "--log", str(log), "--model", "lcus", "--json")
    emulator.line()
    with serial.Serial(str(link), 9600) as port:
        port.write(bytes.fromhex("A00101A2"))
        switching = json.loads(emulator.line())
    assert (switching["relay"], switching["on"]) == (1, True)
    assert log.read_text() == f"{switching['at_ns']} 1 on\n"
    emulator.process.stdin.write("off 1\n")
    assert json.loads(emulator.line())["on"] is False
    assert json.loads(emulator.line()) == {"done": "off 1"}
    assert "error" in json.loads(emulator.say("on 9"))


@pytest.mark.parametrize("model", ["gm65", "keyboard"])
def test_a_virtual_reader_reads_what_is_typed(tmp_path, start, model):
    link = tmp_path / "r"
    emulator = start("reader", "--link", str(link), "--model", model)
    emulator.line()
    with serial.Serial(str(link), 9600, timeout=0.4) as port:
        assert emulator.say("scan JKM1:A B+C") == "done: scan JKM1:A B+C"
        found = READERS[model].parser().feed(port.read(10_000), 0.0)
    assert [one.text for one in found] == ["JKM1:A B+C"]


def reads(fifo: Path, wanted: list[str], patience: float = 10.0) -> bool:
    """Whether the camera comes to show this, as the appliance's own camera and decoder see it."""
    deadline = time.monotonic() + patience
    camera = open_camera(CameraSection(source=str(fifo)))
    try:
        while time.monotonic() < deadline:
            if [found.text for found in zxingcpp.read_barcodes(camera.read().grey)] == wanted:
                return True
        return False
    finally:
        camera.close()


def test_a_virtual_camera_shows_what_is_typed_until_something_else_is(tmp_path, start):
    fifo = tmp_path / "camera.mjpeg"
    emulator = start("camera", "--link", str(fifo))
    assert emulator.line() == str(fifo)
    assert reads(fifo, [])
    assert emulator.say("JKM1:A  ") == "shows a code of 8 characters"
    assert reads(fifo, ["JKM1:A  "]), "blanks at the end belong to a code"
    assert emulator.say("健康") == "shows a code of 2 characters"
    assert reads(fifo, ["健康"])
    assert emulator.say("") == "shows nothing"
    assert reads(fifo, [])
    emulator.process.stdin.write("quit\n")
    assert emulator.process.wait(20) == 0
    assert not fifo.exists()


def test_what_no_code_can_hold_is_answered_with_a_sentence_and_the_camera_goes_on(tmp_path, start):
    fifo = tmp_path / "camera.mjpeg"
    emulator = start("camera", "--link", str(fifo), "--json")
    assert json.loads(emulator.line()) == {"device": "camera", "path": str(fifo)}
    assert json.loads(emulator.say("A" * 5000)) == {"error": "no code can hold 5,000 bytes"}
    assert json.loads(emulator.say("B")) == {"shows": "B"}
    assert json.loads(emulator.say("")) == {"shows": None}
    assert emulator.end(signal.SIGTERM) == 0


def test_a_virtual_camera_whose_fifo_is_taken_away_ends_with_a_sentence(tmp_path, start):
    fifo = tmp_path / "camera.mjpeg"
    emulator = start("camera", "--link", str(fifo))
    emulator.line()
    fifo.unlink()
    assert emulator.process.wait(20) == 1
    assert emulator.process.stderr.read() == (
        f"checkpoint emulate: the virtual camera at {fifo} is lost: No such file or directory\n"
    )


def test_a_file_is_not_taken_for_a_camera_and_stays_as_it_is(tmp_path, capsys):
    (tmp_path / "letter").write_text("Dear")
    assert main(["emulate", "camera", "--link", str(tmp_path / "letter")]) == 1
    assert capsys.readouterr().err.endswith(
        f"cannot make a virtual camera at {tmp_path}/letter: something else is there\n"
    )
    assert (tmp_path / "letter").read_text() == "Dear"


def test_a_virtual_gate_has_a_thermometer_a_button_and_a_door(tmp_path, start):
    link = tmp_path / "g"
    emulator = start("gate", "--link", str(link))
    emulator.line()
    with ControllerBench(link, GateSettings(door_held_s=60, samples=True)) as host:
        host.await_up().await_door(Door.SHUT)
        for command in ("person 36.6", "press", "door-open"):
            assert emulator.say(command) == f"done: {command}"
        host.await_door(Door.FORCED)
        eventually(lambda: host.calls == 1)
        eventually(lambda: bool(host.results))
        assert host.results[0] == pytest.approx(3660, abs=20)
        emulator.say("sensor-gone")
        eventually(lambda: host.thermometer_state is LinkState.LOST)
    assert emulator.end() == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--link", "/nonexistent/t"], "cannot make a virtual line at /nonexistent/t"),
        (["--link", "t", "--person", "3/6"], "write EVERY/FOR in seconds"),
        (["--link", "t", "--model", "mercury"], "there is no model 'mercury'; there are: gy-mcu90614"),
        (["--link", "t", "--baud", "1234"], "no serial line has a speed of 1234"),
    ],
)
def test_what_cannot_be_emulated_is_one_sentence_and_a_status(arguments, words, capsys):
    assert main(["emulate", "thermometer", *arguments]) in (1, 2)
    errors = capsys.readouterr().err
    assert words in errors
    assert errors.count("\n") == 1
