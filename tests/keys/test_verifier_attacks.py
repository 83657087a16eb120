"""What somebody who holds no issuer's key, or the wrong one, might try. Each test is named by the attack."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import base45, cbor, cose, health_code, jwk
from keys.errors import TrustError
from keys.key_id import key_id
from keys.presentation import present
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList, Use, load_trust, read_jwks, write_jwks
from keys.verdict import CodeFormat, CodeIdentity, Colour
from keys.verifier import Verifier
from tests.keys.realm import INDEX, NOW, Realm, claims_of, new_key, sign_parts, sign_raw, trusted
from tests.keys.test_trusted_key import certificate

REALM = Realm()
MALLORY = new_key()
PHONE = new_key()
KID = REALM.trusted[0].kid


def header(**fields: cbor.Encodable) -> bytes:
    names = {"alg": 1, "kid": 4, "typ": 16}
    good: dict[str, cbor.Encodable] = {"alg": -7, "kid": KID, "typ": "jkm1", **fields}
    return cbor.encode({names[name]: value for name, value in good.items()})


def payload(text: str) -> bytes:
    return cbor.encode(claims_of(text))


# Algorithm and key


def test_algorithm_confusion_an_ed25519_signature_under_an_ecdsa_kid() -> None:
    mallory = ed25519.Ed25519PrivateKey.generate()
    text = sign_parts(mallory, header(alg=-8), payload(REALM.text()))
    assert REALM.judge(text).reason is Reason.KEY_NOT_ALLOWED


def test_algorithm_confusion_an_hmac_keyed_with_the_public_key() -> None:
    assert isinstance(REALM.code_key, ec.EllipticCurvePrivateKey)
    public = REALM.code_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body, protected = payload(REALM.text()), header(alg=5)
    mac = hmac.digest(public, cbor.encode(["Signature1", protected, b"", body]), hashlib.sha512)
    assert REALM.judge(sign_parts(MALLORY, protected, body, signature=mac)).reason is Reason.MALFORMED


def test_algorithm_none() -> None:
    for alg in (0, None, "none"):
        text = sign_parts(MALLORY, header(alg=alg), payload(REALM.text()), signature=bytes(64))
        assert REALM.judge(text).reason is Reason.MALFORMED


def test_an_empty_signature() -> None:
    text = sign_parts(MALLORY, header(), payload(REALM.text()), signature=b"")
    assert REALM.judge(text).reason is Reason.MALFORMED


@pytest.mark.parametrize("r", [0, 1, cose.P256_ORDER])
def test_a_psychic_signature(r: int) -> None:
    for s in (0, 1):
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        text = sign_parts(MALLORY, header(), payload(REALM.text()), signature=signature)
        assert REALM.judge(text).reason is Reason.BAD_SIGNATURE


def test_a_strangers_key_under_an_issuers_kid() -> None:
    assert REALM.judge(sign_parts(MALLORY, header(), payload(REALM.text()))).reason is Reason.BAD_SIGNATURE


def test_a_strangers_key_under_its_own_kid() -> None:
    assert REALM.judge(sign_raw(MALLORY, payload(REALM.text()))).reason is Reason.UNKNOWN_KEY


def test_kid_collision_each_key_is_tried_and_only_those() -> None:
    """Two issuer keys with one id, and a stranger who made a key with that id."""
    twin = new_key()
    shared = replace(trusted(twin, Use.CODE), kid=KID)
    for order in ([REALM.trusted[0], shared], [shared, REALM.trusted[0]]):
        verifier = Verifier(TrustList([*order, REALM.trusted[1]]), StatusLists([REALM.status_list()]))
        assert verifier.verify(REALM.text(), NOW).valid
        assert verifier.verify(sign_parts(twin, header(), payload(REALM.text())), NOW).valid
        mallorys = sign_parts(MALLORY, header(), payload(REALM.text()))
        assert verifier.verify(mallorys, NOW).reason is Reason.BAD_SIGNATURE


def test_kid_collision_a_revoked_twin_does_not_revoke_the_other_nor_hide_behind_it() -> None:
    twin = new_key()
    revoked = replace(trusted(twin, Use.CODE), kid=KID, revoked_at=NOW, revoked_reason="lost")
    verifier = Verifier(TrustList([revoked, *REALM.trusted]), StatusLists([REALM.status_list()]))
    assert verifier.verify(REALM.text(), NOW).valid
    assert verifier.verify(sign_parts(twin, header(), payload(REALM.text())), NOW).reason is Reason.KEY_REVOKED


def test_kid_collision_between_a_code_key_and_a_status_key() -> None:
    twin = replace(REALM.trusted[1], kid=KID)
    verifier = Verifier(TrustList([REALM.trusted[0], twin]), StatusLists())
    text = sign_parts(REALM.status_key, header(), payload(REALM.text()))
    assert verifier.verify(text, NOW).reason is Reason.BAD_SIGNATURE


def test_a_revoked_key_refuses_codes_signed_before_its_revocation() -> None:
    realm = Realm()
    text = realm.text(issued_at=NOW - 3000)
    realm.change_code_key(revoked_at=NOW - 10, revoked_reason="lost")
    assert realm.judge(text).reason is Reason.KEY_REVOKED


def test_a_revoked_key_given_once_more_in_an_older_trust_list(tmp_path: Path) -> None:
    realm = Realm()
    text = realm.text()
    (tmp_path / "old.json").write_bytes(write_jwks(realm.trusted))
    realm.change_code_key(revoked_at=NOW, revoked_reason="lost")
    (tmp_path / "new.json").write_bytes(write_jwks(realm.trusted))
    for names in (("old.json", "new.json"), ("new.json", "old.json")):
        trust = load_trust([tmp_path / name for name in names])
        assert Verifier(trust, StatusLists([realm.status_list()])).verify(text, NOW).reason is Reason.KEY_REVOKED


def test_a_trust_list_whose_kid_is_another_keys() -> None:
    mallorys, kids = (
        trusted(MALLORY, Use.CODE),
        [jwk.write_base64url(kid) for kid in (key_id(MALLORY.public_key()), KID)],
    )
    data = write_jwks([mallorys]).replace(kids[0].encode(), kids[1].encode())
    with pytest.raises(TrustError, match="kid is not the id of this key"):
        read_jwks(data, source="CN-33.jwks.json")


def test_the_issuers_own_key_given_as_a_certificate_vouches_for_no_code(tmp_path: Path) -> None:
    assert isinstance(REALM.code_key, ec.EllipticCurvePrivateKey)
    pem = tmp_path / "CN-33.pem"
    pem.write_bytes(certificate(REALM.code_key).public_bytes(Encoding.PEM))
    assert Verifier(load_trust([pem]), StatusLists()).verify(REALM.text(), NOW).reason is Reason.UNKNOWN_ISSUER
    jwks = tmp_path / "CN-33.jwks.json"
    jwks.write_bytes(write_jwks([REALM.trusted[1]]))
    assert Verifier(load_trust([pem, jwks]), StatusLists()).verify(REALM.text(), NOW).reason is Reason.UNKNOWN_KEY


def test_a_sealing_key_or_a_status_key_as_a_code_key() -> None:
    text = sign_raw(REALM.status_key, payload(REALM.text()))
    assert REALM.judge(text).reason is Reason.KEY_NOT_ALLOWED


def test_a_key_for_other_formats() -> None:
    realm = Realm()
    realm.change_code_key(formats=("HC1",))
    assert realm.judge(realm.text()).reason is Reason.KEY_NOT_ALLOWED
    realm.change_code_key(formats=("HC1", "JKM1"))
    assert realm.judge(realm.text()).valid


def test_a_key_for_one_city_signs_for_another_or_for_the_whole_region() -> None:
    realm = Realm()
    realm.change_code_key(regions=("3302", "330110"))
    for region, reason in (
        ("330110", None),
        ("3302", None),
        ("330201", None),
        ("3301", Reason.KEY_NOT_ALLOWED),
        ("330111", Reason.KEY_NOT_ALLOWED),
        ("33", Reason.KEY_NOT_ALLOWED),
        (None, Reason.KEY_NOT_ALLOWED),
    ):
        assert realm.judge(realm.text(region=region)).reason is reason


# One issuer, everywhere


def two_issuers() -> tuple[Realm, Realm, Verifier]:
    here, there = Realm("CN-33"), Realm("CN-11")
    trust = TrustList([*here.trusted, *there.trusted])
    return here, there, Verifier(trust, StatusLists([here.status_list(), there.status_list()]))


def test_issuer_swap_both_issuers_are_good_by_themselves() -> None:
    here, there, verifier = two_issuers()
    assert verifier.verify(here.text(), NOW).valid
    assert verifier.verify(there.text(), NOW).valid


def test_issuer_swap_in_the_key() -> None:
    """CN-11 signs a code that says CN-33 throughout, under its own kid and under CN-33's."""
    here, there, verifier = two_issuers()
    assert verifier.verify(sign_raw(there.code_key, payload(here.text())), NOW).reason is Reason.UNKNOWN_KEY
    stolen = sign_parts(there.code_key, cbor.encode({1: -7, 4: here.trusted[0].kid, 16: "jkm1"}), payload(here.text()))
    assert verifier.verify(stolen, NOW).reason is Reason.BAD_SIGNATURE


