from __future__ import annotations

import base64
import datetime
import json
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from keys import jwk
from keys.errors import TrustError
from keys.trusted_key import TrustedKey, Use, read_jwks, write_jwks
from tests.keys.realm import NOW, new_key, trusted

PRIVATE = new_key()
SIGNING = [PRIVATE, new_key(), ed25519.Ed25519PrivateKey.generate()]
SEALING = [x25519.X25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()]

restrictions = st.fixed_dictionaries(
    {},
    optional={
        "regions": st.lists(st.sampled_from(["33", "3301", "330110"]), min_size=1, unique=True).map(tuple),
        "formats": st.lists(st.sampled_from(["JKM1", "HC1"]), min_size=1, unique=True).map(tuple),
        "nbf": st.integers(0, NOW),
        "exp": st.integers(NOW + 1, 253_402_300_799),
        "revoked_at": st.none(),
    },
)
signing_keys = st.builds(
    lambda key, uses, issuer, changes: replace(trusted(key, *uses, issuer=issuer), **changes),
    st.sampled_from(SIGNING),
    st.lists(st.sampled_from([Use.CODE, Use.STATUS]), min_size=1, unique=True),
    st.sampled_from(["CN-33", "HK"]),
    restrictions,
)
revoked_keys = st.builds(
    lambda key, at: replace(key, revoked_at=at, revoked_reason="lost"), signing_keys, st.integers(0, NOW)
)
sealing_keys = st.sampled_from(SEALING).map(lambda key: trusted(key, Use.SEAL))
lists = st.lists(signing_keys | revoked_keys | sealing_keys, min_size=1, unique_by=lambda key: key.kid)


@given(lists)
def test_what_is_written_reads_back(keys: list[TrustedKey]) -> None:
    assert read_jwks(write_jwks(keys), source="here") == tuple(keys)


def members(**changes: object) -> dict[str, object]:
    """One good key as JSON, with `changes`; None takes a member away."""
    good = json.loads(write_jwks([trusted(PRIVATE, Use.CODE)]))["keys"][0]
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def read(**changes: object) -> TrustedKey:
    (key,) = read_jwks(json.dumps({"keys": [members(**changes)]}).encode(), source="CN-33.jwks.json")
    return key


def certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, "CN-33")])
    start = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1234, start, start + datetime.timedelta(days=90))
    return builder.sign(key, hashes.SHA256())


def x5c(key: ec.EllipticCurvePrivateKey) -> list[str]:
    return [base64.b64encode(certificate(key).public_bytes(Encoding.DER)).decode()]


def test_a_key_may_carry_its_own_certificate() -> None:
    assert read(x5c=x5c(PRIVATE)).public_key == PRIVATE.public_key()


def test_a_revocation_is_read() -> None:
    key = read(revoked={"at": NOW, "reason": "key_compromise"})
    assert key.revoked
    assert (key.revoked_at, key.revoked_reason) == (NOW, "key_compromise")
    assert not read().revoked


