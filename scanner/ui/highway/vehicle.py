"""What is known of a vehicle: who passed, who is missing, who fails and why, and what it came to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from keys.reasons import Reason
from scanner.control.messages import LaneView
from scanner.control.people import PartyView, SeatView
from scanner.values import GuardStep, Outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """Why an occupant does not pass, and what to do."""

    reasons: tuple[Reason, ...]
    guard: GuardStep | None = None
    """None: only the list of last passages still says why, and it names no steps."""


Findings = Mapping[int, Finding]
"""By the number of the journal entry. Codes and numbers: nothing that names anybody."""
NOTHING_FOUND: Findings = MappingProxyType({})


def missing(party: PartyView) -> int:
    """Return how many people have not been checked."""
    return max(0, party.people - len(party.seats))


def failing(party: PartyView) -> tuple[SeatView, ...]:
    """Return the seats that hold the vehicle up, gravest first."""
    held = (seat for seat in party.seats if seat.outcome is not Outcome.PASS)
    return tuple(sorted(held, key=lambda seat: (-seat.outcome, seat.seat)))


def outcome(party: PartyView) -> Outcome | None:
    """Return what the vehicle comes to; None while somebody is missing, and while its release is being recorded."""
    if party.released:
        return Outcome.PASS
    worst = max((seat.outcome for seat in party.seats), default=Outcome.PASS)
    return None if missing(party) or worst is Outcome.PASS else worst


def note(findings: Findings, lane: LaneView | None) -> Findings:
    """Return what is known of why occupants fail, with what `lane` shows now; forgets vehicles that have gone."""
    if lane is None:
        return NOTHING_FOUND
    parties = [*lane.aside, *([lane.party] if lane.party is not None else [])]
    wanted = {seat.seq for party in parties for seat in failing(party) if seat.seq is not None}
    found = {seq: finding for seq, finding in findings.items() if seq in wanted}
    for passage in lane.last:
        if passage.seq in wanted and passage.seq not in found:
            found[passage.seq] = Finding(passage.reasons)
    result = lane.result
    if result is not None and result.seq in wanted and result.seq is not None:
        found[result.seq] = Finding(result.reasons, result.guard)
    return MappingProxyType(found)


def ordered(party: PartyView) -> tuple[SeatView | None, ...]:
    """Return every seat of the vehicle; None stands for somebody who has not been checked."""
    return (*party.seats, *([None] * missing(party)))
