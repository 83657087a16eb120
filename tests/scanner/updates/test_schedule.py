"""When an appliance looks for updates."""

from __future__ import annotations

import random

from scanner.updates.schedule import AGAIN_S, FIRST_S, SPREAD, Schedule

HOUR = 3600.0


def test_the_first_attempt_comes_soon_after_a_start() -> None:
    first = Schedule.begin(HOUR, 1000.0, random.Random(1).uniform)
    assert not first.is_due(1000.0 + FIRST_S[0] - 0.1)
    assert first.is_due(1000.0 + FIRST_S[1])


def test_ten_thousand_appliances_that_start_together_do_not_ask_together() -> None:
    spread = random.Random(2).uniform
    moments = [Schedule.begin(HOUR, 0.0, spread).due_at for _ in range(10_000)]
    busiest = max(sum(second <= moment < second + 1 for moment in moments) for second in range(5, 60))
    assert busiest < 300  # 10,000 over 55 s are 182 a second on average


def test_after_an_hour_they_are_spread_over_half_an_hour() -> None:
    spread = random.Random(3).uniform
    moments = []
    for _ in range(1000):
        one = Schedule.begin(HOUR, 0.0, spread)
        one.succeeded(60.0)
        moments.append(one.due_at)
    assert min(moments) >= 60 + HOUR * (1 - SPREAD)
    assert max(moments) <= 60 + HOUR * (1 + SPREAD)
    assert max(moments) - min(moments) > HOUR / 3


def test_failures_are_tried_again_ever_later_and_never_later_than_the_interval() -> None:
    one = Schedule.begin(HOUR, 0.0, lambda low, high: (low + high) / 2)
    waits = []
    for _ in range(10):
        one.failed(0.0)
        waits.append(one.due_at)
    assert waits[:4] == [AGAIN_S, 2 * AGAIN_S, 4 * AGAIN_S, 8 * AGAIN_S]
    assert waits[-1] == HOUR


def test_a_success_forgets_the_failures_before() -> None:
    one = Schedule.begin(HOUR, 0.0, lambda low, high: (low + high) / 2)
    for _ in range(5):
        one.failed(0.0)
    one.succeeded(0.0)
    assert one.due_at == HOUR
    one.failed(0.0)
    assert one.due_at == AGAIN_S
