"""`checkpoint emulate` as a process: its path, its commands, its end."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import serial

from cli.main import main
from firmware_bridge import link as protocol
from firmware_bridge.gy_mcu90614 import Parser

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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--link", "/nonexistent/t"], "cannot make a virtual line at /nonexistent/t"),
        (["--link", "t", "--person", "3/6"], "write EVERY/FOR in seconds"),
    ],
)
def test_what_cannot_be_emulated_is_one_sentence_and_a_status(arguments, words, capsys):
    assert main(["emulate", "thermometer", *arguments]) == 1
    errors = capsys.readouterr().err
    assert words in errors
    assert errors.count("\n") == 1
