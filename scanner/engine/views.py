"""A lane and its person as the screens are shown them."""

from __future__ import annotations

from collections.abc import Mapping

from firmware_bridge.values import Light, LinkState, Measurement, Sample
from keys.verdict import Verdict
from scanner.config.model import SiteSection
from scanner.control.duty import ShiftView
from scanner.control.messages import (
    CredentialView,
    DegradationView,
    FactView,
    LaneView,
    ResultView,
    TemperatureView,
    UpdateView,
    View,
)
from scanner.control.people import WaitingCode
from scanner.engine.degradations import Degradation
from scanner.engine.party import Parties
from scanner.engine.person import Person
from scanner.engine.ports import Devices
from scanner.engine.tally import Tally
from scanner.engine.visitors import Visitors
from scanner.lane import State
from scanner.policy import Rules, Site
from scanner.policy_foreign import colour_of, failed_rule
from scanner.updates.keeper import UpdateState
from scanner.updates.report import UpdateReport
from scanner.values import Freshness, Outcome

MAX_FACTS = 6
"""Of a credential that says more, the first are shown."""
SHOWN = frozenset({State.PASSED, State.REFERRED, State.STOPPED, State.OVERRIDING, State.SEATED})
"""States in which a result is on the screen."""


_LIGHTS = {
    State.OUT_OF_SERVICE: Light.OUT_OF_SERVICE,
    State.MEASURING: Light.MEASURING,
    State.COOLING: Light.MEASURING,
    State.REMEASURING: Light.MEASURING,
    # The lamp tells a driver to go only when the whole vehicle may.
    State.SEATED: Light.MEASURING,
    State.RELEASING: Light.MEASURING,
    State.PASSED: Light.PASS,
    State.REFERRED: Light.REFER,
    State.STOPPED: Light.STOP,
}


def light_of(state: State) -> Light:
    """Return what the lamp at the gate shows in a state."""
    return _LIGHTS.get(state, Light.IDLE)


def lane_view(
    *,
    devices: Devices,
    rules: Rules,
    state: State,
    person: Person | None,
    hint: str | None,
    countdown_s: float | None,
    sample: Sample | None,
    present: bool,
    light: Light,
    links: Mapping[str, LinkState],
    tally: Tally,
    turn: int,
    waiting: tuple[WaitingCode, ...],
    parties: Parties,
    now: int,
) -> LaneView:
    """Return the lane's view at `now`, seconds since 1970 UTC."""
    age = devices.camera_age()
    return LaneView(
        name=devices.name,
        attended=devices.site.attended,
        state=state.value,
        light=light,
        result=result_view(person, devices.site, rules, countdown_s, now)
        if person is not None and state in SHOWN
        else None,
        turn=turn,
        hint=hint,
        object_centi=sample.object_centi if sample else None,
        ambient_centi=sample.ambient_centi if sample else None,
        present=present,
        limit_centi=rules.limit_centi,
        temperature_rule=rules.temperature[devices.site.kind],
        camera=links.get("camera"),
        reader=links.get("reader"),
        camera_fps=round(devices.camera_fps(), 1),
        camera_age_s=None if age is None else round(age, 1),
        thermometer=links["thermometer"],
        gate=links["gate"],
        last=tally.last,
        passed=tally.counts[Outcome.PASS],
        referred=tally.counts[Outcome.REFER],
        stopped=tally.counts[Outcome.STOP],
        offset=devices.offset(),
        waiting=waiting,
        party=parties.current.view() if parties.current is not None else None,
        aside=tuple(party.view() for party in parties.aside),
    )


def result_view(person: Person, site: Site, rules: Rules, countdown_s: float | None, now: int) -> ResultView:
    """Return what the screen shows of a decided person: only what the proof signed, the name masked."""
    verdict, form = person.verdict, person.form
    document = verdict.document if form is None else form.document
    return ResultView(
        seq=person.seq,
        at=person.at,
        outcome=person.decision.outcome,
        reasons=person.decision.reasons,
        guard=person.decision.guard,
        issuer=verdict.issuer,
        colour=colour_of(verdict, site, rules) if verdict.statement is not None else verdict.colour,
        colour_reason=verdict.colour_reason,
        colour_until=verdict.colour_until,
        name=verdict.name if form is None else form.name,
        document_type=document.type if document else None,
        document_tail=document.tail if document else None,
        carrier=verdict.carrier,
        expires_at=verdict.expires_at,
        days_left=verdict.days_left(now),
        temperature=temperature_view(person.measurement) if person.measurement else None,
        countdown_s=countdown_s,
        overridden=person.overridden,
        credential=credential_view(verdict, site, rules),
    )


def credential_view(verdict: Verdict, site: Site, rules: Rules) -> CredentialView | None:
    """Return what the screen shows of another issuer's credential; None for a health code of ours."""
    if verdict.statement is None or verdict.format is None:
        return None
    failed = failed_rule(verdict, site, rules)
    facts = tuple(
        FactView(kind=fact.kind, on=fact.on, dose=fact.dose, doses=fact.doses, positive=fact.positive)
        for fact in verdict.statement.facts[:MAX_FACTS]
    )
    return CredentialView(
        format=verdict.format,
        facts=facts,
        rule=None if failed is None else failed.identifier,
        rule_words=() if failed is None else tuple(failed.words.items()),
    )


def temperature_view(measurement: Measurement) -> TemperatureView:
    """Return a measurement as shown."""
    return TemperatureView(
        result_centi=measurement.result_centi,
        why_not=measurement.why_not,
        raw_centi=measurement.raw_centi,
        ambient_centi=measurement.ambient_centi,
        method=measurement.method,
    )


def engine_view(
    site: SiteSection,
    *,
    now: int,
    freshness: Freshness,
    entries: int,
    waiting: int,
    oldest_ms: int | None,
    degraded: tuple[Degradation, ...],
    lanes: tuple[LaneView, ...],
    update: UpdateView,
    shift: ShiftView | None,
    visitors: Visitors,
) -> View:
    """Return the whole engine's view at `now`; `waiting` entries are held by nobody else, the oldest of `oldest_ms`."""
    inside, visitors_inside = visitors.inside()
    return View(
        now=now,
        clock=freshness.clock,
        site=site.name,
        site_kind=site.kind,
        keys_age=freshness.keys_age,
        lists_age=freshness.lists_age,
        policy_age=freshness.policy_age,
        entries=entries,
        waiting=waiting,
        oldest_waiting=None if oldest_ms is None else oldest_ms // 1000,
        shift=shift,
        inside=inside,
        visitors_inside=visitors_inside,
        update=update,
        degraded=tuple(
            DegradationView(code=one.cause.value, lane=one.lane, detail=one.detail, since=one.since) for one in degraded
        ),
        lanes=lanes,
    )


def update_view(state: UpdateState, last: UpdateReport | None) -> UpdateView:
    """Return how the appliance is kept up to date; `last` is the newest report, None before the first."""
    return UpdateView(
        running=state.running,
        stick=state.stick,
        at=None if last is None else last.at,
        result=None if last is None else last.result.value,
        why="" if last is None else last.why,
    )
