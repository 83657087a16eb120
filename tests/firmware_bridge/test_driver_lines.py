"""Every thermometer driver at a real pty, through every case of a real line: one suite for all of them."""

import logging
import os
import time
from dataclasses import replace

import pytest

from benchmarks.devices.streams import NAMES, driver, module
from firmware_bridge.driver import Driver
from firmware_bridge.emulator import VirtualThermometer
from firmware_bridge.measurement import Stuckness
from firmware_bridge.values import LinkState, Method
from tests.firmware_bridge.bench import Script, ThermometerBench, eventually

pytestmark = pytest.mark.parametrize("name", NAMES)

APART_S = 0.015
"""Between frames, so that no read finds a burst that has waited."""


def hasty(name: str) -> Driver:
    """The driver with less patience, so that tests of silence are short, at a module that is in more of a hurry."""
    usual = driver(name)
    return replace(usual, silence_s=0.6, answer_s=min(usual.answer_s, 0.2))


@pytest.fixture
def frames(name):
    """Six frames of somebody who stands there."""
    made = module(name)
    return [made.frame(3650 + number % 3 * 10, 2480) for number in range(6)]


@pytest.fixture
def script(tmp_path):
    script = Script(tmp_path / "scripted")
    yield script
    script.close()


@pytest.fixture
def scripted(script, name):
    with ThermometerBench(script.link, replace(hasty(name), silence_s=60.0)) as bench:
        eventually(lambda: bench.port.state is LinkState.UP)
        yield bench


@pytest.fixture
def emulated(tmp_path, name):
    slow = driver(name).rate_hz < 5
    with VirtualThermometer(tmp_path / "t", model=name, seed=3, rate_hz=4.0 if slow else None) as device:
        yield device


@pytest.fixture
def bench(emulated, name):
    with ThermometerBench(emulated.link, hasty(name)) as bench:
        bench.await_state(LinkState.UP)
        yield bench


def readings(bench: ThermometerBench, count: int) -> list[int]:
    eventually(lambda: len(bench.samples) >= count, f"{count} readings")
    return [sample.object_centi for sample in bench.samples]


def test_a_clean_stream_is_read(script, scripted, frames):
    script.say(*frames, pause=APART_S)
    assert readings(scripted, 6) == [3650, 3660, 3670] * 2


def test_garbage_before_the_stream_is_passed_over(script, scripted, frames):
    script.say(frames[0][:3] + b"\x00\xff" + frames[0][:4], *frames, pause=APART_S)
    assert readings(scripted, 6) == [3650, 3660, 3670] * 2


def test_garbage_inside_the_stream_is_passed_over(script, scripted, frames):
    script.say(*frames[:3], b"\x5a\xaa\x55garbage", *frames[3:], pause=APART_S)
    assert readings(scripted, 6) == [3650, 3660, 3670] * 2


def test_a_truncated_frame_is_passed_over(script, scripted, frames):
    script.say(*frames[:3], frames[0][:-2], *frames[3:], pause=APART_S)
    assert readings(scripted, 6) == [3650, 3660, 3670] * 2


def test_a_frame_split_over_reads_is_read(script, scripted, frames):
    script.say(*(bytes((byte,)) for byte in b"".join(frames[:3])), pause=0.002)
    assert readings(scripted, 3) == [3650, 3660, 3670]


def test_two_frames_at_once_are_read(script, scripted, frames):
    script.say(frames[0] + frames[1])
    assert readings(scripted, 2) == [3650, 3660]


def test_a_wrong_checksum_costs_that_frame_alone(script, scripted, frames):
    wrong = frames[1][:-1] + bytes((frames[1][-1] ^ 1,))
    script.say(frames[0], wrong, *frames[2:], pause=APART_S)
    assert readings(scripted, 5) == [3650, 3670, 3650, 3660, 3670]


def test_the_stream_recovers_after_an_overflow(script, scripted, frames):
    script.say(frames[0][:3] * 1000)
    time.sleep(0.1)
    script.say(*frames, pause=APART_S)
    assert readings(scripted, 6)[-6:] == [3650, 3660, 3670] * 2


def test_a_single_good_frame_is_no_measurement(script, scripted, frames):
    script.say(b"\x00\xa4\xfe" + frames[0] + b"\xaa\x01\x5a")
    time.sleep(0.15)
    assert scripted.measurements == []
    assert len(scripted.samples) <= (1 if scripted.thermometer._driver.name == "modbus" else 0)


