from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from keys import cbor, cose
from keys.errors import MalformedError
from keys.key_id import key_id
from tests.keys.realm import new_key

KEY = new_key()
EDWARDS = ed25519.Ed25519PrivateKey.generate()
KID = key_id(KEY.public_key())
TYP = "jkm1"
HEADER = cbor.encode({1: -7, 4: KID, 16: TYP})
START = b"\xd2\x84"


def signed(
    header: bytes = HEADER, *, start: bytes = START, unprotected: bytes = b"\xa0", payload: bytes = b"\xa0"
) -> bytes:
    to_sign = b"\x84\x6aSignature1" + cbor.byte_string(header) + b"\x40" + cbor.byte_string(payload)
    parts = cbor.byte_string(header) + unprotected + cbor.byte_string(payload)
    return start + parts + cbor.byte_string(cose.sign(KEY, to_sign))


def holds(data: bytes, public: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> bool:
    sign1 = cose.read_sign1(data)
    return cose.verify_signature(public, sign1.alg, cose.signature_input(sign1), sign1.signature)


@given(st.binary(max_size=300), st.sampled_from([KEY, EDWARDS]), st.booleans())
def test_what_is_signed_reads_back_and_verifies(payload: bytes, key: cose.SigningKey, with_kid: bool) -> None:
    kid = key_id(key.public_key()) if with_kid else None
    data = cose.sign1(key, kid=kid, typ=TYP, payload=payload)
    read = cose.read_sign1(data)
    assert (read.alg, read.kid, read.typ, read.payload) == (cose.algorithm_of(key), kid, TYP, payload)
    assert holds(data, key.public_key())


def test_what_is_signed_is_deterministic_cbor_with_tag_18() -> None:
    data = cose.sign1(KEY, kid=KID, typ=TYP, payload=b"\xa0")
    value = cbor.decode(data)
    assert cbor.encode(value) == data
    assert type(value) is cbor.Tag
    assert value.number == 18


def test_the_signed_bytes_are_the_sig_structure_of_rfc_9052() -> None:
    sign1 = cose.read_sign1(cose.sign1(KEY, kid=KID, typ=TYP, payload=b"payload"))
    assert cose.signature_input(sign1) == cbor.encode(["Signature1", HEADER, b"", b"payload"])


def test_our_own_ecdsa_signatures_are_low_s() -> None:
    for _ in range(40):
        assert int.from_bytes(cose.sign(KEY, b"data")[32:], "big") <= cose.P256_ORDER // 2


def with_other_s(data: bytes) -> bytes:
    """The same signature's other form, (r, n - s), which any verifier of ECDSA takes as well."""
    s = int.from_bytes(data[-32:], "big")
    return data[:-32] + (cose.P256_ORDER - s).to_bytes(32, "big")


def test_high_s_is_malformed_although_the_mathematics_hold() -> None:
    data = cose.sign1(KEY, kid=KID, typ=TYP, payload=b"\xa0")
    twisted = with_other_s(data)
    sign1 = cose.read_sign1(data)
    assert cose.verify_signature(KEY.public_key(), cose.Algorithm.ES256, cose.signature_input(sign1), twisted[-64:])
    with pytest.raises(MalformedError, match="high s"):
        cose.read_sign1(twisted)
    assert cose.read_foreign_sign1(twisted).signature == twisted[-64:]


def test_the_middle_of_the_order_is_where_low_ends() -> None:
    data = cose.sign1(KEY, kid=KID, typ=TYP, payload=b"\xa0")
    cose.read_sign1(data[:-32] + (cose.P256_ORDER // 2).to_bytes(32, "big"))
    with pytest.raises(MalformedError):
        cose.read_sign1(data[:-32] + (cose.P256_ORDER // 2 + 1).to_bytes(32, "big"))


def test_ed25519_signatures_have_no_s_to_be_high() -> None:
    data = cose.sign1(EDWARDS, kid=None, typ=TYP, payload=b"\xa0")
    assert holds(data, EDWARDS.public_key())


MALFORMED = {
    "no tag": signed(start=b"\x84"),
    "tag 18 in a longer head": signed(start=b"\xd8\x12\x84"),
    "a CWT tag around it": signed(start=b"\xd8\x3d\xd2\x84"),
    "tag 98, COSE_Sign": signed(start=b"\xd8\x62\x84"),
    "array of five": signed(start=b"\xd2\x85") + b"\0",
    "array of indefinite length": signed(start=b"\xd2\x9f") + b"\xff",
    "array head longer than needed": signed(start=b"\xd2\x98\x04"),
    "unprotected header not empty": signed(unprotected=b"\xa1\x04\x48" + KID),
    "unprotected header empty in a longer head": signed(unprotected=b"\xb8\x00"),
    "unprotected header of indefinite length": signed(unprotected=b"\xbf\xff"),
    "unprotected header null": signed(unprotected=b"\xf6"),
    "trailing byte": signed() + b"\0",
    "cut short": signed()[:-1],
    "only the start": START,
    "empty": b"",
    "protected header empty": signed(b""),
    "protected header empty map": signed(b"\xa0"),
    "protected header with trailing byte": signed(HEADER + b"\0"),
    "protected header out of order": signed(b"\xa3\x04\x48" + KID + b"\x01\x26\x10\x64jkm1"),
    "protected header with a field twice": signed(b"\xa4\x01\x26\x01\x26\x04\x48" + KID + b"\x10\x64jkm1"),
    "protected header that is an array": signed(b"\x80"),
    "alg missing": signed(cbor.encode({4: KID, 16: TYP})),
    "typ missing": signed(cbor.encode({1: -7, 4: KID})),
    "alg as text": signed(cbor.encode({1: "ES256", 4: KID, 16: TYP})),
    "alg none": signed(cbor.encode({1: 0, 4: KID, 16: TYP})),
    "alg true": signed(cbor.encode({1: True, 4: KID, 16: TYP})),
    "alg an array": signed(cbor.encode({1: [-7], 4: KID, 16: TYP})),
    "alg a map": signed(cbor.encode({1: {}, 4: KID, 16: TYP})),
    "alg null": signed(cbor.encode({1: None, 4: KID, 16: TYP})),
    "alg HMAC": signed(cbor.encode({1: 5, 4: KID, 16: TYP})),
    "alg ES384": signed(cbor.encode({1: -35, 4: KID, 16: TYP})),
    "alg PS256": signed(cbor.encode({1: -37, 4: KID, 16: TYP})),
    "kid of 7 bytes": signed(cbor.encode({1: -7, 4: KID[:7], 16: TYP})),
    "kid of 9 bytes": signed(cbor.encode({1: -7, 4: KID + b"\0", 16: TYP})),
    "kid empty": signed(cbor.encode({1: -7, 4: b"", 16: TYP})),
    "kid null": signed(cbor.encode({1: -7, 4: None, 16: TYP})),
    "kid as text": signed(cbor.encode({1: -7, 4: "12345678", 16: TYP})),
    "typ as a number": signed(cbor.encode({1: -7, 4: KID, 16: 1})),
    "crit": signed(cbor.encode({1: -7, 2: [16], 4: KID, 16: TYP})),
    "content type": signed(cbor.encode({1: -7, 3: 0, 4: KID, 16: TYP})),
    "boolean label": signed(b"\xa3\xf5\x26\x04\x48" + KID + b"\x10\x64jkm1"),
    "embedded certificate": signed(cbor.encode({1: -7, 4: KID, 16: TYP, 33: b"cert"})),
    "payload null": START + cbor.byte_string(HEADER) + b"\xa0\xf6" + cbor.byte_string(bytes(64)),
    "payload as text": START + cbor.byte_string(HEADER) + b"\xa0\x60" + cbor.byte_string(bytes(64)),
    "signature of 63 bytes": START + cbor.byte_string(HEADER) + b"\xa0\x40" + cbor.byte_string(bytes(63)),
    "signature of 65 bytes": START + cbor.byte_string(HEADER) + b"\xa0\x40" + cbor.byte_string(bytes(65)),
    "signature in DER": START
    + cbor.byte_string(HEADER)
    + b"\xa0\x40"
    + cbor.byte_string(KEY.sign(b"", ec.ECDSA(hashes.SHA256()))),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_an_own_message_is_written_in_one_way_only(case: str) -> None:
    with pytest.raises(MalformedError):
        cose.read_sign1(MALFORMED[case])


def test_refusals_of_a_header_are_not_remembered_as_acceptance() -> None:
    bad = MALFORMED["alg ES384"]
    for _ in range(3):
        with pytest.raises(MalformedError):
            cose.read_sign1(bad)


@pytest.mark.parametrize("at", range(64))
def test_no_bit_of_a_signature_may_change(at: int) -> None:
    sign1 = cose.read_sign1(cose.sign1(KEY, kid=KID, typ=TYP, payload=b"\xa0"))
    changed = bytearray(sign1.signature)
    changed[at] ^= 1 << at % 8
    message = cose.signature_input(sign1)
    assert cose.verify_signature(KEY.public_key(), sign1.alg, message, sign1.signature)
    assert not cose.verify_signature(KEY.public_key(), sign1.alg, message, bytes(changed))


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, 0), (0, 1), (1, 0), (cose.P256_ORDER, 1), (1, cose.P256_ORDER), ((1 << 256) - 1, (1 << 256) - 1)],
)
def test_psychic_signatures_do_not_verify(r: int, s: int) -> None:
    """CVE-2022-21449: zero, or the order itself, for r and s."""
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert not cose.verify_signature(KEY.public_key(), cose.Algorithm.ES256, b"anything", signature)


def test_a_signature_is_only_good_under_the_keys_own_algorithm() -> None:
    signature = EDWARDS.sign(b"data")
    assert cose.verify_signature(EDWARDS.public_key(), cose.Algorithm.EDDSA, b"data", signature)
    assert not cose.verify_signature(EDWARDS.public_key(), cose.Algorithm.ES256, b"data", signature)
    assert not cose.verify_signature(KEY.public_key(), cose.Algorithm.EDDSA, b"data", cose.sign(KEY, b"data"))


def test_a_signature_of_another_length_does_not_verify() -> None:
    signature = EDWARDS.sign(b"data")
    for wrong in (b"", signature[:63], signature + b"\0"):
        assert not cose.verify_signature(EDWARDS.public_key(), cose.Algorithm.EDDSA, b"data", wrong)


def test_other_curves_sign_nothing_here() -> None:
    with pytest.raises(ValueError, match="curve"):
        cose.sign1(ec.generate_private_key(ec.SECP384R1()), kid=None, typ=TYP, payload=b"")
    with pytest.raises(ValueError, match="kid"):
        cose.sign1(KEY, kid=b"short", typ=TYP, payload=b"")


def test_a_standard_message_may_carry_its_kid_outside() -> None:
    header = cbor.encode({1: -7, 16: "application/statuslist+cwt"})
    read = cose.read_foreign_sign1(signed(header, unprotected=b"\xa1\x04\x42\x31\x32"))
    assert read.kid == b"12"
    message = cose.signature_input(read)
    assert cose.verify_signature(KEY.public_key(), read.alg, message, read.signature)


FOREIGN_MALFORMED = {
    "no tag": signed(start=b"\x84"),
    "tag 61": signed(start=b"\xd8\x3d\x84"),
    "not an array": b"\xd2\xa0",
    "array of three": b"\xd2\x83\x40\xa0\x40",
    "payload null": b"\xd2\x84\x40\xa0\xf6\x40",
    "unprotected array": signed(unprotected=b"\x80"),
    "kid both inside and outside": signed(unprotected=b"\xa1\x04\x48" + KID),
    "alg only outside": signed(cbor.encode({4: KID}), unprotected=b"\xa1\x01\x26"),
    "crit inside": signed(cbor.encode({1: -7, 2: [16], 4: KID})),
    "crit outside": signed(unprotected=b"\xa1\x02\x80"),
    "alg HMAC": signed(cbor.encode({1: 5, 4: KID})),
    "alg true": signed(cbor.encode({1: True, 4: KID})),
    "alg an array": signed(cbor.encode({1: [], 4: KID})),
    "kid as text": signed(cbor.encode({1: -7, 4: "kid"})),
    "typ as a number": signed(cbor.encode({1: -7, 4: KID, 16: 260})),
    "header is an array": signed(b"\x80"),
    "signature of 63 bytes": START + cbor.byte_string(HEADER) + b"\xa0\x40" + cbor.byte_string(bytes(63)),
    "trailing byte": signed() + b"\0",
}


@pytest.mark.parametrize("case", FOREIGN_MALFORMED)
def test_standard_messages_are_held_to_rfc_9052(case: str) -> None:
    with pytest.raises(MalformedError):
        cose.read_foreign_sign1(FOREIGN_MALFORMED[case])
