"""SMART Health Cards, New Zealand's passes and ICAO's seals: what is read, and what bad input gets."""

from __future__ import annotations

import json
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from demo.foreign_issuers import CardIssuer, PassIssuer, SealIssuer, make_certificate, sign_raw
from keys import cose, vds_nc
from keys.card_parts import MAX_PART_DIGITS, MAX_PARTS
from keys.card_reading import PATIENCE_S, CardReading
from keys.certificate import read_certificate
from keys.errors import TrustError
from keys.facts import Kind
from keys.foreign_jwk import is_foreign_set, read_foreign_keys
from keys.foreign_key import keys_of_certificate
from keys.json_bounded import JsonValue
from keys.jwk import write_base64url
from keys.reasons import Reason
from keys.smart_health_card import text_of_jws
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verdict import CodeFormat, Verdict
from keys.verifier import Verifier
from tests.keys.realm import DAY, NOW

CALIFORNIA = CardIssuer("https://california.example/issuer")
CARD = CALIFORNIA.payload(
    "Rivera", "Maria", "1990-03-04", {"2025-11-01": "208", "2025-12-01": "208"}, NOW - DAY, rid="r1"
)
ZEALAND = PassIssuer("did:web:nzcp.example", NOW)
JAPAN = SealIssuer("JPN", "JP", NOW)
AUTHORITY = JAPAN.authority()
SEALER = JAPAN.signer(AUTHORITY)
PROOF = JAPAN.data("MIYAKE  SHOTA", "1991-02-18", ("2025-10-01", "2025-11-01"))


def jwks(*keys: dict[str, JsonValue]) -> bytes:
    return json.dumps({"keys": keys}).encode()


TRUST = TrustList(
    (),
    (
        *read_foreign_keys(jwks(CALIFORNIA.jwk(iss=CALIFORNIA.url), ZEALAND.jwk()), source="test"),
        *keys_of_certificate(read_certificate(AUTHORITY.public_bytes(Encoding.DER))),
    ),
)


def judge(text: str, trust: TrustList = TRUST, at: int = NOW) -> Verdict:
    return Verifier(trust, StatusLists()).verify(text, at)


# SMART Health Cards


def test_a_card_in_one_code_is_valid_and_its_doses_are_facts() -> None:
    verdict = judge(CALIFORNIA.text(CARD))
    assert verdict.valid
    assert (verdict.format, verdict.issuer, verdict.name) == (CodeFormat.SHC, CALIFORNIA.url, "Rivera *")
    assert verdict.statement is not None
    assert [(fact.kind, fact.on) for fact in verdict.statement.facts] == [
        (Kind.VACCINATION, "2025-11-01"),
        (Kind.VACCINATION, "2025-12-01"),
    ]
    assert verdict.statement.rule_input == {
        "dob": "1990-03-04",
        "nam": {"fn": "Rivera", "gn": "Maria"},
        "v": [{"tg": "840539006", "mp": "EU/1/20/1528", "dn": 2, "dt": "2025-12-01"}],
    }


def show(texts: list[str], *, every: int = 1) -> list[Reason | None]:
    reading, verifier = CardReading(), Verifier(TRUST, StatusLists())
    times = [NOW + every * number for number in range(len(texts))]
    return [verifier.verify(reading.whole(text, at), at).reason for text, at in zip(texts, times, strict=True)]


def test_a_card_in_three_codes_is_judged_by_the_last_one_in_any_order() -> None:
    parts = CALIFORNIA.parts(CARD, 3)
    waiting = Reason.CODE_INCOMPLETE
    assert show(parts) == [waiting, waiting, None]
    assert show([parts[2], parts[0], parts[0], parts[1], parts[1]]) == [waiting, waiting, waiting, None, None]
    assert show([parts[0], parts[2]]) == [waiting, waiting]


