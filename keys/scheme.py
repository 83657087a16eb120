"""Signature schemes of foreign codes: which key verifies which claimed algorithm, over what digest.

The algorithm belongs to the key; a message only repeats it. What a message may claim for a kind of key is one table, so
that no claim turns a key to another use: `none`, HMAC with a public key, and a P-256 key under any other name are not
in it. ECDSA signatures are raw r ‖ s (RFC 9053 section 2.1, RFC 7518 section 3.4), either s; DER is refused by its
length.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum, unique
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from keys.ecdsa_signature import der_of

ForeignPublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


@unique
class Scheme(StrEnum):
    """Algorithms that a message may claim, by their JOSE names (RFC 7518 section 3.1, RFC 8037)."""

    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    PS256 = "PS256"
    EDDSA = "EdDSA"

    __hash__ = str.__hash__
    """As the text that it is and is equal to; an Enum's own runs in Python, for every look-up."""


COSE_SCHEMES: Final = {-7: Scheme.ES256, -35: Scheme.ES384, -37: Scheme.PS256, -8: Scheme.EDDSA}
"""COSE numbers (RFC 9053) of what EU certificates are signed with."""

_DIGEST: Final = {
    Scheme.ES256: ec.ECDSA(hashes.SHA256()),
    Scheme.ES384: ec.ECDSA(hashes.SHA384()),
    Scheme.ES512: ec.ECDSA(hashes.SHA512()),
}
_JOSE_CURVE: Final = {"secp256r1": Scheme.ES256, "secp384r1": Scheme.ES384, "secp521r1": Scheme.ES512}
_LOOSE: Final = {Scheme.ES256: ("secp256r1", "secp384r1"), Scheme.ES384: ("secp384r1",)}
"""In COSE the name of an ECDSA algorithm fixes the digest, not the curve (RFC 9053 section 2.1)."""
_SMALLEST_RSA: Final = 1024
"""North Macedonia's specimens have such keys. What a key is worth is for whoever lists it to say."""
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256().digest_size)


def own_scheme(key: ForeignPublicKey) -> Scheme | None:
    """Return the scheme that a key is for; None for a key that is for none here."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _JOSE_CURVE.get(key.curve.name)
    if isinstance(key, rsa.RSAPublicKey):
        return Scheme.PS256 if key.key_size >= _SMALLEST_RSA else None
    return Scheme.EDDSA


def may_verify(key: ForeignPublicKey, claimed: Scheme, *, loose_curve: bool = False) -> bool:
    """Whether a message that claims `claimed` may be by `key`; `loose_curve`: as COSE has it, not as JOSE."""
    if loose_curve and isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.name in _LOOSE.get(claimed, ())
    return own_scheme(key) is claimed


def schemes_of(key: ForeignPublicKey, *, loose_curve: bool = False) -> frozenset[Scheme]:
    """Return every scheme that a message by `key` may claim: what `may_verify` says, for as long as the key lives."""
    return frozenset(scheme for scheme in Scheme if may_verify(key, scheme, loose_curve=loose_curve))


Verification: TypeAlias = Callable[[Scheme, bytes, bytes], bool]
"""Whether a signature over a message, with the digest of the claimed scheme, is by a key: scheme, message, signature.
Ask first whether the scheme is among the key's own."""


def verification_by(key: ForeignPublicKey) -> Verification:
    """Return the verification of signatures by `key`, made once for the key: what kind it is never changes."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _curve_verification(key)
    if isinstance(key, rsa.RSAPublicKey):
        return _rsa_verification(key)
    return _ed25519_verification(key)


def verify(key: ForeignPublicKey, claimed: Scheme, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` is by `key`, with the digest of `claimed`. Ask `may_verify` first."""
    return verification_by(key)(claimed, message, signature)


def _curve_verification(key: ec.EllipticCurvePublicKey) -> Verification:
    width = (key.curve.key_size + 7) // 8

    def verifies(claimed: Scheme, message: bytes, signature: bytes) -> bool:
        digest = _DIGEST.get(claimed)
        if len(signature) != 2 * width or digest is None:
            return False
        try:
            key.verify(der_of(signature), message, digest)
        except InvalidSignature:
            return False
        return True

    return verifies


def _rsa_verification(key: rsa.RSAPublicKey) -> Verification:
    def verifies(claimed: Scheme, message: bytes, signature: bytes) -> bool:
        if claimed is not Scheme.PS256:
            return False
        try:
            key.verify(signature, message, _PSS, hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    return verifies


def _ed25519_verification(key: ed25519.Ed25519PublicKey) -> Verification:
    def verifies(claimed: Scheme, message: bytes, signature: bytes) -> bool:
        if claimed is not Scheme.EDDSA:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verifies