def test_issuer_swap_in_iss_or_in_the_uri_alone() -> None:
    here, there, verifier = two_issuers()
    for claim, value in ((1, "CN-11"), (65535, {"status_list": {"idx": INDEX, "uri": "jkm:11/7"}})):
        claims = claims_of(here.text())
        claims[claim] = value  # type: ignore[assignment]
        for key in (here.code_key, there.code_key):
            assert verifier.verify(sign_raw(key, cbor.encode(claims)), NOW).reason is Reason.MALFORMED


def test_issuer_swap_in_the_list_a_neighbours_list_does_not_clear_a_code() -> None:
    """CN-11's status key signs a list for CN-33's uri: it is never loaded, so the code stays unknown."""
    here, there, _ = two_issuers()
    trust = TrustList([*here.trusted, *there.trusted])
    assert Verifier(trust, StatusLists([there.status_list()])).verify(here.text(), NOW).reason is Reason.STATUS_UNKNOWN


def test_issuer_swap_in_the_trust_lists_file_name(tmp_path: Path) -> None:
    here, _, _ = two_issuers()
    file = tmp_path / "CN-11.jwks.json"
    file.write_bytes(write_jwks(here.trusted))
    with pytest.raises(TrustError, match="each has its own list"):
        load_trust([file])


def test_issuer_swap_by_a_uri_that_only_looks_the_same() -> None:
    for uri in ("jkm:33/7 ", "jkm:33/07", "JKM:33/7", "jkm:CN-33/7", "jkm:33//7", "jkm:33/7#11"):
        claims = claims_of(REALM.text())
        claims[65535] = {"status_list": {"idx": INDEX, "uri": uri}}
        assert REALM.judge(sign_raw(REALM.code_key, cbor.encode(claims))).reason is Reason.MALFORMED