def test_a_card_may_be_cut_into_more_codes_than_it_needs() -> None:
    parts = CALIFORNIA.parts(CARD, 17)
    assert len(parts) == 17
    assert show(parts)[-1] is None
    assert judge(f"shc:/1/{MAX_PARTS + 1}/5676").reason is Reason.MALFORMED
    longest = [f"shc:/{number}/17/{'0' * MAX_PART_DIGITS}" for number in range(1, 18)]
    assert show(longest)[-1] is Reason.MALFORMED  # a card of more digits than any, in as many codes


def test_the_chunks_of_two_cards_make_no_card() -> None:
    other = CALIFORNIA.payload("Rivera", "Mario", "1990-03-04", {"2025-11-01": "208"}, NOW - DAY, rid="r2")
    mine, theirs = CALIFORNIA.parts(CARD, 3), CALIFORNIA.parts(other, 3)
    reasons = show([mine[0], theirs[1], mine[2]])
    assert reasons[:2] == [Reason.CODE_INCOMPLETE] * 2
    assert reasons[2] in (Reason.MALFORMED, Reason.BAD_SIGNATURE)
    assert show([mine[0], theirs[0], theirs[1], theirs[2]])[-1] is None  # the other card began anew


def test_missing_chunks_are_waited_for_a_minute() -> None:
    assert show(CALIFORNIA.parts(CARD, 2), every=PATIENCE_S + 1)[-1] is Reason.CODE_INCOMPLETE


@pytest.mark.parametrize(
    "header",
    [
        {"zip": "DEF", "alg": "none", "kid": CALIFORNIA.kid},
        {"zip": "DEF", "alg": "HS256", "kid": CALIFORNIA.kid},
        {"zip": "DEF", "alg": "ES384", "kid": CALIFORNIA.kid},
        {"alg": "ES256", "kid": CALIFORNIA.kid},
        {"zip": "DEF", "alg": "ES256"},
        {"zip": "DEF", "alg": "ES256", "kid": CALIFORNIA.kid, "crit": "x"},
    ],
    ids=["none", "HMAC with a public key", "another algorithm", "no zip", "no kid", "crit"],
)
def test_a_header_that_is_not_the_frameworks_is_malformed(header: dict[str, str]) -> None:
    text = text_of_jws(CALIFORNIA.jws(json.dumps(CARD).encode(), header))
    assert judge(text).reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("results", "tr"),
    [
        ([("2026-01-01", "260415000")], "260415000"),
        ([("2026-01-01", "260415000"), ("2026-01-02", "11214006")], "260373001"),  # reactive
        ([("2026-01-02", "131194007"), ("2026-01-01", "10828004")], "260415000"),  # non-reactive
        ([("2026-01-01", "260415000"), ("2026-01-02", "720735008")], None),  # presumptive positive
        ([("2026-01-02", "260415000"), ("2026-01-02", "42425007")], None),  # equivocal, the same day
    ],
)
def test_a_cards_newest_test_counts_and_one_without_a_clear_result_is_no_negative(
    results: list[tuple[str, str]], tr: str | None
) -> None:
    entries: list[JsonValue] = [
        {"resource": {
            "resourceType": "Observation", "status": "final", "effectiveDateTime": day,
            "code": {"coding": [{"system": "http://loinc.org", "code": "94558-4"}]},
            "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        }}
        for day, code in results
    ]  # fmt: skip
    bundle: JsonValue = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    vc: JsonValue = {
        "type": ["https://smarthealth.cards#health-card"],
        "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle},
    }
    statement = judge(CALIFORNIA.text({"iss": CALIFORNIA.url, "nbf": NOW - DAY, "vc": vc})).statement
    assert statement is not None
    assert statement.rule_input["t"][0]["tr"] == tr  # type: ignore[index,call-overload]


def test_members_of_a_header_that_nobody_knows_change_nothing() -> None:
    header = {"typ": "JWT", "zip": "DEF", "alg": "ES256", "kid": CALIFORNIA.kid, "jku": "https://other.example/jwks"}
    assert judge(text_of_jws(CALIFORNIA.jws(json.dumps(CARD).encode(), header))).valid


def test_a_payload_behind_a_byte_order_mark_is_malformed() -> None:
    assert judge(text_of_jws(CALIFORNIA.jws(json.dumps(CARD).encode("utf-8-sig")))).reason is Reason.MALFORMED


def test_a_der_signature_is_malformed() -> None:
    head, body, _ = CALIFORNIA.jws(json.dumps(CARD).encode()).split(".")
    der = CALIFORNIA.key.sign(f"{head}.{body}".encode(), cose._ES256)
    assert judge(text_of_jws(f"{head}.{body}.{write_base64url(der)}")).reason is Reason.MALFORMED


def test_a_card_of_another_issuers_key_or_of_an_unlisted_issuer_is_refused() -> None:
    stolen = {**CARD, "iss": "https://other.example/issuer"}
    assert judge(CALIFORNIA.text(stolen)).reason is Reason.UNKNOWN_ISSUER
    assert judge(CardIssuer(CALIFORNIA.url).text(CARD)).reason is Reason.UNKNOWN_KEY


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"nbf": 1000 * NOW}, Reason.MALFORMED),
        ({"nbf": NOW + DAY}, Reason.NOT_YET_VALID),
        ({"exp": NOW}, Reason.EXPIRED),
        ({"iss": CALIFORNIA.url + "/"}, Reason.MALFORMED),
        ({"vc": {"type": ["other"]}}, Reason.MALFORMED),
        ({"vc": None}, Reason.MALFORMED),
    ],
)
def test_a_payload_that_breaks_the_framework_is_refused(change: dict[str, JsonValue], reason: Reason) -> None:
    assert judge(CALIFORNIA.text({**CARD, **change})).reason is reason


