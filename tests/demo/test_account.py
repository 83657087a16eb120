"""Comparing with the script, and the latency figure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from demo import account
from demo.account import FRAME_NS, Turn
from demo.people import SCRIPT, Act
from demo.stage import Readable
from keys.reasons import Reason
from keys.verdict import Colour
from scanner.engine.report import PassageReport
from scanner.values import Outcome

GREEN, YELLOW = SCRIPT[0], SCRIPT[1]
S = 1_000_000_000
SEEN = Readable("1/green", 0, appeared_ns=10 * S, readable_ns=10 * S + 5 * FRAME_NS)


def passage(outcome: Outcome = Outcome.PASS, *reasons: Reason) -> PassageReport:
    return PassageReport(
        lane="main",
        seq=4,
        at=1_790_000_000,
        outcome=outcome,
        reasons=reasons,
        colour=Colour.GREEN,
        temperature_centi=3650,
        frame_ns=SEEN.readable_ns + 20_000_000,
        ready_ns=SEEN.readable_ns + 30_000_000,
        committed_ns=SEEN.readable_ns + 40_000_000,
        gate_ns=SEEN.readable_ns + 41_000_000,
    )


def test_what_was_written_is_as_expected() -> None:
    assert account.compare(GREEN, [passage()]) == ()
    assert account.compare(YELLOW, [passage(Outcome.PASS, Reason.COLOUR_YELLOW)]) == ()


@pytest.mark.parametrize(
    "decided",
    [
        [],
        [passage(Outcome.REFER, Reason.EXPIRED)],
        [passage(Outcome.PASS, Reason.COLOUR_YELLOW)],
        [passage(), passage()],
    ],
    ids=["nothing", "another outcome", "another reason", "twice"],
)
def test_anything_else_is_a_problem_in_words(decided: list[PassageReport]) -> None:
    (problem,) = account.compare(GREEN, decided)
    assert problem.startswith("expected PASS, got ")


def test_the_order_of_reasons_counts() -> None:
    replayed = next(person for person in SCRIPT if person.key == "replayed")
    assert account.compare(replayed, [passage(Outcome.REFER, Reason.REPLAYED, Reason.ALREADY_PASSED)]) == ()
    assert account.compare(replayed, [passage(Outcome.REFER, Reason.ALREADY_PASSED, Reason.REPLAYED)])


def test_a_decision_about_a_poster_is_a_problem() -> None:
    poster = next(person for person in SCRIPT if person.act is Act.POSTER)
    assert account.compare(poster, []) == ()
    assert account.compare(poster, [passage()])


def test_a_pass_that_is_not_in_the_log_is_a_problem() -> None:
    assert account.compare(GREEN, [replace(passage(), seq=None)])


def test_latency_runs_from_the_first_readable_frame_to_log_and_gate_whichever_is_later() -> None:
    assert account.latency_ms(passage(), SEEN) == pytest.approx(41.0)
    late_log = replace(passage(), committed_ns=SEEN.readable_ns + 90_000_000)
    assert account.latency_ms(late_log, SEEN) == pytest.approx(90.0)


def test_frames_that_were_not_read_do_not_shorten_it() -> None:
    late = replace(passage(), frame_ns=SEEN.readable_ns + S, gate_ns=SEEN.readable_ns + S + 30_000_000)
    assert account.latency_ms(late, SEEN) == pytest.approx(1030.0)


def test_a_code_read_before_the_limits_counts_from_a_frame_that_is_no_later_than_the_one_read() -> None:
    captured = SEEN.readable_ns - 2 * FRAME_NS + 15_000_000
    early = replace(passage(), frame_ns=captured, gate_ns=captured + 20_000_000, committed_ns=captured + 19_000_000)
    value = account.latency_ms(early, SEEN)
    assert value is not None
    frame_read_at = SEEN.readable_ns - 2 * FRAME_NS
    assert value >= (early.gate_ns or 0) / 1e6 - frame_read_at / 1e6
    assert value <= 20 + 2 * FRAME_NS / 1e6


def test_it_never_counts_from_before_the_code_was_in_the_picture() -> None:
    early = replace(passage(), frame_ns=SEEN.appeared_ns, gate_ns=SEEN.appeared_ns + 5_000_000, committed_ns=1)
    assert account.latency_ms(early, SEEN) == pytest.approx(5.0)


def test_nothing_counts_that_was_not_logged_or_never_readable() -> None:
    assert account.latency_ms(replace(passage(), committed_ns=None), SEEN) is None
    assert account.latency_ms(passage(), None) is None


def test_percentiles_are_values_that_occurred() -> None:
    turns = [Turn(GREEN, (passage(),), (float(value), None), ()) for value in range(1, 21)]
    summed = account.latency(turns)
    assert (summed.count, summed.p50, summed.p95, summed.worst) == (20, 10.0, 19.0, 20.0)
    assert account.latency([]).p95 is None
