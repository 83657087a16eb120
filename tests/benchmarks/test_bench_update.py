from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import bench_update
from benchmarks.status import country


@pytest.mark.alone
@pytest.mark.soak
def test_the_rows_have_stable_names_and_absolute_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_update, "_FOLDER", tmp_path)
    monkeypatch.setattr(bench_update, "_ROUNDS", 1)
    monkeypatch.setattr(country, "LISTS", 1)
    rows = {row.name: row for row in bench_update.rows()}
    assert {name: row.limit for name, row in rows.items()} == {
        "update.wire.everything": 2.5,
        "update.first": 1,
        "update.no_change.requests": 2,
        "update.no_change": None,
        "update.start": 1.5,
        "update.wire.hour": 60,
        "update.hour": None,
        "update.wire.hour_plain": None,
        "update.wire.day": 0.7,
        "update.day": None,
    }
    assert all(row.value > 0 for row in rows.values())
    assert all(row.ok is (None if row.limit is None else row.value <= row.limit) for row in rows.values())
    assert rows["update.no_change.requests"].value == 2
    assert rows["update.wire.hour"].value < rows["update.wire.hour_plain"].value
    assert list(tmp_path.iterdir()) == []
