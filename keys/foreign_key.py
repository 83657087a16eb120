"""Trusted keys of foreign issuers: which one family's codes a key may sign, and in whose name.

    SHC     bound to an issuer by whoever lists it, or by a URI in the certificate of `x5c`
    HC1     limited by its certificate's country and usage
    NZCP    bound to an issuer by whoever lists it
    VDS-NC  a certificate: a signer's own, or the authority's that issued it

How files tell of keys is read by `keys.foreign_jwk`, and certificates by `keys.certificate`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import eu_dcc, jwk, vds_nc
from keys.certificate import Certificate
from keys.countries import is_country, may_sign_for
from keys.foreign_code import ForeignCode
from keys.scheme import ForeignPublicKey, Scheme, Verification, schemes_of, verification_by
from keys.verdict import CodeFormat


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """One key of a foreign issuer, and the one family of codes it may sign."""

    format: CodeFormat
    kid: bytes
    public_key: ForeignPublicKey = field(repr=False)
    issuer: str | None = None
    """The issuer it is bound to; None: whoever its certificate, or whoever listed it, lets it speak for."""
    certificate: Certificate | None = None
    list_version: int | None = None
    """`crlVersion`: its issuer publishes revocations of this key's cards, in at least this version."""
    nbf: int | None = None
    exp: int | None = None
    """From when and until when whoever lists it vouches for it, seconds since 1970 UTC; None: no limit."""
    revoked: bool = False
    """Whoever lists it has taken it back: nothing it ever signed counts."""
    schemes: frozenset[Scheme] = field(init=False, repr=False, compare=False)
    """What a code by this key may claim to be signed with; an EU certificate as COSE has it, which fixes no curve."""

    bound_to: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Whom it speaks for by the word of whoever lists it, or as an EU signer by its certificate's country.

    Empty: nobody said. The names in a card issuer's `x5c` bind nobody: that certificate is its own word, not checked.
    """

    verifies: Verification = field(init=False, repr=False, compare=False)
    """Whether a signature is by this key; one of `schemes` must be claimed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verifies", verification_by(self.public_key))
        schemes = schemes_of(self.public_key, loose_curve=self.format is CodeFormat.HC1)
        object.__setattr__(self, "schemes", schemes)
        object.__setattr__(self, "bound_to", self._bound_to())

    def _bound_to(self) -> tuple[str, ...]:
        if self.issuer is not None:
            return (self.issuer,)
        country = None if self.certificate is None else self.certificate.country
        return (country,) if self.format is CodeFormat.HC1 and country is not None and is_country(country) else ()

    def in_force(self, now: int) -> bool:
        """Whether `now` is within the time for which it is listed."""
        return (self.nbf is None or now >= self.nbf) and (self.exp is None or now < self.exp)

    def speaks_for(self, code: ForeignCode) -> bool:
        """Whether this key may sign for the issuer that `code` names."""
        if self.issuer is not None and self.issuer != code.issuer:
            return self.format is CodeFormat.HC1 and may_sign_for(self.issuer, code.issuer)
        if self.certificate is None:
            return True
        if self.format is CodeFormat.HC1:
            return may_sign_for(self.certificate.country, code.issuer)
        if self.format is CodeFormat.SHC and self.certificate.uris:
            return code.issuer in self.certificate.uris
        return True


def keys_of_certificate(certificate: Certificate) -> tuple[ForeignKey, ...]:
    """Return what a certificate given as trust may sign: EU certificates, seals, or both where it does not say."""
    usages = certificate.extended_usage
    families = [CodeFormat.HC1, CodeFormat.VDS_NC]
    if vds_nc.SIGNER_USAGE in usages:
        families = [CodeFormat.VDS_NC]
    elif eu_dcc.limits_of(usages):  # one for tests alone would else sign seals of vaccination
        families = [CodeFormat.HC1]
    return tuple(
        ForeignKey(family, certificate.kid, certificate.public_key, certificate=certificate) for family in families
    )


def thumbprint(key: ForeignPublicKey) -> bytes | None:
    """Return the RFC 7638 thumbprint of an elliptic curve key: SHA-256 over its required members; None for others."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return None
    width = (key.curve.key_size + 7) // 8
    numbers = key.public_numbers()
    x, y = (jwk.write_base64url(number.to_bytes(width, "big")) for number in (numbers.x, numbers.y))
    curve = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}.get(key.curve.name)
    required = {"crv": curve, "kty": "EC", "x": x, "y": y}
    return hashlib.sha256(json.dumps(required, separators=(",", ":"), sort_keys=True).encode()).digest()


def spki(key: ForeignPublicKey) -> bytes:
    """Return a key's SubjectPublicKeyInfo, DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
