"""What the log says to a supervisor, and what a start recalls of visitors: from a real log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from keys.reasons import Reason
from scanner.engine.people_records import visitor
from scanner.engine.records import Stamp
from scanner.engine.reports import last_slip, page, recent, report
from scanner.engine.visitors import Visitors
from scanner.journal.detail import EntryKind, ManualDetail, OverrideDetail, PassageDetail
from scanner.journal.device import Device
from scanner.journal.entry import EntryDraft
from scanner.journal.store import Journal
from scanner.values import ClockTrust, Direction, Outcome

NOW = 1_800_003_000
HOUR = 3600


def stamp(at: int) -> Stamp:
    return Stamp(at * 1000, ClockTrust.TRUSTED, "main")


def passage(at: int, outcome: Outcome, *reasons: Reason) -> EntryDraft:
    return EntryDraft(
        kind=EntryKind.PASSAGE,
        time_ms=at * 1000,
        clock=ClockTrust.TRUSTED,
        lane="main",
        outcome=outcome,
        reasons=reasons,
        detail=PassageDetail(Direction.ENTRY),
    )


def override(at: int, staff: str, *, admit: bool, about: int | None = None) -> EntryDraft:
    return EntryDraft(
        kind=EntryKind.OVERRIDE,
        time_ms=at * 1000,
        clock=ClockTrust.TRUSTED,
        lane="main",
        staff=staff,
        outcome=Outcome.PASS if admit else Outcome.STOP,
        refers_to=about,
        detail=OverrideDetail(admit=admit, cause="known_resident"),
    )


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal.open(tmp_path, Device.load_or_create(tmp_path), None, "test", reserve_mb=1)


def test_hours_reasons_and_guards_are_counted(journal: Journal, tmp_path: Path) -> None:
    with journal:
        journal.append_all(
            [
                passage(NOW - 30 * HOUR, Outcome.PASS),
                passage(NOW - HOUR, Outcome.PASS),
                passage(NOW - 60, Outcome.STOP, Reason.COLOUR_RED),
                passage(NOW - 50, Outcome.REFER, Reason.EXPIRED, Reason.COLOUR_RED),
                override(NOW - 40, "G1", admit=True),
                override(NOW - 30, "G1", admit=False),
            ]
        )
        found = report(tmp_path, 24, NOW, 3, NOW - 100)
    assert len(found.hours) == 24
    assert sum(hour.passed for hour in found.hours) == 1
    assert (found.hours[-1].stopped, found.hours[-1].referred) == (1, 1)
    assert [(one.reason, one.count) for one in found.reasons] == [(Reason.COLOUR_RED, 2), (Reason.EXPIRED, 1)]
    assert [(one.staff, one.admitted, one.refused) for one in found.guards] == [("G1", 1, 1)]
    assert found.distinct_codes == 3


def test_what_was_written_while_the_clock_was_lost_hides_nothing_before_it(journal: Journal, tmp_path: Path) -> None:
    lost = replace(passage(1_000_000_000, Outcome.REFER, Reason.CLOCK_UNTRUSTED), clock=ClockTrust.UNTRUSTED)
    with journal:
        journal.append_all([override(NOW - 60, "G1", admit=True), lost, passage(NOW, Outcome.PASS)])
        found = report(tmp_path, 1, NOW, 0, NOW)
        assert [(one.staff, one.admitted) for one in found.guards] == [("G1", 1)]
        assert [one.seq for one in recent(tmp_path, NOW)] == [0, 1, 2]


def test_no_number_asked_for_is_too_large(journal: Journal, tmp_path: Path) -> None:
    with journal:
        journal.append(passage(NOW, Outcome.PASS))
        assert [row.seq for row in page(tmp_path, 2**70, 5).rows] == [0]
        assert page(tmp_path, -(2**70), 5).rows == ()


def test_the_log_is_browsed_newest_first_in_pages_without_gaps(journal: Journal, tmp_path: Path) -> None:
    with journal:
        journal.append_all([passage(NOW + number, Outcome.PASS) for number in range(25)])
        first = page(tmp_path, None, 10)
        second = page(tmp_path, first.rows[-1].seq, 10)
        third = page(tmp_path, second.rows[-1].seq, 10)
    assert [row.seq for one in (first, second, third) for row in one.rows] == list(range(24, -1, -1))
    assert (first.more, second.more, third.more) == (True, True, False)
    assert first.rows[0].detail == "direction=entry"


def test_a_start_recalls_who_is_inside_and_gives_no_slip_twice(journal: Journal, tmp_path: Path) -> None:
    def by_hand(slip: int, outcome: Outcome) -> EntryDraft:
        return EntryDraft(
            kind=EntryKind.MANUAL_ENTRY,
            time_ms=NOW * 1000,
            clock=ClockTrust.TRUSTED,
            lane="main",
            staff="G1",
            outcome=outcome,
            detail=ManualDetail(Direction.ENTRY, slip=slip),
        )

    def about(slip: int, direction: Direction) -> EntryDraft:
        return visitor(slip, direction, staff="G1", refers_to=None, personal=None, stamp=stamp(NOW))

    with journal:
        journal.append_all(
            [
                about(1, Direction.ENTRY),
                by_hand(2, Outcome.PASS),
                by_hand(3, Outcome.REFER),
                by_hand(4, Outcome.REFER),
                about(1, Direction.EXIT),
                override(NOW, "G1", admit=True, about=3),
            ]
        )
        visitors = Visitors()
        visitors.recall(recent(tmp_path, NOW))
    assert [one.slip for one in visitors.inside()[0]] == [2, 4]
    assert visitors.next_slip() == 5


def test_visitors_of_the_week_before_last_are_not_recalled_and_their_numbers_not_given_again(
    journal: Journal, tmp_path: Path
) -> None:
    visitors = Visitors()
    with journal:
        assert last_slip(tmp_path) == 0
        journal.append(visitor(9, Direction.ENTRY, staff=None, refers_to=None, personal=None, stamp=stamp(NOW)))
        journal.append(passage(NOW, Outcome.PASS))
        visitors.recall(recent(tmp_path, NOW + 50 * HOUR))
        visitors.number_after(last_slip(tmp_path))
    assert visitors.inside() == ((), 0)
    assert visitors.next_slip() == 10