def test_a_deflate_bomb_and_json_with_a_member_twice_are_malformed() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflate.compress(b" " * 2_000_000) + deflate.flush()
    head = write_base64url(json.dumps({"zip": "DEF", "alg": "ES256", "kid": CALIFORNIA.kid}).encode())
    signed = f"{head}.{write_base64url(bomb)}"
    text = text_of_jws(f"{signed}.{write_base64url(sign_raw(CALIFORNIA.key, signed.encode()))}")
    assert judge(text[:4296]).reason is Reason.MALFORMED
    doubled = json.dumps(CARD).replace('"nbf"', '"nbf": 1, "nbf"', 1).encode()
    assert judge(text_of_jws(CALIFORNIA.jws(doubled))).reason is Reason.MALFORMED
    deep = b'{"a":' * 5000
    assert judge(text_of_jws(CALIFORNIA.jws(deep))).reason is Reason.MALFORMED


# New Zealand COVID Pass


def test_a_pass_is_valid_and_is_read_as_a_pass_and_nothing_more() -> None:
    verdict = judge(ZEALAND.text(ZEALAND.claims("Sparrow", "Jack", "1960-04-16")))
    assert verdict.valid
    assert (verdict.format, verdict.issuer, verdict.name) == (CodeFormat.NZCP, ZEALAND.did, "Sparrow *")
    assert verdict.statement is not None
    assert [fact.kind for fact in verdict.statement.facts] == [Kind.PASS]


def test_a_pass_has_no_tolerance_at_its_beginning_and_its_end() -> None:
    text = ZEALAND.text(ZEALAND.claims("Sparrow", "Jack", "1960-04-16", nbf=NOW, exp=NOW + 60))
    assert judge(text, at=NOW - 1).reason is Reason.NOT_YET_VALID
    assert judge(text, at=NOW).valid
    assert judge(text, at=NOW + 60).reason is Reason.EXPIRED


def test_a_pass_may_keep_the_padding_of_its_base32_whole_and_no_part_of_it() -> None:
    text = ZEALAND.text(ZEALAND.claims("Sparrow", "Ja", "1960-04-16"))
    padding = "=" * (-len(text.removeprefix("NZCP:/1/")) % 8)
    assert padding
    assert judge(text + padding).identity == judge(text).identity
    assert judge(text + padding).valid
    for other in (padding[1:] if len(padding) > 1 else "==", padding + "=", padding + "=" * 8):
        assert judge(text + other).reason is Reason.MALFORMED


