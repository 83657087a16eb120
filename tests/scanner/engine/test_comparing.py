"""A thermometer compared at the screen: steady readings, points, and the offset from then on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from firmware_bridge.values import Sample
from scanner.config.model import ThermometerSection
from scanner.engine.comparing import Comparing, NotComparedError
from scanner.offsets import FILE_NAME

TODAY = dt.date(2026, 3, 1)


class Corrected:
    """A comparison in a folder, and what the readings were told to add."""

    def __init__(self, folder: Path) -> None:
        self.told: list[int] = []
        self.at = 0.0
        self.comparing = Comparing(ThermometerSection(), folder, lambda: TODAY, self.told.append, lambda: self.at)

    def reads(self, centi: int, seconds: float = 3.0) -> None:
        for _ in range(int(seconds * 10)):
            self.at += 0.1
            self.comparing.sample(Sample(self.at, centi, 2400))


def test_what_was_found_corrects_from_now_on_and_after_a_restart(tmp_path: Path) -> None:
    lane = Corrected(tmp_path)
    for known in (3500, 3700, 3900):
        lane.reads(known + 30)
        found = lane.comparing.add(known)
    assert (found.offset_centi, len(found.points)) == (-30, 3)
    assert lane.told == []
    lane.comparing.keep()
    assert lane.told == [-30]
    again = Comparing(ThermometerSection(), tmp_path, lambda: TODAY, lane.told.append)
    assert (again.offset.centi, again.offset.taken, again.offset.expires) == (-30, "2026-03-01", "2026-08-28")


def test_readings_that_move_are_not_compared(tmp_path: Path) -> None:
    lane = Corrected(tmp_path)
    with pytest.raises(NotComparedError, match=r"compare\.unsteady"):
        lane.comparing.add(3700)
    lane.reads(3600)
    lane.reads(3700, 0.5)
    with pytest.raises(NotComparedError, match=r"compare\.unsteady"):
        lane.comparing.add(3700)


def test_what_a_lost_thermometer_read_last_is_compared_with_nothing(tmp_path: Path) -> None:
    lane = Corrected(tmp_path)
    lane.reads(3700)
    lane.at += 60
    with pytest.raises(NotComparedError, match=r"compare\.unsteady"):
        lane.comparing.add(3700)


def test_what_gives_no_offset_is_refused_in_words_and_changes_nothing(tmp_path: Path) -> None:
    lane = Corrected(tmp_path)
    lane.reads(2500)
    with pytest.raises(NotComparedError, match="no sound module"):
        lane.comparing.add(3700)
    with pytest.raises(NotComparedError, match=r"compare\.nothing"):
        lane.comparing.keep()
    assert lane.told == []
    assert not (tmp_path / FILE_NAME).exists()


def test_dropped_points_are_gone(tmp_path: Path) -> None:
    lane = Corrected(tmp_path)
    lane.reads(3700)
    lane.comparing.add(3700)
    lane.comparing.drop()
    with pytest.raises(NotComparedError, match=r"compare\.nothing"):
        lane.comparing.keep()


def test_a_damaged_file_of_offsets_leaves_the_configurations_and_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{")
    lane = Corrected(tmp_path)
    assert lane.comparing.offset.centi == 0
    assert "damaged" in lane.comparing.trouble
