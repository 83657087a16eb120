"""The relay's timing, and what becomes of a gate without a host: a fire exit opens with everything that is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.firmware.relay import OPENS_WITHIN_MS, Coil, Relay


class Wire(Coil):
    """Remembers every switching."""

    def __init__(self) -> None:
        self.switched: list[bool] = []

    def coil(self, on: bool) -> None:
        self.switched.append(on)

    @property
    def on(self) -> bool:
        return self.switched[-1]


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def relay(wire):
    return Relay(wire)


def test_a_new_relay_has_no_current_and_gets_none_without_a_host(relay, wire):
    relay.tick(10**6)
    relay.release()
    assert wire.switched == [False]


def test_a_relay_that_opens_has_current_for_a_pulse_which_ends_by_itself(relay, wire):
    relay.serve(holds=False, fail_safe=False)
    assert not wire.on
    relay.pulse(500, now_ms=1000)
    assert wire.on
    relay.tick(1499)
    assert wire.on
    relay.tick(1500)
    assert not wire.on


def test_a_relay_that_holds_has_current_but_for_a_pulse(relay, wire):
    relay.serve(holds=True, fail_safe=True)
    assert wire.on
    relay.pulse(500, now_ms=1000)
    assert not wire.on
    relay.tick(1500)
    assert wire.on


@pytest.mark.parametrize("pulsing", [False, True])
@pytest.mark.parametrize(
    ("holds", "fail_safe", "current"),
    [(False, False, False), (True, True, False), (True, False, True), (False, True, True)],
)
def test_without_a_host_a_gate_is_shut_or_open_as_it_is_configured(relay, wire, holds, fail_safe, current, pulsing):
    relay.serve(holds, fail_safe)
    if pulsing:
        relay.pulse(500, now_ms=0)
    relay.release()
    assert wire.on is current
    relay.tick(10_000)
    assert wire.on is current


def test_a_fire_exit_is_open_without_current_and_so_without_power():
    """What no program can hold shut: the coil of a Pico that has no power, or has just got it."""
    wire = Wire()
    Relay(wire).serve(holds=True, fail_safe=True)
    assert wire.on
    Relay(wire)
    assert not wire.on


def test_a_second_pulse_lengthens_the_first_and_never_shortens_it(relay, wire):
    relay.serve(holds=False, fail_safe=False)
    relay.pulse(1000, now_ms=0)
    relay.pulse(100, now_ms=200)
    relay.tick(999)
    assert wire.on
    relay.pulse(500, now_ms=999)
    relay.tick(1498)
    assert wire.on
    relay.tick(1499)
    assert wire.switched == [False, True, False]


def test_the_same_settings_again_do_not_touch_the_lock(relay, wire):
    relay.serve(holds=True, fail_safe=True)
    relay.serve(holds=True, fail_safe=True)
    assert wire.switched == [False, True]


def test_a_pulse_before_any_settings_is_one_of_a_gate_that_opens_by_current(relay, wire):
    relay.pulse(500, now_ms=0)
    relay.tick(500)
    assert wire.switched == [False, True, False]


def test_a_door_may_open_during_a_pulse_and_soon_after_it(relay):
    relay.serve(holds=False, fail_safe=False)
    assert not relay.passable(0)
    relay.pulse(500, now_ms=0)
    relay.tick(600)
    assert relay.passable(500 + OPENS_WITHIN_MS)
    assert not relay.passable(501 + OPENS_WITHIN_MS)


def test_a_door_that_is_left_open_without_a_host_may_open(relay):
    relay.serve(holds=True, fail_safe=True)
    assert not relay.passable(0)
    relay.release()
    assert relay.passable(10**6)


def test_a_door_that_is_left_shut_without_a_host_may_not_open(relay):
    relay.serve(holds=True, fail_safe=False)
    relay.release()
    assert not relay.passable(0)


@given(
    st.booleans(),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(["pulse", "tick", "release", "serve"]), st.integers(1, 900))),
)
def test_the_coil_always_is_what_wiring_and_pulse_ask_for(holds, fail_safe, acts):
    wire = Wire()
    relay = Relay(wire)
    now, ends, serving, wired = 0, 0, False, False
    for act, number in acts:
        now += number
        relay.tick(now)
        if act == "pulse" and serving:
            relay.pulse(number, now)
            ends = max(ends, now + number)
        elif act == "release":
            relay.release()
            serving, ends = False, 0
        elif act == "serve":
            relay.serve(holds, fail_safe)
            serving = wired = True
        opened = now < ends if serving else fail_safe
        assert wire.on is (wired and opened is not holds)
