"""`checkpoint conformance`: every published case is as it states, and a case that is not is said to have failed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.cmd_conformance import run_file
from cli.conformance_cases import Result, run_case
from demo.foreign_issuers import CardIssuer
from keys.smart_health_card import jws_of
from tests.cli.calling import call

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
NOT_APPLICABLE = {"eu_dcc": 3, "eu_dcc_images": 5, "mixed": 3}
"""Cases without a text, without a key, and of families that are not read."""


@pytest.mark.needs_shared
@pytest.mark.skipif(not VECTORS.is_dir(), reason="the published test cases are not here: ../shared/vectors")
@pytest.mark.parametrize(
    "corpus",
    [
        "certlogic_rules",
        "eu_dcc",
        "eu_dcc_images",
        "mixed",
        "nzcp",
        "smart_health_card",
        "smart_health_card_errors",
        "vds_nc",
    ],
)
def test_every_published_case_is_as_it_states(corpus: str) -> None:
    outcomes = list(run_file(VECTORS / f"{corpus}.jsonl"))
    assert [outcome for outcome in outcomes if outcome.result is Result.FAILED] == []
    left_out = [outcome.words for outcome in outcomes if outcome.result is Result.NOT_APPLICABLE]
    assert len(left_out) == NOT_APPLICABLE.get(corpus, 0)
    assert all(left_out)
    assert len(outcomes) > len(left_out)


def test_a_case_that_is_not_as_it_states_fails_and_says_how() -> None:
    rule = {"kind": "CERTLOGIC", "src": "here", "logic": {"===": [1, 2]}, "payload": {}, "external": {}}
    assert run_case({**rule, "expected": {"RESULT": False}}).result is Result.PASSED
    failed = run_case({**rule, "expected": {"RESULT": True}})
    assert failed.result is Result.FAILED
    assert failed.words == "True expected, the rule says False"
    word = run_case({**rule, "logic": {"if": [{"var": "payload"}, 1, "none"]}, "expected": {"RESULT": "none"}})
    assert word.result is Result.PASSED
    fault = {
        **rule,
        "logic": {"after": [{"plusTime": ["2021-02-30", 0, "day"]}, {"plusTime": ["2021-01-01", 0, "day"]}]},
    }
    assert run_case({**fault, "expected": {"RESULT": False}}).result is Result.PASSED
    assert "no date there ever was" in run_case({**fault, "expected": {"RESULT": True}}).words
    unknown = {**rule, "logic": {"if": [{"==": [1, 1]}, True, True]}}
    assert run_case({**unknown, "expected": {"RESULT": False}}).result is Result.PASSED
    assert "unknown operation" in run_case({**unknown, "expected": {"RESULT": True}}).words
    assert run_case({"kind": "OTHER"}).result is Result.NOT_APPLICABLE


def card_case(text: str, listed: CardIssuer, errors: list[str]) -> Result:
    """What becomes of a card's JWS, under the key of `listed`, where the case states these errors."""
    keys = {"keys": [listed.jwk()]}
    case = {
        "kind": "SHC-jws",
        "text": text,
        "jwks": keys,
        "clock": "2026-03-01T00:00:00Z",
        "expected": {"errors": errors},
    }
    return run_case(json.loads(json.dumps(case))).result


def test_a_cards_case_is_judged_by_what_a_verifier_answers_for() -> None:
    issuer = CardIssuer("https://card.example/issuer")
    card = issuer.payload("Rivera", "Maria", "1990-03-04", {"2025-11-01": "208"}, 1_765_000_000)
    jws = jws_of(issuer.text(card).removeprefix("shc:/"))
    assert card_case(jws, issuer, []) is Result.PASSED
    assert card_case(f" {jws}\n", issuer, []) is Result.PASSED
    assert card_case(f" {jws}\n", issuer, ["TRAILING_CHARACTERS"]) is Result.PASSED
    assert card_case(jws, CardIssuer(issuer.url), ["JWS_VERIFICATION_ERROR"]) is Result.PASSED
    assert card_case(jws, CardIssuer(issuer.url), ["INFLATION_ERROR"]) is Result.FAILED
    assert card_case(jws, issuer, ["FHIR_SCHEMA_ERROR"]) is Result.NOT_APPLICABLE
    assert card_case(jws, issuer, ["FHIR_SCHEMA_ERROR", "JWS_HEADER_ERROR"]) is Result.FAILED


def test_no_case_at_all_is_an_error(tmp_path: Path) -> None:
    called = call("conformance", str(tmp_path))
    assert called.status == 2
    (tmp_path / "x.jsonl").write_text(json.dumps({"kind": "OTHER"}) + "\nno json\n")
    called = call("conformance", str(tmp_path), "--json")
    assert called.status == 0
    assert json.loads(called.out.splitlines()[-1]) == {"corpus": "x", "passed": 0, "failed": 0, "not applicable": 2}
