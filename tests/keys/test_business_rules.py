"""Rule sets: which rules count when, that every one must be met, and that nothing else is ever taken for met."""

from __future__ import annotations

import json

import pytest

from keys.business_rules import NOTHING_IN_FORCE, Circumstances, RuleSet, read_rule_set
from keys.errors import TrustError
from keys.facts import Fact, Kind, Person, Statement
from keys.json_bounded import JsonValue
from tests.keys.realm import DAY, NOW

TWO_DOSES: JsonValue = {">=": [{"var": "payload.v.0.dn"}, 2]}
RECENT: JsonValue = {
    "not-before": [
        {"plusTime": [{"var": "payload.v.0.dt"}, 270, "day"]},
        {"plusTime": [{"var": "external.validationClock"}, 0, "day"]},
    ]
}


def rule(identifier: str, logic: JsonValue, **changes: JsonValue) -> dict[str, JsonValue]:
    return {
        "Identifier": identifier,
        "Type": "Acceptance",
        "Country": "CN",
        "Version": "1.0.0",
        "SchemaVersion": "1.0.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "0.7.5",
        "CertificateType": "Vaccination",
        "Description": [
            {"lang": "en", "desc": f"Words of {identifier}."},
            {"lang": "zh-CN", "desc": f"{identifier}的话"},
        ],
        "ValidFrom": "2020-01-01T00:00:00Z",
        "ValidTo": "2030-01-01T00:00:00Z",
        "AffectedFields": [],
        "Logic": logic,
        **changes,
    }


def rules(*entries: JsonValue) -> RuleSet:
    return read_rule_set(json.dumps({"rules": entries, "valueSets": {"x": ["a"]}}).encode(), source="test")


def vaccinated(doses: int, day: str) -> Statement:
    person = Person("Martin", "Claire", "1985-06-30")
    return Statement(person, (Fact(Kind.VACCINATION, day),), {"v": [{"dn": doses, "dt": day}], "dob": person.born})


def failed(rule_set: RuleSet, statement: Statement, *, issuer: str = "FR", at: int = NOW) -> str | None:
    found = rule_set.failed(statement, Circumstances(at, "CN", issuer, NOW - DAY, NOW + DAY))
    return None if found is None else found.identifier


def test_blanks_of_any_kind_in_a_rules_words_are_shown_as_one() -> None:
    words = [{"lang": "fr", "desc": " Trop\u00a0vieux\u202f!\r\n\tVoir la note. "}]
    found = rules(rule("VR-FR-0001", False, Description=words)).failed(
        vaccinated(2, "2026-01-15"), Circumstances(NOW, "CN", "FR", NOW - DAY, NOW + DAY)
    )
    assert found is not None
    assert found.said_in("fr") == "Trop vieux ! Voir la note."


def test_every_rule_must_be_met_and_the_first_that_is_not_is_named_in_words() -> None:
    both = rules(rule("VR-CN-0002", RECENT), rule("VR-CN-0001", TWO_DOSES))
    assert failed(both, vaccinated(2, "2026-02-01")) is None
    assert failed(both, vaccinated(1, "2026-02-01")) == "VR-CN-0001"
    assert failed(both, vaccinated(2, "2025-01-01")) == "VR-CN-0002"
    found = both.failed(vaccinated(1, "2020-01-01"), Circumstances(NOW, "CN", "FR", None, None))
    assert found is not None
    assert found.said_in("zh_CN") == "VR-CN-0001的话"
    assert found.said_in("en") == found.said_in("fr") == "Words of VR-CN-0001."


def test_an_error_and_a_truthy_value_that_is_not_true_are_not_met() -> None:
    for logic in ({"+": ["x", 1]}, 1, "yes", [True], {"var": "payload.v"}):
        assert failed(rules(rule("GR-CN-0001", logic)), vaccinated(2, "2026-02-01")) == "GR-CN-0001"
    assert failed(rules(rule("VR-CN-0002", RECENT)), vaccinated(2, "2026-02")) is None  # its last day counts
    assert failed(rules(rule("VR-CN-0002", RECENT)), vaccinated(2, "")) == "VR-CN-0002"


