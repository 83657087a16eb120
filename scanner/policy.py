"""What becomes of a person: (verdict, temperature, freshness, memory, site, rules) → decision. Pure.

Every circumstance that speaks against a plain pass is a reason; the rules' table turns each reason into an outcome
for this kind of site; the worst outcome wins. So one more reason never makes a decision milder.

Only the first fault of a code counts among the faults of its proof, but what is wrong with the appliance (its clock,
its lists) and with the temperature is said besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firmware_bridge.values import Measurement, Method, Unmeasurable
from keys.reasons import Reason
from keys.verdict import Colour, Verdict
from scanner.policy_foreign import foreign_reasons
from scanner.policy_rules import (
    EVERY_ISSUER,
    HOME_ISSUER,
    LooserError,
    OverrideNeed,
    PolicyError,
    Rules,
    Treatment,
    read_rules,
    tighten,
)
from scanner.values import (
    ClockTrust,
    Company,
    Decision,
    Direction,
    Freshness,
    GuardStep,
    Outcome,
    Recollection,
    Role,
    SiteKind,
    TemperatureRule,
)

__all__ = [
    "LooserError",
    "OverrideNeed",
    "PolicyError",
    "Rules",
    "Site",
    "decide",
    "is_high",
    "is_ignored",
    "judge",
    "judge_by_hand",
    "judge_code",
    "may_override",
    "read_rules",
    "temperature_rule",
    "tighten",
]

LOWEST_CENTI = 3500
HIGHEST_CENTI = 4200
"""A result outside is no person's temperature, whoever measured it."""

