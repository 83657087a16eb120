"""A crowd that walks up to the camera: who is read in time, what costs reads, and whether the engine's memory stays.

`CROWD_PEOPLE` (150), `CROWD_SEED` (1) and `CROWD_MEMORY_S` (30) in the environment make the run longer:
`CROWD_PEOPLE=1000 CROWD_MEMORY_S=3600` is the whole crowd, and an hour.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import cv2

from benchmarks.crowd.conditions import Effect
from benchmarks.crowd.count import LIMIT_MS, Outcome, count, outcome
from benchmarks.crowd.memory import LARGEST_GROWTH_MB, LARGEST_RESIDENT_MB, watch
from benchmarks.crowd.population import person
from benchmarks.crowd.stream import Visit
from benchmarks.row import Row

TARGET: Final = 99.0
"""Per cent of those who came within the measured limits."""
PEOPLE: Final = int(os.environ.get("CROWD_PEOPLE", "150"))
SEED: Final = int(os.environ.get("CROWD_SEED", "1"))
MEMORY_S: Final = float(os.environ.get("CROWD_MEMORY_S", "30"))


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in about a minute and a half."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        outcomes, published = [], []
        for number in range(PEOPLE):
            visit = Visit(person(number, SEED))
            outcomes.append(outcome(visit))
            same = visit.time_zero() == visit.time_zero(published=True)
            published.append(outcomes[-1] if same else outcome(visit, published=True))
    finally:
        cv2.setNumThreads(threads)
    yield from reading(outcomes)
    yield _headline("crowd.read_within_500ms.published_limits", published)
    yield from _memory()


def reading(outcomes: list[Outcome]) -> Iterator[Row]:
    """Yield what became of the crowd."""
    yield _headline("crowd.read_within_500ms", outcomes)
    wrong = sum(len(one.wrong) for one in outcomes)
    yield Row("crowd.wrong_texts", wrong, "texts", f"{len(outcomes)} people", None, 0, wrong == 0)
    times = sorted(LIMIT_MS if one.after_ms is None else max(0.0, one.after_ms) for one in outcomes if one.counts)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        if times:
            yield Row(f"crowd.after_time_zero.{name}", times[min(len(times) - 1, int(share * len(times)))], "ms")
    yield Row("crowd.never_within_limits", sum(not one.counts for one in outcomes), "people")
    for effect in Effect:
        those = count(outcomes, effect)
        if those.people:
            words = f"bare zxing-cpp, {those.bare_rate:.1f} %, of {those.people} people"
            yield Row(f"crowd.{effect}", those.rate, "%", words, those.rate / those.bare_rate if those.bare else None)


def _headline(name: str, outcomes: list[Outcome]) -> Row:
    everybody = count(outcomes)
    rate, bare = everybody.rate, everybody.bare_rate
    words = f"bare zxing-cpp, {bare:.2f} %, of {everybody.people} people"
    return Row(name, rate, "%", words, rate / bare if bare else None, TARGET, rate >= TARGET)


def _memory() -> Iterator[Row]:
    seen = watch(MEMORY_S, SEED)
    words = f"{seen.frames} frames in {seen.seconds:.0f} s, {seen.passages} passages"
    resident_ok = seen.resident_mb <= LARGEST_RESIDENT_MB
    yield Row("crowd.memory_resident", seen.resident_mb, "MB", words, None, LARGEST_RESIDENT_MB, resident_ok)
    grown_ok = seen.growth_mb <= LARGEST_GROWTH_MB
    yield Row("crowd.decoder_deaths", seen.deaths, "processes", words, None, 0, seen.deaths == 0)
    yield Row("crowd.memory_growth", seen.growth_mb, "MB", "over the second half", None, LARGEST_GROWTH_MB, grown_ok)
