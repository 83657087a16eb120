"""Keys that end what is on the screen: a deliberate press counts, a held key does not."""

from __future__ import annotations

import pytest

from scanner.ui.deliberate import NEXT_S, SETTLE_S, Deliberate


def test_a_press_counts_once_the_result_could_be_read() -> None:
    key = Deliberate(10.0)
    assert not key.meant(10.0 + SETTLE_S - 0.2)
    assert key.meant(10.0 + SETTLE_S)


@pytest.mark.parametrize(("delay", "interval"), [(0.25, 0.092), (0.6, 0.04), (0.66, 0.04)])
def test_a_key_that_is_held_down_ends_one_result_and_no_other(delay: float, interval: float) -> None:
    """Repeat rates of the Linux console, of Wayland and of X: one result follows another every second meanwhile."""
    key = Deliberate(0.0)
    repeats = [delay + interval * count for count in range(200)]
    ended = []
    for moment in (0.0, *repeats):
        key.shown(float(int(moment)) - SETTLE_S)
        ended += [moment] if key.meant(moment) else []
    assert ended == [0.0]


def test_somebody_who_taps_in_a_hurry_is_obeyed() -> None:
    key = Deliberate(0.0)
    taps = [key.meant(moment / 4) for moment in range(1, 9)]
    assert taps.index(True) == 1
    assert key.meant(0.5 + NEXT_S + 2)
