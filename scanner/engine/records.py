"""What happened to the appliance and its devices, as drafts of log entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from firmware_bridge.gate import GateCommanded, GateConfirmed, GateEvent, GateFailed
from scanner.clock import ClockStep
from scanner.engine.degradations import Cause
from scanner.journal.database import Erasure
from scanner.journal.detail import (
    ClockDetail,
    EntryKind,
    Erased,
    ErasureDetail,
    ExportDetail,
    ExportTarget,
    FaultDetail,
    GateDetail,
    RunDetail,
    StepCause,
    Updated,
    UpdateDetail,
)
from scanner.journal.entry import EntryDraft
from scanner.journal.shape import loggable, spoken
from scanner.sync.inbox import LeftExport
from scanner.updates.report import UpdateReport
from scanner.values import ClockTrust


class When(TypedDict):
    """The fields of a draft that a `Stamp` fills in."""

    time_ms: int
    clock: ClockTrust
    lane: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where and when an entry is made."""

    time_ms: int
    """Milliseconds since 1970 UTC."""
    clock: ClockTrust
    lane: str
    """Empty: the whole appliance."""

    @property
    def when(self) -> When:
        """Return it as fields of a draft."""
        return {"time_ms": self.time_ms, "clock": self.clock, "lane": self.lane}


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
        **stamp.when,
        latency_ms=None if isinstance(event, GateFailed) else round(event.latency_ms),
        refers_to=event.token,
        detail=detail,
    )


def gate_held(seq: int, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a gate that stayed shut because the log answered too late."""
    return EntryDraft(
        kind=EntryKind.GATE,
        **stamp.when,
        refers_to=seq,
        detail=GateDetail(confirmed=False, why_not="commit_too_late"),
    )


def fault(cause: Cause, *, began: bool, stamp: Stamp, folded: int = 0) -> EntryDraft:
    """Draft the entry of something that is degraded, or whole again; `folded`: began so often without an entry."""
    return EntryDraft(
        kind=EntryKind.FAULT,
        **stamp.when,
        detail=FaultDetail(code=cause.value, began=began, folded=folded or None),
    )


def pause(paused: bool, staff: str | None, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a lane taken out of service, or back."""
    return EntryDraft(
        kind=EntryKind.FAULT,
        **stamp.when,
        staff=staff,
        detail=FaultDetail(code="lane_paused", began=paused),
    )


def run(*, started: bool, stamp: Stamp) -> EntryDraft:
    """Draft the entry of the engine's start or stop."""
    return EntryDraft(kind=EntryKind.RUN, **stamp.when, detail=RunDetail(started=started))


def clock_step(step: ClockStep, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a jump of the clock."""
    return EntryDraft(
        kind=EntryKind.CLOCK_STEP,
        **stamp.when,
        detail=ClockDetail(step_ms=step.by_ms, cause=StepCause.DETECTED),
    )


def time_confirmed(supervisor: str, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a supervisor's word that the time shown is right."""
    return EntryDraft(
        kind=EntryKind.CLOCK_STEP,
        **stamp.when,
        staff=supervisor,
        detail=ClockDetail(step_ms=0, cause=StepCause.CONFIRMED),
    )


def time_moved(by_ms: int, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a clock that was behind a time its home authority signed, and was moved ahead to it."""
    return EntryDraft(
        kind=EntryKind.CLOCK_STEP,
        **stamp.when,
        detail=ClockDetail(step_ms=by_ms, cause=StepCause.FLOOR),
    )


def list_taken_in(issuer: str, uri: str, issued_at: int, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a newer status list that came into force."""
    return EntryDraft(
        kind=EntryKind.UPDATE,
        **stamp.when,
        issuer=loggable(issuer),
        detail=UpdateDetail(what=Updated.LISTS, version=str(issued_at), uri=loggable(uri), issued_at=issued_at),
    )


def erased(line: Erasure, stamp: Stamp) -> EntryDraft:
    """Draft the entry of what retention has erased."""
    return EntryDraft(
        kind=EntryKind.ERASURE,
        **stamp.when,
        detail=ErasureDetail(what=Erased(line.what), start=line.start, stop=line.stop, count=line.count),
    )


def retiring(stamp: Stamp) -> EntryDraft:
    """Draft the entry of an order to retire that is being carried out: the lanes are closed from here on."""
    return EntryDraft(
        kind=EntryKind.RUN,
        **stamp.when,
        detail=RunDetail(started=False, cause="retired"),
    )


def emptied(count: int, stamp: Stamp) -> EntryDraft:
    """Draft a retired appliance's last entry: everything before it is erased here."""
    return EntryDraft(
        kind=EntryKind.ERASURE,
        **stamp.when,
        detail=ErasureDetail(what=Erased.EVERYTHING, start=0, stop=count, count=count),
    )


def exported(left: LeftExport, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a part of the log that was written to a stick."""
    return EntryDraft(
        kind=EntryKind.EXPORT,
        **stamp.when,
        detail=ExportDetail(start=left.start, stop=left.stop, target=ExportTarget.STICK),
    )


def update(report: UpdateReport, home: str, stamp: Stamp) -> EntryDraft:
    """Draft the entry of a publication that was taken in, or refused as a whole or in part."""
    return EntryDraft(
        kind=EntryKind.UPDATE,
        **stamp.when,
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
