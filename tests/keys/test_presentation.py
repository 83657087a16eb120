from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import base45, cbor, cose, presentation
from keys.errors import MalformedError
from keys.key_id import key_id
from keys.numeric_date import LAST_SECOND
from tests.keys.realm import NOW, Realm, new_key

REALM = Realm()
PHONE = new_key()
CODE = REALM.text(holder=PHONE.public_key())


@given(st.integers(0, LAST_SECOND))
def test_what_a_phone_shows_reads_back(now: int) -> None:
    shown = presentation.read(base45.decode(presentation.present(CODE, PHONE, now)[5:]))
    assert shown.presented_at == now
    assert shown.code == base45.decode(CODE[5:])
    message = cose.signature_input(shown.signed)
    assert cose.verify_signature(PHONE.public_key(), cose.Algorithm.ES256, message, shown.signed.signature)


def test_it_fits_a_version_14_code() -> None:
    text = presentation.present(CODE, PHONE, NOW)
    assert text.startswith("JKP1:")
    assert 466 <= len(text) <= 500


def test_the_wire_form_is_that_of_the_document() -> None:
    shown = cose.read_sign1(base45.decode(presentation.present(CODE, PHONE, NOW)[5:]))
    assert shown.protected == b"\xa2\x01\x26\x10\x64jkp1"
    assert shown.payload == b"\x82\x1a" + NOW.to_bytes(4, "big") + cbor.byte_string(base45.decode(CODE[5:]))


def test_only_the_phone_the_code_names_presents_it() -> None:
    with pytest.raises(ValueError, match="holder"):
        presentation.present(CODE, new_key(), NOW)
    with pytest.raises(ValueError, match="holder"):
        presentation.present(REALM.text(), PHONE, NOW)
    with pytest.raises(MalformedError):
        presentation.present(presentation.present(CODE, PHONE, NOW), PHONE, NOW)


CODE_BYTES = base45.decode(CODE[5:])
MALFORMED = {
    "kid in the header": cose.sign1(
        PHONE, kid=key_id(PHONE.public_key()), typ="jkp1", payload=cbor.encode([NOW, CODE_BYTES])
    ),
    "typ of a code": cose.sign1(PHONE, kid=None, typ="jkm1", payload=cbor.encode([NOW, CODE_BYTES])),
    "alg EdDSA": cbor.encode(
        cbor.Tag(18, [cbor.encode({1: -8, 16: "jkp1"}), {}, cbor.encode([NOW, CODE_BYTES]), bytes(64)])
    ),
    "payload a map": cose.sign1(PHONE, kid=None, typ="jkp1", payload=cbor.encode({0: NOW, 1: CODE_BYTES})),
    "payload of three": cose.sign1(PHONE, kid=None, typ="jkp1", payload=cbor.encode([NOW, CODE_BYTES, 0])),
    "time true": cose.sign1(PHONE, kid=None, typ="jkp1", payload=cbor.encode([True, CODE_BYTES])),
    "time negative": cose.sign1(PHONE, kid=None, typ="jkp1", payload=cbor.encode([-1, CODE_BYTES])),
    "time after the year 9999": cose.sign1(
        PHONE, kid=None, typ="jkp1", payload=cbor.encode([LAST_SECOND + 1, CODE_BYTES])
    ),
    "code as text": cose.sign1(PHONE, kid=None, typ="jkp1", payload=cbor.encode([NOW, CODE])),
    "payload with a trailing byte": cose.sign1(
        PHONE, kid=None, typ="jkp1", payload=cbor.encode([NOW, CODE_BYTES]) + b"\0"
    ),
    "payload too large": cose.sign1(PHONE, kid=None, typ="jkp1", payload=cbor.encode([NOW, bytes(2000)])),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_presentation_is_written_in_one_way_only(case: str) -> None:
    with pytest.raises(MalformedError):
        presentation.read(MALFORMED[case])
