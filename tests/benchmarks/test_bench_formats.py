"""The rows about other issuers' codes are there, and measure what they say."""

from __future__ import annotations

import pytest

from benchmarks import bench_formats


def test_every_family_the_rules_and_the_worst_text_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_formats, "_PAIRS", 5)
    monkeypatch.setattr(bench_formats, "_HASHES", 1000)
    rows = {row.name: row for row in bench_formats.rows()}
    assert set(rows) == {
        "formats.hc1",
        "formats.shc",
        "formats.nzcp",
        "formats.vds_nc",
        "formats.rules_20",
        "formats.hash_list_lookup",
        "formats.worst_text",
    }
    assert rows["formats.hc1"].limit == 2.0
    assert rows["formats.worst_text"].value < 50.0
    assert all(row.value > 0 for row in rows.values())