def test_a_set_with_nothing_in_force_accepts_nobody() -> None:
    over = rules(rule("GR-CN-0001", True, ValidTo="2026-01-01T00:00:00Z"))
    assert failed(over, vaccinated(2, "2026-02-01")) == NOTHING_IN_FORCE
    for_tests = rules(rule("TR-CN-0001", True, CertificateType="Test"))
    assert failed(for_tests, vaccinated(2, "2026-02-01")) == NOTHING_IN_FORCE


def test_of_several_versions_the_newest_in_force_counts() -> None:
    versions = rules(
        rule("GR-CN-0001", True, Version="1.9.0"),
        rule("GR-CN-0001", False, Version="1.10.0"),
        rule("GR-CN-0001", True, Version="2.0.0", ValidFrom="2029-01-01T00:00:00Z"),
    )
    assert failed(versions, vaccinated(2, "2026-02-01")) == "GR-CN-0001"


def test_a_rule_may_shut_out_what_one_key_signed() -> None:
    stolen = rules(rule("GR-CN-0001", {"!": [{"in": [{"var": "external.kid"}, ["2Rk3X8HntrI="]]}]}))
    for kid, found in (("d919375fc1e7b6b2", "GR-CN-0001"), ("d919375fc1e7b6b3", None)):
        around = Circumstances(NOW, "CN", "FR", None, None, bytes.fromhex(kid))
        failure = stolen.failed(vaccinated(2, "2026-02-01"), around)
        assert (failure and failure.identifier) == found


def test_an_invalidation_rule_is_about_its_own_countrys_credentials_only() -> None:
    invalid = rules(rule("GR-CN-0001", True), rule("IR-FR-0001", False, Type="Invalidation", Country="FR"))
    assert failed(invalid, vaccinated(2, "2026-02-01")) == "IR-FR-0001"
    assert failed(invalid, vaccinated(2, "2026-02-01"), issuer="DE") is None


def test_what_its_country_has_not_ruled_out_is_not_accepted_by_that_once_the_acceptance_has_ended() -> None:
    ended = rule("VR-CN-0001", True, CertificateType="Vaccination", ValidTo="2021-01-01T00:00:00Z")
    still = rule("IR-FR-0001", True, Type="Invalidation", Country="FR")
    assert failed(rules(ended, still), vaccinated(2, "2026-02-01")) == NOTHING_IN_FORCE
    assert failed(rules(rule("GR-CN-0001", True), still), vaccinated(2, "2026-02-01")) is None


@pytest.mark.parametrize(
    "change",
    [
        {"Engine": "JSONLOGIC"},
        {"Type": "Advice"},
        {"CertificateType": "Other"},
        {"Version": "1"},
        {"ValidTo": "2019-01-01T00:00:00Z"},
        {"ValidFrom": "2020-01-01T00:00:00"},
        {"Logic": {"or": [True, True]}},
        {"Logic": None},
        {"Identifier": "no good"},
        {"Description": [{"lang": "en", "desc": "\x1b[2J"}]},
    ],
)
def test_a_set_with_one_faulty_rule_is_refused_whole(change: dict[str, JsonValue]) -> None:
    with pytest.raises(TrustError, match="rule 2"):
        rules(rule("GR-CN-0001", True), rule("GR-CN-0002", True, **change))


def test_what_is_no_rule_set_is_refused() -> None:
    for data in (b"", b"{}", b"[]", b'{"rules": {}}', b'[{"Logic": 1}, {"Logic": 1}', b'{"rules":[1],"valueSets":[]}'):
        with pytest.raises(TrustError):
            read_rule_set(data, source="test")
