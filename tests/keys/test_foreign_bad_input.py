"""What bad input gets: each kind by its name, the reason of the verdict, and the words that say what was wrong."""

from __future__ import annotations

import hmac
import json
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from demo.foreign_issuers import CertificateIssuer, person, vaccination
from keys import base45, cbor
from keys.card_reading import CardReading
from keys.errors import RefusedError
from keys.families import family_of
from keys.json_bounded import JsonValue
from keys.jwk import read_base64url, write_base64url
from keys.reasons import Reason
from keys.smart_health_card import jws_of, text_of_jws
from tests.keys import test_eu_dcc as eu
from tests.keys import test_foreign_codes as other
from tests.keys.realm import DAY, NOW

JWS = jws_of(other.CALIFORNIA.text(other.CARD)[5:])


def words(text: str) -> str:
    """What the reader of the text's family says of it; the verifier must say MALFORMED."""
    family = family_of(text)
    assert family is not None
    assert other.judge(text).reason is Reason.MALFORMED
    with pytest.raises(RefusedError) as refused:
        family.read(text)
    return refused.value.detail


def packed(message: bytes) -> str:
    return "HC1:" + base45.encode(zlib.compress(message, 9))


def payload(content: object) -> bytes:
    return cbor.encode({1: "FR", 4: NOW + DAY, 6: NOW, -260: {1: content}})  # type: ignore[dict-item]


def signed(data: bytes) -> str:
    return eu.FRANCE.sign(data, b"12345678")


def card(change: dict[str, JsonValue]) -> str:
    return other.CALIFORNIA.text({**other.CARD, **change})


def test_a_zip_bomb_is_stopped_at_its_limit() -> None:
    assert "more than 16384 bytes" in words(packed(b"\x00" * 4_000_000))
    assert "more than 262144 bytes" in words(text_of_jws(other.CALIFORNIA.jws(b" " * 4_000_000)))


@pytest.mark.parametrize("item", ["[],", "{},", "1,", '"[",'])
def test_a_card_that_inflates_to_many_small_items_is_stopped_before_they_are_read(item: str) -> None:
    crowd = f'{{"x":[{item * (200_000 // len(item))}0]}}'
    assert "more than 16384 items" in words(text_of_jws(other.CALIFORNIA.jws(crowd.encode())))


def test_deep_nesting_is_refused_before_it_is_followed() -> None:
    assert "deeper than 16" in words(signed(b"\x81" * 100 + b"\x00"))
    assert "deeper than 32" in words(text_of_jws(other.CALIFORNIA.jws(b'{"a":' * 100 + b"1" + b"}" * 100)))
    assert "deeper than 12" in words('{"hdr":' + "[" * 100)


def test_duplicate_keys_are_refused_also_where_one_is_a_number_and_one_a_text() -> None:
    assert "repeated" in words(signed(b"\xa2\x01\x00\x01\x00"))
    assert "twice" in words(text_of_jws(other.CALIFORNIA.jws(b'{"iss":"a","iss":"b"}')))
    assert "twice" in words('{"data":{"hdr":1,"hdr":2}}')
    doubled = cbor.encode({**eu.CONTENT, 7: "a", "7": "b"})  # type: ignore[dict-item]
    outer = b"\xa4" + b"".join(
        cbor.encode(key) + value
        for key, value in (
            (1, cbor.encode("FR")),
            (4, cbor.encode(NOW + DAY)),
            (6, cbor.encode(NOW)),
            (-260, b"\xa1\x01" + doubled),
        )
    )
    assert "as a number and as text" in words(signed(outer))


@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", "PS256"])
def test_none_hmac_with_a_public_key_and_any_other_alg_are_no_algorithm_of_a_card(alg: str) -> None:
    header = {"zip": "DEF", "alg": alg, "kid": other.CALIFORNIA.kid}
    assert "algorithm is not ES256" in words(text_of_jws(other.CALIFORNIA.jws(b"{}", header)))


@pytest.mark.parametrize("alg", [0, 4, 5, -257], ids=["none", "HMAC 256/64", "HMAC 256/256", "RS256"])
def test_none_and_hmac_with_a_public_key_sign_no_eu_certificate(alg: int) -> None:
    assert "signs no code" in words(eu.FRANCE.sign(payload(eu.CONTENT), b"12345678", alg=alg))


def test_milliseconds_in_exp_are_no_time() -> None:
    late = 1000 * (NOW + DAY)
    assert words(eu.FRANCE.text(eu.SIGNER, eu.CONTENT, exp=late)) == "exp that is no time in seconds"
    assert words(card({"exp": late})) == "exp that is no time in seconds"
    claims = other.ZEALAND.claims("Walker", "Aroha", "1979-11-02", exp=late)
    assert words(other.ZEALAND.text(claims)) == "exp that is no whole time in seconds"


def test_a_der_signature_in_a_jws_is_told_by_its_length() -> None:
    head, body, signature = JWS.split(".")
    raw = read_base64url(signature)
    assert raw is not None
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    assert "never DER" in words(text_of_jws(f"{head}.{body}.{write_base64url(der)}"))


def test_a_missing_chunk_is_named_by_its_number() -> None:
    second = other.CALIFORNIA.parts(other.CARD, 3)[1]
    family = family_of(second)
    assert family is not None
    assert other.judge(second).reason is Reason.CODE_INCOMPLETE
    with pytest.raises(RefusedError, match="part 2 of 3"):
        family.read(second)


