"""Every reason at every kind of site, by the field's default policy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from firmware_bridge.values import Measurement, Method, Unmeasurable
from keys.reasons import Reason, ReasonKind
from keys.verdict import Carrier, CodeFormat, Colour, Verdict
from scanner.policy import (
    OverrideNeed,
    Rules,
    Site,
    decide,
    is_high,
    is_ignored,
    judge,
    judge_code,
    may_override,
    read_rules,
    temperature_rule,
)
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
FRESH = Freshness(3600, 3600, None, ClockTrust.TRUSTED)
NEW = Recollection()
GREEN = Verdict(
    None, format=CodeFormat.JKP1, issuer="CN-33", colour=Colour.GREEN, carrier=Carrier.PHONE, presented_at=1
)
PASS, REFER, STOP = Outcome.PASS, Outcome.REFER, Outcome.STOP

REFUSE = (STOP, GuardStep.REFUSE)
HOLD = (STOP, GuardStep.HOLD_AND_REPORT)
DECIDE = (REFER, GuardStep.DECIDE)
STAFFED = (STOP, GuardStep.STAFFED_LANE)
CONTACT = (REFER, GuardStep.CONTACT_THERMOMETER)
NOTICE = (PASS, GuardStep.GIVE_NOTICE)
ACTIVATE = (REFER, GuardStep.ACTIVATE)
LIVE = (STOP, GuardStep.ASK_TO_SHOW_LIVE)
COMPARE = (REFER, GuardStep.COMPARE_DOCUMENT)

ASK = (DECIDE, DECIDE, DECIDE, STAFFED, DECIDE)
MEASURE = (CONTACT, CONTACT, CONTACT, STAFFED, CONTACT)
# The field's default policy, in the order residential, workplace, highway, subway, public venue.
TABLE = {
    Reason.TEMPERATURE_HIGH: MEASURE,
    Reason.COLOUR_YELLOW: (NOTICE, NOTICE, DECIDE, REFUSE, REFUSE),
    Reason.COLOUR_ORANGE: (HOLD,) * 5,
    Reason.COLOUR_RED: (HOLD,) * 5,
    Reason.NOT_ACTIVATED: (ACTIVATE, ACTIVATE, ACTIVATE, STAFFED, DECIDE),
    Reason.EXPIRED: ASK,
    Reason.NOT_YET_VALID: ASK,
    Reason.DATA_STALE: ASK,
    Reason.CLOCK_UNTRUSTED: ASK,
    Reason.OUT_OF_REGION: ASK,
    Reason.UNKNOWN_ISSUER: ASK,
    Reason.UNKNOWN_KEY: ASK,
    Reason.STATUS_UNKNOWN: ASK,
    Reason.TEMPERATURE_UNMEASURABLE: MEASURE,
    Reason.THERMOMETER_ABSENT: MEASURE,
    Reason.PRESENTATION_REQUIRED: (LIVE,) * 5,
    Reason.PRESENTATION_EXPIRED: (LIVE,) * 5,
    Reason.REPLAYED: ASK,
    Reason.ALREADY_PASSED: ASK,
    Reason.STATIC_COPY: (COMPARE, COMPARE, COMPARE, STAFFED, COMPARE),
    Reason.BAD_SIGNATURE: (REFUSE,) * 5,
    Reason.MALFORMED: (REFUSE,) * 5,
    Reason.REVOKED: (REFUSE,) * 5,
    Reason.KEY_REVOKED: (REFUSE,) * 5,
    Reason.KEY_NOT_ALLOWED: (REFUSE,) * 5,
    Reason.KEY_EXPIRED: ASK,
    Reason.UNSUPPORTED_FORMAT: ASK,
    Reason.RULE_NOT_MET: ASK,
    Reason.IDENTITY_MISMATCH: ASK,
    Reason.NOT_ACCEPTED_HERE: ASK,
    Reason.PARTY_INCOMPLETE: ASK,
    Reason.LOG_UNAVAILABLE: ASK,
    Reason.MANUAL_ENTRY: ASK,
    Reason.NOT_A_CODE: (DECIDE,) * 5,
    Reason.CODE_INCOMPLETE: (DECIDE,) * 5,
}


def site(kind: SiteKind = SiteKind.RESIDENTIAL, *, attended: bool = True, exit_lane: bool = False) -> Site:
    direction = Direction.EXIT if exit_lane else Direction.ENTRY
    return Site(kind, "330110", "Asia/Shanghai", attended, direction, "CN-33")


def measured(
    centi: int | None = 3650, why: Unmeasurable | None = None, method: Method = Method.INFRARED
) -> Measurement:
    return Measurement(centi, why, centi, 2480, 0, 0, 5, method, "thermometer", 10.0, 1)


def outcome(decision: Decision) -> tuple[Outcome, GuardStep]:
    return decision.outcome, decision.guard


def test_the_expected_table_covers_every_judged_reason() -> None:
    judged = {reason for reason in Reason if reason.kind is not ReasonKind.GUARD} | {Reason.MANUAL_ENTRY}
    assert set(TABLE) == judged


@pytest.mark.parametrize("kind", SiteKind)
@pytest.mark.parametrize("reason", TABLE)
def test_each_reason_has_the_default_outcome_at_each_kind_of_site(reason: Reason, kind: SiteKind) -> None:
    decision = decide(frozenset({reason}), site(kind), RULES)
    assert outcome(decision) == TABLE[reason][list(SiteKind).index(kind)]
    assert decision.reasons == (reason,)


@pytest.mark.parametrize("kind", SiteKind)
def test_green_with_a_normal_temperature_passes_everywhere(kind: SiteKind) -> None:
    decision = judge(GREEN, measured(), True, FRESH, NEW, site(kind), RULES)
    assert decision == Decision(PASS, (), GuardStep.NOTHING, RULES.version)


@pytest.mark.parametrize("kind", SiteKind)
@pytest.mark.parametrize("colour", [Colour.YELLOW, Colour.ORANGE, Colour.RED, Colour.GREY])
def test_each_colour_is_its_reason(colour: Colour, kind: SiteKind) -> None:
    reason = {1: Reason.COLOUR_YELLOW, 2: Reason.COLOUR_ORANGE, 3: Reason.COLOUR_RED, 4: Reason.NOT_ACTIVATED}[colour]
    decision = judge_code(GREEN._replace(colour=colour), FRESH, NEW, site(kind), RULES)
    assert decision.reasons == (reason,)
    assert outcome(decision) == TABLE[reason][list(SiteKind).index(kind)]


@pytest.mark.parametrize(
    ("kind", "phone", "paper"),
    [
        (SiteKind.RESIDENTIAL, (PASS, GuardStep.NOTHING), (PASS, GuardStep.NOTHING)),
        (SiteKind.WORKPLACE, (PASS, GuardStep.NOTHING), COMPARE),
        (SiteKind.HIGHWAY, COMPARE, COMPARE),
        (SiteKind.SUBWAY, STAFFED, STAFFED),
        (SiteKind.PUBLIC_VENUE, (PASS, GuardStep.NOTHING), COMPARE),
    ],
)
def test_a_static_code_counts_by_what_carries_it(
    kind: SiteKind, phone: tuple[Outcome, GuardStep], paper: tuple[Outcome, GuardStep]
) -> None:
    static = GREEN._replace(format=CodeFormat.JKM1, presented_at=None)
    for carrier, expected in ((Carrier.PHONE, phone), (Carrier.PAPER, paper), (Carrier.CARD, paper)):
        decision = judge_code(static._replace(carrier=carrier), FRESH, NEW, site(kind), RULES)
        assert outcome(decision) == expected
        assert (Reason.STATIC_COPY in decision.reasons) == (expected[0] is not PASS)


def test_a_static_code_that_does_not_say_its_carrier_is_treated_as_the_most_doubtful() -> None:
    static = GREEN._replace(format=CodeFormat.JKM1, presented_at=None, carrier=None)
    assert judge_code(static, FRESH, NEW, site(SiteKind.WORKPLACE), RULES).reasons == (Reason.STATIC_COPY,)


@pytest.mark.parametrize(
    ("region", "reasons"), [(None, ()), ("33", ()), ("330110", ()), ("3302", (Reason.OUT_OF_REGION,))]
)
def test_a_code_counts_in_its_region_only(region: str | None, reasons: tuple[Reason, ...]) -> None:
    assert judge_code(GREEN._replace(region=region), FRESH, NEW, site(), RULES).reasons == reasons


def test_issuers_and_formats_that_a_site_does_not_take_are_referred() -> None:
    home_only = replace(RULES, issuers=frozenset({"home"}))
    foreign = GREEN._replace(issuer="CN-31")
    assert judge_code(GREEN, FRESH, NEW, site(), home_only).reasons == ()
    assert judge_code(foreign, FRESH, NEW, site(), RULES).reasons == ()
    assert judge_code(foreign, FRESH, NEW, site(), home_only).reasons == (Reason.NOT_ACCEPTED_HERE,)
    assert judge_code(foreign, FRESH, NEW, site(), replace(RULES, issuers=frozenset({"CN-31"}))).reasons == ()
    live_only = replace(RULES, formats=frozenset({CodeFormat.JKM1}))
    assert judge_code(GREEN, FRESH, NEW, site(), live_only).reasons == (Reason.NOT_ACCEPTED_HERE,)


@pytest.mark.parametrize(
    ("freshness", "stale"),
    [
        (replace(FRESH, lists_age=72 * 3600), False),
        (replace(FRESH, lists_age=72 * 3600 + 1), True),
        (replace(FRESH, lists_age=None), True),
        (replace(FRESH, keys_age=None), True),
        (Freshness(4 * 86_400, 3600, None, ClockTrust.TRUSTED), True),
        (Freshness(3600, 3600, None, ClockTrust.TRUSTED, policy_known=False), True),
    ],
)
def test_lists_older_than_three_days_or_missing_refer_everybody(freshness: Freshness, stale: bool) -> None:
    assert (judge_code(GREEN, freshness, NEW, site(), RULES).reasons == (Reason.DATA_STALE,)) == stale


def test_lists_older_than_a_day_are_no_reason() -> None:
    old = replace(FRESH, lists_age=24 * 3600 + 1)
    assert judge_code(GREEN, old, NEW, site(), RULES).reasons == ()


def test_an_untrusted_clock_refers_a_green_code_and_still_stops_a_red_one() -> None:
    unsure = replace(FRESH, clock=ClockTrust.UNTRUSTED)
    assert outcome(judge_code(GREEN, unsure, NEW, site(), RULES)) == DECIDE
    red = judge_code(GREEN._replace(colour=Colour.RED), unsure, NEW, site(), RULES)
    assert outcome(red) == HOLD
    assert red.reasons == (Reason.COLOUR_RED, Reason.CLOCK_UNTRUSTED)


def test_a_code_that_passed_is_noticed_on_entry_lanes_only() -> None:
    again = Recollection(passed_recently=True)
    assert judge_code(GREEN, FRESH, again, site(), RULES).reasons == (Reason.ALREADY_PASSED,)
    assert judge_code(GREEN, FRESH, again, site(exit_lane=True), RULES).reasons == ()


def test_a_used_presentation_is_replayed_on_every_lane() -> None:
    used = Recollection(presentation_used=True, passed_recently=True)
    assert judge_code(GREEN, FRESH, used, site(exit_lane=True), RULES).reasons == (Reason.REPLAYED,)
    assert judge_code(GREEN, FRESH, used, site(), RULES).reasons == (Reason.REPLAYED, Reason.ALREADY_PASSED)


def test_the_colour_of_a_code_with_unknown_status_still_counts() -> None:
    verdict = GREEN._replace(reason=Reason.STATUS_UNKNOWN, colour=Colour.RED)
    assert outcome(judge_code(verdict, FRESH, NEW, site(), RULES)) == HOLD


def test_the_colour_of_an_expired_code_says_nothing_of_today() -> None:
    verdict = GREEN._replace(reason=Reason.EXPIRED, colour=Colour.RED)
    assert judge_code(verdict, FRESH, NEW, site(), RULES).reasons == (Reason.EXPIRED,)


@pytest.mark.parametrize(
    ("measurement", "up", "reasons"),
    [
        (measured(3500), True, ()),
        (measured(3729), True, ()),
        (measured(3730), True, (Reason.TEMPERATURE_HIGH,)),
        (measured(4200), True, (Reason.TEMPERATURE_HIGH,)),
        (measured(3499), True, (Reason.TEMPERATURE_UNMEASURABLE,)),
        (measured(4201), True, (Reason.TEMPERATURE_UNMEASURABLE,)),
        (measured(None, Unmeasurable.TOO_LOW), True, (Reason.TEMPERATURE_UNMEASURABLE,)),
        (measured(3650, Unmeasurable.UNSTEADY), True, (Reason.TEMPERATURE_UNMEASURABLE,)),
        (measured(None, Unmeasurable.ABSENT), True, (Reason.THERMOMETER_ABSENT,)),
        (None, True, (Reason.TEMPERATURE_UNMEASURABLE,)),
        (None, False, (Reason.THERMOMETER_ABSENT,)),
        (measured(3650, method=Method.CONTACT), False, ()),
        (measured(3650, method=Method.MODULE_ESTIMATE), True, (Reason.TEMPERATURE_UNMEASURABLE,)),
        (measured(3800, method=Method.MODULE_ESTIMATE), True, (Reason.TEMPERATURE_HIGH,)),
    ],
)
def test_where_a_temperature_is_required_only_a_normal_one_passes(
    measurement: Measurement | None, up: bool, reasons: tuple[Reason, ...]
) -> None:
    assert judge(GREEN, measurement, up, FRESH, NEW, site(), RULES).reasons == reasons


def with_rule(rule: TemperatureRule) -> Rules:
    return replace(RULES, temperature=dict.fromkeys(SiteKind, rule))


def test_a_module_estimate_counts_where_the_policy_takes_it() -> None:
    rules = replace(RULES, accept_module_estimate=True)
    assert judge(GREEN, measured(method=Method.MODULE_ESTIMATE), True, FRESH, NEW, site(), rules).outcome is PASS


def test_where_a_temperature_is_recorded_a_missing_one_holds_nobody_up_and_a_high_one_does() -> None:
    rules = with_rule(TemperatureRule.RECORDED)
    assert judge(GREEN, None, False, FRESH, NEW, site(), rules).outcome is PASS
    assert judge(GREEN, measured(3800), True, FRESH, NEW, site(), rules).reasons == (Reason.TEMPERATURE_HIGH,)


def test_where_no_temperature_is_asked_for_none_counts() -> None:
    assert judge(GREEN, measured(3800), True, FRESH, NEW, site(), with_rule(TemperatureRule.OFF)).outcome is PASS


def test_a_grey_code_needs_a_temperature_whatever_the_site_says() -> None:
    rules = with_rule(TemperatureRule.OFF)
    grey = judge_code(GREEN._replace(colour=Colour.GREY), FRESH, NEW, site(), rules)
    assert temperature_rule(grey, site(), rules) is TemperatureRule.REQUIRED


def test_nobody_is_measured_who_is_stopped_anyway() -> None:
    red = judge_code(GREEN._replace(colour=Colour.RED), FRESH, NEW, site(), RULES)
    assert temperature_rule(red, site(), RULES) is TemperatureRule.OFF


def test_whoever_is_referred_is_measured_where_possible() -> None:
    expired = judge_code(GREEN._replace(reason=Reason.EXPIRED), FRESH, NEW, site(), RULES)
    assert temperature_rule(expired, site(), RULES) is TemperatureRule.RECORDED
    decision = judge(GREEN._replace(reason=Reason.EXPIRED), measured(3800), True, FRESH, NEW, site(), RULES)
    assert decision.reasons == (Reason.EXPIRED, Reason.TEMPERATURE_HIGH)


def test_high_begins_exactly_at_the_limit() -> None:
    assert [is_high(measured(centi), RULES) for centi in (3729, 3730, 4200, 4201)] == [False, True, True, False]
    assert not is_high(None, RULES)
    assert not is_high(measured(3900, Unmeasurable.UNSTEADY), RULES)


def test_a_poster_is_ignored_and_a_broken_code_is_not() -> None:
    assert is_ignored(Verdict(Reason.NOT_A_CODE), site(), RULES)
    assert not is_ignored(Verdict(Reason.MALFORMED), site(), RULES)
    assert not is_ignored(GREEN, site(), RULES)


def test_nobody_is_referred_to_nobody() -> None:
    expired = GREEN._replace(reason=Reason.EXPIRED)
    for kind in SiteKind:
        assert outcome(judge_code(expired, FRESH, NEW, site(kind, attended=False), RULES)) == STAFFED


@pytest.mark.parametrize(
    "reason",
    [Reason.DATA_STALE, Reason.TEMPERATURE_UNMEASURABLE, Reason.EXPIRED, Reason.UNKNOWN_ISSUER, Reason.UNKNOWN_KEY],
)
def test_a_guard_may_override_what_the_appliance_cannot_know(reason: Reason) -> None:
    assert may_override(decide(frozenset({reason}), site(), RULES), Role.GUARD, RULES) is OverrideNeed.PIN


@pytest.mark.parametrize("reason", [Reason.COLOUR_RED, Reason.COLOUR_ORANGE, Reason.REVOKED, Reason.BAD_SIGNATURE])
def test_red_orange_revoked_and_forged_need_a_supervisor_besides(reason: Reason) -> None:
    decision = decide(frozenset({reason, Reason.DATA_STALE}), site(), RULES)
    assert may_override(decision, Role.GUARD, RULES) is OverrideNeed.SUPERVISOR
    assert may_override(decision, Role.SUPERVISOR, RULES) is OverrideNeed.PIN
