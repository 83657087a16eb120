"""EU certificates: what is read, who may sign it, and what bad input gets."""

from __future__ import annotations

import zlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from cli.conformance_eu import eu_stages
from demo.foreign_issuers import CertificateIssuer, make_certificate, person, sig_structure, sign_raw, vaccination
from keys import base45, cbor, cose
from keys.certificate import read_certificate
from keys.facts import Kind
from keys.foreign_key import keys_of_certificate
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verdict import CodeFormat, Verdict
from keys.verifier import Verifier
from tests.keys.realm import DAY, NOW

FRANCE = CertificateIssuer("FR", NOW)
SIGNER = FRANCE.certificate()
CONTENT = {**person("Martin", "Claire Anne", "1985-06-30"), "v": [vaccination("2026-01-15")]}
TEXT = FRANCE.text(SIGNER, CONTENT)


def judge(text: str, *certificates: bytes, at: int = NOW) -> Verdict:
    keys = [key for each in certificates or (SIGNER,) for key in keys_of_certificate(read_certificate(each))]
    return Verifier(TrustList((), keys), StatusLists()).verify(text, at)


def signed(content: object, **claims: cbor.Encodable) -> str:
    return FRANCE.text(SIGNER, content, **claims)  # type: ignore[arg-type]  # what is wrong with it is the test


def message_of(text: str) -> list[cbor.Value]:
    tag = cbor.decode(zlib.decompress(base45.decode(text[4:])))
    assert isinstance(tag, cbor.Tag)
    assert type(tag.value) is list
    return tag.value


def rewrapped(message: bytes) -> str:
    return "HC1:" + base45.encode(zlib.compress(message))


def test_a_good_certificate_is_valid_and_says_who_was_vaccinated_when() -> None:
    verdict = judge(TEXT)
    assert verdict.valid
    assert verdict.format is CodeFormat.HC1
    assert verdict.issuer == "FR"
    assert verdict.name == "Martin **"
    assert verdict.statement is not None
    (fact,) = verdict.statement.facts
    assert (fact.kind, fact.on, fact.dose, fact.doses, fact.product) == (
        Kind.VACCINATION,
        "2026-01-15",
        2,
        2,
        "EU/1/20/1528",
    )
    assert verdict.statement.person.born == "1985-06-30"
    assert verdict.colour is None


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["ES384", "PS256", "Ed25519"],
)
def test_every_algorithm_of_the_specification_verifies(key: ec.EllipticCurvePrivateKey) -> None:
    issuer = CertificateIssuer("FR", NOW, key)
    certificate = issuer.certificate()
    text = issuer.text(certificate, CONTENT)
    assert judge(text, certificate).valid
    broken = message_of(text)
    broken[3] = bytes(broken[3])[:-1] + bytes([bytes(broken[3])[-1] ^ 1])
    assert judge(rewrapped(cbor.encode(cbor.Tag(18, broken))), certificate).reason is Reason.BAD_SIGNATURE


def test_a_p384_key_signs_under_alg_minus_7_with_sha_256_as_some_states_do() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    issuer = CertificateIssuer("ES", NOW, key)
    certificate = issuer.certificate()
    kid, payload = read_certificate(certificate).kid, message_of(FRANCE.text(SIGNER, CONTENT, iss="ES"))[2]
    protected = cbor.encode({1: -7, 4: kid})
    assert type(payload) is bytes
    signature = sign_raw(key, sig_structure(protected, payload), hashes.SHA256())
    text = rewrapped(cbor.encode(cbor.Tag(18, [protected, {}, payload, signature])))
    assert judge(text, certificate).valid


@pytest.mark.parametrize(
    ("alg", "reason"), [(-35, Reason.KEY_NOT_ALLOWED), (-37, Reason.KEY_NOT_ALLOWED), (-8, Reason.KEY_NOT_ALLOWED)]
)
def test_a_p256_key_under_another_algorithm_is_not_allowed(alg: int, reason: Reason) -> None:
    payload = message_of(TEXT)[2]
    assert type(payload) is bytes
    assert judge(FRANCE.sign(payload, read_certificate(SIGNER).kid, alg=alg)).reason is reason


@pytest.mark.parametrize("alg", [0, 5, 4, -257], ids=["none", "HMAC-256", "HMAC-256/64", "RS256"])
def test_algorithm_confusion_with_none_and_hmac_is_malformed(alg: int) -> None:
    payload = message_of(TEXT)[2]
    assert type(payload) is bytes
    assert judge(FRANCE.sign(payload, read_certificate(SIGNER).kid, alg=alg)).reason is Reason.MALFORMED