# The envelope


def test_a_second_text_for_the_same_code() -> None:
    """Base45, CBOR, header and signature each have one form, so nobody can show one code as two."""
    text = REALM.text()
    data = base45.decode(text[5:])
    s = cose.P256_ORDER - int.from_bytes(data[-32:], "big")
    sign1 = cose.read_sign1(data)
    protected, body = cbor.byte_string(sign1.protected), cbor.byte_string(sign1.payload)
    signature = cbor.byte_string(sign1.signature)
    for other in (
        data[:-32] + s.to_bytes(32, "big"),  # high s
        data[1:],  # no tag
        b"\xd8\x3d" + data,  # a CWT tag around it
        b"\xd8\x12" + data[1:],  # tag 18 in a longer head
        data + b"\0",  # trailing byte
        b"\xd2\x9f" + data[2:] + b"\xff",  # indefinite array
        b"\xd2\x84" + protected + b"\xa1\x04\x48" + KID + body + signature,  # a kid outside as well
        b"\xd2\x84" + protected + b"\xa0" + b"\x59\x00\x5a" + sign1.payload + signature,  # a longer head
        b"\xd2\x84" + protected + b"\xa0" + b"\x5f" + body + b"\xff" + signature,  # payload in chunks
    ):
        assert REALM.judge("JKM1:" + base45.encode(other)).reason is Reason.MALFORMED


