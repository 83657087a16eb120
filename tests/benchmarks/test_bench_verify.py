from __future__ import annotations

import pytest

from benchmarks import bench_verify


def test_the_rows_have_stable_names_and_only_the_promise_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_verify, "_PAIRS", 20)
    rows = {row.name: row for row in bench_verify.rows()}
    assert list(rows) == [
        "verify.ecdsa_p256",
        "verify.jkm1",
        "verify.jkm1_ed25519",
        "verify.jkp1",
        "verify.forged",
    ]
    promise = rows["verify.jkm1"]
    assert promise.ratio is not None
    assert (promise.limit, promise.ok) == (2.2, promise.ratio <= 2.2)
    assert promise.ratio > 1
    assert all(row.ok is None for name, row in rows.items() if name != "verify.jkm1")
