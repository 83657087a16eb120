"""Whoever reads the reports of passages may be slow, or gone: no lane waits, and none dies of it."""

from __future__ import annotations

import threading

import pytest

from keys.reasons import Reason
from keys.verdict import Colour
from scanner.engine.report import MAX_WAITING, PassageReport, Reporter
from scanner.values import Outcome


def passage(seq: int) -> PassageReport:
    return PassageReport("main", seq, 0, Outcome.PASS, (), None, None, 0, 0, None, None)


@pytest.mark.parametrize(
    "report",
    [
        PassageReport("main", 7, 1_790_000_000, Outcome.PASS, (), Colour.GREEN, 3650, 10, 20, 30, 40),
        PassageReport("east", 8, 1_790_000_000, Outcome.STOP, (Reason.REVOKED,), None, None, 10, 20, 30, None),
        PassageReport(
            "east", None, 0, Outcome.REFER, (Reason.EXPIRED, Reason.LOG_UNAVAILABLE), None, None, 1, 2, None, None
        ),
        PassageReport("main", 9, 0, Outcome.PASS, (), None, None, 1, 2, 3, 4, override=Reason.OVERRIDE_ADMIT),
    ],
)
def test_a_report_reads_as_it_was_written(report: PassageReport) -> None:
    assert PassageReport.from_json(report.to_json()) == report


@pytest.mark.parametrize(
    "line",
    [
        "12:00:01  main  ✓ pass",
        "{}",
        passage(1).to_json().replace('"pass"', '"perhaps"'),
        passage(1).to_json().replace('"reasons": []', '"reasons": ["NO_SUCH_REASON"]'),
    ],
)
def test_a_line_that_is_no_report_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="PassageReport"):
        PassageReport.from_json(line)


def test_reports_are_told_in_order_and_all_before_the_end() -> None:
    told: list[int | None] = []
    reporter = Reporter(lambda report: told.append(report.seq))
    reporter.start()
    for seq in range(50):
        reporter.report(passage(seq))
    reporter.stop()
    assert told == list(range(50))


def test_a_reader_who_takes_nothing_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    go_on = threading.Event()

    def tell(report: PassageReport) -> None:
        go_on.wait(30)

    reporter = Reporter(tell)
    reporter.start()

    def lane() -> None:
        for seq in range(MAX_WAITING + 10):
            reporter.report(passage(seq))

    reporting = threading.Thread(target=lane, daemon=True)
    reporting.start()
    reporting.join(timeout=10)
    was_held_up = reporting.is_alive()
    go_on.set()
    assert not was_held_up
    assert "left out" in caplog.text


def test_a_reader_who_has_gone_is_said_once_and_kills_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    told: list[int | None] = []

    def tell(report: PassageReport) -> None:
        if report.seq in {1, 2}:
            raise BrokenPipeError("the reader has gone")
        told.append(report.seq)

    reporter = Reporter(tell)
    reporter.start()
    for seq in range(4):
        reporter.report(passage(seq))
    reporter.stop()
    assert told == [0, 3]
    assert caplog.text.count("the reader has gone") == 1
