"""What happened at a lane as drafts of log entries: nothing in clear names a person, the rest is sealed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from firmware_bridge.gate import GateCommanded, GateConfirmed, GateEvent, GateFailed
from scanner.clock import ClockStep
from scanner.engine.degradations import Cause
from scanner.engine.person import Person
from scanner.journal.detail import (
    ClockDetail,
    EntryKind,
    FaultDetail,
    GateDetail,
    OverrideDetail,
    PassageDetail,
    RunDetail,
    StepCause,
    Updated,
    UpdateDetail,
)
from scanner.journal.entry import EntryDraft, Evidence, Temperature
from scanner.journal.personal import Personal
from scanner.journal.shape import loggable, spoken
from scanner.policy import Rules, Site
from scanner.updates.report import UpdateReport
from scanner.values import ClockTrust, Outcome


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where and when an entry is made."""

    time_ms: int
    """Milliseconds since 1970 UTC."""
    clock: ClockTrust
    lane: str
    """Empty: the whole appliance."""


def passage(person: Person, site: Site, rules: Rules, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a decided passage; the latency is from the frame to this moment."""
    verdict, decision = person.verdict, person.decision
    status = verdict.status
    known = verdict.identity is not None
    return EntryDraft(
        kind=EntryKind.PASSAGE,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        outcome=decision.outcome,
        reasons=decision.reasons,
        issuer=loggable(verdict.issuer),
        colour=verdict.colour,
        temperature=Temperature.of(person.measurement) if person.measurement is not None else None,
        evidence=Evidence(
            code_kid=verdict.kid,
            list_uri=status.uri if status else None,
            list_iat=status.issued_at if status else None,
            list_value=status.value if status else None,
            policy_version=rules.version,
        ),
        latency_ms=max(0, round((time.monotonic() - person.seen.frame_at) * 1000)),
        refers_to=person.seq,
        detail=PassageDetail(
            direction=site.direction,
            guard=decision.guard,
            format=verdict.format,
            carrier=verdict.carrier,
            colour_reason=verdict.colour_reason,
            code_issued_at=verdict.issued_at,
        ),
        personal=Personal(identity=verdict.identity, name=verdict.name, document=verdict.document) if known else None,
    )


def override(
    person: Person, *, admit: bool, staff: str, supervisor: str | None, cause: str, stamp: Stamp
) -> EntryDraft:
    """Draft the entry of staff's word against a decision."""
    verdict = person.verdict
    known = verdict.identity is not None
    return EntryDraft(
        kind=EntryKind.OVERRIDE,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        staff=staff,
        outcome=Outcome.PASS if admit else Outcome.STOP,
        reasons=person.decision.reasons,
        issuer=loggable(verdict.issuer),
        colour=verdict.colour,
        temperature=Temperature.of(person.measurement) if person.measurement is not None else None,
        refers_to=person.seq,
        detail=OverrideDetail(admit=admit, cause=cause, supervisor=supervisor),
        personal=Personal(identity=verdict.identity, name=verdict.name, document=verdict.document) if known else None,
    )


NOT_CONFIRMABLE = "not_confirmable"
"""Why an opening is not confirmed where the gate hangs on a relay that never answers."""


def gate(event: GateEvent, stamp: Stamp) -> EntryDraft:
    """Draft the entry of what became of an order to open."""
    match event:
        case GateConfirmed():
            detail = GateDetail(confirmed=True)
        case GateCommanded():
            detail = GateDetail(confirmed=False, why_not=NOT_CONFIRMABLE)
        case GateFailed():
            detail = GateDetail(confirmed=False, why_not=event.why.value)
    return EntryDraft(
        kind=EntryKind.GATE,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        latency_ms=None if isinstance(event, GateFailed) else round(event.latency_ms),
        refers_to=event.token,
        detail=detail,
    )


def gate_held(seq: int, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a gate that stayed shut because the log answered too late."""
    return EntryDraft(
        kind=EntryKind.GATE,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        refers_to=seq,
        detail=GateDetail(confirmed=False, why_not="commit_too_late"),
    )


def fault(cause: Cause, *, began: bool, stamp: Stamp) -> EntryDraft:
    """Draft the entry of something that is degraded, or whole again."""
    return EntryDraft(
        kind=EntryKind.FAULT,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        detail=FaultDetail(code=cause.value, began=began),
    )


def pause(paused: bool, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a lane taken out of service, or back."""
    return EntryDraft(
        kind=EntryKind.FAULT,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        detail=FaultDetail(code="lane_paused", began=paused),
    )


def run(*, started: bool, stamp: Stamp) -> EntryDraft:
    """Draft the entry of the engine's start or stop."""
    return EntryDraft(
        kind=EntryKind.RUN, time_ms=stamp.time_ms, clock=stamp.clock, lane="", detail=RunDetail(started=started)
    )


def clock_step(step: ClockStep, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a jump of the clock."""
    return EntryDraft(
        kind=EntryKind.CLOCK_STEP,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane="",
        detail=ClockDetail(step_ms=step.by_ms, cause=StepCause.DETECTED),
    )


def time_confirmed(supervisor: str, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a supervisor's word that the time shown is right."""
    return EntryDraft(
        kind=EntryKind.CLOCK_STEP,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        staff=supervisor,
        detail=ClockDetail(step_ms=0, cause=StepCause.CONFIRMED),
    )


def time_moved(by_ms: int, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a clock that was behind a time its home authority signed, and was moved ahead to it."""
    return EntryDraft(
        kind=EntryKind.CLOCK_STEP,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        detail=ClockDetail(step_ms=by_ms, cause=StepCause.FLOOR),
    )


def list_taken_in(issuer: str, uri: str, issued_at: int, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a newer status list that came into force."""
    return EntryDraft(
        kind=EntryKind.UPDATE,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane="",
        issuer=loggable(issuer),
        detail=UpdateDetail(what=Updated.LISTS, version=str(issued_at), uri=loggable(uri), issued_at=issued_at),
    )


def update(report: UpdateReport, home: str, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a publication that was taken in, or refused as a whole or in part."""
    return EntryDraft(
        kind=EntryKind.UPDATE,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane="",
        issuer=loggable(home),
        detail=UpdateDetail(
            what=Updated.REPOSITORY,
            version=loggable(report.generation) or "none",
            issued_at=report.signed_time,
            refused=report.cause,
            why=spoken(report.why) if report.why else None,
            source=spoken(report.source),
        ),
    )
