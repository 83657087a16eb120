"""People are read in time, by a core that has other frames to look at too."""

from __future__ import annotations

import os

import numpy as np
import pytest

from benchmarks import bench_crowd
from benchmarks.crowd.conditions import Effect
from benchmarks.crowd.count import Outcome, count, outcome
from benchmarks.crowd.gate import Core
from benchmarks.crowd.memory import LARGEST_GROWTH_MB, LARGEST_RESIDENT_MB, family, is_decoder, resident_mb, watch
from benchmarks.crowd.population import person
from benchmarks.crowd.stream import Visit
from benchmarks.crowd.sweep import Frame, take
from scanner.decoder.process import DecoderProcess, Program


@pytest.mark.soak
def test_three_people_are_read_within_500_ms_and_nothing_wrong() -> None:
    outcomes = [outcome(Visit(person(number, 11))) for number in range(3)]
    assert all(one.wrong == () for one in outcomes)
    assert all(one.after_ms is not None for one in outcomes if one.counts)
    assert any(one.counts for one in outcomes)


@pytest.mark.alone
@pytest.mark.soak
@pytest.mark.timeout(600)
def test_99_of_100_people_are_read_within_500_ms_and_nothing_wrong() -> None:
    outcomes = [outcome(Visit(person(number, 12))) for number in range(100)]
    everybody = count(outcomes)
    assert [one for one in outcomes if one.wrong] == []
    assert everybody.people >= 90
    assert everybody.rate >= bench_crowd.TARGET, [one for one in outcomes if one.counts and one.after_ms is None]


@pytest.mark.soak
def test_everybody_is_made_alone_and_every_effect_comes() -> None:
    assert person(7, 1) == person(7, 1)
    assert {effect for number in range(20) for effect in person(number, 8).effects} == set(Effect)


def test_a_slow_core_misses_frames_and_a_quick_one_none() -> None:
    empty = np.full((720, 1280), 120, np.uint8)
    quick, slow = Core(), Core(slower=1000.0)
    for number in range(6):
        quick.frame(empty, number)
        slow.frame(empty, number)
    assert quick.missed == 0
    assert slow.missed >= 4


def test_what_is_read_is_known_only_after_the_look_took_its_time() -> None:
    taken = take(Frame(seed=1))
    (read,) = Core(slower=3.0).frame(taken.picture, 0)
    (later,) = Core().frame(taken.picture, 9)
    assert read.texts == (taken.text,)
    assert read.at_ms > 0.5
    assert later.at_ms > 300


def test_rows_have_stable_names_and_a_miss_fails_them() -> None:
    seen = [Outcome(number, (Effect.PLAIN,), True, 40.0, True, ()) for number in range(99)]
    lost = [Outcome(100 + number, (Effect.GLARE,), True, None, False, ()) for number in range(2)]
    never = Outcome(200, (Effect.RAIN,), False, None, False, ("JKM1:WRONG",))
    rows = {row.name: row for row in bench_crowd.reading([*seen, *lost, never])}
    assert rows["crowd.read_within_500ms"].value == pytest.approx(100 * 99 / 101)
    assert rows["crowd.read_within_500ms"].ok is False
    assert rows["crowd.wrong_texts"].ok is False
    assert rows["crowd.never_within_limits"].value == 1
    assert rows["crowd.glare"].value == 0
    assert rows["crowd.plain"].value == 100


def test_memory_is_read_of_a_process_and_its_children() -> None:
    assert family(1)[0] == 1
    assert resident_mb(0) == 0


def test_only_a_decoder_that_lives_is_one() -> None:
    process = DecoderProcess(Program.QUICK, name="a decoder")
    try:
        assert process.ready(20.0)
        decoder = process.pid or 0
        assert decoder in family(os.getpid())
        assert is_decoder(decoder)
    finally:
        process.close()
    assert not is_decoder(decoder)
    assert not is_decoder(os.getpid())


@pytest.mark.alone
@pytest.mark.soak
@pytest.mark.timeout(180)
def test_the_engine_keeps_its_size_and_its_decoders_while_a_crowd_walks_past() -> None:
    seen = watch(40.0, 1)
    assert seen.frames > 40 * 30
    assert seen.passages >= 1
    assert seen.deaths == 0
    assert seen.resident_mb <= LARGEST_RESIDENT_MB
    assert seen.growth_mb <= LARGEST_GROWTH_MB