def test_empty_arrays_say_that_nothing_is_certified() -> None:
    assert "without any vaccination" in words(eu.signed({**eu.CONTENT, "v": []}))
    bundle: JsonValue = {
        "type": ["https://smarthealth.cards#health-card"],
        "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": {"resourceType": "Bundle", "entry": []}},
    }
    assert "1 to 512 entries" in words(card({"vc": bundle}))
    proof = json.loads(other.JAPAN.text({**other.PROOF, "msg": {**other.PROOF["msg"], "ve": []}}, other.SEALER))  # type: ignore[dict-item]
    assert "no vaccination and no test" in words(json.dumps(proof))


def test_a_name_of_two_thousand_characters_is_counted_and_refused() -> None:
    long = "x" * 2000
    content = {**person(long, "Claire", "1985-06-30"), "v": [vaccination("2026-01-15")]}
    assert "2000 characters" in words(eu.FRANCE.text(eu.SIGNER, content))
    california = other.CALIFORNIA
    assert "2000 characters" in words(
        california.text(california.payload(long, "Maria", "1990-03-04", {"2025-11-01": "208"}, NOW - DAY))
    )
    assert "2000 characters" in words(other.ZEALAND.text(other.ZEALAND.claims(long, "Aroha", "1979-11-02")))


def test_a_date_without_its_day_stays_vague_in_an_eu_certificate_and_is_refused_in_a_pass() -> None:
    for vague in ("2026-01", "2026", "2026-W01-1", "2026-1-1"):
        content = {**person("Martin", "Claire", "1985-06"), "v": [vaccination(vague, ci="URN:UVCI:01:FR:X")]}
        statement = eu.judge(eu.FRANCE.text(eu.SIGNER, content)).statement
        assert statement is not None
        assert len(statement.facts[0].on) < len("2026-01-01")
        assert not statement.person.same_as(statement.person)  # two of them may be two people
    assert "whole date of birth" in words(other.ZEALAND.text(other.ZEALAND.claims("Walker", "Aroha", "1979-11")))


def test_a_certificate_of_another_country_or_of_ended_or_later_validity_has_its_own_reason() -> None:
    spain = CertificateIssuer("ES", NOW, key=eu.FRANCE.key)
    theirs = spain.certificate()
    assert eu.judge(eu.FRANCE.text(theirs, eu.CONTENT), theirs).reason is Reason.KEY_NOT_ALLOWED
    for shift in (-3 * 365 * DAY, 3 * 365 * DAY):
        then = CertificateIssuer("FR", NOW + shift, key=eu.FRANCE.key).certificate()
        assert eu.judge(eu.FRANCE.text(then, eu.CONTENT), then).reason is Reason.KEY_EXPIRED


@pytest.mark.parametrize("steering", ["\x1b[2J", "\u202e", "\n", "\x00"])
def test_an_issuer_that_would_steer_a_terminal_is_no_issuer(steering: str) -> None:
    assert "no https address" in words(card({"iss": f"https://a{steering}b.example"}))
    assert "printable" in words(eu.FRANCE.text(eu.SIGNER, eu.CONTENT, iss=f"F{steering}R"))
    claims = {**other.ZEALAND.claims("Walker", "Aroha", "1979-11-02"), 1: f"did:web:a{steering}b"}
    assert "no did:web" in words(other.ZEALAND.text(claims))


def test_a_card_authenticated_by_its_issuers_public_key_as_a_secret_is_no_signed_card() -> None:
    numbers = other.CALIFORNIA.key.public_key()
    secrets = [
        numbers.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        numbers.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        numbers.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        json.dumps(other.CALIFORNIA.jwk()).encode(),
    ]
    body = JWS.split(".")[1]
    header = write_base64url(json.dumps({"zip": "DEF", "alg": "HS256", "kid": other.CALIFORNIA.kid}).encode())
    head = JWS.split(".")[0]
    for secret in secrets:
        mac = write_base64url(hmac.digest(secret, f"{header}.{body}".encode(), "sha256") * 2)
        assert "algorithm is not ES256" in words(text_of_jws(f"{header}.{body}.{mac}"))
        as_signature = write_base64url(hmac.digest(secret, f"{head}.{body}".encode(), "sha256") * 2)
        assert other.judge(text_of_jws(f"{head}.{body}.{as_signature}")).reason is Reason.BAD_SIGNATURE


def test_a_certificate_for_another_use_signs_nothing_else() -> None:
    for_tests = CertificateIssuer("FR", NOW, usages=("1.3.6.1.4.1.1847.2021.1.1",))
    signer = for_tests.certificate()
    assert eu.judge(for_tests.text(signer, eu.CONTENT), signer).reason is Reason.KEY_NOT_ALLOWED


def test_the_chunks_of_two_cards_mixed_are_one_broken_card() -> None:
    mine, theirs = (
        other.CALIFORNIA.parts(other.CALIFORNIA.payload("Rivera", name, "1990-03-04", {"2025-11-01": "208"}, NOW), 2)
        for name in ("Maria", "Elena")
    )
    reading = CardReading()
    reading.whole(mine[0], 0)
    assert other.judge(reading.whole(theirs[1], 1)).reason in (Reason.MALFORMED, Reason.BAD_SIGNATURE)
