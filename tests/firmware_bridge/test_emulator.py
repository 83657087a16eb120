"""The virtual devices: what they say, what a pulled one shows its host, and that they give everything back."""

import os
import select
import threading
import time
from pathlib import Path

import pytest
import serial

from firmware_bridge import link as protocol
from firmware_bridge.emulator import VirtualController, VirtualThermometer
from firmware_bridge.errors import EmulatorError
from firmware_bridge.gy_mcu90614 import QUERY, STREAM, Parser
from firmware_bridge.values import Sample
from tests.firmware_bridge.bench import eventually


def read_for(path: Path, seconds: float) -> bytes:
    with serial.Serial(str(path), 9600, timeout=seconds) as port:
        return port.read(100_000)


def samples(data: bytes) -> list[Sample]:
    return Parser().feed(data, 0.0)


@pytest.fixture
def module(tmp_path):
    with VirtualThermometer(tmp_path / "thermometer", seed=5) as module:
        yield module


def test_the_module_streams_about_14_frames_a_second_with_some_hundredths_of_noise(module):
    read = samples(read_for(module.link, 1.0))
    assert 8 <= len(read) <= 15
    objects = {sample.object_centi for sample in read}
    assert len(objects) > 4
    assert max(objects) - min(objects) < 40


def test_somebody_arrives_over_some_frames_and_not_at_once(module):
    with serial.Serial(str(module.link), 9600, timeout=0.8) as port:
        module.person(3660)
        read = [sample.object_centi for sample in samples(port.read(100_000))]
    between = [centi for centi in read if 2600 < centi < 3600]
    assert 1 <= len(between) <= 6
    assert abs(read[-1] - 3660) < 30


def test_the_same_seed_gives_the_same_readings(tmp_path):
    readings = []
    for _ in range(2):
        module = VirtualThermometer(tmp_path / "t", seed=9)
        readings.append([module._scene.reading(n / 14) for n in range(50)])
    assert readings[0] == readings[1]


def test_a_query_ends_the_stream_and_gives_one_frame(module):
    with serial.Serial(str(module.link), 9600, timeout=0.3) as port:
        port.write(QUERY)
        port.read(1000)
        port.write(QUERY + QUERY)
        assert len(port.read(1000)) == 18
        port.write(b"noise" + STREAM)
        assert len(port.read(1000)) > 18


def test_pulling_shows_the_host_the_end_of_the_line_and_then_errors(module):
    host = os.open(module.link, os.O_RDWR | os.O_NOCTTY)
    module.unplug()
    assert not module.plugged
    assert not module.link.is_symlink()
    readable, _, _ = select.select([host], [], [], 5.0)
    assert readable == [host]
    while data := os.read(host, 4096):
        assert data
    with pytest.raises(OSError, match="Input/output error"):
        os.write(host, b"x")
    os.close(host)


def test_pyserial_raises_on_a_pulled_line(module):
    with serial.Serial(str(module.link), 9600, timeout=5.0) as port:
        module.unplug()
        with pytest.raises(serial.SerialException):
            port.read(100_000)


def test_putting_back_makes_a_new_pty_behind_the_same_link(module):
    first = module.link.readlink()
    keep = os.open(module.link, os.O_RDWR | os.O_NOCTTY)  # so that the old name is not given out again
    module.unplug()
    module.replug()
    assert module.plugged
    assert module.link.readlink() != first
    assert samples(read_for(module.link, 0.25))
    os.close(keep)


def test_pulling_twice_and_putting_back_twice_are_harmless(module):
    module.unplug()
    module.unplug()
    module.replug()
    module.replug()
    assert samples(read_for(module.link, 0.25))


def test_a_line_nobody_reads_does_not_hold_the_module_up(module):
    for _ in range(5):
        module.garbage(4000)
    frames = module.frames
    eventually(lambda: module.frames > frames + 3)
    module.person(3660)


def test_a_link_cannot_replace_a_file(tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(EmulatorError, match="no link is in the way"):
        VirtualThermometer(tmp_path / "file").start()
    assert (tmp_path / "file").read_text() == "precious"


def test_a_link_in_a_folder_that_is_not_there_is_an_error_in_words(tmp_path):
    with pytest.raises(EmulatorError, match="cannot make a virtual line at"):
        VirtualThermometer(tmp_path / "none" / "t").start()


def test_a_link_left_by_a_killed_emulator_is_taken_over(tmp_path):
    (tmp_path / "t").symlink_to("/dev/pts/99999")
    with VirtualThermometer(tmp_path / "t") as module:
        assert samples(read_for(module.link, 0.25))


def test_a_log_that_cannot_be_written_is_an_error_in_words(tmp_path):
    with pytest.raises(EmulatorError, match="cannot write openings"):
        VirtualController(tmp_path / "g", log=tmp_path / "none" / "log").start()


def test_a_stopped_device_leaves_no_link_thread_or_descriptor(tmp_path):
    threads = threading.active_count()
    descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir())
    for _ in range(3):
        with VirtualThermometer(tmp_path / "t") as module, VirtualController(tmp_path / "g") as controller:
            module.unplug()
            controller.unplug()
            controller.replug()
    assert threading.active_count() == threads
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == descriptors
    assert list(tmp_path.iterdir()) == []


def test_an_impossible_fault_is_the_callers_error_and_the_device_lives(module):
    with pytest.raises(ValueError, match="non-negative"):
        module.garbage(-1)
    assert samples(read_for(module.link, 0.25))


def read_frame(port: serial.Serial) -> bytes:
    """The next frame of the link, between its zeros."""
    return bytes(port.read_until(b"\x00") + port.read_until(b"\x00"))


def test_the_controller_says_nothing_unasked(tmp_path):
    with VirtualController(tmp_path / "g") as controller:
        assert read_for(controller.link, 0.2) == b""


def test_the_controller_refuses_an_opening_outside_a_session(tmp_path):
    with VirtualController(tmp_path / "g") as controller, serial.Serial(str(controller.link), timeout=2.0) as port:
        port.write(protocol.frame(1, protocol.OPEN, protocol.open_gate(5, 7, 500)))
        ((seq, kind, body),) = protocol.FrameReader().feed(read_frame(port))
        assert (seq, kind) == (1, protocol.OPEN | protocol.ANSWER)
        assert protocol.read_answer(body) == (5, protocol.NO_SESSION, protocol.VERSION)
        assert controller.openings == ()


def test_the_controller_answers_garbage_with_nothing(tmp_path):
    with VirtualController(tmp_path / "g") as controller, serial.Serial(str(controller.link), timeout=0.3) as port:
        port.write(os.urandom(500) + b"\x00")
        assert port.read(100) == b""
        assert controller.openings == ()


def test_openings_are_appended_to_what_the_log_held(tmp_path):
    log = tmp_path / "log"
    log.write_text("1 2\n")
    with (
        VirtualController(tmp_path / "g", log=log) as controller,
        serial.Serial(str(controller.link), timeout=2) as port,
    ):
        port.write(protocol.frame(0, protocol.HELLO, protocol.hello(5)))
        read_frame(port)
        before = time.monotonic_ns()
        port.write(protocol.frame(1, protocol.OPEN, protocol.open_gate(5, 7, 500)))
        read_frame(port)
    old, new = log.read_text().splitlines()
    assert old == "1 2"
    assert int(new.split()[0]) >= before
    assert new.split()[1] == "7"
