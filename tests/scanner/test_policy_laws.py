"""Laws of policy that hold whatever the circumstances."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.values import Measurement, Method, Unmeasurable
from keys.reasons import Reason, ReasonKind
from keys.verdict import Carrier, CodeFormat, Colour, Verdict
from scanner.policy import OverrideNeed, Rules, Site, decide, judge, judge_code, may_override, read_rules
from scanner.policy_model import JUDGED
from scanner.policy_source import default_policy
from scanner.values import (
    ClockTrust,
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

RULES = read_rules(default_policy(), "default")
PASS = Outcome.PASS
TABLE = sorted(JUDGED)


def with_rule(rule: TemperatureRule) -> Rules:
    return replace(RULES, temperature=dict.fromkeys(SiteKind, rule))


def measured(centi: int | None, why: Unmeasurable | None, method: Method) -> Measurement:
    return Measurement(centi, why, centi, 2480, 0, 0, 5, method, "thermometer", 10.0, 1)


def outcome(decision: Decision) -> tuple[Outcome, GuardStep]:
    return decision.outcome, decision.guard


REASONS = st.frozensets(st.sampled_from(TABLE), max_size=6)
SITES = st.builds(
    Site,
    st.sampled_from(SiteKind),
    st.just("330110"),
    st.just("Asia/Shanghai"),
    st.booleans(),
    st.sampled_from(Direction),
    st.just("CN-33"),
)
RULE_SETS = st.sampled_from([RULES, with_rule(TemperatureRule.RECORDED), with_rule(TemperatureRule.OFF)])
AGES = st.none() | st.integers(0, 400_000)
FRESHNESS = st.builds(Freshness, AGES, AGES, AGES, st.sampled_from(ClockTrust))
RECOLLECTIONS = st.builds(Recollection, st.booleans(), st.booleans())
PROOF = [reason for reason in Reason if reason.kind is ReasonKind.PROOF]
VERDICTS = st.builds(
    Verdict(None)._replace,  # what is not said is absent, not guessed
    reason=st.none() | st.sampled_from(PROOF),
    format=st.sampled_from(CodeFormat),
    issuer=st.sampled_from(["CN-33", "CN-31"]),
    colour=st.none() | st.sampled_from(Colour),
    carrier=st.none() | st.sampled_from(Carrier),
    region=st.sampled_from([None, "33", "31"]),
    presented_at=st.none() | st.just(1),
)
MEASUREMENTS = st.none() | st.builds(
    measured, st.none() | st.integers(2500, 4500), st.none() | st.sampled_from(Unmeasurable), st.sampled_from(Method)
)


@given(REASONS, st.sampled_from(TABLE), SITES)
def test_one_more_reason_never_makes_a_decision_milder(reasons: frozenset[Reason], more: Reason, where: Site) -> None:
    assert decide(reasons | {more}, where, RULES).outcome >= decide(reasons, where, RULES).outcome


@given(REASONS, SITES)
def test_no_reason_is_lost_and_the_first_one_gives_the_outcome(reasons: frozenset[Reason], where: Site) -> None:
    decision = decide(reasons, where, RULES)
    assert frozenset(decision.reasons) == reasons
    assert len(decision.reasons) == len(reasons)
    if reasons:
        assert outcome(decision) == outcome(decide(frozenset(decision.reasons[:1]), where, RULES))


@given(REASONS, SITES, st.sampled_from(TABLE))
def test_one_more_reason_never_makes_an_override_easier(reasons: frozenset[Reason], where: Site, more: Reason) -> None:
    if may_override(decide(reasons, where, RULES), Role.GUARD, RULES) is OverrideNeed.SUPERVISOR:
        assert may_override(decide(reasons | {more}, where, RULES), Role.GUARD, RULES) is OverrideNeed.SUPERVISOR


@given(VERDICTS, MEASUREMENTS, st.booleans(), FRESHNESS, RECOLLECTIONS, SITES, RULE_SETS)
def test_no_invalid_code_passes(
    verdict: Verdict,
    measurement: Measurement | None,
    up: bool,
    freshness: Freshness,
    recollection: Recollection,
    where: Site,
    rules: Rules,
) -> None:
    decision = judge(verdict, measurement, up, freshness, recollection, where, rules)
    if verdict.reason is not None:
        assert verdict.reason in decision.reasons
        assert decision.outcome is not PASS
    if verdict.colour in (Colour.RED, Colour.ORANGE, Colour.GREY) or freshness.clock is ClockTrust.UNTRUSTED:
        assert decision.outcome is not PASS


@given(VERDICTS, MEASUREMENTS, st.booleans(), FRESHNESS, RECOLLECTIONS, SITES, RULE_SETS)
def test_nothing_passes_without_a_normal_temperature_where_one_is_required(
    verdict: Verdict,
    measurement: Measurement | None,
    up: bool,
    freshness: Freshness,
    recollection: Recollection,
    where: Site,
    rules: Rules,
) -> None:
    decision = judge(verdict, measurement, up, freshness, recollection, where, rules)
    if decision.outcome is PASS and rules.temperature[where.kind] is TemperatureRule.REQUIRED:
        assert measurement is not None
        assert measurement.why_not is None
        assert measurement.result_centi is not None
        assert 3500 <= measurement.result_centi < 3730


@given(VERDICTS, MEASUREMENTS, st.booleans(), FRESHNESS, RECOLLECTIONS, SITES, RULE_SETS)
def test_the_temperature_never_makes_a_decision_milder(
    verdict: Verdict,
    measurement: Measurement | None,
    up: bool,
    freshness: Freshness,
    recollection: Recollection,
    where: Site,
    rules: Rules,
) -> None:
    before = judge_code(verdict, freshness, recollection, where, rules)
    after = judge(verdict, measurement, up, freshness, recollection, where, rules)
    assert after.outcome >= before.outcome
    assert set(before.reasons) <= set(after.reasons)
