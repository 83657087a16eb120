"""Whether the hub's clock goes or stands, told by its answers alone."""

from __future__ import annotations

from scanner.sync.retention import TICK_S, HubClock

SHOWN = 1_800_000_000


def test_a_clock_that_shows_another_time_goes_and_one_that_shows_the_same_after_a_while_stands() -> None:
    clock = HubClock()
    clock.heard(SHOWN, 0.0, 0.1)
    assert clock.stands is None
    clock.heard(SHOWN, 0.1 + TICK_S, 5.0)
    assert clock.stands is True
    clock.heard(SHOWN - 9, 6.0, 6.1)
    assert (clock.stands, clock.time) == (False, SHOWN - 9)


def test_an_answer_that_was_long_under_way_says_nothing_of_a_clock_that_goes() -> None:
    clock = HubClock()
    clock.heard(SHOWN, 0.0, 0.1)
    clock.heard(SHOWN, 0.2, 60.0)
    assert clock.stands is None


def test_a_hub_that_does_not_tell_its_time_is_not_taken_for_one_whose_clock_stands() -> None:
    clock = HubClock()
    for at in (0.0, 100.0, 200.0):
        clock.heard(None, at, at + 0.1)
        assert (clock.stands, clock.time) == (None, None)