def test_a_pass_by_another_key_of_the_same_name_is_forged() -> None:
    other = PassIssuer(ZEALAND.did, NOW)
    assert judge(other.text(other.claims("Sparrow", "Jack", "1960-04-16"))).reason is Reason.BAD_SIGNATURE
    stranger = PassIssuer("did:web:other.example", NOW)
    assert judge(stranger.text(stranger.claims("Sparrow", "Jack", "1960-04-16"))).reason is Reason.UNKNOWN_ISSUER


@pytest.mark.parametrize("change", [{1: "https://x"}, {7: b"short"}, {4: 1000 * NOW}, {"vc": {}}, {5: "now"}])
def test_a_pass_that_breaks_its_specification_is_malformed(change: dict[int | str, object]) -> None:
    claims = {**ZEALAND.claims("Sparrow", "Jack", "1960-04-16"), **change}
    assert judge(ZEALAND.text(claims)).reason is Reason.MALFORMED  # type: ignore[arg-type]
    assert judge(ZEALAND.text(ZEALAND.claims("S", "J", "1960-04"))).reason is Reason.MALFORMED
    assert judge(ZEALAND.text(ZEALAND.claims("S", "J", "1960-04-16"), alg=-35)).reason is Reason.MALFORMED


# What is no fact here


def resource(kind: str, **members: JsonValue) -> JsonValue:
    return {"resource": {"resourceType": kind, **members}}


def facts_of(*resources: JsonValue, more: tuple[str, ...] = ()) -> list[tuple[Kind, str]]:
    card = json.loads(json.dumps(CARD))
    card["vc"]["type"] += more
    card["vc"]["credentialSubject"]["fhirBundle"]["entry"][1:] = resources
    verdict = judge(CALIFORNIA.text(card))
    assert verdict.valid
    assert verdict.statement is not None
    return [(fact.kind, fact.on) for fact in verdict.statement.facts]


def shot(system: str, code: str, day: str = "2025-11-01") -> JsonValue:
    coding: JsonValue = [{"system": system, "code": code}]
    return resource("Immunization", status="completed", occurrenceDateTime=day, vaccineCode={"coding": coding})


def lab(loinc: str | None, result: str = "260415000") -> JsonValue:
    code: JsonValue = {"coding": [{"system": "http://loinc.org", "code": loinc}]} if loinc else {"text": "a test"}
    value: JsonValue = {"coding": [{"system": "http://snomed.info/sct", "code": result}]}
    return resource(
        "Observation", status="final", effectiveDateTime="2026-03-01", code=code, valueCodeableConcept=value
    )


CVX, SNOMED, ABOUT_COVID = "http://hl7.org/fhir/sid/cvx", "http://snomed.info/sct", "https://smarthealth.cards#covid19"


@pytest.mark.parametrize("code", ["140", "206", "305", "998", "21", "317"])
def test_a_vaccine_against_another_disease_is_no_vaccination_here_whatever_the_card_says_it_is_about(code: str) -> None:
    assert facts_of(shot(CVX, code)) == []
    assert facts_of(shot(CVX, code), more=(ABOUT_COVID,)) == []
    assert facts_of(shot(CVX, code), shot(CVX, "208", "2025-12-01")) == [(Kind.VACCINATION, "2025-12-01")]


@pytest.mark.parametrize(("system", "code"), [(CVX, "213"), (CVX, "313"), (CVX, "511"), (SNOMED, "28581000087106")])
def test_a_vaccine_against_covid_19_is_one_in_each_vocabulary(system: str, code: str) -> None:
    assert facts_of(shot(system, code)) == [(Kind.VACCINATION, "2025-11-01")]


