from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.engine.degradations import Cause, Degradation
from scanner.engine.folding import ENTRIES, Folding
from scanner.engine.records import Stamp
from scanner.journal.detail import FaultDetail
from scanner.journal.entry import EntryDraft
from scanner.values import ClockTrust


class Bench:
    """A log's way in, with a clock turned by hand."""

    def __init__(self) -> None:
        self.at = 0.0
        self.told: list[tuple[str, bool, int]] = []
        self.folding = Folding(self._take, lambda lane: Stamp(0, ClockTrust.TRUSTED, lane or ""), lambda: self.at)

    def _take(self, draft: EntryDraft) -> None:
        assert isinstance(draft.detail, FaultDetail)
        self.told.append((draft.lane, draft.detail.began, draft.detail.folded or 0))

    def change(self, active: bool, lane: str = "main") -> None:
        self.folding.changed(Degradation(Cause.GATE_LOST, lane, "", 0), active)

    def flap(self, times: int, every_s: float = 0.0) -> None:
        for _ in range(times):
            self.change(True)
            self.at += every_s / 2
            self.change(False)
            self.at += every_s / 2
            self.folding.poll()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_loss_and_its_return_are_an_entry_each(bench: Bench) -> None:
    bench.change(True)
    bench.at += 1
    bench.change(False)
    bench.folding.poll()
    bench.folding.tell_rest()
    assert bench.told == [("main", True, 0), ("main", False, 0)]


def test_a_plug_that_is_loose_for_a_week_fills_no_log(bench: Bench) -> None:
    bench.flap(100_000, every_s=6.0)
    assert len(bench.told) <= ENTRIES.at_once + 600_000 / ENTRIES.every_s + 1
    bench.folding.tell_rest()
    assert sum(began for _, began, _ in bench.told) + sum(folded for *_, folded in bench.told) == 100_000


def test_a_loss_that_found_no_room_is_told_when_there_is_some(bench: Bench) -> None:
    bench.flap(3)
    bench.change(True)
    bench.folding.poll()
    assert bench.told[-1] == ("main", False, 0), "the log still says that it is whole"
    bench.at += ENTRIES.every_s
    bench.folding.poll()
    assert bench.told[-1] == ("main", True, 0)
    bench.folding.poll()
    assert len(bench.told) == ENTRIES.at_once + 1


def test_what_was_kept_is_told_when_the_engine_ends(bench: Bench) -> None:
    bench.flap(10)
    bench.folding.tell_rest()
    assert bench.told[-1] == ("main", False, 7)
    bench.folding.tell_rest()
    assert len(bench.told) == ENTRIES.at_once + 1


def test_one_lanes_loose_plug_hides_no_other_lane(bench: Bench) -> None:
    bench.flap(100)
    bench.change(True, lane="exit")
    assert bench.told[-1] == ("exit", True, 0)


def test_what_stands_when_the_log_opens_is_told_and_of_the_log_itself_nothing(bench: Bench) -> None:
    standing = [Degradation(cause, "main", "", 0) for cause in (Cause.GATE_LOST, Cause.JOURNAL_FULL)]
    bench.folding.tell_standing(standing)
    for one in standing:
        bench.folding.changed(one, False)
    assert bench.told == [("main", True, 0), ("main", False, 0)]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 2000)), max_size=60))
def test_no_beginning_is_lost_and_the_last_word_is_the_truth(steps: list[tuple[bool, float]]) -> None:
    bench, begun, active = Bench(), 0, False
    for wanted, wait in steps:
        if wanted is not active:
            bench.change(wanted)
            active = wanted
            begun += wanted
        bench.at += wait
        bench.folding.poll()
    bench.folding.tell_rest()
    entries = [(began, folded) for _, began, folded in bench.told]
    # An entry of a beginning that was kept, and then of its end, counts it once; every entry says what was new.
    assert sum(folded for _, folded in entries) + sum(began for began, _ in entries) == begun
    assert not entries or entries[-1][0] is active
