"""Night is when the configuration says."""

from __future__ import annotations

import datetime as dt

import pytest

from scanner.sound.volume import Volume


@pytest.mark.parametrize(
    ("moment", "percent"),
    [("21:59", 80), ("22:00", 30), ("23:59", 30), ("00:00", 30), ("05:59", 30), ("06:00", 80), ("12:00", 80)],
)
def test_a_night_may_reach_over_midnight(moment: str, percent: int) -> None:
    volume = Volume(80, 30, dt.time(22), dt.time(6))
    assert volume.at(dt.time.fromisoformat(moment)) == percent


@pytest.mark.parametrize(("moment", "percent"), [("00:59", 80), ("01:00", 30), ("04:59", 30), ("05:00", 80)])
def test_a_night_may_lie_within_a_day(moment: str, percent: int) -> None:
    assert Volume(80, 30, dt.time(1), dt.time(5)).at(dt.time.fromisoformat(moment)) == percent


def test_a_night_that_ends_when_it_begins_is_none() -> None:
    assert Volume(80, 30, dt.time(6), dt.time(6)).at(dt.time(6)) == 80