def test_the_untagged_and_the_doubly_tagged_message_are_the_same_certificate() -> None:
    parts = message_of(TEXT)
    assert judge(rewrapped(cbor.encode(parts))).valid
    assert judge(rewrapped(b"\xd8\x3d" + cbor.encode(cbor.Tag(18, parts)))).valid
    assert judge(rewrapped(b"\xc1" + cbor.encode(cbor.Tag(18, parts)))).reason is Reason.MALFORMED


def test_a_kid_in_the_unprotected_header_counts_and_the_protected_one_comes_first() -> None:
    kid, payload = read_certificate(SIGNER).kid, message_of(TEXT)[2]
    assert type(payload) is bytes

    def text(protected: dict[int, cbor.Encodable], unprotected: dict[int, cbor.Encodable]) -> str:
        head = cbor.encode(protected)
        signature = sign_raw(FRANCE.key, sig_structure(head, payload))
        return rewrapped(cbor.encode(cbor.Tag(18, [head, unprotected, payload, signature])))

    assert judge(text({1: -7}, {4: kid})).valid
    assert judge(text({1: -7, 4: kid}, {4: kid})).valid
    assert judge(text({1: -7, 4: b"other id"}, {4: kid})).reason is Reason.UNKNOWN_KEY
    assert judge(text({1: -7}, {})).reason is Reason.UNKNOWN_KEY


@pytest.mark.parametrize("protected", [b"", b"\xa0", b"\xbf\xff"], ids=["no bytes", "empty map", "indefinite map"])
def test_a_protected_header_without_fields_is_signed_as_no_bytes_however_it_is_written(protected: bytes) -> None:
    payload, kid = message_of(TEXT)[2], read_certificate(SIGNER).kid
    assert type(payload) is bytes
    message = [protected, {1: -7, 4: kid}, payload, sign_raw(FRANCE.key, sig_structure(b"", payload))]
    assert judge(rewrapped(cbor.encode(cbor.Tag(18, message)))).valid  # type: ignore[arg-type]


def test_keys_whose_ids_collide_are_each_tried() -> None:
    other = CertificateIssuer("FR", NOW)
    (first,) = [key for key in keys_of_certificate(read_certificate(SIGNER)) if key.format is CodeFormat.HC1]
    (second,) = [
        key for key in keys_of_certificate(read_certificate(other.certificate())) if key.format is CodeFormat.HC1
    ]
    collided = type(second)(second.format, first.kid, second.public_key, certificate=second.certificate)
    assert Verifier(TrustList((), [collided, first]), StatusLists()).verify(TEXT, NOW).valid
    assert Verifier(TrustList((), [collided]), StatusLists()).verify(TEXT, NOW).reason is Reason.BAD_SIGNATURE


def test_a_certificate_of_another_country_may_not_sign() -> None:
    assert judge(signed(CONTENT, iss="DE")).reason is Reason.KEY_NOT_ALLOWED
    assert judge(signed(CONTENT, iss="NC")).valid  # New Caledonia has France's
    assert judge(signed(CONTENT, iss="CNAM")).issuer == "FR"


def test_a_certificate_out_of_date_does_not_vouch() -> None:
    past = make_certificate(FRANCE.key, "FR", NOW, valid=(NOW - 20 * DAY, NOW - DAY)).public_bytes(Encoding.DER)
    future = make_certificate(FRANCE.key, "FR", NOW, valid=(NOW + DAY, NOW + 20 * DAY)).public_bytes(Encoding.DER)
    for certificate in (past, future):
        assert judge(FRANCE.text(certificate, CONTENT), certificate).reason is Reason.KEY_EXPIRED


@pytest.mark.parametrize("arc", ["1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1."])
def test_a_signer_for_tests_signs_no_vaccination(arc: str) -> None:
    for use, allowed in (("1", False), ("2", True), ("3", False)):
        issuer = CertificateIssuer("FR", NOW, usages=(arc + use,))
        certificate = issuer.certificate()
        reason = judge(issuer.text(certificate, CONTENT), certificate).reason
        assert reason is (None if allowed else Reason.KEY_NOT_ALLOWED)