def test_a_burst_of_old_frames_is_not_taken_for_a_measurement(script, scripted, frames):
    script.say(b"".join(frames) * 40)
    eventually(lambda: len(scripted.samples) >= 1)
    time.sleep(0.1)
    assert len(scripted.samples) < 6
    assert scripted.measurements == []


def test_somebody_who_steps_in_is_measured_with_the_method_that_it_is(emulated, bench, name):
    emulated.person(3660)
    (measurement,) = bench.await_measurements(1)
    assert measurement.result_centi == pytest.approx(3660, abs=20)
    assert measurement.method is (Method.MODULE_ESTIMATE if name == "heimann-idc50" else Method.INFRARED)
    emulated.nobody()
    eventually(lambda: not bench.present, "the end of the presence")


def test_a_silence_is_told_once_in_words_and_so_is_its_end(emulated, bench, caplog):
    caplog.set_level(logging.INFO, logger="firmware_bridge")
    emulated.silence()
    bench.await_state(LinkState.LOST)
    assert bench.detail == "the thermometer is connected but gives no valid readings"
    time.sleep(0.3)
    emulated.silence(0)
    bench.await_state(LinkState.UP)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_an_unplugged_module_ends_the_presence_and_measures_again_when_plugged_in(emulated, bench, caplog):
    caplog.set_level(logging.INFO, logger="firmware_bridge")
    emulated.person(3660)
    bench.await_measurements(1)
    emulated.unplug()
    bench.await_state(LinkState.LOST)
    eventually(lambda: not bench.present)
    emulated.replug()
    returned = time.monotonic()
    bench.await_state(LinkState.UP)
    assert time.monotonic() - returned < 2.5
    first, second = bench.await_measurements(2)[:2]
    assert second.presence == first.presence + 1
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_stuck_module_is_not_believed_until_it_moves(emulated, bench):
    emulated.person(3660)
    bench.await_measurements(1)
    bench.thermometer._stuckness = Stuckness(0.5)
    emulated.stuck()
    bench.await_state(LinkState.LOST)
    assert "repeats 36." in bench.detail
    bench.thermometer._stuckness = Stuckness()
    emulated.stuck(on=False)
    bench.await_state(LinkState.UP)


def test_wrong_checksums_garbage_and_late_answers_cost_readings_and_not_truth(emulated, bench):
    emulated.wrong_checksums(0.2)
    emulated.late(0.1)
    emulated.garbage(100)
    emulated.person(3660)
    assert bench.await_measurements(1)[0].result_centi == pytest.approx(3660, abs=20)


def test_another_speed_is_told_in_words(tmp_path, name):
    other = 115200 if driver(name).baud == 9600 else 9600
    rate = None if driver(name).ask else 40.0
    with (
        VirtualThermometer(tmp_path / "t", model=name, baud=other, rate_hz=rate) as device,
        ThermometerBench(device.link, hasty(name)) as bench,
    ):
        bench.await_state(LinkState.LOST)
        # One that speaks only when it is asked does not understand the question.
        words = "gives no valid readings" if driver(name).ask else "another model, or another speed"
        eventually(lambda: words in bench.detail)
        assert bench.samples == []


def test_another_model_is_told_in_words(tmp_path, name):
    other = "heimann-idc50" if name == "gy-mcu90614" else "gy-mcu90614"
    with (
        VirtualThermometer(tmp_path / "t", model=other, rate_hz=30.0) as device,
        ThermometerBench(device.link, hasty(name)) as bench,
    ):
        bench.await_state(LinkState.LOST)
        eventually(lambda: "another model, or another speed" in bench.detail)
        assert bench.samples == []


def test_nonsense_without_end_is_one_line_in_the_log_and_never_a_measurement(script, name, caplog):
    """A second of what an hour brings: random bytes, and pieces that look like frames."""
    caplog.set_level(logging.INFO, logger="firmware_bridge")
    piece = module(name).frame(3650, 2480)
    with ThermometerBench(script.link, hasty(name)) as bench:
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            script.say(os.urandom(200) + piece[:-1] + b"\x00" + piece[:3], pause=0.01)
        assert bench.measurements == []
        assert bench.state is LinkState.LOST
    assert [record.levelname for record in caplog.records] == ["WARNING"]
