"""Sharing out the rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner.ui.letters import SIZES
from scanner.ui.panel import DETAIL_ROWS
from scanner.ui.plan import plan


@given(st.integers(10, 300), st.integers(3, 100), st.integers(1, 20))
def test_the_parts_fill_the_screen_and_the_panel_and_status_are_always_there(
    width: int, height: int, wanted: int
) -> None:
    shares = plan(width, height, wanted)
    assert shares.header + shares.panel + shares.middle + shares.status + shares.keys == height
    assert shares.panel >= 1
    assert shares.status >= 1
    assert 0 < shares.gauge_columns + shares.viewfinder_columns < width


@given(st.integers(1, 20))
def test_80_by_24_has_room_for_letters_of_eight_rows(wanted: int) -> None:
    assert plan(80, 24, wanted).panel >= SIZES[1] // 2 + DETAIL_ROWS


@given(st.integers(1, 20))
def test_160_by_45_has_room_for_letters_of_sixteen_rows(wanted: int) -> None:
    assert plan(160, 45, wanted).panel >= SIZES[-1] // 2 + DETAIL_ROWS
