"""The gate on the emulated controller over real ptys: openings, faults of the line, and how fast an order goes."""

import logging
import math
import threading
import time

import pytest

from firmware_bridge.conversation import GateConfirmed, GateFailed, GateFault
from firmware_bridge.emulator import VirtualController
from firmware_bridge.values import Light, LinkState
from tests.firmware_bridge.bench import GateBench, eventually


@pytest.fixture
def controller(tmp_path):
    with VirtualController(tmp_path / "gate", log=tmp_path / "openings") as controller:
        yield controller


@pytest.fixture
def bench(controller):
    with GateBench(controller.link) as bench:
        bench.await_state(LinkState.UP)
        yield bench


def tokens(controller):
    return [opening.token for opening in controller.openings]


def test_an_order_opens_the_barrier_and_is_confirmed(controller, bench):
    assert isinstance(bench.open(4711), GateConfirmed)
    assert tokens(controller) == [4711]
    assert controller.is_open


def test_the_controller_times_the_pulse_itself(controller, bench):
    bench.open(1, pulse_ms=150)
    assert controller.is_open
    eventually(lambda: not controller.is_open)
    assert time.monotonic_ns() - controller.openings[0].at_ns >= 150_000_000


def test_openings_are_written_to_the_file_before_they_are_confirmed(controller, bench, tmp_path):
    for token in (7, 8, 2**32 - 1):
        bench.open(token)
        lines = (tmp_path / "openings").read_text().splitlines()
        assert int(lines[-1].split()[1]) == token
    stamps = [int(line.split()[0]) for line in lines]
    assert stamps == [opening.at_ns for opening in controller.openings] == sorted(stamps)


@pytest.mark.alone
def test_an_order_is_confirmed_within_5_ms_at_the_95th_percentile(bench):
    """In the best of five rounds: other programs share the processors, but a poll in the path would show in each."""
    best = math.inf
    for start in range(0, 500, 100):
        for token in range(start, start + 100):
            bench.gate.open(50, token)
            time.sleep(0.003)
        eventually(lambda expected=start + 100: len(bench.confirmed) == expected)
        best = min(best, sorted(event.latency_ms for event in bench.events[start:])[94])
        if best <= 5.0:
            return
    assert best <= 5.0


def test_orders_from_many_threads_all_open_once(controller, bench):
    threads = [
        threading.Thread(target=lambda start=start: [bench.gate.open(50, start + n) for n in range(25)])
        for start in range(0, 100, 25)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: len(bench.events) == 100)
    assert sorted(bench.confirmed) == sorted(tokens(controller)) == list(range(100))


def test_lost_answers_are_asked_for_again_and_nothing_opens_twice(controller, bench):
    controller.drop_answers(3)
    assert isinstance(bench.open(1), GateConfirmed)
    assert tokens(controller) == [1]


def test_damaged_answers_and_garbage_open_nothing_twice(controller, bench):
    controller.wrong_checksums(0.5)
    for token in range(8):
        controller.garbage(50)
        bench.open(token)
    assert len(tokens(controller)) == len(set(tokens(controller)))
    assert set(bench.confirmed) <= set(tokens(controller))


def test_late_answers_open_nothing_twice(controller, bench):
    controller.late(0.2)
    assert isinstance(bench.open(1), GateConfirmed)
    assert tokens(controller) == [1]


def test_a_silent_controller_is_a_failure_in_words_within_a_second(controller, bench):
    controller.silence()
    began = time.monotonic()
    assert bench.open(1) == GateFailed(1, GateFault.NO_ANSWER)
    assert time.monotonic() - began < 2.0
    bench.await_state(LinkState.LOST)
    assert bench.states[-1][1] == "the gate controller does not answer"
    assert bench.open(2) == GateFailed(2, GateFault.NOT_CONNECTED)
    controller.silence(0)
    bench.await_state(LinkState.UP)
    assert isinstance(bench.open(3), GateConfirmed)
    assert tokens(controller) == [1, 3]