def test_an_extended_usage_of_no_entries_limits_a_signer_as_little_as_none() -> None:
    model = x509.load_der_x509_certificate(SIGNER)
    empty = x509.UnrecognizedExtension(ExtensionOID.EXTENDED_KEY_USAGE, b"\x30\x00")
    certificate = (
        x509.CertificateBuilder(
            model.issuer,
            model.subject,
            FRANCE.key.public_key(),
            1,
            model.not_valid_before_utc,
            model.not_valid_after_utc,
        )
        .add_extension(empty, critical=False)
        .sign(FRANCE.key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    assert judge(FRANCE.text(certificate, CONTENT), certificate).valid


def test_a_certificate_without_exp_is_refused_though_its_signature_holds() -> None:
    claims = {1: "FR", 6: NOW, -260: {1: CONTENT}}
    text = FRANCE.sign(cbor.encode(claims), read_certificate(SIGNER).kid)  # type: ignore[arg-type]
    assert judge(text).reason is Reason.MALFORMED
    stages = eu_stages(text, read_certificate(SIGNER), NOW)
    assert (stages["DECODE"], stages["VERIFY"], stages["EXPIRATIONCHECK"]) == (True, True, False)


def test_a_sample_dated_by_a_number_leaves_open_when_it_was_taken() -> None:
    sample = {"tg": "840539006", "tt": "LP6464-4", "tr": "260415000", "co": "FR", "ci": "URN:UVCI:01:FR:T"}
    verdict = judge(
        signed({**person("Martin", "Claire Anne", "1985-06-30"), "t": [{**sample, "sc": 1_613_824_496_000}]})
    )
    assert verdict.valid
    assert verdict.statement is not None
    assert verdict.statement.facts[0].on == ""


def test_expiry_counts_to_its_last_second_and_milliseconds_are_no_time() -> None:
    text = signed(CONTENT, exp=NOW + 10)
    assert judge(text, at=NOW + 10).valid
    assert judge(text, at=NOW + 11).reason is Reason.EXPIRED
    assert judge(signed(CONTENT, iat=NOW + 301)).reason is Reason.NOT_YET_VALID
    assert judge(signed(CONTENT, exp=1000 * (NOW + DAY))).reason is Reason.MALFORMED


@pytest.mark.parametrize(
    "content",
    [
        {**CONTENT, "v": []},
        {**CONTENT, "v": None},
        {**CONTENT, "v": "x"},
        {**CONTENT, "nam": {}},
        {**CONTENT, "nam": {"fn": "x" * 2000, "fnt": "X"}},
        {**CONTENT, "v": [{**vaccination("2026-01-15"), "dn": -1}]},
        {**CONTENT, "v": [{**vaccination("2026-01-15"), "dt": 20260115}]},
        {**CONTENT, "v": [b"bytes"]},
        {**CONTENT, "v": [vaccination("2026-01-15")] * 9},
        {**CONTENT, "t": [vaccination("2026-01-15", ci="other")]},
        "no map",
    ],
    ids=[
        "empty array",
        "null array",
        "no array",
        "nobody's name",
        "a name of 2000 characters",
        "a negative dose",
        "a date as a number",
        "bytes for an entry",
        "nine entries",
        "two kinds at once",
        "no certificate",
    ],
)
def test_what_breaks_the_format_is_malformed(content: object) -> None:
    assert judge(signed(content)).reason is Reason.MALFORMED


@pytest.mark.parametrize("day", ["2026-01", "2026", "2026-17-01", "", "yesterday"])
def test_a_date_without_a_day_is_as_vague_as_it_is(day: str) -> None:
    verdict = judge(signed({**CONTENT, "v": [vaccination(day, ci="URN:UVCI:01:FR:X")]}))
    assert verdict.statement is not None
    assert len(verdict.statement.facts[0].on) < len("2026-01-15")


def test_a_zip_bomb_deep_nesting_and_duplicate_keys_are_malformed() -> None:
    bomb = zlib.compress(b"\x00" * 4_000_000, 9)
    nested = b"\x81" * 5000 + b"\x00"
    doubled = b"\xd2\x84\x43\xa1\x01\x26\xa0\x45\xa2\x01\x00\x01\x00\x40"
    for data in (bomb, zlib.compress(nested), zlib.compress(doubled), zlib.compress(b"")):
        assert judge("HC1:" + base45.encode(data[:2800])).reason is Reason.MALFORMED
    packed = base45.decode(TEXT[4:])
    assert judge("HC1:" + base45.encode(packed + b"\x00")).reason is Reason.MALFORMED
    assert judge("HC1:" + base45.encode(packed[:-5])).reason is Reason.MALFORMED


def test_the_mirrored_signature_changes_no_identity() -> None:
    parts = message_of(TEXT)
    signature = parts[3]
    assert type(signature) is bytes
    mirrored = cose.P256_ORDER - int.from_bytes(signature[32:], "big")
    parts[3] = signature[:32] + mirrored.to_bytes(32, "big")
    other = judge(rewrapped(cbor.encode(cbor.Tag(18, parts))))
    assert other.valid
    assert other.identity == judge(TEXT).identity
