from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import cbor, cose
from keys.errors import StatusListError
from keys.key_id import key_id
from keys.status_anchor import Anchor, anchor_of
from keys.status_delta import TYP, DeltaBundle, ListChange, diff, read_delta, write_delta
from keys.status_token import OWN_ARRAY_BYTES
from keys.trust_list import TrustList, Use
from tests.keys.realm import DAY, NOW, Realm, new_key, trusted

REALM = Realm()
GREEN = bytes(OWN_ARRAY_BYTES)
RED = b"\xdd" + GREEN[1:]


def change(uri: str = "jkm:33/7", base: bytes = GREEN, new: bytes = RED, *, iat: int = NOW - 60) -> ListChange:
    digests = sha256(base).digest(), sha256(new).digest()
    return ListChange(uri, NOW - 3660, digests[0], iat, NOW + DAY, 3600, digests[1], diff(base, new))


CHANGED, UNCHANGED = change(), change("jkm:33/8", GREEN, GREEN)
BUNDLE = DeltaBundle("CN-33", (CHANGED, UNCHANGED))
DATA = write_delta(REALM.status_key, BUNDLE)


def test_a_bundle_reads_back() -> None:
    assert read_delta(DATA, REALM.trust, NOW) == BUNDLE


def test_a_bundle_vouches_for_the_changed_and_the_unchanged_alike() -> None:
    hashes = sha256(RED).digest(), sha256(GREEN).digest()
    assert BUNDLE.anchors() == tuple(
        Anchor("CN-33", uri, NOW - 60, NOW + DAY, 3600, 4, OWN_ARRAY_BYTES, digest)
        for uri, digest in zip(("jkm:33/7", "jkm:33/8"), hashes, strict=True)
    )
    full = REALM.status_list({}, iat=NOW - 60)
    assert anchor_of(full) == replace(BUNDLE.anchors()[0], sha256=hashes[1])


def test_a_bundle_is_written_as_the_format_says() -> None:
    signed = cose.read_sign1(DATA)
    assert (signed.kid, signed.typ) == (key_id(REALM.status_key.public_key()), "jkm-status-delta+cbor")
    payload = cbor.decode(signed.payload)
    assert type(payload) is dict
    assert payload[1] == "CN-33"
    green, red, times = sha256(GREEN).digest(), sha256(RED).digest(), [NOW - 60, NOW + DAY, 3600]
    assert payload[2] == [
        ["jkm:33/7", NOW - 3660, green, *times, red, diff(GREEN, RED)],
        ["jkm:33/8", NOW - 3660, green, *times, green, diff(b"", b"")],
    ]


def test_lists_are_written_in_the_order_of_their_numbers() -> None:
    numbers = [10, 9, 100, 0]
    bundle = DeltaBundle("CN-33", tuple(change(f"jkm:33/{number}") for number in numbers))
    read = read_delta(write_delta(REALM.status_key, bundle), REALM.trust, NOW)
    assert [each.uri for each in read.changes] == ["jkm:33/0", "jkm:33/9", "jkm:33/10", "jkm:33/100"]


UNWRITTEN = {
    "twice": (CHANGED, CHANGED),
    "not theirs": (change("jkm:11/7"),),
    "example": (change("https://example.com/1"),),
    "a hash": (replace(CHANGED, sha256=b"short"),),
    "iat that is no number": (replace(CHANGED, iat=-1),),
}


@pytest.mark.parametrize("words", UNWRITTEN)
def test_a_bundle_that_nobody_would_read_is_not_written(words: str) -> None:
    with pytest.raises(ValueError, match=words):
        write_delta(REALM.status_key, DeltaBundle("CN-33", UNWRITTEN[words]))
    with pytest.raises(ValueError, match="without an issuer"):
        write_delta(REALM.status_key, DeltaBundle("cn-33", UNWRITTEN[words]))