@pytest.mark.parametrize("loinc", ["94563-4", "95542-7", "2106-3", "76078-5"], ids=["IgG", "Ab", "pregnancy", "flu"])
def test_a_negative_test_for_antibodies_or_anything_else_is_no_negative_test(loinc: str) -> None:
    assert facts_of(lab(loinc)) == []
    assert facts_of(lab(loinc), more=(ABOUT_COVID,)) == []
    assert facts_of(lab(None)) == []
    assert facts_of(lab(None), more=(ABOUT_COVID,)) == [(Kind.TEST, "2026-03-01")]
    assert facts_of(lab("94500-6"), lab("94558-4", "260373001")) == [(Kind.TEST, "2026-03-01")] * 2


def test_one_dose_that_a_card_tells_twice_is_counted_once() -> None:
    card = json.loads(json.dumps(CARD))
    card["vc"]["credentialSubject"]["fhirBundle"]["entry"][1:] = [shot(CVX, "208"), shot(CVX, "208"), shot(CVX, "213")]
    verdict = judge(CALIFORNIA.text(card))
    assert verdict.statement is not None
    assert verdict.statement.rule_input["v"][0]["dn"] == 1  # type: ignore[index,call-overload]


@pytest.mark.parametrize(("disease", "doses"), [("RA01.0", 2), ("RA01", 2), ("1D47", 0)])
def test_a_seal_of_a_vaccination_against_another_disease_is_genuine_and_states_nothing_here(
    disease: str, doses: int
) -> None:
    proof = json.loads(json.dumps(PROOF))
    proof["msg"]["ve"][0]["dis"] = disease
    verdict = judge(JAPAN.text(proof, SEALER))
    assert verdict.valid
    assert verdict.statement is not None
    assert len(verdict.statement.facts) == doses


@pytest.mark.parametrize("event", [{"dis": 7}, {"vd": []}, {"vd": None}])
def test_a_seal_whose_vaccination_is_none_is_malformed(event: dict[str, JsonValue]) -> None:
    proof = json.loads(json.dumps(PROOF))
    proof["msg"]["ve"][0] |= event
    assert judge(JAPAN.text(proof, SEALER)).reason is Reason.MALFORMED
    proof["msg"]["ve"] = []
    assert judge(JAPAN.text(proof, SEALER)).reason is Reason.MALFORMED


# VDS-NC


def test_a_seal_is_valid_under_its_states_authority_whatever_the_spacing_of_its_text() -> None:
    text = JAPAN.text(PROOF, SEALER)
    verdict = judge(text)
    assert verdict.valid
    assert (verdict.format, verdict.issuer, verdict.name) == (CodeFormat.VDS_NC, "JPN", "MIYAKE *")
    assert verdict.statement is not None
    assert [(fact.kind, fact.on, fact.dose) for fact in verdict.statement.facts] == [
        (Kind.VACCINATION, "2025-10-01", 1),
        (Kind.VACCINATION, "2025-11-01", 2),
    ]
    respaced = json.dumps([dict(reversed(json.loads(text).items()))], indent=1, sort_keys=True)
    assert judge(respaced).valid


def test_a_seals_certificate_must_be_its_own_states_for_seals_and_signed_by_its_authority() -> None:
    utopia = JAPAN.text({**PROOF, "hdr": {**PROOF["hdr"], "is": "UTO"}}, SEALER)  # type: ignore[dict-item]
    assert judge(utopia).reason is Reason.UNKNOWN_ISSUER
    korea = JAPAN.text({**PROOF, "hdr": {**PROOF["hdr"], "is": "KOR"}}, SEALER)  # type: ignore[dict-item]
    assert judge(korea).reason is Reason.UNKNOWN_ISSUER
    for_passports = JAPAN.signer(AUTHORITY, ("2.23.136.1.1.1",))
    assert judge(JAPAN.text(PROOF, for_passports)).reason is Reason.KEY_NOT_ALLOWED
    impostor = SealIssuer("JPN", "JP", NOW)
    forged = impostor.signer(impostor.authority())
    assert judge(impostor.text(PROOF, forged)).reason is Reason.UNKNOWN_KEY
    own = make_certificate(impostor.key, "JP", NOW, usages=(vds_nc.SIGNER_USAGE,)).public_bytes(Encoding.DER)
    pinned = TrustList((), keys_of_certificate(read_certificate(own)))
    assert judge(impostor.text(PROOF, own), pinned).valid
    assert judge(impostor.text({**PROOF, "hdr": {"is": "KOR", "t": "icao.vacc", "v": 1}}, own), pinned).reason is (
        Reason.KEY_NOT_ALLOWED
    )


