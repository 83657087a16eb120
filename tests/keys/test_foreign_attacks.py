"""Trust turned to another use: keys of one family, issuer or purpose that try to speak for another."""

from __future__ import annotations

import base64
import datetime
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from demo.foreign_issuers import CardIssuer, CertificateIssuer, PassIssuer, SealIssuer, person, vaccination
from keys import cbor
from keys.certificate import read_certificate
from keys.errors import StatusListError, TrustError
from keys.facts import Person
from keys.foreign_jwk import read_foreign_keys
from keys.foreign_key import ForeignKey, keys_of_certificate
from keys.foreign_status import covered_countries, load_foreign_lists
from keys.jwk import write_base64url
from keys.reasons import Reason
from keys.smart_health_card import text_of_jws
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verdict import CodeFormat, Verdict
from keys.verifier import Verifier
from tests.keys.realm import DAY, NOW

CARD = ("Rivera", "Maria", "1990-03-04", {"2025-11-01": "208"}, NOW - DAY)


def judge(text: str, *keys: ForeignKey) -> Verdict:
    return Verifier(TrustList((), keys), StatusLists()).verify(text, NOW)


def listed(*keys: object) -> tuple[ForeignKey, ...]:
    return read_foreign_keys(json.dumps({"keys": keys}).encode(), source="test")


def test_a_clinics_key_listed_without_its_issuer_writes_no_card_in_anothers_name() -> None:
    california, clinic = CardIssuer("https://california.example/issuer"), CardIssuer("https://clinic.example")
    borrowed = replace(clinic, url=california.url)
    keys = listed(california.jwk(iss=california.url), clinic.jwk())
    assert judge(clinic.text(clinic.payload(*CARD)), *keys).valid
    assert judge(borrowed.text(borrowed.payload(*CARD)), *keys).reason is Reason.UNKNOWN_KEY


def test_a_pass_key_listed_without_its_did_signs_for_no_did_that_has_keys_of_its_own() -> None:
    zealand, other = PassIssuer("did:web:nzcp.example", NOW), PassIssuer("did:web:nzcp.example", NOW, kid="key-2")
    unbound = {name: value for name, value in other.jwk().items() if name != "iss"}
    text = other.text(other.claims("Walker", "Aroha", "1979-11-02"))
    assert judge(text, *listed(zealand.jwk(), unbound)).reason is Reason.UNKNOWN_KEY


@pytest.mark.parametrize("order", [1, -1], ids=["taken back later", "taken back first"])
def test_a_key_that_one_file_takes_back_is_not_saved_by_another_that_still_lists_it(order: int) -> None:
    issuer = CardIssuer("https://california.example/issuer")
    revoked = {"revoked": {"at": NOW, "reason": "stolen"}, "formats": ["SHC"]}
    files = [listed(issuer.jwk(iss=issuer.url)), listed(issuer.jwk(iss=issuer.url, **revoked))][::order]
    assert judge(issuer.text(issuer.payload(*CARD)), *files[0], *files[1]).reason is Reason.KEY_REVOKED


def test_a_signer_of_tests_alone_seals_no_vaccination_either() -> None:
    france = SealIssuer("FRA", "FR", NOW)
    signer = france.signer(france.authority(), ("1.3.6.1.4.1.1847.2021.1.1",))
    keys = keys_of_certificate(read_certificate(signer))
    assert {key.format for key in keys} == {CodeFormat.HC1}
    seal = france.text(france.data("MARTIN  CLAIRE", "1985-06-30", ("2025-11-01",)), signer)
    assert judge(seal, *keys).reason is Reason.UNKNOWN_ISSUER


def test_a_broken_list_whose_name_does_not_say_what_it_covers_refuses_the_whole_folder(tmp_path: Path) -> None:
    (tmp_path / "france.hashes").write_bytes(b"broken")
    with pytest.raises(StatusListError):
        load_foreign_lists([tmp_path], TrustList(()), NOW)
    assert covered_countries(["fr.hashes", "DE.hashes", "x.hashes"]) == {"FR", "DE"}


def test_names_that_are_the_same_when_masked_are_not_the_same_person() -> None:
    claire, chloe = Person("Martin", "Claire", "1985-06-30"), Person("Martin", "Chloe", "1985-06-30")
    assert claire.masked == chloe.masked
    assert not claire.same_as(chloe)
    assert not Person("Ali", "Ali Hassan", "1985-06-30").same_as(Person("Ali", "Hassan", "1985-06-30"))


def test_a_clinic_that_writes_another_issuers_address_into_its_own_certificate_speaks_for_it_no_more() -> None:
    california, clinic = CardIssuer("https://california.example/issuer"), CardIssuer("https://clinic.example")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clinic")])
    claimed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(clinic.key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime.fromtimestamp(NOW - DAY, datetime.UTC))
        .not_valid_after(datetime.datetime.fromtimestamp(NOW + DAY, datetime.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(california.url)]), critical=False)
        .sign(clinic.key, SHA256())
    )
    chain = [base64.b64encode(claimed.public_bytes(Encoding.DER)).decode("ascii")]
    keys = listed(california.jwk(iss=california.url), clinic.jwk(x5c=chain))
    borrowed = replace(clinic, url=california.url)
    assert judge(borrowed.text(borrowed.payload(*CARD)), *keys).reason is Reason.UNKNOWN_KEY


