"""`checkpoint conformance`: every published case is as it states, and a case that is not is said to have failed."""

from __future__ import annotations

import json
from base64 import b64encode, encodebytes
from pathlib import Path

import pytest

from cli.cmd_conformance import run_file
from cli.conformance_cases import Result, run_case
from cli.conformance_eu import read_clock
from demo.foreign_issuers import DAY, CardIssuer, CertificateIssuer, PassIssuer, SealIssuer, person, vaccination
from keys.smart_health_card import jws_of
from tests.cli.calling import call

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
NOW = 1_772_323_200  # 2026-03-01
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


def certificate_case(text: str, signer: bytes, clock: str | None, expected: dict[str, bool]) -> str:
    """In what an EU certificate's case differs from what it states; empty where it does not."""
    case = {"kind": "HC1", "text": text, "cert": b64encode(signer).decode(), "clock": clock, "expected": expected}
    return run_case(json.loads(json.dumps(case))).words


def test_a_certificates_stages_are_judged_each_by_itself() -> None:
    issuer = CertificateIssuer("FR", NOW)
    signer = issuer.certificate()
    content = {**person("Martin", "Claire", "1985-06-30"), "v": [vaccination("2025-11-01")]}
    late = issuer.text(signer, content, exp=1000 * NOW)  # milliseconds: no claims, and signed all the same
    clock = "2026-03-01T00:00Z"
    assert certificate_case(late, signer, clock, {"VERIFY": True, "DECODE": False, "EXPIRATIONCHECK": False}) == ""
    assert certificate_case(late, issuer.certificate(), clock, {"VERIFY": False}) == ""
    assert certificate_case(late, signer, clock, {"VERIFY": False}) == "VERIFY should be False"
    assert certificate_case(late, signer, clock, {"B45": True, "EXPIRATION": False}) == ""
    pem = f"-----BEGIN CERTIFICATE-----\n{encodebytes(signer).decode()}-----END CERTIFICATE-----\n"
    case = {"kind": "HC1", "text": late, "cert": pem, "clock": clock, "expected": {"VERIFY": True}}
    assert run_case(json.loads(json.dumps(case))).result is Result.PASSED
    early = issuer.text(signer, content, iat=NOW - 2 * 365 * DAY)
    assert certificate_case(early, signer, None, {"VERIFY": True}) == ""


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [
        ("2021-05-03T18:00:00Z", 1620064800.0),
        ("2021-05-03T20:00:00.6543219+0200", 1620064800.654321),
        ("2021-05-03T20:00+02", 1620064800.0),
        ("2021-05-03t18:00:00", 1620064800.0),
    ],
)
def test_a_clock_is_read_however_iso_8601_lets_it_be_written(clock: str, seconds: float) -> None:
    assert read_clock(clock) == seconds


def test_a_passs_refusal_in_others_words_is_met_by_any_refusal_and_one_in_ours_by_that_reason_alone() -> None:
    issuer = PassIssuer("did:web:nzcp.example", NOW)
    text = issuer.text(issuer.claims("Walker", "Aroha", "1990-03-04", exp=NOW - 9))
    case = {"kind": "NZCP", "text": text, "jwk": issuer.jwk(), "kid": issuer.kid, "iss": issuer.did}
    case["clock"] = "2026-03-01T00:00:00Z"

    def result(outcome: str, text: str = text) -> Result:
        return run_case(json.loads(json.dumps({**case, "text": text, "expected": {"OUTCOME": outcome}}))).result

    assert [result(each) for each in ("EXPIRED", "INVALID")] == [Result.PASSED] * 2
    assert [result(each) for each in ("VALID", "BAD_SIGNATURE")] == [Result.FAILED] * 2
    good = issuer.text(issuer.claims("Walker", "Aroha", "1990-03-04"))
    assert [result(each, good) for each in ("VALID", "INVALID")] == [Result.PASSED, Result.FAILED]


def test_a_seal_that_must_not_verify_is_refused_before_or_by_its_proof() -> None:
    issuer = SealIssuer("JPN", "JP", NOW)
    text = issuer.text(issuer.data("SUZUKI  HANA", "1990-03-04", ("2025-11-01",)), issuer.signer(issuer.authority()))

    def words(text: str, **expected: bool) -> str:
        return run_case({"kind": "VDS-NC", "text": text, "expected": {**expected}}).words

    assert words(text, VERIFY=True, DECODE=True) == ""
    assert words(text, VERIFY=False) == "VERIFY should be False, the verifier says VALID"
    for broken in (text.replace("SUZUKI", "SUZUKA"), text.replace("ES256", "ES384"), text.replace("ES256", "none")):
        assert words(broken, VERIFY=False) == ""
        assert words(broken, VERIFY=True) != ""
    unread = text.replace("ES256", "none")
    assert words(unread, VERIFY=False, DECODE=False) == ""
    assert "algorithm" in words(unread, VERIFY=False, DECODE=True)


def test_no_case_at_all_is_an_error(tmp_path: Path) -> None:
    called = call("conformance", str(tmp_path))
    assert called.status == 2
    (tmp_path / "x.jsonl").write_text(json.dumps({"kind": "OTHER"}) + "\nno json\n")
    called = call("conformance", str(tmp_path), "--json")
    assert called.status == 0
    assert json.loads(called.out.splitlines()[-1]) == {"corpus": "x", "passed": 0, "failed": 0, "not applicable": 2}
