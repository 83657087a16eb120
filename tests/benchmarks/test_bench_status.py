from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import bench_status
from benchmarks.status import country
from keys.status_token import unpack


@pytest.mark.alone
@pytest.mark.soak
def test_the_rows_have_stable_names_and_absolute_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_status, "_FOLDER", tmp_path)
    monkeypatch.setattr(bench_status, "_ROUNDS", 1)
    monkeypatch.setattr(bench_status, "_LOOKUPS", 1000)
    monkeypatch.setattr(country, "LISTS", 1)
    rows = {row.name: row for row in bench_status.rows()}
    assert {name: row.limit for name, row in rows.items()} == {
        "status.build.lists": 60,
        "status.build.day": None,
        "status.fetch.everything": 2.5,
        "status.fetch.evenly_mixed": None,
        "status.fetch.day": 0.7,
        "status.fetch.hour": 60,
        "status.lookup": 1,
        "status.first_load": 2,
        "status.follow_day": 1,
        "status.start": 1.5,
        "status.memory.peak": 40,
        "status.memory.after": 40,
    }
    assert all(row.value > 0 for row in rows.values())
    assert all(row.ratio is None for row in rows.values())
    assert all(row.ok is (None if row.limit is None else row.value <= row.limit) for row in rows.values())
    assert list(tmp_path.iterdir()) == []


def test_the_country_is_as_large_as_ill_and_as_changing_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert country.LISTS * country.OWN_ENTRIES >= 50_000_000
    monkeypatch.setattr(country, "LISTS", 1)
    made = country.make()
    base, hour, day = (
        np.frombuffer(unpack(each.arrays[0], 4), np.uint8) for each in (made.base, made.hour_later, made.day_later)
    )
    assert (base != 0).mean() == pytest.approx(0.04, rel=0.02)
    assert (day != base).mean() == pytest.approx(0.01, rel=0.001)
    assert (hour != base).mean() == pytest.approx(0.01 / 24, rel=0.01)
    assert ((base == 1) & (day != 1)).sum() == 0
    assert country.make().base.arrays == made.base.arrays
