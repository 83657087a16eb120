"""What the appliance remembers of codes, and that it is not the codes."""

from __future__ import annotations

from keys.reasons import Reason
from keys.verdict import CodeIdentity, Verdict
from scanner import memory as memory_module
from scanner.memory import Memory

ALICE = CodeIdentity("CN-33", "jkm:33/7", 1)
BOB = CodeIdentity("CN-33", "jkm:33/7", 2)


def make() -> Memory:
    return Memory(passback_s=180, same_scan_s=5)


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
    assert memory.distinct() == 0


def test_an_unproved_code_is_remembered_by_its_text() -> None:
    memory = make()
    forged = Verdict(Reason.BAD_SIGNATURE)
    memory.scanned("forged", forged, 0.0)
    assert memory.is_same_scan("forged", forged, 1.0)
    assert not memory.is_same_scan("another", forged, 1.0)


def test_nothing_in_memory_holds_a_code_or_an_identity() -> None:
    memory = make()
    memory.scanned("JKM1:SECRETTEXT", proved(), 0.0)
    memory.gate_opened(proved(presented_at=100), 0.0)
    kept = repr(vars(memory))
    assert "SECRETTEXT" not in kept
    assert "jkm:33/7" not in kept


def test_the_memory_is_bounded() -> None:
    memory = make()
    limit = memory_module.MAX_REMEMBERED
    for number in range(limit + 10):
        memory.gate_opened(proved(CodeIdentity("CN-33", "jkm:33/7", number)), float(number))
    assert memory.distinct() == limit
