"""The thermometer behind the gate controller: its parser, and the whole way on a pty beside openings of the gate."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import gy_614v3, link
from firmware_bridge.controller_thermometer import DRIVER, NAME, Parser
from firmware_bridge.drivers import driver_of
from firmware_bridge.emulator import VirtualController
from firmware_bridge.emulator.gate_board import Probe
from firmware_bridge.gate import GateConfirmed
from firmware_bridge.modbus_thermometer import Register
from firmware_bridge.reports import GateSettings
from firmware_bridge.values import LinkState, Sample
from tests.firmware_bridge.bench import eventually
from tests.firmware_bridge.controller_bench import ControllerBench

S = 0xC0FFEE42


def sample_frame(object_centi: int, seq: int = 0) -> bytes:
    return link.frame(seq, link.SAMPLE, link.sample(S, object_centi, 2480))


def state_frame(probe: int) -> bytes:
    return link.frame(0, link.STATE, link.state(S, 1, link.DOOR_UNKNOWN, 0, 0, probe))


def test_samples_are_read_from_among_the_links_other_frames():
    stream = sample_frame(3650) + link.frame(1, link.OPEN | link.ANSWER, link.answer(S, link.DONE)) + sample_frame(3652)
    assert Parser().feed(stream, 1.0) == [Sample(1.0, 3650, 2480), Sample(1.0, 3652, 2480)]


@given(st.integers(0, 60))
def test_samples_are_read_however_the_reads_fall(cut):
    stream = sample_frame(3650) + sample_frame(3651)
    parser = Parser()
    assert [s.object_centi for s in parser.feed(stream[:cut], 1.0) + parser.feed(stream[cut:], 2.0)] == [3650, 3651]


def test_every_intact_frame_is_read_and_no_damaged_one_from_any_offset_into_a_bad_stream():
    chance = random.Random(1)
    frames = [sample_frame(3000 + number, number & 0xFF) for number in range(4000)]
    damaged = bytearray(b"".join(frames))
    for at in range(len(damaged)):
        if chance.random() < 0.05:
            damaged[at] ^= chance.randrange(1, 256)
    offset = chance.randrange(100)
    read = [sample.object_centi for sample in Parser().feed(bytes(damaged[offset:]), 0.0)]
    at, intact = 0, []
    for number, frame in enumerate(frames):
        whole = damaged[at : at + len(frame)] == frame
        intact += [3000 + number] if whole and at >= offset else []
        at += len(frame)
    assert len(intact) > 1000
    assert read == intact


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (link.PROBE_ABSENT, "no MLX90614 answers"),
        (link.PROBE_CHECKSUM, "arrives damaged"),
        (link.PROBE_FAULT, "no reading"),
    ],
)
def test_the_controllers_word_on_its_sensor_is_a_complaint_until_it_takes_it_back(probe, words):
    parser = Parser()
    assert parser.feed(state_frame(probe), 0.0) == []
    assert words in parser.complaint
    parser.feed(state_frame(link.PROBE_GOOD), 0.0)
    assert parser.complaint == ""


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(data):
    Parser().feed(data + b"\x00", 0.0)


def test_it_is_found_by_its_name():
    assert driver_of(NAME, Register()).parser is Parser


def test_it_settles_as_the_bought_module_of_the_same_rate_does():
    """What is measured of people before that one, scene by scene, holds for this one too."""
    assert (DRIVER.rule, DRIVER.rate_hz) == (gy_614v3.DRIVER.rule, gy_614v3.DRIVER.rate_hz)


@pytest.fixture
def device(tmp_path):
    with VirtualController(tmp_path / "gate", seed=5) as device:
        yield device


@pytest.fixture
def bench(device):
    with ControllerBench(device.link, GateSettings(samples=True)) as bench:
        yield bench.await_up()


def test_a_person_is_measured_within_a_second_and_a_half_while_the_gate_opens(device, bench):
    eventually(lambda: bench.thermometer_state is LinkState.UP)
    device.person(3660)
    began = time.monotonic()
    outcomes = [bench.open(token) for token in range(40)]
    eventually(lambda: bool(bench.results))
    assert time.monotonic() - began < 2.0
    assert bench.results[0] == pytest.approx(3660, abs=20)
    assert all(isinstance(outcome, GateConfirmed) for outcome in outcomes)


def test_a_sensor_that_is_gone_is_lost_in_words_and_comes_back_while_the_gate_works_on(device, bench):
    eventually(lambda: bench.thermometer_state is LinkState.UP)
    device.probe(Probe.ABSENT)
    eventually(lambda: bench.thermometer_state is LinkState.LOST)
    assert bench.thermometer_states[-1][1] == "no MLX90614 answers on the gate controller's wires"
    assert bench.state is LinkState.UP
    assert isinstance(bench.open(1), GateConfirmed)
    device.probe(Probe.GOOD)
    eventually(lambda: bench.thermometer_state is LinkState.UP)


def test_with_its_controller_the_thermometer_is_pulled_and_comes_back(device, bench):
    eventually(lambda: bench.thermometer_state is LinkState.UP)
    device.unplug()
    eventually(lambda: bench.thermometer_state is LinkState.LOST)
    assert "unplugged" in bench.thermometer_states[-1][1] or "not there" in bench.thermometer_states[-1][1]
    device.replug()
    eventually(lambda: bench.thermometer_state is LinkState.UP)
    assert bench.samples[-1].at == pytest.approx(time.monotonic(), abs=1.0)


def test_a_host_that_wants_no_readings_gets_none(device):
    with ControllerBench(device.link, GateSettings()) as bench:
        bench.await_up()
        time.sleep(0.4)
        assert bench.samples == []
