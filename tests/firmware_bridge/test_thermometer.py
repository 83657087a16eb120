"""The thermometer's loop on real ptys, through every case of a real line."""

import logging
import os
import time

import pytest

from firmware_bridge.emulator import VirtualThermometer
from firmware_bridge.gy_mcu90614 import STREAM, write_frame
from firmware_bridge.measurement import Stuckness
from firmware_bridge.values import LinkState
from tests.firmware_bridge.bench import Script, ThermometerBench, eventually

FRAMES = b"".join(write_frame(3650 + n % 3, 2480) for n in range(3))


@pytest.fixture
def module(tmp_path):
    with VirtualThermometer(tmp_path / "thermometer", seed=3, rate_hz=28.0) as module:
        yield module


@pytest.fixture
def bench(module):
    with ThermometerBench(module.link) as bench:
        bench.await_state(LinkState.UP)
        yield bench


@pytest.fixture
def script(tmp_path):
    script = Script(tmp_path / "scripted")
    yield script
    script.close()


@pytest.fixture
def scripted(script):
    with ThermometerBench(script.link) as bench:
        assert script.heard() == STREAM
        yield bench


def test_a_clean_stream_is_read(bench):
    assert all(abs(sample.object_centi - 2480) < 50 for sample in bench.await_fresh_samples())


def test_somebody_who_steps_in_is_measured(module, bench):
    module.person(3660)
    (measurement,) = bench.await_measurements(1)
    assert measurement.result_centi == pytest.approx(3660, abs=15)
    assert bench.present
    module.nobody()
    eventually(lambda: not bench.present, "the end of the presence")


def test_again_measures_the_same_person_once_more(module, bench):
    module.person(3660)
    bench.await_measurements(1)
    bench.thermometer.again()
    first, second = bench.await_measurements(2)[:2]
    assert first.presence == second.presence
    assert second.at > first.at


def test_the_stream_is_asked_for_when_the_line_opens(script):
    with ThermometerBench(script.link):
        assert script.heard() == STREAM


def test_garbage_before_the_stream_is_passed_over(script, scripted):
    script.say(b"\x5a\x00\xff\x5a\x5a\x45" + FRAMES)
    eventually(lambda: len(scripted.samples) == 3)


def test_garbage_inside_the_stream_is_passed_over(script, scripted):
    script.say(FRAMES + b"\x5a\x5a\x45\x04\x00garbage" + FRAMES)
    eventually(lambda: len(scripted.samples) == 6)


def test_a_truncated_frame_is_passed_over(script, scripted):
    script.say(FRAMES + FRAMES[:5] + FRAMES)
    eventually(lambda: len(scripted.samples) == 6)


def test_a_frame_split_over_reads_is_read(script, scripted):
    script.say(*(bytes((byte,)) for byte in FRAMES), pause=0.002)
    eventually(lambda: len(scripted.samples) == 3)


def test_two_frames_at_once_are_read(script, scripted):
    script.say(FRAMES[:18])
    eventually(lambda: len(scripted.samples) == 2)


def test_a_wrong_checksum_costs_that_frame_alone(script, scripted):
    script.say(FRAMES + FRAMES[:8] + b"\x00" + FRAMES)
    eventually(lambda: len(scripted.samples) == 6)


def test_a_single_frame_is_no_reading(script, scripted):
    script.say(FRAMES[:9])
    time.sleep(0.3)
    assert scripted.samples == []
    assert scripted.state is LinkState.CONNECTING


def test_an_overflow_of_old_frames_is_not_taken_for_a_measurement(script, scripted):
    """A burst has waited somewhere: only its newest frame is fresh, and that alone is no measurement."""
    script.say(b"".join(write_frame(3650 + n % 5, 2480) for n in range(400)))
    eventually(lambda: len(scripted.samples) >= 1)
    time.sleep(0.2)
    assert len(scripted.samples) < 10
    assert scripted.measurements == []


def test_the_stream_recovers_after_an_overflow(script, scripted):
    script.say(b"\x5a" * 3000)
    script.say(*[FRAMES[:18]] * 5, pause=0.05)
    eventually(lambda: scripted.state is LinkState.UP)


