from __future__ import annotations

import json
import os
import zlib
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import cbor, cbor_bounded, cose, jwk
from keys.errors import StatusListError
from keys.key_id import key_id
from keys.status_token import OWN_ENTRIES, TYP, StatusList, pack, read_status_list, unpack, write_status_list
from keys.trust_list import TrustedKey, TrustList, Use
from tests.keys.bomb import zip_bomb
from tests.keys.realm import DAY, NOW, Realm, new_key, trusted

SHARED = Path(__file__).parents[2].parent / "shared" / "vectors" / "token_status_list.json"
REALM = Realm()
OWN = REALM.list_bytes({5: 1, 812_345: 0xD})
ARRAY = bytes(OWN_ENTRIES // 2)
KID = key_id(REALM.status_key.public_key())


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_what_is_packed_unpacks_and_answers_by_index(bits: int, data: st.DataObject) -> None:
    values = bytes(data.draw(st.lists(st.integers(0, (1 << bits) - 1), max_size=70)))
    packed = pack(values, bits)
    whole = unpack(packed, bits)
    assert whole[: len(values)] == values
    assert not any(whole[len(values) :])
    status_list = StatusList("CN-33", "u", 0, None, None, bits, packed)
    assert [status_list.value(index) for index in range(len(values))] == list(values)
    assert status_list.entries == len(whole)
    assert status_list.value(len(whole)) is None


def test_entries_are_packed_least_significant_first() -> None:
    """draft-ietf-oauth-status-list-20, sections 4.1 and 4.2: the two worked examples."""
    assert pack(bytes((1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1)), 1) == bytes.fromhex("b9a3")
    assert pack(bytes((1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3)), 2) == bytes.fromhex("c944f9")


def test_values_that_do_not_fit_are_not_packed() -> None:
    for bits in (1, 2, 4):
        with pytest.raises(ValueError, match="does not fit"):
            pack(bytes((0, 1 << bits)), bits)
    for bits in (0, 3, 16):
        with pytest.raises(ValueError, match="1, 2, 4 or 8"):
            pack(b"", bits)


def test_our_own_list_reads_back() -> None:
    status_list = read_status_list(OWN, REALM.trust, NOW)
    assert (status_list.issuer, status_list.uri, status_list.iat, status_list.exp) == (
        "CN-33",
        "jkm:33/7",
        NOW - 3600,
        NOW + DAY,
    )
    assert (status_list.ttl, status_list.bits, status_list.entries, status_list.own) == (3600, 4, 1 << 20, True)
    assert [status_list.value(index) for index in (0, 5, 812_345, (1 << 20) - 1, 1 << 20)] == [0, 1, 0xD, 0, None]


def test_our_own_list_is_written_as_the_standard_says() -> None:
    sign1 = cose.read_sign1(OWN)
    assert OWN.startswith(b"\xd2\x84")
    assert (sign1.alg, sign1.kid, sign1.typ) == (-7, KID, "application/statuslist+cwt")
    claims = cbor.decode(sign1.payload)
    assert type(claims) is dict
    assert claims.keys() == {2, 4, 6, 65533, 65534}
    assert claims[2] == "jkm:33/7"
    entry = claims[65533]
    assert type(entry) is dict
    assert (entry["bits"], len(zlib.decompress(entry["lst"]))) == (4, 524_288)  # type: ignore[arg-type]


@settings(max_examples=300)
@given(st.data())
def test_no_damaged_list_is_read(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(OWN) - 1))
    damaged = bytearray(OWN)
    damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(StatusListError):
        read_status_list(bytes(damaged), REALM.trust, NOW)


@given(st.binary(max_size=80))
def test_random_bytes_are_no_list(data: bytes) -> None:
    with pytest.raises(StatusListError):
        read_status_list(data, REALM.trust, NOW)


@pytest.mark.parametrize("size", [0, 1, 20, 100, -1])
def test_a_truncated_list_is_not_read(size: int) -> None:
    with pytest.raises(StatusListError):
        read_status_list(OWN[:size], REALM.trust, NOW)


