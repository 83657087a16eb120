"""What the appliance remembers of codes, and that it is not the codes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keys.reasons import Reason
from keys.verdict import CodeIdentity, Verdict
from scanner.memory import Memory, Opened
from scanner.policy_rules import Times
from scanner.values import Direction

ALICE = CodeIdentity("CN-33", "jkm:33/7", 1)
BOB = CodeIdentity("CN-33", "jkm:33/7", 2)


TIMES = Times(same_scan_s=5, already_passed_s=180, pass_clears_s=3, kiosk_clears_s=10, remeasure_after_s=5)


def make(opened: Opened | None = None, direction: Direction = Direction.ENTRY) -> Memory:
    return Memory(times=lambda: TIMES, opened=opened or Opened(), direction=direction)


def proved(identity: CodeIdentity = ALICE, presented_at: int | None = None) -> Verdict:
    return Verdict(None, identity=identity, presented_at=presented_at)


def test_a_code_held_in_view_is_one_scan_however_long() -> None:
    memory = make()
    memory.scanned("A", proved(), 0.0)
    assert all(memory.is_same_scan("A", proved(), at) for at in (1.0, 5.9, 10.8, 15.7))
    assert not memory.is_same_scan("A", proved(), 21.0)


def test_another_code_is_another_scan() -> None:
    memory = make()
    memory.scanned("A", proved(), 0.0)
    assert not memory.is_same_scan("B", proved(BOB), 0.1)


def test_a_sighting_that_began_nothing_is_not_remembered() -> None:
    memory = make()
    assert not memory.is_same_scan("A", proved(), 0.0)
    assert not memory.is_same_scan("A", proved(), 0.1)


def test_a_code_that_expires_while_in_view_stays_the_same_scan() -> None:
    memory = make()
    memory.scanned("A", proved(presented_at=100), 0.0)
    assert memory.is_same_scan("A", Verdict(Reason.PRESENTATION_EXPIRED, identity=ALICE, presented_at=100), 4.0)


def test_a_phone_that_renews_its_presentation_stays_the_same_scan() -> None:
    memory = make()
    memory.scanned("A1", proved(presented_at=100), 0.0)
    assert memory.is_same_scan("A2", proved(presented_at=115), 4.0)


def test_a_copy_that_becomes_live_is_a_new_scan() -> None:
    memory = make()
    memory.scanned("copy", Verdict(Reason.PRESENTATION_REQUIRED, identity=ALICE), 0.0)
    assert not memory.is_same_scan("live", proved(presented_at=100), 1.0)


def test_a_code_is_already_passed_for_the_passback_time_only() -> None:
    memory = make()
    memory.gate_opened(proved(), 10.0)
    assert memory.recollect(proved(), 189.0).passed_recently
    assert not memory.recollect(proved(), 190.0).passed_recently
    assert not memory.recollect(proved(BOB), 11.0).passed_recently


def test_a_presentation_is_used_once_the_gate_opened_for_it() -> None:
    memory = make()
    memory.gate_opened(proved(presented_at=100), 0.0)
    assert memory.recollect(proved(presented_at=100), 50.0).presentation_used
    assert not memory.recollect(proved(presented_at=115), 50.0).presentation_used


def test_midnight_forgets_everything() -> None:
    memory = make()
    memory.scanned("A", proved(), 0.0)
    memory.gate_opened(proved(presented_at=100), 0.0)
    memory.forget()
    assert not memory.is_same_scan("A", proved(), 0.1)
    assert memory.recollect(proved(presented_at=100), 0.1) == memory.recollect(proved(BOB), 0.1)


def test_an_unproved_code_is_remembered_by_its_text() -> None:
    memory = make()
    forged = Verdict(Reason.BAD_SIGNATURE)
    memory.scanned("forged", forged, 0.0)
    assert memory.is_same_scan("forged", forged, 1.0)
    assert not memory.is_same_scan("another", forged, 1.0)


def test_nothing_in_memory_holds_a_code_or_an_identity() -> None:
    opened = Opened()
    memory = make(opened)
    memory.scanned("JKM1:SECRETTEXT", proved(), 0.0)
    memory.gate_opened(proved(presented_at=100), 0.0)
    kept = repr([vars(memory), vars(opened)])
    assert "SECRETTEXT" not in kept
    assert "jkm:33/7" not in kept


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.memory.MAX_REMEMBERED", 10)
    memory = make()
    everybody = [proved(CodeIdentity("CN-33", "jkm:33/7", number)) for number in range(12)]
    for verdict in everybody:
        memory.gate_opened(verdict, 0.0)
    assert [memory.recollect(verdict, 0.0).passed_recently for verdict in everybody] == [False, False] + [True] * 10


def test_what_passed_one_lane_is_known_at_the_next() -> None:
    opened = Opened()
    make(opened).gate_opened(proved(presented_at=100), 0.0)
    recollection = make(opened).recollect(proved(presented_at=100), 1.0)
    assert recollection.presentation_used
    assert recollection.passed_recently


def test_who_went_out_may_come_in_again_at_once() -> None:
    opened = Opened()
    inward, out = make(opened), make(opened, Direction.EXIT)
    inward.gate_opened(proved(), 0.0)
    out.gate_opened(proved(), 60.0)
    assert not inward.recollect(proved(), 61.0).passed_recently


def test_a_policy_that_changes_its_times_is_followed_at_once() -> None:
    times = TIMES
    memory = Memory(times=lambda: times, opened=Opened(), direction=Direction.ENTRY)
    memory.gate_opened(proved(), 0.0)
    assert memory.recollect(proved(), 100.0).passed_recently
    times = replace(TIMES, already_passed_s=60)
    assert not memory.recollect(proved(), 100.0).passed_recently
