"""Whoever reads the reports of passages may be slow, or gone: no lane waits, and none dies of it."""

from __future__ import annotations

import threading

import pytest

from scanner.engine.report import MAX_WAITING, PassageReport, Reporter
from scanner.values import Outcome


def passage(seq: int) -> PassageReport:
    return PassageReport("main", seq, 0, Outcome.PASS, (), None, None, 0, 0, None, None)


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