def signed(
    *,
    key: ec.EllipticCurvePrivateKey = REALM.status_key,
    typ: str = TYP,
    sub: cbor.Encodable = "jkm:33/7",
    iat: cbor.Encodable = NOW - 3600,
    exp: cbor.Encodable = NOW + DAY,
    bits: cbor.Encodable = 4,
    lst: bytes | None = None,
    more: dict[int, cbor.Encodable] | None = None,
    without: tuple[int, ...] = (),
) -> bytes:
    """A list of ours, genuinely signed, with something in it changed."""
    array = zlib.compress(ARRAY) if lst is None else lst
    claims: dict[int, cbor.Encodable] = {
        2: sub,
        4: exp,
        6: iat,
        65533: {"bits": bits, "lst": array},
        65534: 3600,
        **(more or {}),
    }
    kept = {name: value for name, value in claims.items() if name not in without}
    return cose.sign1(key, kid=key_id(key.public_key()), typ=typ, payload=cbor.encode(kept))


def test_the_unchanged_one_is_good() -> None:
    assert read_status_list(signed(), REALM.trust, NOW).value(0) == 0


BOMB = zip_bomb(64)
REFUSED = {
    "typ of a code": (signed(typ="jkm1"), "typ is not"),
    "typ of a delta": (signed(typ="jkm-status-delta+cbor"), "typ is not"),
    "sub absent": (signed(without=(2,)), "sub"),
    "sub of another issuer, signed by us": (signed(sub="jkm:11/7"), "is not known"),
    "sub written the long way": (signed(sub="jkm:CN-33/7"), "no region"),
    "sub a number": (signed(sub=7), "sub"),
    "iat absent": (signed(without=(6,)), "iat"),
    "iat in the future": (signed(iat=NOW + 301), "future"),
    "iat true": (signed(iat=True), "iat"),
    "iat negative": (signed(iat=-1), "iat"),
    "exp absent": (signed(without=(4,)), "exp"),
    "exp null": (signed(exp=None), "exp"),
    "list absent": (signed(without=(65533,)), "status_list"),
    "bits 1": (signed(bits=1), "bits"),
    "bits 8": (signed(bits=8), "bits"),
    "bits 3": (signed(bits=3), "bits"),
    "bits true": (signed(bits=True), "bits"),
    "an unknown claim": (signed(more={1: "CN-33"}), "claims"),
    "empty array": (signed(lst=zlib.compress(b"")), "entries"),
    "array one byte short": (signed(lst=zlib.compress(ARRAY[1:])), "entries"),
    "array one byte long": (signed(lst=zlib.compress(ARRAY + b"\0")), "more than"),
    "zip bomb": (signed(lst=BOMB), "more than"),
    "no zlib": (signed(lst=b"nothing"), "inflate"),
    "raw deflate": (signed(lst=zlib.compress(ARRAY)[2:-4]), "inflate"),
    "gzip": (signed(lst=zlib.compress(ARRAY, wbits=31)), "inflate"),
    "wrong checksum": (signed(lst=zlib.compress(ARRAY)[:-1] + b"\xff"), "inflate"),
    "cut short": (signed(lst=zlib.compress(ARRAY)[:-4]), "cut short"),
    "trailing bytes after the zlib stream": (signed(lst=zlib.compress(ARRAY) + b"x"), "goes on"),
    "a second zlib stream": (signed(lst=zlib.compress(ARRAY) * 2), "goes on"),
    "lst absent": (signed(lst=b""), "cut short"),
    "signed by a stranger": (signed(key=new_key()), "is not known"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_list_that_is_not_as_ours_must_be_is_refused_by_name(case: str) -> None:
    data, words = REFUSED[case]
    with pytest.raises(StatusListError, match=words) as caught:
        read_status_list(data, REALM.trust, NOW, source="status/CN-33/7.cwt")
    assert str(caught.value).startswith("status/CN-33/7.cwt: ")


def test_a_code_key_does_not_sign_lists() -> None:
    assert isinstance(REALM.code_key, ec.EllipticCurvePrivateKey)
    with pytest.raises(StatusListError, match="may not sign"):
        read_status_list(signed(key=REALM.code_key), REALM.trust, NOW)


def test_another_issuers_status_key_does_not_sign_our_lists() -> None:
    stranger = new_key()
    trust = TrustList([*REALM.trusted, trusted(stranger, Use.STATUS, issuer="CN-11")])
    with pytest.raises(StatusListError, match="is not known"):
        read_status_list(signed(key=stranger), trust, NOW)
    assert read_status_list(signed(key=stranger, sub="jkm:11/7"), trust, NOW).issuer == "CN-11"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"revoked_at": NOW + DAY, "revoked_reason": "lost"}, "revoked"),
        ({"exp": NOW}, "outside its period"),
        ({"nbf": NOW + 301}, "outside its period"),
    ],
)
def test_a_key_out_of_force_signs_no_list(change: dict[str, Any], words: str) -> None:
    realm = Realm(status_key=REALM.status_key)
    realm.trusted[1] = replace(realm.trusted[1], **change)
    with pytest.raises(StatusListError, match=words):
        read_status_list(OWN, realm.trust, NOW)