def test_a_seal_whose_certificate_is_out_of_date_is_refused() -> None:
    old = JAPAN.text(PROOF, SEALER)
    assert judge(old, at=NOW + 400 * DAY).reason is Reason.UNKNOWN_KEY  # the authority's ended with it
    past = make_certificate(
        JAPAN.key,
        "JP",
        NOW,
        usages=(vds_nc.SIGNER_USAGE,),
        issuer=(JAPAN.authority_key, AUTHORITY),
        valid=(NOW - 9, NOW - 5),
    )
    assert judge(JAPAN.text(PROOF, past.public_bytes(Encoding.DER))).reason is Reason.KEY_EXPIRED


def test_an_altered_seal_is_forged_and_a_fraction_has_no_canonical_form() -> None:
    altered = JAPAN.text(PROOF, SEALER).replace("2025-11-01", "2025-11-02")
    assert judge(altered).reason is Reason.BAD_SIGNATURE
    assert judge(JAPAN.text(PROOF, SEALER).replace('"v":1', '"v":1.0')).reason is Reason.MALFORMED
    assert judge(JAPAN.text(PROOF, SEALER, alg="none")).reason is Reason.MALFORMED
    assert judge(JAPAN.text(PROOF, SEALER, alg="ES384")).reason is Reason.KEY_NOT_ALLOWED


def test_the_canonical_form_orders_members_by_utf_16_and_escapes_no_more_than_it_must() -> None:
    value: JsonValue = {"\ufb33": 1, "\U0001f600": 2, "é": [True, None, "\u20ac\n\\"], "A": {}}
    assert vds_nc.canonical(value).decode() == '{"A":{},"é":[true,null,"€\\n\\\\"],"\U0001f600":2,"\ufb33":1}'


def test_a_seal_in_any_script_is_the_same_however_it_is_escaped_and_another_when_a_letter_is_written_otherwise() -> (
    None
):
    name = "GARC\u00cdA  \u5f20\u4e09 \U0001f600"
    proof = JAPAN.data(name, "1991-02-18", ("2025-10-01",))
    large: JsonValue = {**proof["msg"], "zz": 9007199254740993}  # type: ignore[dict-item]
    text = JAPAN.text({**proof, "msg": large}, SEALER)
    assert judge(text).valid
    assert judge(json.dumps(json.loads(text))).valid  # every letter beyond ASCII as an escape
    assert judge(text.replace("\u00cd", "I\u0301")).reason is Reason.BAD_SIGNATURE  # the same to the eye
    assert judge(text.replace("9007199254740993", "9007199254740992")).reason is Reason.BAD_SIGNATURE  # and to a float
    assert judge(text.replace("9007199254740993", "9" * 19)).reason is Reason.MALFORMED


def test_keys_serve_their_own_family_only() -> None:
    """A card issuer's key is offered for passes, and a pass issuer's for cards: neither is looked at."""
    claims = PassIssuer(ZEALAND.did, NOW, key=CALIFORNIA.key).claims("Sparrow", "Jack", "1960-04-16")
    confused = PassIssuer(ZEALAND.did, NOW, kid=CALIFORNIA.kid, key=CALIFORNIA.key).text(claims)
    assert judge(confused).reason is Reason.UNKNOWN_KEY


