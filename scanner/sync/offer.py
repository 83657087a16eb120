"""What an enrolment QR code says: `JKE1:` + base45(deterministic CBOR {1 url, 2 pin, 3 SHA-256 of the root, 4 token}).

Read only when somebody in charge has asked for it: at a lane such a text is no code at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from keys import base45, cbor
from keys.errors import MalformedError
from keys.http_line import is_loopback

PREFIX: Final = "JKE1:"
TOKEN_BYTES: Final = 16
_DIGEST: Final = 32
_MAX_URL: Final = 500
_MAX_TEXT: Final = 1200


class OfferError(ValueError):
    """The text is no offer that may be taken. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A hub that would take this appliance in."""

    url: str
    """Its address, without a slash at the end."""
    pin: bytes | None
    """SHA-256 of the key in its certificate, 32 bytes; None on loopback only."""
    root_sha256: bytes
    """Of the trust repository's root, 32 bytes."""
    token: bytes
    """16 bytes, for one use."""


def read_offer(text: str) -> Offer:
    """Read the text of an enrolment code. Raises OfferError."""
    if len(text) > _MAX_TEXT or not text.startswith(PREFIX):
        raise OfferError("this is no enrolment code: it begins with JKE1: and is shown by the hub's page")
    try:
        value = cbor.decode(base45.decode(text[len(PREFIX) :]))
    except MalformedError as error:
        raise OfferError(f"the enrolment code is damaged: {error.detail}; show it again") from None
    if type(value) is not dict or not {1, 3, 4} <= value.keys() <= {1, 2, 3, 4}:
        raise OfferError("this enrolment code is of another version; update this appliance")
    url, pin = value[1], value.get(2)
    if type(url) is not str or len(url) > _MAX_URL:
        raise OfferError("the enrolment code names no address")
    checked = None if pin is None else _binary(pin, _DIGEST, "certificate")
    _check_line(url, checked)
    return Offer(url.rstrip("/"), checked, _binary(value[3], _DIGEST, "root"), _binary(value[4], TOKEN_BYTES, "token"))


def write_offer(offer: Offer) -> str:
    """Write the text of an enrolment code."""
    fields: dict[int, cbor.Encodable] = {1: offer.url, 3: offer.root_sha256, 4: offer.token}
    if offer.pin is not None:
        fields[2] = offer.pin
    return PREFIX + base45.encode(cbor.encode(fields))


def _binary(value: cbor.Value, length: int, name: str) -> bytes:
    if type(value) is not bytes or len(value) != length:
        raise OfferError(f"the enrolment code's {name} has not {length} bytes")
    return value


def _check_line(url: str, pin: bytes | None) -> None:
    """Refuse a line that nobody vouches for: beyond this machine, only https with a pin."""
    try:
        parsed = parse_url(url)
    except LocationParseError:
        parsed = None
    if parsed is None or not parsed.host or parsed.auth or parsed.query or parsed.fragment:
        raise OfferError(f"{url!r} is no address of a hub")
    if parsed.scheme == "https" and pin is not None:
        return
    if parsed.scheme == "http" and pin is None and is_loopback(parsed.host.strip("[]")):
        return
    raise OfferError(
        f"{url!r} is not https with the hub's certificate pinned: only a hub on this machine may do without"
    )