_COLOURS = {
    Colour.YELLOW: Reason.COLOUR_YELLOW,
    Colour.ORANGE: Reason.COLOUR_ORANGE,
    Colour.RED: Reason.COLOUR_RED,
    Colour.GREY: Reason.NOT_ACTIVATED,
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where a lane stands, and how it is run."""

    kind: SiteKind
    region: str
    """GB/T 2260 code of the place."""
    timezone: str
    """IANA name."""
    attended: bool
    direction: Direction
    home: str
    """The issuer this appliance belongs to."""


def judge_code(  # noqa: PLR0917 - as `judge`
    verdict: Verdict,
    freshness: Freshness,
    recollection: Recollection,
    site: Site,
    rules: Rules,
    company: Company = Company.NONE_EXPECTED,
) -> Decision:
    """Decide by everything but the temperature."""
    return decide(_code_reasons(verdict, freshness, recollection, site, rules, company), site, rules)


def judge(  # noqa: PLR0917 - everything a decision rests on, and nothing else
    verdict: Verdict,
    measurement: Measurement | None,
    thermometer_up: bool,
    freshness: Freshness,
    recollection: Recollection,
    site: Site,
    rules: Rules,
    company: Company = Company.NONE_EXPECTED,
) -> Decision:
    """Decide by everything.

    A high `measurement` counts as it is: the lane asks `is_high` first and measures a second time.
    """
    reasons = frozenset(_code_reasons(verdict, freshness, recollection, site, rules, company))
    rule = temperature_rule(decide(reasons, site, rules), site, rules)
    found = _temperature_reason(measurement, thermometer_up, rule, rules)
    return decide(reasons if found is None else reasons | {found}, site, rules)


def judge_by_hand(measurement: Measurement | None, thermometer_up: bool, site: Site, rules: Rules) -> Decision:
    """Decide about a person whom staff on shift register without a code: their word stands in for the proof.

    Where the rules stop such people, or nobody attends, so does this; a temperature counts as for everybody.
    """
    row = decide(frozenset({Reason.MANUAL_ENTRY}), site, rules)
    if row.outcome is Outcome.STOP:
        return row
    found = _temperature_reason(measurement, thermometer_up, rules.temperature[site.kind], rules)
    if found is None:
        return Decision(Outcome.PASS, (Reason.MANUAL_ENTRY,), GuardStep.NOTHING, rules.version)
    return decide(frozenset({found, Reason.MANUAL_ENTRY}), site, rules)


def decide(reasons: Iterator[Reason] | frozenset[Reason], site: Site, rules: Rules) -> Decision:
    """Combine reasons: the worst outcome wins, and the heaviest reason of that outcome says what staff must do."""
    treatments = {reason: _treatment(reason, site, rules) for reason in reasons}
    if not treatments:
        return Decision(Outcome.PASS, (), GuardStep.NOTHING, rules.version)
    ordered = sorted(treatments, key=lambda reason: (-treatments[reason].outcome, rules.weight.index(reason)))
    first = treatments[ordered[0]]
    return Decision(first.outcome, tuple(ordered), first.guard, rules.version)


def temperature_rule(decision_of_code: Decision, site: Site, rules: Rules) -> TemperatureRule:
    """Tell whether this passage needs a temperature, given what `judge_code` made of the code.

    Nobody who is stopped is kept waiting for one. Whoever is referred is measured where possible, and whatever the
    site's rule, a grey code is activated only with one.
    """
    if decision_of_code.outcome is Outcome.STOP:
        return TemperatureRule.OFF
    if decision_of_code.guard is GuardStep.ACTIVATE:
        return TemperatureRule.REQUIRED
    rule = rules.temperature[site.kind]
    if decision_of_code.outcome is Outcome.REFER and rule is TemperatureRule.REQUIRED:
        return TemperatureRule.RECORDED
    return rule


def is_high(measurement: Measurement | None, rules: Rules) -> bool:
    """Whether a temperature was taken and is at or above the limit."""
    return (
        measurement is not None
        and measurement.why_not is None
        and measurement.result_centi is not None
        and rules.limit_centi <= measurement.result_centi <= HIGHEST_CENTI
    )


def is_ignored(verdict: Verdict, site: Site, rules: Rules) -> bool:
    """Whether the lane treats this text as if nothing had been shown (and hints after a while)."""
    return verdict.reason is not None and rules.table[verdict.reason, site.kind].ignored


def may_override(decision: Decision, role: Role, rules: Rules) -> OverrideNeed:
    """Tell what it takes to admit a person against `decision` when `role` is on shift.

    Refusing somebody never takes more than the PIN of whoever is on shift.
    """
    if role is Role.SUPERVISOR:
        return OverrideNeed.PIN
    heavy = any(rules.overrides[reason] is Role.SUPERVISOR for reason in decision.reasons)
    return OverrideNeed.SUPERVISOR if heavy else OverrideNeed.PIN


def _treatment(reason: Reason, site: Site, rules: Rules) -> Treatment:
    """Look a reason up; where nobody attends, nobody can be referred to."""
    found = rules.table[reason, site.kind]
    if not site.attended and found.outcome is Outcome.REFER:
        return Treatment(Outcome.STOP, GuardStep.STAFFED_LANE)
    return found


def _code_reasons(  # noqa: PLR0917 - as `judge`
    verdict: Verdict, freshness: Freshness, recollection: Recollection, site: Site, rules: Rules, company: Company
) -> Iterator[Reason]:
    if freshness.clock is ClockTrust.UNTRUSTED:
        yield Reason.CLOCK_UNTRUSTED
    if _is_stale(freshness, rules):
        yield Reason.DATA_STALE
    if verdict.reason is not None:
        yield verdict.reason
    if verdict.statement is not None:
        yield from foreign_reasons(verdict, site, rules)
    # A code without a known status is otherwise proved: the colour it was issued with may still speak against it.
    elif verdict.valid or verdict.reason is Reason.STATUS_UNKNOWN:
        colour = colour_here(verdict, rules)
        activated = colour is Colour.GREY and recollection.activated
        if colour in _COLOURS and not activated:
            yield _COLOURS[colour]
        yield from _place_reasons(verdict, site, rules)
    if recollection.presentation_used:
        yield Reason.REPLAYED
    if recollection.passed_recently and site.direction is Direction.ENTRY:
        yield Reason.ALREADY_PASSED
    if company is Company.UNKNOWN:
        yield Reason.PARTY_INCOMPLETE


def colour_here(verdict: Verdict, rules: Rules) -> Colour | None:
    """Return what a code's colour counts as here: another region's by the local rule for it (mutual recognition)."""
    counts_as = rules.recognised.get(verdict.issuer or "")
    return verdict.colour if verdict.colour is None or counts_as is None else counts_as[verdict.colour]


def _place_reasons(verdict: Verdict, site: Site, rules: Rules) -> Iterator[Reason]:
    if verdict.region is not None and not site.region.startswith(verdict.region):
        yield Reason.OUT_OF_REGION
    if not _is_accepted(verdict, site, rules):
        yield Reason.NOT_ACCEPTED_HERE
    if verdict.presented_at is None and not _passes_as_copy(verdict, site, rules):
        yield Reason.STATIC_COPY


def _is_stale(freshness: Freshness, rules: Rules) -> bool:
    """Whether keys, lists or a published policy are missing, or keys or lists were published too long ago."""
    ages = (freshness.keys_age, freshness.lists_age)
    return not freshness.policy_known or any(age is None or age > rules.refer_after for age in ages)


def _is_accepted(verdict: Verdict, site: Site, rules: Rules) -> bool:
    if verdict.format not in rules.formats:
        return False
    names = rules.issuers
    return EVERY_ISSUER in names or verdict.issuer in names or (HOME_ISSUER in names and verdict.issuer == site.home)


def _passes_as_copy(verdict: Verdict, site: Site, rules: Rules) -> bool:
    """Tell whether a copyable code will do; one that does not say what carries it is the most doubtful."""
    accepted = rules.static[site.kind]
    if verdict.carrier is None:
        return len(accepted) == 3
    return verdict.carrier in accepted


def _temperature_reason(
    measurement: Measurement | None, thermometer_up: bool, rule: TemperatureRule, rules: Rules
) -> Reason | None:
    if rule is TemperatureRule.OFF:
        return None
    if is_high(measurement, rules):
        return Reason.TEMPERATURE_HIGH
    if rule is TemperatureRule.RECORDED or _is_normal(measurement, rules):
        return None
    absent = measurement.why_not is Unmeasurable.ABSENT if measurement is not None else not thermometer_up
    return Reason.THERMOMETER_ABSENT if absent else Reason.TEMPERATURE_UNMEASURABLE


def _is_normal(measurement: Measurement | None, rules: Rules) -> bool:
    return (
        measurement is not None
        and measurement.why_not is None
        and measurement.result_centi is not None
        and LOWEST_CENTI <= measurement.result_centi < rules.limit_centi
        and (measurement.method is not Method.MODULE_ESTIMATE or rules.accept_module_estimate)
    )
