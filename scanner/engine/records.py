"""What happened at a lane as drafts of log entries: nothing in clear names a person, the rest is sealed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from firmware_bridge.gate import GateCommanded, GateConfirmed, GateEvent, GateFailed
from keys.reasons import Reason
from keys.verdict import DocumentType
from scanner.clock import ClockStep
from scanner.engine.by_hand import Form
from scanner.engine.degradations import Cause
from scanner.engine.party import Party
from scanner.engine.person import Person
from scanner.journal.detail import (
    ActionDetail,
    ActivationDetail,
    ClockDetail,
    EntryKind,
    FaultDetail,
    GateDetail,
    ManualDetail,
    OverrideDetail,
    PartyDetail,
    PartyPhase,
    PassageDetail,
    RunDetail,
    ShiftDetail,
    StaffAction,
    StepCause,
    Updated,
    UpdateDetail,
)
from scanner.journal.entry import EntryDraft, Evidence, Temperature
from scanner.journal.personal import Personal
from scanner.journal.shape import loggable, spoken
from scanner.policy import Rules, Site
from scanner.updates.report import UpdateReport
from scanner.values import ClockTrust, Direction, Outcome


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where and when an entry is made."""

    time_ms: int
    """Milliseconds since 1970 UTC."""
    clock: ClockTrust
    lane: str
    """Empty: the whole appliance."""


def passage(person: Person, site: Site, rules: Rules, stamp: Stamp, party: int | None = None) -> EntryDraft:
    """Draft the entry of a decided passage; the latency is from the frame to this moment.

    `party`: number of the vehicle whose occupant the person is.
    """
    if person.form is not None:
        return _registered(person, person.form, site, rules, stamp, party)
    verdict, decision = person.verdict, person.decision
    status = verdict.status
    return EntryDraft(
        kind=EntryKind.PASSAGE,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        staff=person.staff,
        outcome=decision.outcome,
        reasons=decision.reasons,
        issuer=loggable(verdict.issuer),
        colour=verdict.colour,
        temperature=Temperature.of(person.measurement) if person.measurement is not None else None,
        party=party,
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
        personal=_personal(person),
    )


def _registered(  # noqa: PLR0917 - as `passage`
    person: Person, form: Form, site: Site, rules: Rules, stamp: Stamp, party: int | None
) -> EntryDraft:
    return EntryDraft(
        kind=EntryKind.MANUAL_ENTRY,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        staff=form.staff,
        outcome=person.decision.outcome,
        reasons=person.decision.reasons,
        temperature=Temperature.of(person.measurement) if person.measurement is not None else None,
        party=party,
        evidence=Evidence(None, None, None, None, rules.version),
        refers_to=person.seq,
        detail=ManualDetail(direction=site.direction, slip=form.slip),
        personal=form.personal(),
    )


def visitor(
    slip: int,
    direction: Direction,
    *,
    staff: str | None,
    refers_to: int | None,
    personal: Personal | None,
    stamp: Stamp,
) -> EntryDraft:
    """Draft the entry of a visitor who has just passed with a code, or who leaves."""
    return EntryDraft(
        kind=EntryKind.MANUAL_ENTRY,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        staff=staff,
        refers_to=refers_to,
        detail=ManualDetail(direction=direction, cause="visitor", slip=slip),
        personal=personal,
    )


def activation(person: Person, *, staff: str, document: DocumentType, party: int | None, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a grey code that staff activate."""
    verdict = person.verdict
    return EntryDraft(
        kind=EntryKind.ACTIVATION,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        staff=staff,
        outcome=Outcome.PASS,
        reasons=person.decision.reasons,
        issuer=loggable(verdict.issuer),
        colour=verdict.colour,
        temperature=Temperature.of(person.measurement) if person.measurement is not None else None,
        party=party,
        refers_to=person.seq,
        detail=ActivationDetail(document=document),
        personal=Personal(identity=verdict.identity, name=verdict.name, document=verdict.document),
    )


def party(phase: PartyPhase, found: Party, *, staff: str | None, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a vehicle whose check goes on, ends, or pauses; its plate is sealed."""
    ends = {PartyPhase.COMPLETE: Outcome.PASS, PartyPhase.ABANDONED: max(found.outcome, Outcome.REFER)}
    return EntryDraft(
        kind=EntryKind.PARTY,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        staff=staff,
        outcome=ends.get(phase),
        reasons=(Reason.PARTY_INCOMPLETE,) if phase is PartyPhase.ABANDONED and found.missing else (),
        party=found.number if phase is not PartyPhase.BEGAN else None,
        detail=PartyDetail(phase=phase, people=found.people),
        personal=Personal(plate=found.plate),
    )


def action(what: StaffAction, *, staff: str | None, refers_to: int | None, stamp: Stamp) -> EntryDraft:
    """Draft the entry of something staff did that decides nothing about anybody."""
    return EntryDraft(
        kind=EntryKind.ACTION,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        staff=staff,
        refers_to=refers_to,
        detail=ActionDetail(action=what),
    )


def shift(staff: str, *, began: bool, stamp: Stamp) -> EntryDraft:
    """Draft the entry of somebody coming on shift, or leaving."""
    return EntryDraft(
        kind=EntryKind.SHIFT,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        staff=staff,
        detail=ShiftDetail(began=began),
    )


def override(
    person: Person,
    *,
    admit: bool,
    staff: str,
    supervisor: str | None,
    cause: str,
    stamp: Stamp,
    party: int | None = None,
) -> EntryDraft:
    """Draft the entry of staff's word against a decision."""
    verdict = person.verdict
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
        party=party,
        detail=OverrideDetail(admit=admit, cause=cause, supervisor=supervisor),
        personal=_personal(person),
    )


def _personal(person: Person) -> Personal | None:
    verdict = person.verdict
    if person.form is not None:
        return person.form.personal()
    if verdict.identity is None:
        return None
    return Personal(identity=verdict.identity, name=verdict.name, document=verdict.document)


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


def pause(paused: bool, staff: str | None, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a lane taken out of service, or back."""
    return EntryDraft(
        kind=EntryKind.FAULT,
        time_ms=stamp.time_ms,
        clock=stamp.clock,
        lane=stamp.lane,
        staff=staff,
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