def test_a_list_with_the_kid_outside_or_high_s_is_not_ours() -> None:
    sign1 = cose.read_sign1(OWN)
    header = cbor.encode({1: -7, 16: TYP})
    message = cose.signature_input(cose.Sign1(header, sign1.alg, None, TYP, sign1.payload, b""))
    outside = b"\xd2\x84" + cbor.byte_string(header) + b"\xa1\x04\x48" + KID
    outside += cbor.byte_string(sign1.payload) + cbor.byte_string(cose.sign(REALM.status_key, message))
    s = cose.P256_ORDER - int.from_bytes(OWN[-32:], "big")
    for data in (outside, OWN[:-32] + s.to_bytes(32, "big")):
        with pytest.raises(StatusListError):
            read_status_list(data, REALM.trust, NOW)


def test_a_rollback_is_refused() -> None:
    seen = {"jkm:33/7": NOW - 3599, "jkm:33/8": NOW}
    with pytest.raises(StatusListError, match="rollback"):
        read_status_list(OWN, REALM.trust, NOW, seen=seen)
    assert read_status_list(OWN, REALM.trust, NOW, seen={"jkm:33/7": NOW - 3600}).iat == NOW - 3600


def test_a_list_past_its_exp_is_still_read_for_what_it_revoked() -> None:
    assert read_status_list(OWN, REALM.trust, NOW + 30 * DAY).value(5) == 1


def test_a_list_of_another_shape_is_not_written_under_our_uri() -> None:
    for bits, packed in ((4, ARRAY[1:]), (8, ARRAY), (1, ARRAY)):
        with pytest.raises(ValueError, match="our lists"):
            write_status_list(REALM.status_key, uri="jkm:33/7", packed=packed, iat=0, exp=1, ttl=1, bits=bits)


# Foreign lists


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_foreign_list_of_any_width_is_read(bits: int) -> None:
    values = bytes(index % (1 << bits) for index in range(100))
    data = write_status_list(
        REALM.status_key, uri="https://example.com/1", packed=pack(values, bits), iat=NOW, exp=NOW + 1, ttl=1, bits=bits
    )
    status_list = read_status_list(data, REALM.trust, NOW)
    assert not status_list.own
    assert [status_list.value(index) for index in range(100)] == list(values)
    assert status_list.value(104) is None


def test_a_foreign_list_may_be_written_by_any_encoder() -> None:
    lst = zlib.compress(b"\x01")
    payload = b"\xbf\x06\x1b" + NOW.to_bytes(8, "big") + b"\x02\x78\x01u\x19\xff\xfd\xa2\x63lst" + cbor.byte_string(lst)
    payload += b"\x64bits\x18\x08\x61x\xf9\x3c\x00\xff"
    data = cose.sign1(REALM.status_key, kid=KID, typ=TYP, payload=payload)
    assert read_status_list(data, REALM.trust, NOW).value(0) == 1


