"""Text to verdict, status lookup included, against the bare signature verification inside it.

Reference and product are measured in turn, pair by pair, and the ratio is the median of the pairs' ratios: a processor
that changes its speed, or a busy neighbour, then changes both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from benchmarks.row import Row
from keys import base45, cose, health_code, presentation
from keys.key_id import key_id
from keys.status_list import (
    OWN_ENTRIES,
    StatusLists,
    StatusValue,
    pack,
    read_status_list,
    write_status_list,
)
from keys.trust_list import TrustedKey, TrustList, Use
from keys.verdict import Carrier, CodeIdentity, Colour, Document, DocumentType
from keys.verifier import Verifier

LIMIT = 2.2
"""Text to verdict over the bare ECDSA P-256 verification."""
_CODES = 32
_PAIRS = 1500
_NOW = 1_772_600_400
_DAY = 86_400
_ISSUER = "CN-33"
_URI = "jkm:33/7"


@dataclass(frozen=True, slots=True)
class _Work:
    """One code: what the verifier gets, and the bare verification of the same signature."""

    product: Callable[[], object]
    reference: Callable[[], object]


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in about two seconds."""
    curve_key, edwards_key = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    status_key = ec.generate_private_key(ec.SECP256R1())
    trust = TrustList(
        (_trusted(curve_key, Use.CODE), _trusted(edwards_key, Use.CODE), _trusted(status_key, Use.STATUS))
    )
    signed_list = write_status_list(
        status_key,
        uri=_URI,
        packed=pack(bytes((StatusValue.VALID,)) * OWN_ENTRIES, 4),
        iat=_NOW - 60,
        exp=_NOW + _DAY,
        ttl=3600,
    )
    verifier = Verifier(trust, StatusLists((read_status_list(signed_list, trust, _NOW),)))

    static = [_static(verifier, curve_key, number) for number in range(_CODES)]
    bare, whole, ratio = _compare(static)
    yield Row("verify.ecdsa_p256", bare, "µs")
    yield Row("verify.jkm1", whole, "µs", "bare ECDSA P-256 verification", ratio, LIMIT, ratio <= LIMIT)

    _, whole, ratio = _compare([_static(verifier, edwards_key, number) for number in range(_CODES)])
    yield Row("verify.jkm1_ed25519", whole, "µs", "bare Ed25519 verification", ratio)

    _, whole, ratio = _compare([_shown(verifier, curve_key, number) for number in range(_CODES)])
    yield Row("verify.jkp1", whole, "µs", "one bare ECDSA verification (it needs two)", ratio)

    _, whole, ratio = _compare([replace(work, product=_forged(verifier, curve_key)) for work in static])
    yield Row("verify.forged", whole, "µs", "bare ECDSA P-256 verification", ratio)


def _trusted(key: cose.SigningKey, use: Use) -> TrustedKey:
    public = key.public_key()
    return TrustedKey(
        issuer=_ISSUER,
        kid=key_id(public),
        public_key=public,
        alg=cose.algorithm_of(key),
        uses=frozenset((use,)),
        nbf=_NOW - _DAY,
        exp=_NOW + _DAY,
    )


def _code(number: int, holder: ec.EllipticCurvePublicKey | None = None) -> health_code.HealthCode:
    """Return a code as large as they usually are: 277 characters when static."""
    return health_code.HealthCode(
        identity=CodeIdentity(_ISSUER, _URI, OWN_ENTRIES - 1 - number),
        issued_at=_NOW - 3600,
        expires_at=_NOW + _DAY,
        colour=Colour.GREEN,
        name="张**",
        document=Document(DocumentType.RESIDENT_ID, "1X"),
        carrier=Carrier.PHONE,
        region="330110",
        holder=holder,
    )


def _static(verifier: Verifier, key: cose.SigningKey, number: int) -> _Work:
    text = health_code.issue(_code(number), key)
    signed = cose.read_sign1(base45.decode(text.removeprefix(health_code.PREFIX)))
    return _Work(_judging(verifier, text), _bare(key, signed))


def _shown(verifier: Verifier, key: ec.EllipticCurvePrivateKey, number: int) -> _Work:
    holder = ec.generate_private_key(ec.SECP256R1())
    text = health_code.issue(_code(number, holder.public_key()), key)
    signed = cose.read_sign1(base45.decode(text.removeprefix(health_code.PREFIX)))
    return _Work(_judging(verifier, presentation.present(text, holder, _NOW)), _bare(key, signed))


def _judging(verifier: Verifier, text: str) -> Callable[[], object]:
    verdict = verifier.verify(text, _NOW)
    if not verdict.valid:
        raise RuntimeError(f"the benchmark's own code is refused: {verdict.reason}")
    return lambda: verifier.verify(text, _NOW)


def _forged(verifier: Verifier, key: ec.EllipticCurvePrivateKey) -> Callable[[], object]:
    """Return the judging of a code whose signature is another code's."""
    mine, other = (health_code.issue(_code(number), key) for number in range(2))
    signed = base45.decode(mine.removeprefix(health_code.PREFIX))
    stolen = base45.decode(other.removeprefix(health_code.PREFIX))
    at = -cose.SIGNATURE_BYTES
    text = health_code.PREFIX + base45.encode(signed[:at] + stolen[at:])
    return lambda: verifier.verify(text, _NOW)


def _bare(key: cose.SigningKey, signed: cose.Sign1) -> Callable[[], object]:
    """Return the verification alone, with everything it needs at hand."""
    message, signature = cose.signature_input(signed), signed.signature
    if isinstance(key, ed25519.Ed25519PrivateKey):
        edwards = key.public_key()
        return lambda: edwards.verify(signature, message)
    half = len(signature) // 2
    der = encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
    curve, algorithm = key.public_key(), ec.ECDSA(hashes.SHA256())
    return lambda: curve.verify(der, message, algorithm)


def _compare(works: Sequence[_Work]) -> tuple[float, float, float]:
    """Return the medians of reference and product in µs, and of their ratios."""
    references: list[int] = []
    products: list[int] = []
    clock = time.perf_counter_ns
    for turn in range(_PAIRS):
        work = works[turn % len(works)]
        start = clock()
        work.reference()
        between = clock()
        work.product()
        end = clock()
        references.append(between - start)
        products.append(end - between)
    ratios = [product / reference for product, reference in zip(products, references, strict=True)]
    return statistics.median(references) / 1000, statistics.median(products) / 1000, statistics.median(ratios)
