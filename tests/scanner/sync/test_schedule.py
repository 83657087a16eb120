"""When the hub is talked to; and ten thousand appliances that come back at the same moment, simulated."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.sync.schedule import BATCH, LONGEST_S, Schedule

APPLIANCES = 10_000
AGE_S = 30.0


def begun(spread: float = 0.5) -> Schedule:
    return Schedule.begin(AGE_S, 0.0, lambda low, high: low + (high - low) * spread)


def test_a_single_entry_travels_when_it_has_waited_long_enough() -> None:
    schedule = begun()
    schedule.succeeded(100.0)
    assert not schedule.is_due(110.0, 1, 10.0)
    assert schedule.is_due(131.0, 1, 31.0)


def test_a_full_batch_does_not_wait_for_its_age() -> None:
    schedule = begun()
    schedule.succeeded(100.0)
    assert schedule.is_due(100.0, BATCH, 0.0)


def test_with_nothing_to_send_the_hub_hears_of_this_gate_all_the_same() -> None:
    schedule = begun()
    schedule.succeeded(0.0)
    assert not schedule.is_due(200.0, 0, 0.0)
    assert schedule.is_due(250.0, 0, 0.0)


@given(st.lists(st.sampled_from(["failed", "told", "refused"]), min_size=1, max_size=30), st.floats(0, 1))
def test_no_row_of_failures_makes_it_give_up_or_hurry(failures: list[str], spread: float) -> None:
    schedule = begun(spread)
    now = schedule.not_before
    for failure in failures:
        if failure == "told":
            schedule.told(now, 120.0)
            assert schedule.not_before >= now + 120.0
        else:
            getattr(schedule, failure)(now)
        assert now <= schedule.not_before <= now + 1.25 * 900
        now = schedule.not_before
    schedule.succeeded(now)
    assert schedule.is_due(now, BATCH, 0.0)


def test_a_hub_that_asks_for_a_year_is_asked_again_within_two_hours() -> None:
    schedule = begun()
    schedule.told(0.0, 365 * 86_400.0)
    assert schedule.not_before <= 2 * 3600


@dataclass
class Crowd:
    """Appliances with a backlog each, and a hub that can take so many uploads a second."""

    capacity: int
    back_at: float
    """Until then the hub does not answer."""
    restarted: bool
    """Whether the appliances begin at second 0 too: their power came back together."""
    asked: Counter[int] = field(default_factory=Counter)
    served: Counter[int] = field(default_factory=Counter)
    tries: Counter[int] = field(default_factory=Counter)
    done_at: float = 0.0

    def run(self) -> None:
        draw = random.Random(20)
        crowd = [Schedule.begin(AGE_S, 0.0, draw.uniform) for _ in range(APPLIANCES)]
        if not self.restarted:  # they have been at it for long: each is somewhere in its interval
            for schedule in crowd:
                schedule.not_before = draw.uniform(0.0, schedule.age_s)
        waiting = [(schedule.not_before, number) for number, schedule in enumerate(crowd)]
        heapq.heapify(waiting)
        while waiting:
            now, number = heapq.heappop(waiting)
            schedule, second = crowd[number], int(now)
            if now < self.back_at:
                schedule.failed(now)
            else:
                self.asked[second] += 1
                self.tries[number] += 1
                if self.served[second] < self.capacity:
                    self.served[second] += 1
                    self.done_at = now
                    continue
                schedule.told(now, draw.uniform(5, 30))
            heapq.heappush(waiting, (schedule.not_before, number))


@pytest.mark.parametrize(
    ("outage_s", "restarted", "capacity", "peak", "within_s"),
    [
        pytest.param(1800.0, False, 10_000, 80, LONGEST_S, id="after_half_an_hour_without_the_hub"),
        pytest.param(20.0, False, 10_000, 1100, 200.0, id="after_a_restart_of_the_hub"),
        pytest.param(0.0, True, 10_000, 450, 40.0, id="after_a_power_cut_everywhere"),
        pytest.param(0.0, True, 60, 700, 600.0, id="after_a_power_cut_with_a_weak_hub"),
        pytest.param(1800.0, False, 20, 80, 1200.0, id="after_half_an_hour_with_a_very_weak_hub"),
    ],
)
def test_ten_thousand_appliances_that_come_back_together_do_not_stampede(
    outage_s: float, restarted: bool, capacity: int, peak: int, within_s: float
) -> None:
    crowd = Crowd(capacity, outage_s, restarted)
    crowd.run()
    assert sum(crowd.served.values()) == APPLIANCES, "everybody got through"
    assert max(crowd.asked.values()) <= peak
    assert crowd.done_at - outage_s <= within_s
    assert max(crowd.tries.values()) <= 40
