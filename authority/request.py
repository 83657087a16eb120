"""What a code is asked for with, and what comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from authority.errors import RequestError
from authority.records import Order
from keys.verdict import Carrier, CodeIdentity, Colour, DocumentType, Group

_GB2260: Final = re.compile(r"[0-9]{2}(?:[0-9]{2}){0,2}")
_HOME: Final = "CN-"


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """A person's code as the desk asks for it. Times are epoch seconds.

    The name and the document number go into the code masked, and into the register as a keyed tag.
    """

    name: str = field(repr=False)
    document_number: str = field(repr=False)
    document_type: DocumentType = DocumentType.RESIDENT_ID
    carrier: Carrier = Carrier.PHONE
    colour: Colour | None = None
    """None: the colour the person has now; green where the person is new."""
    order: Order | None = None
    """Needed where the colour differs from what the person has, and for a new person's other than green or grey."""
    region: str | None = None
    """GB/T 2260 prefix of 2, 4 or 6 digits; None: the whole issuing region."""
    colour_reason: int | None = None
    colour_until: int | None = None
    """Day number since 1970."""
    group: Group | None = None
    holder_key: EllipticCurvePublicKey | None = field(default=None, repr=False)
    """The phone's key; with it only a presentation counts."""
    issued_at: int | None = None
    """None: now."""
    not_before: int | None = None
    expires_at: int | None = None
    """None: what the carrier allows."""
    signing_key: bytes | None = None
    """Key id; None: the newest key in force that outlives the code."""


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code, ready to be shown."""

    text: str = field(repr=False)
    """`JKM1:…`"""
    identity: CodeIdentity
    carrier: Carrier
    colour: Colour
    kid: bytes
    issued_at: int
    expires_at: int
    replaced: tuple[CodeIdentity, ...]
    """Older paper or card codes of the same person and carrier, revoked by this one."""


def check_region(issuer: str, region: str | None) -> None:
    """Raise RequestError unless `region` is a GB/T 2260 prefix that lies within the issuer's own region."""
    if region is None:
        return
    if _GB2260.fullmatch(region) is None:
        raise RequestError("A region is a GB/T 2260 code of 2, 4 or 6 digits, such as 330106.")
    home = issuer.removeprefix(_HOME)
    if home.isdigit() and not region.startswith(home):
        raise RequestError(f"The region {region} is not {issuer}'s; its own begin with {home}.")