def test_a_silence_is_a_loss_in_words_and_is_over_when_readings_come(module, bench, caplog):
    caplog.set_level(logging.INFO, logger="firmware_bridge")
    module.person(3660)
    bench.await_measurements(1)
    module.silence()
    bench.await_state(LinkState.LOST)
    assert bench.detail == "the thermometer is connected but gives no valid readings"
    assert not bench.present
    module.silence(0)
    bench.await_state(LinkState.UP)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_module_that_stopped_streaming_is_asked_to_stream_again(module, bench):
    bench.port.write(bytes.fromhex("A515BA"))
    seen = len(bench.samples)
    bench.await_state(LinkState.LOST)
    assert len(bench.samples) <= seen + 8
    bench.await_state(LinkState.UP)


def test_nonsense_alone_is_no_reading(script, scripted):
    while scripted.state is not LinkState.LOST:
        script.say(os.urandom(60), pause=0.1)
    assert scripted.samples == []


def test_an_unplugged_module_ends_the_presence_and_is_measured_with_again_when_plugged_in(module, bench):
    module.person(3660)
    bench.await_measurements(1)
    module.unplug()
    bench.await_state(LinkState.LOST)
    eventually(lambda: not bench.present)
    assert "was unplugged or failed" in next(detail for state, detail in bench.states if state is LinkState.LOST)
    module.replug()
    bench.await_state(LinkState.UP)
    first, second = bench.await_measurements(2)[:2]
    assert second.presence == first.presence + 1


def test_a_module_that_was_never_plugged_in_is_lost_and_found(tmp_path):
    with ThermometerBench(tmp_path / "thermometer") as bench:
        bench.await_state(LinkState.LOST)
        assert "is the device plugged in?" in bench.detail
        with VirtualThermometer(tmp_path / "thermometer"):
            bench.await_state(LinkState.UP)
            assert LinkState.CONNECTING in [state for state, _ in bench.states]


def test_a_stuck_module_is_not_believed_until_it_moves(module, bench):
    module.person(3660)
    bench.await_measurements(1)
    bench.thermometer._stuckness = Stuckness(limit_s=0.5)
    module.stuck()
    bench.await_state(LinkState.LOST)
    assert "repeats 36." in bench.detail
    eventually(lambda: not bench.present)
    module.stuck(on=False)
    bench.await_state(LinkState.UP)


def test_wrong_checksums_cost_readings_and_not_truth(module, bench):
    module.wrong_checksums(0.3)
    module.person(3660)
    (measurement,) = bench.await_measurements(1)
    assert measurement.result_centi == pytest.approx(3660, abs=20)


def test_garbage_between_frames_costs_nothing(module, bench):
    module.person(3660)
    for _ in range(5):
        module.garbage(200)
        time.sleep(0.05)
    assert bench.await_measurements(1)[0].result_centi == pytest.approx(3660, abs=20)


def test_late_readings_are_still_readings(module, bench):
    module.late(0.4)
    module.person(3660)
    assert bench.await_measurements(1)[0].result_centi == pytest.approx(3660, abs=15)


def test_readings_that_waited_while_the_loop_was_held_up_are_thrown_away(module, tmp_path):
    """A thread that slept must not take what it finds for what is."""
    module.person(3660)
    with ThermometerBench(module.link) as bench:
        held = []

        def hold(sample):
            bench.samples.append(sample)
            if not held:
                held.append(sample)
                time.sleep(0.9)
                module.nobody()

        bench.thermometer._on_sample = hold
        eventually(lambda: bool(held))
        bench.await_fresh_samples(10)
        assert bench.measurements == []


def test_drift_shows_in_the_readings(module, bench):
    module.drift(2000.0 * 60)
    eventually(lambda: bench.samples[-1].object_centi > 2480 + 600)


@pytest.mark.parametrize("plugged", [True, False])
def test_the_loop_ends_soon_after_it_is_told_to(module, plugged):
    bench = ThermometerBench(module.link)
    if not plugged:
        module.unplug()
    with bench:
        bench.await_state(LinkState.UP if plugged else LinkState.LOST)
        assert bench.end() <= 0.3


def test_the_loop_can_run_again(module):
    bench = ThermometerBench(module.link)
    with bench:
        bench.await_state(LinkState.UP)
    again = ThermometerBench(module.link)
    again.thermometer = bench.thermometer
    with again:
        again.await_state(LinkState.UP)


def test_supervision_sees_when_a_reading_was_last_heard(module, bench):
    eventually(lambda: time.monotonic() - bench.thermometer.last_heard < 0.3)
    module.silence()
    time.sleep(0.4)
    assert time.monotonic() - bench.thermometer.last_heard > 0.3
    assert time.monotonic() - bench.thermometer.last_turn < 0.3
