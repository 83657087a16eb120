from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from hypothesis import given
from hypothesis import strategies as st

from keys import jwk
from keys.errors import TrustError
from tests.keys.realm import new_key

KEYS = [
    new_key().public_key(),
    ed25519.Ed25519PrivateKey.generate().public_key(),
    x25519.X25519PrivateKey.generate().public_key(),
]
EC = jwk.write_key(KEYS[0])
OKP = jwk.write_key(KEYS[1])


def a_set(*members: object) -> bytes:
    return json.dumps({"keys": list(members)}).encode()


@pytest.mark.parametrize("key", KEYS)
def test_what_is_written_reads_back(key: jwk.PublicKey) -> None:
    read = jwk.read_key({**jwk.write_key(key), "kid": "k", "use": "sig"})
    assert read.public_key == key
    assert read.others == {"kid": "k", "use": "sig"}


def test_the_published_key_of_rfc_7517_is_read() -> None:
    """RFC 7517 appendix A.1."""
    members: dict[str, jwk.Json] = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "use": "enc",
        "kid": "1",
    }
    assert {**jwk.write_key(jwk.read_key(members).public_key), "use": "enc", "kid": "1"} == members


def test_the_published_key_of_rfc_8037_is_read() -> None:
    """RFC 8037 appendix A.2."""
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    read = jwk.read_key({"kty": "OKP", "crv": "Ed25519", "x": x})
    assert isinstance(read.public_key, ed25519.Ed25519PublicKey)
    assert jwk.write_key(read.public_key)["x"] == x


@given(st.binary(max_size=80))
def test_random_bytes_are_no_key_set(data: bytes) -> None:
    with pytest.raises(TrustError):
        jwk.read_set(data)


@given(st.binary(max_size=40))
def test_base64url_has_one_way_of_writing_each(data: bytes) -> None:
    text = jwk.write_base64url(data)
    assert jwk.read_base64url(text) == data


@given(st.text("AQgwZz_-+/=\n ", max_size=8))
def test_no_second_text_reads_as_the_same_bytes(text: str) -> None:
    data = jwk.read_base64url(text)
    if data is not None:
        assert jwk.write_base64url(data) == text


SETS = {
    "empty": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"keys": ["\xff"]}',
    "with a byte order mark": b"\xef\xbb\xbf" + a_set(EC),
    "an array": b"[]",
    "one key, no set": json.dumps(EC).encode(),
    "a set with more members": json.dumps({"keys": [EC], "next": 1}).encode(),
    "no keys": a_set(),
    "keys no list": b'{"keys": {}}',
    "a key no object": a_set("key"),
    "too many keys": a_set(*[EC] * 1025),
    "keys twice": b'{"keys": [], "keys": [' + json.dumps(EC).encode() + b"]}",
    "a member twice": b'{"keys": [' + json.dumps(EC).encode()[:-1] + b', "kty": "EC"}]}',
    "a float": b'{"keys": [1.5]}',
    "NaN": b'{"keys": [NaN]}',
    "infinity": b'{"keys": [-Infinity]}',
    "an endless number": b'{"keys": [' + b"9" * 100_000 + b"]}",
    "nested too deep": b'{"keys": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested too deep behind a text of brackets": b'{"a": "'
    + b"]" * 100_000
    + b'", "keys": '
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}",
    "nested too deep with a bracket in a text at each level": b'{"keys": '
    + b'["]", ' * 50_000
    + b"0"
    + b"]" * 50_000
    + b"}",
    "nested too deep behind an escaped quote": b'{"a": "\\"' + b"]" * 100_000 + b'", "keys": ' + b"[" * 100_000,
    "a text that never ends": b'{"keys": "' + b'\\"' * 400_000,
    "larger than the limit": b'{"keys": [' + b" " * (1 << 20) + b"]}",
}


@pytest.mark.parametrize("case", SETS)
def test_a_bad_set_is_refused(case: str) -> None:
    with pytest.raises(TrustError):
        jwk.read_set(SETS[case])


SHIFTED = str(EC["x"])[:-1] + "B"  # 43 characters leave two bits over; they must be zero
BAD_KEYS: dict[str, dict[str, jwk.Json]] = {
    "no kty": {"crv": "P-256"},
    "RSA": {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    "symmetric": {"kty": "oct", "k": "AAAA"},
    "private half": {**EC, "d": EC["x"]},
    "x missing": {key: value for key, value in EC.items() if key != "x"},
    "y missing": {key: value for key, value in EC.items() if key != "y"},
    "crv missing": {key: value for key, value in OKP.items() if key != "crv"},
    "P-384": {**EC, "crv": "P-384"},
    "secp256k1": {**EC, "crv": "secp256k1"},
    "Ed448": {**OKP, "crv": "Ed448"},
    "EC on an Edwards curve": {**EC, "crv": "Ed25519"},
    "x padded": {**EC, "x": f"{EC['x']}="},
    "x in standard base64": {**EC, "x": "+" * 42 + "8"},
    "x with bits left over": {**EC, "x": SHIFTED},
    "x of 31 bytes": {**EC, "x": jwk.write_base64url(bytes(31))},
    "x of 33 bytes": {**EC, "x": jwk.write_base64url(bytes(33))},
    "x a number": {**EC, "x": 1},
    "off the curve": {**EC, "x": EC["y"], "y": EC["x"]},
    "the point at infinity": {**EC, "x": jwk.write_base64url(bytes(32)), "y": jwk.write_base64url(bytes(32))},
    "coordinate beyond the field": {**EC, "x": jwk.write_base64url(b"\xff" * 32)},
}


@pytest.mark.parametrize("case", BAD_KEYS)
def test_a_bad_key_is_refused(case: str) -> None:
    with pytest.raises(TrustError):
        jwk.read_key(BAD_KEYS[case])


def test_the_message_says_which_key_is_bad() -> None:
    with pytest.raises(TrustError, match=r"^key 2: .*private key"):
        jwk.read_set(a_set(EC, {**EC, "d": "AAAA"}))


def test_other_curves_are_not_written() -> None:
    with pytest.raises(ValueError, match="curve"):
        jwk.write_key(ec.generate_private_key(ec.SECP384R1()).public_key())