def test_an_unplugged_controller_fails_orders_at_once_and_serves_again_when_plugged_in(controller, bench):
    controller.unplug()
    bench.await_state(LinkState.LOST)
    assert bench.open(1) == GateFailed(1, GateFault.NOT_CONNECTED)
    controller.replug()
    bench.await_state(LinkState.UP)
    assert isinstance(bench.open(2), GateConfirmed)
    assert tokens(controller) == [2]


def test_a_loss_is_logged_once_and_so_is_the_return(controller, bench, caplog):
    caplog.set_level(logging.INFO, logger="firmware_bridge")
    controller.unplug()
    bench.await_state(LinkState.LOST)
    time.sleep(0.3)
    controller.replug()
    bench.await_state(LinkState.UP)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "is back" in caplog.text


def test_a_restarted_controller_is_served_again(controller, bench):
    controller.restart()
    assert controller.light is Light.OUT_OF_SERVICE
    eventually(lambda: controller.session != 0)
    assert isinstance(bench.open(1), GateConfirmed)


def test_a_restarted_host_opens_with_its_first_command(controller):
    for token in range(3):
        with GateBench(controller.link) as bench:
            bench.await_state(LinkState.UP)
            assert isinstance(bench.open(token), GateConfirmed)
    assert tokens(controller) == [0, 1, 2]


def test_the_lamp_shows_what_is_asked_for_through_every_loss(controller, bench):
    bench.gate.light(Light.PASS)
    eventually(lambda: controller.light is Light.PASS)
    controller.unplug()
    assert controller.light is Light.OUT_OF_SERVICE
    bench.gate.light(Light.REFER)
    controller.replug()
    eventually(lambda: controller.light is Light.REFER)


def test_a_host_that_is_gone_leaves_a_closed_barrier_and_a_lamp_that_says_so(controller, monkeypatch):
    monkeypatch.setattr("firmware_bridge.link.HEARTBEAT_LOST_MS", 800)
    with GateBench(controller.link) as bench:
        bench.await_state(LinkState.UP)
        bench.gate.light(Light.IDLE)
        bench.open(1, pulse_ms=10_000)
        eventually(lambda: controller.light is Light.IDLE)
    assert controller.is_open
    eventually(lambda: controller.light is Light.OUT_OF_SERVICE)
    assert not controller.is_open
    assert controller.session == 0


@pytest.mark.parametrize(("pulse_ms", "token"), [(49, 1), (10_001, 1), (500, -1), (500, 2**32)])
def test_numbers_the_link_cannot_carry_are_refused_at_once(bench, pulse_ms, token):
    with pytest.raises(ValueError, match=r"pulse|token"):
        bench.gate.open(pulse_ms, token)


def test_orders_that_the_loop_never_took_fail_when_it_ends(tmp_path):
    with GateBench(tmp_path / "none") as bench:
        bench.await_state(LinkState.LOST)
        bench.gate.open(100, 1)
    assert bench.failed == {1: "not_connected"}


@pytest.mark.parametrize("plugged", [True, False])
def test_the_loop_ends_soon_after_it_is_told_to(controller, plugged):
    if not plugged:
        controller.unplug()
    with GateBench(controller.link) as bench:
        bench.await_state(LinkState.UP if plugged else LinkState.LOST)
        assert bench.end() <= 0.3


def test_closing_ends_the_loop(controller):
    with GateBench(controller.link) as bench:
        bench.await_state(LinkState.UP)
        bench.gate.close()
        bench.thread.join(5.0)
        assert not bench.thread.is_alive()


def test_supervision_sees_when_the_controller_was_last_heard(controller, bench):
    heard = bench.gate.last_heard
    eventually(lambda: bench.gate.last_heard > heard)
    controller.silence()
    time.sleep(0.7)
    assert time.monotonic() - bench.gate.last_heard > 0.15
    assert time.monotonic() - bench.gate.last_turn < 0.5