def test_a_listed_key_counts_within_its_time_and_until_it_is_taken_back() -> None:
    text = CALIFORNIA.text(CARD)
    limits: list[tuple[dict[str, JsonValue], Reason | None]] = [
        ({"nbf": NOW, "exp": NOW + 1}, None),
        ({"nbf": NOW + 1}, Reason.KEY_EXPIRED),
        ({"exp": NOW}, Reason.KEY_EXPIRED),
        ({"revoked": {"at": NOW, "reason": "stolen"}}, Reason.KEY_REVOKED),
    ]
    for limit, reason in limits:
        keys = read_foreign_keys(jwks(CALIFORNIA.jwk(formats=["SHC"], **limit)), source="test")
        assert judge(text, TrustList((), keys)).reason is reason
    own: JsonValue = {"keys": [{"kty": "EC", "uses": ["code"], "formats": ["JKM1"]}]}
    assert not is_foreign_set(own)
    assert is_foreign_set({"keys": [{"uses": ["code"], "formats": ["NZCP"], "nbf": 1}]})
    assert not is_foreign_set({"keys": [{"uses": ["code"], "formats": ["NZCP"]}, {"uses": ["code"]}]})


def test_a_key_listed_for_another_use_signs_nothing() -> None:
    """RFC 7517 section 4.2: a key for encryption beside the one for signatures is passed over, alone it is no trust."""
    text, signer, other = CALIFORNIA.text(CARD), CALIFORNIA.jwk(use="sig"), CALIFORNIA.jwk(use="enc")
    both = read_foreign_keys(jwks(signer, {"kty": "OKP", "crv": "X25519", "use": "enc"}), source="test")
    assert judge(text, TrustList((), both)).reason is None
    with pytest.raises(TrustError, match="for signatures"):
        read_foreign_keys(jwks(other), source="test")


OTHER_KINDS: dict[str, JsonValue] = {
    "P-521": {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "use": "sig"},
    "secp256k1": {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
    "Ed448": {"kty": "OKP", "crv": "Ed448", "x": "AA"},
    "a kind of later days": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_a_key_of_a_kind_that_signs_no_code_takes_nothing_from_those_beside_it(kind: str) -> None:
    """RFC 7517 section 5: an issuer that also publishes keys for something else is believed in the others."""
    beside = read_foreign_keys(jwks(OTHER_KINDS[kind], CALIFORNIA.jwk()), source="test")
    assert judge(CALIFORNIA.text(CARD), TrustList((), beside)).reason is None
    assert len(beside) == 1
    with pytest.raises(TrustError, match="of a kind that codes have"):
        read_foreign_keys(jwks(OTHER_KINDS[kind]), source="test")


@pytest.mark.parametrize(
    "damaged",
    [{"x": "AA"}, {"crv": None}, {"crv": 256}, {"kty": None}, {"kty": "EC", "crv": "P-384"}, {"kid": ""}, {"y": None}],
    ids=str,
)
def test_a_damaged_key_of_a_kind_that_signs_codes_refuses_the_whole_set(damaged: dict[str, JsonValue]) -> None:
    with pytest.raises(TrustError, match="key 2"):
        read_foreign_keys(jwks(CALIFORNIA.jwk(), CALIFORNIA.jwk(**damaged)), source="test")


@pytest.mark.parametrize(
    "lost", [{"kty": "oct", "k": "AAAA"}, {"kty": "OKP", "crv": "X25519", "x": "AA", "d": "AA", "use": "enc"}], ids=str
)
def test_a_secret_beside_trusted_keys_refuses_the_set_also_where_it_would_be_passed_over(
    lost: dict[str, JsonValue],
) -> None:
    with pytest.raises(TrustError, match="private key"):
        read_foreign_keys(jwks(CALIFORNIA.jwk(), lost), source="test")


def test_a_private_key_among_trusted_ones_is_an_error() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(Exception, match="private key"):
        read_foreign_keys(jwks({"kty": "EC", "crv": "P-384", "x": "A", "y": "A", "d": "A", "kid": "x"}), source="t")
    assert key.curve.key_size == 384
