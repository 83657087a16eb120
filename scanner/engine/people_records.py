"""What becomes of people and vehicles, and what staff do, as drafts of log entries: what names anybody is sealed."""

from __future__ import annotations

import time

from keys.key_id import KEY_ID_BYTES
from keys.reasons import Reason
from keys.verdict import DocumentType
from scanner.engine.by_hand import Form
from scanner.engine.party import Party
from scanner.engine.person import Person
from scanner.engine.records import Stamp
from scanner.journal.detail import (
    ActionDetail,
    ActivationDetail,
    EntryKind,
    ManualDetail,
    OverrideDetail,
    PartyDetail,
    PartyPhase,
    PassageDetail,
    ShiftDetail,
    StaffAction,
)
from scanner.journal.entry import EntryDraft, Evidence, Temperature
from scanner.journal.personal import Personal
from scanner.journal.shape import loggable
from scanner.policy import Rules, Site
from scanner.values import Direction, Outcome


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
        **stamp.when,
        staff=person.staff,
        outcome=decision.outcome,
        reasons=decision.reasons,
        issuer=loggable(verdict.issuer),
        colour=verdict.colour,
        temperature=Temperature.of(person.measurement) if person.measurement is not None else None,
        party=party,
        evidence=Evidence(
            code_kid=_loggable_kid(verdict.kid),
            list_uri=loggable(status.uri) if status else None,
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
            first_raw=_first_raw(person),
        ),
        personal=_personal(person),
    )


def _first_raw(person: Person) -> int | None:
    """Return what was read before the measurement that counts, where there were two."""
    first = person.first_high
    return None if first is None or first is person.measurement else first.raw_centi


def _registered(  # noqa: PLR0917 - as `passage`
    person: Person, form: Form, site: Site, rules: Rules, stamp: Stamp, party: int | None
) -> EntryDraft:
    return EntryDraft(
        kind=EntryKind.MANUAL_ENTRY,
        **stamp.when,
        staff=person.staff,
        outcome=person.decision.outcome,
        reasons=person.decision.reasons,
        temperature=Temperature.of(person.measurement) if person.measurement is not None else None,
        party=party,
        evidence=Evidence(None, None, None, None, rules.version),
        refers_to=person.seq,
        detail=ManualDetail(direction=site.direction, slip=form.slip),
        personal=form.personal(),
    )


def abandoned(person: Person, form: Form, site: Site, stamp: Stamp) -> EntryDraft:
    """Draft the entry of somebody whom staff registered and the lane let go of undecided: no slip was given out."""
    return EntryDraft(
        kind=EntryKind.MANUAL_ENTRY,
        **stamp.when,
        staff=person.staff,
        detail=ManualDetail(direction=site.direction, cause="abandoned"),
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
        **stamp.when,
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
        **stamp.when,
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
        **stamp.when,
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
        **stamp.when,
        staff=staff,
        refers_to=refers_to,
        detail=ActionDetail(action=what),
    )


def shift(staff: str, *, began: bool, stamp: Stamp) -> EntryDraft:
    """Draft the entry of somebody coming on shift, or leaving."""
    return EntryDraft(
        kind=EntryKind.SHIFT,
        **stamp.when,
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
        **stamp.when,
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


def _loggable_kid(kid: bytes | None) -> bytes | None:
    """Return the eight bytes by which the log names a key: a longer name's first ones, of a shorter one nothing."""
    return None if kid is None or len(kid) < KEY_ID_BYTES else kid[:KEY_ID_BYTES]