def test_an_eu_key_without_a_country_signs_for_no_state_whose_signers_are_listed_nor_for_its_territories() -> None:
    france, nobodys = CertificateIssuer("FR", NOW), CertificateIssuer("FR", NOW)
    numbers = nobodys.key.public_key().public_numbers()
    assert isinstance(numbers, ec.EllipticCurvePublicNumbers)
    kid = b"8 bytes!"
    x, y = (write_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    unbound = listed({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": base64.b64encode(kid).decode("ascii")})
    assert {key.format for key in unbound} == {CodeFormat.HC1}
    bound = keys_of_certificate(read_certificate(france.certificate()))
    content = {**person("Martin", "Claire", "1985-06-30"), "v": [vaccination("2026-01-15")]}
    for issuer, reason in (("FR", Reason.KEY_NOT_ALLOWED), ("NC", Reason.KEY_NOT_ALLOWED), ("ES", None)):
        text = nobodys.sign(cbor.encode({1: issuer, 4: NOW + DAY, 6: NOW, -260: {1: content}}), kid)
        assert judge(text, *unbound, *bound).reason is reason
        assert judge(text, *unbound).valid


def test_a_key_that_two_lists_name_counts_by_the_one_in_force_in_either_order() -> None:
    issuer = CardIssuer("https://california.example/issuer")
    text = issuer.text(issuer.payload(*CARD))
    ended, renewed = (listed(issuer.jwk(iss=issuer.url, formats=["SHC"], exp=exp)) for exp in (NOW - 1, NOW + 1))
    assert judge(text, *ended, *renewed).valid
    assert judge(text, *renewed, *ended).valid
    assert judge(text, *ended, *ended).reason is Reason.KEY_EXPIRED


def test_one_kid_for_two_states_lets_neither_sign_for_the_other() -> None:
    france, spain = CertificateIssuer("FR", NOW), CertificateIssuer("ES", NOW)
    keys = [
        replace(key, kid=b"the same")
        for state in (france, spain)
        for key in keys_of_certificate(read_certificate(state.certificate()))
    ]
    content = {**person("Martin", "Claire", "1985-06-30"), "v": [vaccination("2026-01-15")]}
    for signer, issuer, reason in (
        (france, "FR", None),
        (spain, "ES", None),
        (spain, "FR", Reason.BAD_SIGNATURE),
        (france, "ES", Reason.BAD_SIGNATURE),
        (spain, "DE", Reason.KEY_NOT_ALLOWED),
    ):
        text = signer.sign(cbor.encode({1: issuer, 4: NOW + DAY, 6: NOW, -260: {1: content}}), b"the same")
        assert judge(text, *keys).reason is reason


def test_a_dids_key_signs_for_its_own_did_alone_whatever_its_fragment() -> None:
    zealand, other = PassIssuer("did:web:nzcp.example", NOW), PassIssuer("did:web:other.example", NOW)

    def document(issuer: PassIssuer, *methods: str, asserting: tuple[str, ...] = ()) -> tuple[ForeignKey, ...]:
        plain = {name: value for name, value in issuer.jwk().items() if name not in ("kid", "iss")}
        content = {
            "id": issuer.did,
            "verificationMethod": [{"id": method, "publicKeyJwk": plain} for method in methods],
            "assertionMethod": list(asserting or methods),
        }
        return read_foreign_keys(json.dumps(content).encode(), source="test")

    keys = (*document(zealand, f"{zealand.did}#{zealand.kid}"), *document(other, f"{zealand.did}#{zealand.kid}"))
    pass_ = zealand.text(zealand.claims("Walker", "Aroha", "1979-11-02"))
    assert judge(pass_, *keys).valid
    claims = {**other.claims("Walker", "Aroha", "1979-11-02"), 1: zealand.did}
    assert judge(other.text(claims), *keys).reason is Reason.BAD_SIGNATURE  # the id of its key names another's DID
    assert judge(other.text(claims), *document(other, f"{other.did}#{other.kid}")).reason is Reason.UNKNOWN_ISSUER
    with pytest.raises(TrustError):  # a key for other purposes than assertions
        document(zealand, f"{zealand.did}#{zealand.kid}", asserting=(f"{zealand.did}#another",))


@pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "\\udc00\\ud800"])
def test_half_a_character_in_an_escape_is_no_json_and_brings_no_verifier_down(half: str) -> None:
    japan = SealIssuer("JPN", "JP", NOW)
    text = japan.text(japan.data("SUZUKI  HANA", "1970-06-30", ("2025-11-01",)), japan.signer(japan.authority()))
    assert judge(text.replace("SUZUKI", half)).reason is Reason.MALFORMED
    assert judge(text.replace('"msg"', f'"{half}":1,"msg"')).reason is Reason.MALFORMED
    california = CardIssuer("https://california.example/issuer")
    body = json.dumps(california.payload(*CARD)).replace("Rivera", half).encode()
    assert judge(text_of_jws(california.jws(body))).reason is Reason.MALFORMED
    whole = text.replace("SUZUKI", "\\ud83d\\ude00")  # both halves of one are a character
    assert judge(whole).reason is Reason.UNKNOWN_ISSUER