DER = certificate(PRIVATE).public_bytes(Encoding.DER)
OTHER_VERSION = DER.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01")
"""The certificate, of a version of X.509 that nobody reads."""
OTHER_ALGORITHM = DER.replace(bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d027f"))
"""The certificate, with a key of a kind that nobody knows."""

FAULTS: dict[str, tuple[dict[str, object], str]] = {
    "kid of another key": ({"kid": jwk.write_base64url(b"\0" * 8)}, "kid is not the id of this key"),
    "kid in hex": ({"kid": trusted(PRIVATE, Use.CODE).kid.hex()}, "kid is not the id of this key"),
    "kid absent": ({"kid": None}, '"kid" is missing'),
    "kid a number": ({"kid": 7}, '"kid" is missing'),
    "revocation misspelt": ({"revokd": {"at": 1, "reason": "x"}}, 'did you mean "revoked"'),
    "a member not known": ({"colour": "red"}, '"colour" is not known'),
    "revocation without a time": ({"revoked": {"reason": "x"}}, '"revoked" is not'),
    "revocation true": ({"revoked": True}, '"revoked" is not'),
    "revocation with a time in words": ({"revoked": {"at": "now", "reason": "x"}}, '"at" is missing'),
    "revocation with true for a time": ({"revoked": {"at": True, "reason": "x"}}, '"at" is missing'),
    "revocation without words": ({"revoked": {"at": 1, "reason": ""}}, '"reason" is missing'),
    "iss absent": ({"iss": None}, '"iss" is missing'),
    "iss no region": ({"iss": "Zhejiang"}, "no region of ISO 3166"),
    "iss climbing out": ({"iss": "../CN"}, "no region of ISO 3166"),
    "uses absent": ({"uses": None}, '"uses" is missing'),
    "uses empty": ({"uses": []}, '"uses" is no list'),
    "uses a text": ({"uses": "code"}, '"uses" is no list'),
    "uses unknown": ({"uses": ["everything"]}, "none of code, status, seal"),
    "uses twice": ({"uses": ["code", "code"]}, "distinct"),
    "uses with a number": ({"uses": ["code", 1]}, "distinct"),
    "a signing key that seals": ({"uses": ["seal"]}, "a sealing key is X25519"),
    "alg absent": ({"alg": None}, "alg"),
    "alg none": ({"alg": "none"}, 'has alg "ES256"'),
    "alg of another key": ({"alg": "EdDSA"}, 'has alg "ES256"'),
    "alg HMAC": ({"alg": "HS256"}, 'has alg "ES256"'),
    "use enc": ({"use": "enc"}, 'use "sig"'),
    "nbf absent": ({"nbf": None}, '"nbf" is missing'),
    "exp absent": ({"exp": None}, '"exp" is missing'),
    "exp before nbf": ({"nbf": 2, "exp": 1}, "exp is not after nbf"),
    "exp true": ({"exp": True}, '"exp" is missing'),
    "exp negative": ({"exp": -1}, '"exp" is missing'),
    "regions empty": ({"regions": []}, '"regions" is no list'),
    "regions no code": ({"regions": ["Hangzhou"]}, "no GB/T 2260 prefix"),
    "regions with the empty prefix": ({"regions": [""]}, "no GB/T 2260 prefix"),
    "x5c of another key": ({"x5c": x5c(new_key())}, "certificate in x5c is of another key"),
    "x5c no certificate": ({"x5c": ["AAAA"]}, "x5c holds no certificate"),
    "x5c of another version": ({"x5c": [base64.b64encode(OTHER_VERSION).decode()]}, "x5c holds no certificate"),
    "x5c of an unknown kind": ({"x5c": [base64.b64encode(OTHER_ALGORITHM).decode()]}, "x5c holds no certificate"),
    "x5c no base64": ({"x5c": ["!"]}, "x5c holds no certificate"),
    "private half": ({"d": "AAAA"}, "private key"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named_with_file_key_and_cause(case: str) -> None:
    changes, words = FAULTS[case]
    with pytest.raises(TrustError) as caught:
        read(**changes)
    assert words in str(caught.value)
    assert "trust list CN-33.jwks.json: key 1: " in str(caught.value)


def test_a_sealing_key_says_that_it_is_for_encryption() -> None:
    good = json.loads(write_jwks([trusted(SEALING[0], Use.SEAL)]))["keys"][0]
    assert (good["use"], "alg" in good) == ("enc", False)
    for changes in ({"use": "sig"}, {"uses": ["code"]}, {"alg": "EdDSA"}, {"uses": ["seal", "code"]}):
        with pytest.raises(TrustError, match="X25519"):
            read_jwks(json.dumps({"keys": [{**good, **changes}]}).encode(), source="here")


def test_the_same_key_twice_in_a_list_is_refused() -> None:
    """Else the entry that is not revoked could speak for the one that is."""
    twice = [members(), members(revoked={"at": 1, "reason": "lost"})]
    with pytest.raises(TrustError, match="key 2: the same key is listed twice"):
        read_jwks(json.dumps({"keys": twice}).encode(), source="here")


def test_one_bad_key_spoils_the_list() -> None:
    with pytest.raises(TrustError, match="key 2"):
        read_jwks(json.dumps({"keys": [members(), members(iss="x")]}).encode(), source="here")


@pytest.mark.parametrize(
    "change", [{"issuer": "nowhere"}, {"kid": b"12345678"}, {"exp": 0}, {"revoked_at": 1}, {"regions": ()}]
)
def test_what_would_not_read_back_is_not_written(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="trust list"):
        write_jwks([replace(trusted(PRIVATE, Use.CODE), **change)])  # type: ignore[arg-type]
