"""Several credentials of one person in a row, from real codes: together they count, of two people they are a reason."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from demo.foreign_issuers import CertificateIssuer, person, vaccination
from keys.business_rules import RuleSet, read_rule_set
from keys.certificate import read_certificate
from keys.facts import Kind, Person, combined
from keys.foreign_key import keys_of_certificate
from keys.json_bounded import JsonValue
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verifier import Verifier
from scanner.engine.credentials import WAIT_S, Credentials
from scanner.engine.vision import CodeSeen
from scanner.policy_foreign import failed_rule
from tests.keys.realm import NOW
from tests.keys.test_business_rules import TWO_DOSES, rule
from tests.scanner.test_policy import site
from tests.scanner.test_policy_foreign import ROWS, RULES
from tests.scanner.test_policy_foreign import rules as foreign_rules

FRANCE = CertificateIssuer("FR", NOW)
SIGNER = FRANCE.certificate()
VERIFIER = Verifier(TrustList((), keys_of_certificate(read_certificate(SIGNER))), StatusLists())


def seen(day: str, dose: int, *, given: str = "Claire", born: str = "1985-06-30", family: str = "Martin") -> CodeSeen:
    text = FRANCE.text(SIGNER, {**person(family, given, born), "v": [vaccination(day, dose=dose)]})
    return CodeSeen(text, VERIFIER.verify(text, NOW), 0.0, 0.0)


def lacks(code: CodeSeen) -> bool:
    return failed_rule(code.verdict, site(), RULES) is not None


def rule_set(entries: list[JsonValue]) -> RuleSet:
    return read_rule_set(json.dumps(entries).encode(), source="test")


FIRST, SECOND = seen("2025-12-01", 1), seen("2026-01-15", 2)


def test_a_credential_that_meets_the_rules_is_judged_at_once() -> None:
    assert Credentials().take(SECOND, 0.0, lacks) == (SECOND, None)


def test_one_that_does_not_waits_and_counts_together_with_the_next_of_the_same_person() -> None:
    credentials = Credentials()
    assert credentials.take(FIRST, 0.0, lacks) == (None, None)
    both, left = credentials.take(SECOND, WAIT_S - 0.1, lacks)
    assert left is None
    assert both is not None
    assert both.verdict.statement is not None
    assert [fact.on for fact in both.verdict.statement.facts] == ["2026-01-15", "2025-12-01"]
    assert not lacks(both)
    other_order = combined(SECOND.verdict.statement, FIRST.verdict.statement)  # type: ignore[arg-type]
    assert other_order.rule_input["v"][0]["dt"] == "2026-01-15"  # type: ignore[index,call-overload]


@pytest.mark.parametrize("changes", [{"given": "Anne"}, {"born": "1985-07-01"}, {"family": "Durand"}, {"born": "1985"}])
def test_one_of_somebody_else_is_a_reason(changes: dict[str, str]) -> None:
    credentials = Credentials()
    assert credentials.take(FIRST, 0.0, lacks) == (None, None)
    strange, left = credentials.take(seen("2026-01-15", 2, **changes), 1.0, lacks)
    assert left is FIRST
    assert strange is not None
    assert strange.verdict.reason is Reason.IDENTITY_MISMATCH


def test_what_nothing_follows_is_judged_as_it_is_and_the_next_person_is_nobodys_second() -> None:
    credentials = Credentials()
    assert credentials.take(FIRST, 0.0, lacks) == (None, None)
    assert credentials.release() is FIRST
    assert credentials.release() is None
    assert credentials.take(FIRST, 0.0, lacks) == (None, None)
    later = seen("2026-01-15", 2, given="Anne")
    assert credentials.take(later, WAIT_S, lacks) == (later, FIRST)
    assert credentials.take(later, 1.0, lacks) == (later, None)


def test_a_forged_code_is_never_held_and_joins_nothing() -> None:
    credentials = Credentials()
    forged = replace(FIRST, verdict=FIRST.verdict._replace(reason=Reason.BAD_SIGNATURE))
    assert credentials.take(forged, 0.0, lacks) == (forged, None)


def test_names_compare_across_families_by_their_letters() -> None:
    eu = Person("Müller-Lüdenscheidt", "Zoë", "1990-01-02", transliterated="MUELLER<LUEDENSCHEIDT ZOE")
    card = Person("Müller-Lüdenscheidt", "Zoë", "1990-01-02")
    seal = Person("MUELLER", "LUEDENSCHEIDT ZOE", "1990-01-02")
    assert eu.same_as(card)
    assert eu.same_as(seal)
    assert not eu.same_as(Person("Müller", "Zoë", "1990-01-02"))
    assert not Person("", "", "1990-01-02").same_as(Person("", "", "1990-01-02"))
    assert Kind.VACCINATION == "vaccination"


def test_what_its_own_country_ruled_out_counts_no_more_beside_another_countrys_credential() -> None:
    germany = CertificateIssuer("DE", NOW)
    signer = germany.certificate()
    verifier = Verifier(TrustList((), keys_of_certificate(read_certificate(signer))), StatusLists())
    person_of = person("Martin", "Claire", "1985-06-30")
    text = germany.text(signer, {**person_of, "v": [vaccination("2025-11-01", dose=1, country="DE")]})
    german = CodeSeen(text, verifier.verify(text, NOW), 0.0, 0.0)
    no_second_dose: JsonValue = {"<": [{"var": "payload.v.0.dn"}, 2]}
    invalid = {**rule("IR-FR-0001", no_second_dose), "Type": "Invalidation", "Country": "FR"}
    entries: list[JsonValue] = [rule("VR-CN-0001", TWO_DOSES), invalid]
    rows = replace(foreign_rules(ROWS.replace(b'"FR", ', b'"FR", "DE", ')), rule_sets={"entry": rule_set(entries)})

    def refused(code: CodeSeen) -> bool:
        return failed_rule(code.verdict, site(), rows) is not None

    credentials = Credentials()
    assert credentials.take(SECOND, 0.0, refused).judge is None  # France rules its own second doses out
    judged, left = credentials.take(german, 1.0, refused)
    assert left is SECOND
    assert judged is german  # alone, and one dose is not enough
    assert refused(judged)
