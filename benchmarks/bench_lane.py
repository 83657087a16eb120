"""From a code in view to the gate, on the demo's own stream; and what the launcher adds to a command."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.row import Row

ROOT = Path(__file__).resolve().parent.parent
P95_LIMIT_MS = 200.0
LAUNCHER_LIMIT_S = 0.3
STARTS = 7


def rows() -> Iterator[Row]:
    """Yield the launcher's cost, then the latencies of one whole run of the demo (some 80 s)."""
    yield _launcher()
    yield from _demo()


def _launcher() -> Row:
    bare = [sys.executable, "-m", "cli.main", "--version"]
    launched = [str(ROOT / "checkpoint"), "--version"]
    pairs = [(_seconds(bare), _seconds(launched)) for _ in range(STARTS)]
    added = statistics.median(with_it - without for without, with_it in pairs)
    return Row(
        name="lane.launcher_adds",
        value=added,
        unit="s",
        reference="to the same command without the launcher",
        limit=LAUNCHER_LIMIT_S,
        ok=added <= LAUNCHER_LIMIT_S,
    )


def _seconds(call: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(call, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def _demo() -> Iterator[Row]:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--json"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    summary = json.loads(lines[-1])["summary"] if lines else {}
    expected = done.returncode == 0 and summary.get("unexpected") == 0
    for name, limit in (("p50", None), ("p95", P95_LIMIT_MS)):
        value = summary["latency_ms"][name] if expected else float("nan")
        yield Row(
            name=f"lane.code_to_gate_{name}",
            value=value,
            unit="ms",
            reference="first readable frame of the 1280×720 stream",
            ratio=None,
            limit=limit,
            ok=None if limit is None else value <= limit,
        )