def test_a_duplicate_key_says_one_colour_to_the_signer_and_another_to_the_gate() -> None:
    """`cbor2` keeps the last of two equal keys."""
    body = payload(REALM.text(colour=Colour.RED))
    health = body.index(cbor.encode(-70001)) + 5
    twice = body[:health] + bytes((body[health] + 1,)) + b"\x01\x00" + body[health + 1 :]
    assert REALM.judge(sign_raw(REALM.code_key, twice)).reason is Reason.MALFORMED


def test_a_boolean_key_shadows_the_issuer() -> None:
    """In Python `True == 1`, so a map may hold `true` and lose 1."""
    body = payload(REALM.text())
    both = bytes((body[0] + 1,)) + body[1:] + b"\xf5" + cbor.encode("CN-11")
    only = body[:1] + body[8:] + b"\xf5" + cbor.encode("CN-33")
    for attempt in (both, only):
        assert REALM.judge(sign_raw(REALM.code_key, attempt)).reason is Reason.MALFORMED


@pytest.mark.parametrize(
    "colour",
    [
        pytest.param(b"\xf4", id="false for green"),
        pytest.param(b"\xf9\x00\x00", id="0.0 for green"),
        pytest.param(b"\xf9\x7e\x00", id="NaN for green"),
        pytest.param(b"\xc2\x40", id="an empty bignum for green"),
        pytest.param(b"\xc2\x41\x00", id="a bignum for green"),
        pytest.param(b"\x18\x00", id="a longer head for green"),
        pytest.param(b"\xd8\x23\x61a", id="a regex for green"),
        pytest.param(b"\xd8\x25\x50" + bytes(16), id="a UUID for green"),
        pytest.param(b"\xd8\x1d\x00", id="a shared reference for green"),
        pytest.param(b"\xc1\x00", id="a date for green"),
        pytest.param(b"\xf7", id="undefined for green"),
    ],
)
def test_something_equal_to_zero_for_green(colour: bytes) -> None:
    body = payload(REALM.text())
    at = body.index(cbor.encode(-70001)) + 7
    assert body[at] == 0
    assert REALM.judge(sign_raw(REALM.code_key, body[:at] + colour + body[at + 1 :])).reason is Reason.MALFORMED


def test_an_unsigned_map_of_claims() -> None:
    """The `cwt` package returns an unsigned CBOR map as decoded."""
    assert REALM.judge("JKM1:" + base45.encode(payload(REALM.text()))).reason is Reason.MALFORMED


def test_a_status_list_shown_as_a_code_and_a_code_of_another_kind() -> None:
    for typ in ("application/statuslist+cwt", "jkp1", "jkm2", "JKM1", ""):
        assert REALM.judge(sign_raw(REALM.code_key, payload(REALM.text()), typ=typ)).reason is Reason.MALFORMED


def test_a_code_without_its_kid() -> None:
    data = cose.sign1(REALM.code_key, kid=None, typ="jkm1", payload=payload(REALM.text()))
    assert REALM.judge("JKM1:" + base45.encode(data)).reason is Reason.MALFORMED


def test_a_zip_bomb_has_nowhere_to_go() -> None:
    assert REALM.judge("JKM1:" + base45.encode(bytes.fromhex("78da") + bytes(2000))).reason is Reason.MALFORMED


