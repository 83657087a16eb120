"""What foreign credentials and other regions' colours mean at each kind of site, by signed rows of the policy."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keys.business_rules import read_rule_set
from keys.facts import Fact, Kind, Person, Statement
from keys.json_bounded import JsonValue
from keys.reasons import Reason
from keys.verdict import FOREIGN, CodeFormat, Colour, Verdict
from scanner.policy import decide, judge_code, read_rules
from scanner.policy_foreign import colour_of, failed_rule
from scanner.policy_rules import PolicyError, Rules
from scanner.policy_source import default_policy
from scanner.values import Outcome, Recollection, SiteKind
from tests.keys.test_business_rules import TWO_DOSES, rule
from tests.scanner.test_policy import FRESH, GREEN, NEW, site

ROWS = b"""
[[foreign]]
formats = ["HC1", "VDS-NC"]
issuers = ["FR", "JPN"]
rules = "entry"
residential = "accept"
workplace = "green"
highway = "yellow"
subway = "refer"
public_venue = "orange"

[[foreign]]
formats = ["NZCP"]
issuers = ["*"]
rules = ""
residential = "accept"
workplace = "accept"
highway = "accept"
subway = "accept"
public_venue = "red"

[[recognised]]
issuers = ["CN-44"]
green = "green"
yellow = "orange"
orange = "red"
red = "red"
grey = "grey"
"""
ENTRY = read_rule_set(json.dumps([rule("VR-CN-0001", TWO_DOSES)]).encode(), source="test")


def rules(rows: bytes = ROWS) -> Rules:
    head, mark, tail = default_policy().partition(b"# One table a reason")
    return replace(read_rules(head + rows + mark + tail, "test"), rule_sets={"entry": ENTRY})


RULES = rules()


def credential(code_format: CodeFormat = CodeFormat.HC1, issuer: str = "FR", *, doses: int = 2) -> Verdict:
    statement = Statement(
        Person("Martin", "Claire", "1985-06-30"),
        (Fact(Kind.VACCINATION, "2026-01-15"),),
        {"v": [{"dn": doses, "dt": "2026-01-15"}]},
    )
    return Verdict(None, code_format, issuer, statement=statement, judged_at=1_772_600_400)


def stating(*facts: Fact) -> Verdict:
    """A New Zealand-style credential, which the rows take as it is, with any facts."""
    verdict = credential(CodeFormat.NZCP, "did:web:nzcp.example")
    assert verdict.statement is not None
    return verdict._replace(statement=verdict.statement._replace(facts=facts))


def a_test(day: str, *, positive: bool | None) -> Fact:
    return Fact(Kind.TEST, day, positive=positive)


def reasons(verdict: Verdict, kind: SiteKind, in_force: Rules = RULES) -> tuple[Reason, ...]:
    return judge_code(verdict, FRESH, NEW, site(kind), in_force).reasons


def test_a_row_says_what_a_credential_means_at_each_kind_of_site() -> None:
    french = credential()
    assert reasons(french, SiteKind.RESIDENTIAL) == ()
    assert reasons(french, SiteKind.WORKPLACE) == ()
    assert reasons(french, SiteKind.HIGHWAY) == (Reason.COLOUR_YELLOW,)
    assert reasons(french, SiteKind.SUBWAY) == (Reason.NOT_ACCEPTED_HERE,)
    assert reasons(french, SiteKind.PUBLIC_VENUE) == (Reason.COLOUR_ORANGE,)
    assert colour_of(french, site(SiteKind.WORKPLACE), RULES) is Colour.GREEN
    assert colour_of(french, site(SiteKind.RESIDENTIAL), RULES) is None


def test_a_credential_without_a_row_is_not_accepted_and_the_built_in_policy_has_none() -> None:
    for verdict in (credential(issuer="DE"), credential(CodeFormat.SHC, "https://x.example"), credential()):
        built_in = read_rules(default_policy(), "test")
        assert reasons(verdict, SiteKind.RESIDENTIAL, built_in) == (Reason.NOT_ACCEPTED_HERE,)
    assert reasons(credential(issuer="DE"), SiteKind.RESIDENTIAL) == (Reason.NOT_ACCEPTED_HERE,)
    assert reasons(credential(CodeFormat.NZCP, "did:web:any"), SiteKind.SUBWAY) == ()


def test_a_rule_that_is_not_met_refers_and_is_named() -> None:
    once = credential(doses=1)
    decision = judge_code(once, FRESH, NEW, site(SiteKind.RESIDENTIAL), RULES)
    assert (decision.outcome, decision.reasons) == (Outcome.REFER, (Reason.RULE_NOT_MET,))
    found = failed_rule(once, site(SiteKind.RESIDENTIAL), RULES)
    assert found is not None
    assert found.said_in("en") == "Words of VR-CN-0001."


def test_a_rule_knows_which_key_signed() -> None:
    shut_out: JsonValue = {"!": [{"===": [{"var": "external.kid"}, "AQI="]}]}
    entry = read_rule_set(json.dumps([rule("VR-CN-0001", shut_out)]).encode(), source="test")
    found = failed_rule(credential()._replace(kid=b"\x01\x02"), site(), replace(RULES, rule_sets={"entry": entry}))
    assert found is not None
    assert found.identifier == "VR-CN-0001"


@pytest.mark.parametrize(("issuer", "country"), [("JPN", "JP"), ("D", "DE"), ("FR", "FR")])
def test_a_rule_knows_a_state_by_one_name_whichever_its_credentials_use(issuer: str, country: str) -> None:
    theirs: JsonValue = {"===": [{"var": "external.issuerCountryCode"}, country]}
    entry = read_rule_set(json.dumps([rule("VR-CN-0001", theirs)]).encode(), source="test")
    row = ROWS.replace(b'"JPN"', b'"JPN", "D"')
    in_force = replace(rules(row), rule_sets={"entry": entry})
    assert failed_rule(credential(CodeFormat.VDS_NC, issuer), site(), in_force) is None


def test_a_rule_set_that_is_not_to_be_had_is_met_by_nobody() -> None:
    assert reasons(credential(), SiteKind.RESIDENTIAL, replace(RULES, rule_sets={})) == (Reason.RULE_NOT_MET,)


def test_what_is_not_proved_keeps_its_own_reason_whatever_the_rows_say() -> None:
    for reason in (Reason.BAD_SIGNATURE, Reason.REVOKED, Reason.EXPIRED):
        assert reasons(credential()._replace(reason=reason), SiteKind.RESIDENTIAL) == (reason,)
    unknown = credential(doses=1)._replace(reason=Reason.STATUS_UNKNOWN)
    assert set(reasons(unknown, SiteKind.RESIDENTIAL)) == {Reason.STATUS_UNKNOWN, Reason.RULE_NOT_MET}


def test_a_credential_that_has_just_passed_is_recognised() -> None:
    passed = judge_code(credential(), FRESH, Recollection(passed_recently=True), site(), RULES)
    assert passed.reasons == (Reason.ALREADY_PASSED,)


def test_another_regions_colours_count_by_the_local_rule_for_them() -> None:
    guangdong = GREEN._replace(issuer="CN-44")
    for colour, expected in (
        (Colour.GREEN, ()),
        (Colour.YELLOW, (Reason.COLOUR_ORANGE,)),
        (Colour.ORANGE, (Reason.COLOUR_RED,)),
        (Colour.GREY, (Reason.NOT_ACTIVATED,)),
    ):
        assert reasons(guangdong._replace(colour=colour), SiteKind.RESIDENTIAL) == expected
    assert reasons(GREEN._replace(colour=Colour.YELLOW), SiteKind.RESIDENTIAL) == (Reason.COLOUR_YELLOW,)


@pytest.mark.parametrize(
    "rows",
    [
        ROWS.replace(b'"HC1", "VDS-NC"', b'"JKM1"'),
        ROWS.replace(b'"yellow"\nsubway', b'"purple"\nsubway'),
        ROWS.replace(b'rules = "entry"\n', b""),
        ROWS.replace(b'rules = "entry"', b'rules = "../x"'),
        ROWS.replace(b'red = "red"\n', b"", 1),
        ROWS.replace(b'issuers = ["FR", "JPN"]', b"issuers = []"),
    ],
)
def test_a_faulty_row_is_a_fault_of_the_policy(rows: bytes) -> None:
    with pytest.raises(PolicyError):
        rules(rows)


def test_the_decision_of_no_reasons_is_a_pass() -> None:
    assert decide(frozenset(), site(), RULES).outcome is Outcome.PASS


def test_a_genuine_card_that_says_nothing_of_what_counts_here_is_not_accepted_however_its_row_reads() -> None:
    empty = credential(CodeFormat.NZCP, "did:web:x")
    assert empty.statement is not None
    empty = empty._replace(statement=empty.statement._replace(facts=()))
    assert reasons(empty, SiteKind.RESIDENTIAL) == (Reason.NOT_ACCEPTED_HERE,)
    assert reasons(credential(CodeFormat.NZCP, "did:web:x"), SiteKind.RESIDENTIAL) == ()


def test_a_row_is_about_other_issuers_formats_alone_all_that_there_are() -> None:
    every = ", ".join(f'"{name}"' for name in sorted(FOREIGN)).encode()
    row = ROWS.replace(b'formats = ["NZCP"]', b"formats = [" + every + b"]")
    assert rules(row).foreign[1].formats == FOREIGN
    with pytest.raises(PolicyError, match=r'one of "HC1", "NZCP", "SHC", "VDS-NC", got "JKM1"'):
        rules(ROWS.replace(b'formats = ["NZCP"]', b'formats = ["JKM1"]'))


@pytest.mark.parametrize(
    ("facts", "referred"),
    [
        ((a_test("2026-02-27", positive=True),), True),
        ((a_test("", positive=True), Fact(Kind.VACCINATION, "2026-02-01")), True),
        ((a_test("2026-02", positive=True), Fact(Kind.VACCINATION, "2026-02-01")), True),
        ((Fact(Kind.VACCINATION, "2026-01-15"), a_test("2026-02-27", positive=True)), True),
        ((a_test("2026-02-27", positive=True), a_test("2026-02-27", positive=False)), True),
        ((a_test("2021-02-27", positive=True), Fact(Kind.VACCINATION, "2026-01-15")), False),
        ((a_test("2026-02-20", positive=True), a_test("2026-02-27", positive=False)), False),
        ((a_test("2026-02-27", positive=False),), False),
        ((a_test("2026-02-27", positive=None),), False),
        ((Fact(Kind.RECOVERY, "2026-01-15"),), False),
    ],
)
def test_a_credential_whose_newest_word_is_a_positive_test_passes_nobody_where_its_kind_is_taken_as_it_is(
    facts: tuple[Fact, ...], referred: bool
) -> None:
    expected = (Reason.NOT_ACCEPTED_HERE,) if referred else ()
    assert reasons(stating(*facts), SiteKind.WORKPLACE) == expected
    coloured = judge_code(stating(*facts), FRESH, NEW, site(SiteKind.PUBLIC_VENUE), RULES)
    assert coloured.outcome is Outcome.STOP, "and counts as no better than the colour that the row says"
