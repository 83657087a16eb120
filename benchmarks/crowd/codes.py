"""Real health codes and presentations, the same ones for the same seed: QR versions 10 to 14 at error correction M."""

from __future__ import annotations

import random
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from keys import base45, cose, health_code, presentation
from keys.verdict import Carrier, CodeIdentity, Colour, Document, DocumentType

NOW = 1_772_600_400
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256: a signature and its mirror both hold, ours have the lower one."""
_NAMES = ("张**", "李*", "欧阳**", "W**** M*******", "A******** T********", "A****** B** S**** A*-M*")
_REGIONS = (None, "330110", "330106")


@lru_cache(maxsize=1)
def _issuer_key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(0xC0DE_15_5E_ED, ec.SECP256R1())


def code_text(seed: int, carrier: Carrier) -> str:
    """Return a code's text: most phones show a presentation, some a screenshot of their code."""
    chance = random.Random(seed)  # noqa: S311  a staged crowd, no secret
    shown = chance.random()
    live = carrier is Carrier.PHONE and shown < 0.6
    bound = carrier is Carrier.PHONE and shown < 0.8
    holder = ec.derive_private_key(chance.getrandbits(250) + 1, ec.SECP256R1())
    index = chance.randrange(2**20)
    code = health_code.HealthCode(
        identity=CodeIdentity("CN-33", f"jkm:33/{index % 97}", index),
        issued_at=NOW - chance.randrange(86_400),
        expires_at=NOW + chance.randrange(3600, 86_400 * 180),
        colour=Colour.GREEN,
        name=chance.choice(_NAMES),
        document=Document(DocumentType.RESIDENT_ID, f"{chance.randrange(10)}{chance.choice('0123456789X')}"),
        carrier=carrier,
        region=chance.choice(_REGIONS),
        holder=holder.public_key() if bound else None,
    )
    text = _steady(health_code.issue(code, _issuer_key()), health_code.PREFIX, _issuer_key())
    if not live:
        return text
    return _steady(presentation.present(text, holder, NOW), presentation.PREFIX, holder)


def _steady(text: str, prefix: str, key: ec.EllipticCurvePrivateKey) -> str:
    """Sign again without chance (RFC 6979), so that the same seed gives the same text."""
    signed = base45.decode(text.removeprefix(prefix))
    ecdsa = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature(key.sign(cose.signature_input(cose.read_sign1(signed)), ecdsa))
    signature = r.to_bytes(32, "big") + min(s, _ORDER - s).to_bytes(32, "big")
    return prefix + base45.encode(signed[: -cose.SIGNATURE_BYTES] + signature)