def test_changing_one_character_anywhere() -> None:
    text = REALM.text()
    verifier = REALM.verifier()
    for at in range(len(text)):
        other = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
        assert not verifier.verify(other, NOW).valid


# Presentations


def shown_by(phone: ec.EllipticCurvePrivateKey, code: str, at: int = NOW) -> str:
    """A presentation made by hand, whoever the code names."""
    body = cbor.encode([at, base45.decode(code[5:])])
    return "JKP1:" + base45.encode(cose.sign1(phone, kid=None, typ="jkp1", payload=body))


BOUND = REALM.text(holder=PHONE.public_key())


def test_the_honest_phone_passes() -> None:
    assert REALM.judge(shown_by(PHONE, BOUND)).valid


def test_a_screenshot_of_a_holders_code() -> None:
    assert REALM.judge(BOUND).reason is Reason.PRESENTATION_REQUIRED


def test_a_screenshot_of_a_presentation_a_minute_later() -> None:
    assert REALM.judge(shown_by(PHONE, BOUND), at=NOW + 61).reason is Reason.PRESENTATION_EXPIRED


def test_a_photographed_code_presented_by_another_phone() -> None:
    assert REALM.judge(shown_by(MALLORY, BOUND)).reason is Reason.BAD_SIGNATURE


def test_a_presentation_whose_time_was_brought_up_to_date() -> None:
    data = base45.decode(shown_by(PHONE, BOUND, NOW - 600)[5:])
    old, new = (b"\x82\x1a" + at.to_bytes(4, "big") for at in (NOW - 600, NOW))
    assert REALM.judge("JKP1:" + base45.encode(data.replace(old, new))).reason is Reason.BAD_SIGNATURE


def test_a_presentation_made_in_advance() -> None:
    assert REALM.judge(shown_by(PHONE, BOUND, NOW + 31)).reason is Reason.PRESENTATION_EXPIRED


def test_another_persons_code_in_a_genuine_presentation() -> None:
    data = cose.read_sign1(base45.decode(shown_by(PHONE, BOUND)[5:]))
    red = REALM.text(holder=PHONE.public_key(), identity=CodeIdentity("CN-33", "jkm:33/7", INDEX + 1))
    body = cbor.encode([NOW, base45.decode(red[5:])])
    mixed = cbor.encode(cbor.Tag(18, [data.protected, {}, body, data.signature]))
    assert REALM.judge("JKP1:" + base45.encode(mixed)).reason is Reason.BAD_SIGNATURE


def test_a_presentation_of_a_code_that_names_no_holder() -> None:
    assert REALM.judge(shown_by(MALLORY, REALM.text())).reason is Reason.MALFORMED


def test_a_presentation_of_a_forged_code_that_names_the_forgers_phone() -> None:
    forged = sign_parts(MALLORY, header(), payload(REALM.text(holder=MALLORY.public_key())))
    assert REALM.judge(shown_by(MALLORY, forged)).reason is Reason.BAD_SIGNATURE


def test_a_presentation_inside_a_presentation() -> None:
    inner = shown_by(PHONE, BOUND)
    assert REALM.judge(shown_by(PHONE, inner)).reason is Reason.MALFORMED


def test_a_high_s_presentation_to_look_like_another_one() -> None:
    data = base45.decode(present(BOUND, PHONE, NOW)[5:])
    s = cose.P256_ORDER - int.from_bytes(data[-32:], "big")
    verdict = REALM.judge("JKP1:" + base45.encode(data[:-32] + s.to_bytes(32, "big")))
    assert (verdict.reason, verdict.format) == (Reason.MALFORMED, CodeFormat.JKP1)


def test_the_prefixes_are_not_interchangeable() -> None:
    assert REALM.judge(shown_by(PHONE, BOUND).replace("JKP1:", "JKM1:")).reason is Reason.MALFORMED
    assert REALM.judge(BOUND.replace(health_code.PREFIX, "JKP1:")).reason is Reason.MALFORMED
