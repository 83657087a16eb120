"""Times in seconds: up to the year 9999, so that nobody's milliseconds pass for a time far ahead."""

from __future__ import annotations

import math

import pytest

from keys.numeric_date import LAST_SECOND, is_numeric_date, is_whole_second


@pytest.mark.parametrize("whole", [0, 1_772_323_200, LAST_SECOND])
def test_seconds_until_the_end_of_the_year_9999_are_times(whole: int) -> None:
    assert is_whole_second(whole)
    assert is_numeric_date(whole)
    assert is_numeric_date(whole - 0.25 if whole else 0.25)
    assert not is_whole_second(float(whole))


@pytest.mark.parametrize("wrong", [-1, LAST_SECOND + 1, 1_772_323_200_000, True, None, "0", math.inf, math.nan])
def test_milliseconds_truth_values_and_texts_are_no_times(wrong: object) -> None:
    assert not is_whole_second(wrong)
    assert not is_numeric_date(wrong)
