"""A line within a line: bytes, losses and returns as of a port, in bounded memory, without ever holding anybody up."""

import threading
import time

import pytest

from firmware_bridge.tap import MOST_HELD, Tap
from firmware_bridge.values import LinkState


@pytest.fixture
def tap():
    tap = Tap("forehead")
    tap.follow(LinkState.UP, "")
    return tap


def test_bytes_arrive_as_they_were_fed(tap):
    tap.feed(b"one")
    tap.feed(b"two")
    assert tap.wait(0) == b"onetwo"
    assert tap.wait(0) == b""


def test_a_reader_that_waits_gets_bytes_at_once(tap):
    threading.Timer(0.05, tap.feed, (b"late",)).start()
    began = time.monotonic()
    assert tap.wait(10.0) == b"late"
    assert time.monotonic() - began < 5.0


def test_waking_ends_a_wait_and_one_only(tap):
    tap.wake()
    began = time.monotonic()
    assert tap.wait(10.0) == b""
    assert time.monotonic() - began < 5.0
    assert tap.wait(0.01) == b""


def test_a_reader_that_never_comes_costs_bounded_memory_and_loses_the_oldest(tap):
    for number in range(100):
        tap.feed(bytes((number,)) * 100)
    assert tap.wait(0) == b"".join(bytes((number,)) * 100 for number in range(59, 100))[-MOST_HELD:]


def test_it_comes_and_goes_with_its_line(tap):
    assert (tap.state, tap.openings) == (LinkState.UP, 1)
    tap.follow(LinkState.LOST, "pulled")
    assert (tap.state, tap.detail, tap.openings) == (LinkState.LOST, "pulled", 1)
    tap.follow(LinkState.UP, "")
    assert (tap.state, tap.detail, tap.openings) == (LinkState.UP, "", 2)


def test_the_same_state_again_is_no_return(tap):
    tap.feed(b"kept")
    tap.follow(LinkState.UP, "")
    assert tap.openings == 1
    assert tap.wait(0) == b"kept"


def test_what_it_held_before_a_loss_is_not_read_after_it(tap):
    tap.feed(b"old")
    tap.follow(LinkState.LOST, "pulled")
    tap.follow(LinkState.UP, "")
    assert tap.wait(0) == b""


def test_discarding_empties_it(tap):
    tap.feed(b"old")
    tap.discard()
    assert tap.wait(0) == b""


def test_nothing_can_be_sent_through_it(tap):
    assert not tap.write(b"anything")
