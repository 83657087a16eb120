"""A temperature as people type it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.ui.readings import HIGHEST_CENTI, LOWEST_CENTI, read_centi


@pytest.mark.parametrize(
    ("typed", "centi"),
    {
        "36.5": 3650,
        "36,55": 3655,
        "365": 3650,
        "3655": 3655,
        "37": 3700,
        "３６．５": 3650,
        "36.5 ℃": 3650,
        "36。5": 3650,
    }.items(),
)
def test_a_reading_may_be_typed_in_many_ways(typed: str, centi: int) -> None:
    assert read_centi(typed) == centi


@pytest.mark.parametrize(
    "typed", ["", "3", "31.9", "43.1", "36.5.5", "-36.5", "36.555", "abc", "1e2", "٣٦.٥", "36 .x", "0" * 99]
)
def test_what_no_thermometer_reads_is_refused(typed: str) -> None:
    assert read_centi(typed) is None


@given(st.integers(LOWEST_CENTI, HIGHEST_CENTI))
def test_every_possible_reading_is_read_exactly(centi: int) -> None:
    assert read_centi(f"{centi // 100}.{centi % 100:02d}") == centi


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_possible_reading_or_none(typed: str) -> None:
    centi = read_centi(typed)
    assert centi is None or LOWEST_CENTI <= centi <= HIGHEST_CENTI
