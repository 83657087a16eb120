"""What became of each person, compared with the script; and what the whole run came to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from demo.people import Expected, Person
from demo.stage import FPS, Readable, Tally
from scanner.engine.report import PassageReport
from scanner.values import Outcome

FRAME_NS = 1_000_000_000 // FPS


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's turn."""

    person: Person
    passages: tuple[PassageReport, ...]
    latencies_ms: tuple[float | None, ...]
    """One a passage; None where it does not count: the temperature came after the code."""
    problems: tuple[str, ...]
    """What went otherwise than the script says; empty: as expected."""


@dataclass(frozen=True, slots=True)
class Latency:
    """From the first frame in which a code could be read to the log and the gate, milliseconds."""

    count: int
    p50: float | None
    p95: float | None
    worst: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a whole run came to."""

    decisions: int
    unexpected: int
    latency: Latency
    journal_verified: bool
    journal: str
    """What the verification said, in words."""
    frames: Tally | None

    @property
    def ok(self) -> bool:
        """Whether everything went as written."""
        return self.unexpected == 0 and self.journal_verified


def compare(person: Person, passages: Sequence[PassageReport]) -> tuple[str, ...]:
    """Tell how what was decided differs from the script."""
    decided = [Expected(passage.outcome, passage.reasons) for passage in passages if passage.override is None]
    problems = []
    if decided != list(person.expected):
        problems.append(f"expected {words(person.expected)}, got {words(decided)}")
    problems += [
        "let through without being in the log" for one in passages if one.outcome is Outcome.PASS and one.seq is None
    ]
    return tuple(problems)


def words(decided: Sequence[Expected]) -> str:
    """Return decisions as words."""
    return "; ".join(" ".join((one.outcome.name, *one.reasons)) for one in decided) or "no decision"


def latency_ms(passage: PassageReport, seen: Readable | None) -> float | None:
    """Return one passage's latency from time zero, None where the code never was within the limits.

    Time zero is the exposure of the first due frame within the limits, dropped or not. Where the decoder was better
    than the limits and read an earlier frame, it is that frame's, taken one frame too early rather than too late.
    """
    done = _effective_ns(passage)
    if seen is None or done is None:
        return None
    zero = seen.readable_ns
    if passage.frame_ns < zero:
        frames_early = math.ceil((zero - passage.frame_ns) / FRAME_NS) + 1
        zero = max(seen.appeared_ns, zero - frames_early * FRAME_NS)
    return (done - zero) / 1e6


def _effective_ns(passage: PassageReport) -> int | None:
    """Return when the passage was durable and, where the gate opens, its command had been issued."""
    if passage.committed_ns is None:
        return None
    return passage.committed_ns if passage.gate_ns is None else max(passage.committed_ns, passage.gate_ns)


def latency(turns: Sequence[Turn]) -> Latency:
    """Sum up the latencies that count, by nearest rank."""
    values = sorted(value for turn in turns for value in turn.latencies_ms if value is not None)
    if not values:
        return Latency(0, None, None, None)
    return Latency(len(values), _rank(values, 0.50), _rank(values, 0.95), values[-1])


def _rank(ordered: Sequence[float], share: float) -> float:
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)
