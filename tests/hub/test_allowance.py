"""What an appliance may hand in on one day, and when it may come back."""

from __future__ import annotations

import pytest

from hub import allowance
from hub.upload import MAX_BODY, MAX_ENTRIES
from hub.values import Intake

DAY_MS = 86_400_000


def test_entries_of_uncommon_size_count_as_several() -> None:
    spent = allowance.after(Intake(7, 5), 7 * DAY_MS, 10, 40 * 1024)
    assert spent == Intake(7, 45)
    assert allowance.after(spent, 8 * DAY_MS, 10, 1024) == Intake(8, 10)
    largest = allowance.after(Intake(0, 0), 0, MAX_ENTRIES, MAX_BODY)
    assert largest.many < allowance.LEAST, "no upload is too large for a day"


@pytest.mark.parametrize(("left_s", "seconds"), [(86_400, 3_600), (3_601, 3_600), (900, 900), (1, 60)])
def test_whoever_has_spent_it_comes_back_on_the_next_day_or_within_the_hour(left_s: int, seconds: int) -> None:
    assert allowance.retry_after(7 * DAY_MS - left_s * 1000) == seconds


def test_a_backlog_of_a_million_entries_drains_on_one_day() -> None:
    spent = Intake(0, 0)
    for _ in range(1_000_000 // 500):
        spent = allowance.after(spent, 5 * DAY_MS, 500, 500 * 1_500)
    assert spent.many <= allowance.ENTRIES_A_DAY