@settings(max_examples=200)
@given(st.data())
def test_no_damaged_bundle_is_read(data: st.DataObject) -> None:
    damaged = bytearray(DATA)
    damaged[data.draw(st.integers(0, len(DATA) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(StatusListError):
        read_delta(bytes(damaged), REALM.trust, NOW)


@given(st.binary(max_size=80))
def test_random_bytes_are_no_bundle(data: bytes) -> None:
    with pytest.raises(StatusListError):
        read_delta(data, REALM.trust, NOW)


@pytest.mark.parametrize("size", [0, 1, 20, len(DATA) - 1])
def test_a_truncated_bundle_is_not_read(size: int) -> None:
    with pytest.raises(StatusListError):
        read_delta(DATA[:size], REALM.trust, NOW)


def parts(**changes: Any) -> list[Any]:
    """The eight parts of a change, with some of them changed."""
    there = {
        "uri": "jkm:33/7",
        "base_iat": NOW - 3660,
        "base_sha256": sha256(GREEN).digest(),
        "iat": NOW - 60,
        "exp": NOW + DAY,
        "ttl": 3600,
        "sha256": sha256(RED).digest(),
        "changes": diff(GREEN, RED),
    }
    return list((there | changes).values())


def signed(
    lists: cbor.Encodable = None,
    *,
    issuer: cbor.Encodable = "CN-33",
    key: ec.EllipticCurvePrivateKey = REALM.status_key,
    typ: str = TYP,
    more: dict[int, cbor.Encodable] | None = None,
    tail: bytes = b"",
) -> bytes:
    """A bundle, genuinely signed, with something in it changed."""
    members: dict[int, cbor.Encodable] = {1: issuer, 2: [parts()] if lists is None else lists, **(more or {})}
    return cose.sign1(key, kid=key_id(key.public_key()), typ=typ, payload=cbor.encode(members) + tail)


def test_the_unchanged_one_is_good() -> None:
    assert read_delta(signed(), REALM.trust, NOW).changes == (CHANGED,)


REFUSED = {
    "typ of a status list": (signed(typ="application/statuslist+cwt"), "typ is not"),
    "typ of a code": (signed(typ="jkm1"), "typ is not"),
    "a list passed off as a bundle": (REALM.list_bytes(), "typ is not"),
    "another region's uri": (signed([parts(uri="jkm:11/7")]), "jkm:11/7 in a bundle of CN-33: it is not theirs"),
    "another region's uri among ours": (signed([parts(), parts(uri="jkm:11/8")]), "not theirs"),
    "a prefix of our issuer": (signed([parts(uri="jkm:3/7")]), "not theirs"),
    "an issuer we are a prefix of": (signed([parts(uri="jkm:333/7")]), "not theirs"),
    "our uri written the long way": (signed([parts(uri="jkm:CN-33/7")]), "not theirs"),
    "a foreign uri": (signed([parts(uri="https://example.com/1")]), "not theirs"),
    "another region as issuer, our uris": (signed(issuer="CN-11"), "jkm:33/7 in a bundle of CN-11"),
    "another region as issuer": (signed([parts(uri="jkm:11/7")], issuer="CN-11"), "of CN-11 is not known"),
    "duplicate uris": (signed([parts(), parts()]), "twice"),
    "uris out of order": (signed([parts(uri="jkm:33/8"), parts()]), "twice, or not in its place"),
    "an issuer that is none": (signed(issuer="cn-33"), "without an issuer"),
    "an issuer that is a number": (signed(issuer=33), "without an issuer"),
    "lists that are none": (signed({}), "without lists"),
    "a member more": (signed(more={3: 0}), "not an issuer and its lists"),
    "seven parts": (signed([parts()[:7]]), "eight parts"),
    "nine parts": (signed([[*parts(), 0]]), "eight parts"),
    "a uri that is a number": (signed([parts(uri=7)]), "no uri"),
    "iat in the future": (signed([parts(iat=NOW + 301)]), "future"),
    "iat in the future, second list": (signed([parts(), parts(uri="jkm:33/8", iat=NOW + 301)]), "future"),
    "iat true": (signed([parts(iat=True)]), "iat"),
    "iat as its base": (signed([parts(iat=NOW - 3660)]), "leads from"),
    "iat before its base": (signed([parts(iat=NOW - 3661)]), "leads from"),
    "base iat negative": (signed([parts(base_iat=-1)]), "base iat"),
    "exp absent": (signed([parts(exp=None)]), "exp"),
    "ttl a text": (signed([parts(ttl="3600")]), "ttl"),
    "a hash of 31 bytes": (signed([parts(sha256=bytes(31))]), "32 bytes"),
    "a base hash that is a text": (signed([parts(base_sha256="x" * 32)]), "32 bytes"),
    "changes that are a text": (signed([parts(changes="x")]), "no byte string"),
    "bytes behind the payload": (signed(tail=b"\x00"), "after the CBOR item"),
    "signed by a stranger": (signed(key=new_key()), "is not known"),
    "forged": (DATA[:-64] + signed([parts(ttl=0)])[-64:], "forged or damaged"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bundle_that_is_not_as_it_must_be_is_refused_by_name(case: str) -> None:
    data, words = REFUSED[case]
    with pytest.raises(StatusListError, match=words) as caught:
        read_delta(data, REALM.trust, NOW, source="status/CN-33/1-2.delta")
    assert str(caught.value).startswith("status/CN-33/1-2.delta: ")


def test_a_key_that_may_not_sign_status_lists_signs_no_bundle() -> None:
    assert isinstance(REALM.code_key, ec.EllipticCurvePrivateKey)
    with pytest.raises(StatusListError, match="may not sign"):
        read_delta(signed(key=REALM.code_key), REALM.trust, NOW)


def test_another_regions_status_key_signs_no_bundle_of_ours() -> None:
    stranger = new_key()
    trust = TrustList([*REALM.trusted, trusted(stranger, Use.STATUS, issuer="CN-11")])
    with pytest.raises(StatusListError, match="of CN-33 is not known"):
        read_delta(signed(key=stranger), trust, NOW)
    theirs = signed([parts(uri="jkm:11/7")], issuer="CN-11", key=stranger)
    assert read_delta(theirs, trust, NOW).issuer == "CN-11"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"revoked_at": NOW + DAY, "revoked_reason": "lost"}, "revoked"),
        ({"exp": NOW}, "outside its period"),
        ({"nbf": NOW + 301}, "outside its period"),
    ],
)
def test_a_key_out_of_force_signs_no_bundle(changed: dict[str, Any], words: str) -> None:
    keys = [REALM.trusted[0], replace(REALM.trusted[1], **changed)]
    with pytest.raises(StatusListError, match=words):
        read_delta(DATA, TrustList(keys), NOW)