def test_a_foreign_list_is_inflated_within_bounds() -> None:
    data = signed(sub="https://example.com/1", lst=BOMB)
    assert len(data) < 100_000
    with pytest.raises(StatusListError, match="more than"):
        read_status_list(data, REALM.trust, NOW)


# The published vectors (oauth-wg/draft-ietf-oauth-status-list, revision 20)


def published() -> dict[str, Any]:
    if not SHARED.exists():
        if os.environ.get("CI") == "true" and SHARED.parents[1].exists():
            pytest.fail(f"{SHARED} is missing although ../shared is there")
        pytest.skip(f"the published vectors are not at {SHARED}")
    return json.loads(SHARED.read_text())  # type: ignore[no-any-return]


@pytest.mark.needs_shared
def test_the_published_arrays_are_read_and_written() -> None:
    vectors = published()["vectors"]
    assert len(vectors) >= 6
    for vector in vectors:
        raw = zlib.decompress(bytes.fromhex(vector["lst_hex"]))
        assert (len(raw), sha256(raw).hexdigest()) == (vector["raw_len"], vector["raw_sha256"])
        values = bytearray(vector["entries_total"])
        for index, value in vector["nonzero"].items():
            values[int(index)] = value
        assert pack(values, vector["bits"]) == raw
        assert unpack(raw, vector["bits"]) == values
        entry = cbor_bounded.decode_bounded(bytes.fromhex(vector["cbor_hex"]))
        assert entry == {"bits": vector["bits"], "lst": bytes.fromhex(vector["lst_hex"])}
        data = signed(
            sub="https://example.com/statuslists/1", bits=vector["bits"], lst=bytes.fromhex(vector["lst_hex"])
        )
        status_list = read_status_list(data, REALM.trust, NOW)
        for index, value in vector["nonzero"].items():
            assert status_list.value(int(index)) == value
        assert status_list.value(status_list.entries) is None


def published_key(document: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    key = jwk.read_key({"kty": "EC", "crv": "P-256", **document["cwt_example_pubkey_p256"]}).public_key
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


@pytest.mark.needs_shared
def test_the_published_status_list_token_verifies_and_is_read() -> None:
    document = published()
    data = bytes.fromhex(document["status_list_cwt_hex"])
    public = published_key(document)
    key = TrustedKey("XX", b"12", public, cose.Algorithm.ES256, frozenset((Use.STATUS,)), 0, 4_000_000_000)
    decoded = document["status_list_cwt_decoded"]["claims"]
    status_list = read_status_list(data, TrustList([key]), decoded["6"])
    assert (status_list.uri, status_list.iat, status_list.exp) == (decoded["2"], decoded["6"], decoded["4"])
    assert (status_list.ttl, status_list.bits) == (decoded["65534"], 1)
    assert [status_list.value(index) for index in range(16)] == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    stranger = TrustedKey(
        "XX", b"12", new_key().public_key(), cose.Algorithm.ES256, frozenset((Use.STATUS,)), 0, 4_000_000_000
    )
    with pytest.raises(StatusListError, match="forged"):
        read_status_list(data, TrustList([stranger]), decoded["6"])


@pytest.mark.needs_shared
def test_the_published_referenced_token_verifies_and_points_into_the_list() -> None:
    document = published()
    sign1 = cose.read_foreign_sign1(bytes.fromhex(document["referenced_token_cwt_hex"]))
    message = cose.signature_input(sign1)
    assert cose.verify_signature(published_key(document), sign1.alg, message, sign1.signature)
    assert not cose.verify_signature(published_key(document), sign1.alg, message + b"\0", sign1.signature)
    claims = cbor_bounded.decode_bounded(sign1.payload)
    assert type(claims) is dict
    assert claims[65535] == {"status_list": {"idx": 0, "uri": "https://example.com/statuslists/1"}}
