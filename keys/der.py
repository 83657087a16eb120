"""DER (X.690), read just far enough for certificates: elements of definite length, never beyond the data given.

Written because several states' certificates, in force and widely verified, break DER in ways for which a strict X.509
library refuses them whole: a NULL after an ECDSA algorithm (Japan), a default value that is written out (Finland).
Nothing here is trusted for being well formed; keys and signatures are checked by `cryptography`.
"""

from __future__ import annotations

from typing import NamedTuple

from keys.errors import DerError

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
_LONG_FORM = 0x80
_LOW_TAG = 0x1F
_MAX_LENGTH_BYTES = 3
_MAX_MEMBERS = 256
_MAX_ARC = 1 << 64


class Element(NamedTuple):
    """One element: its tag byte, its content, and the whole of it with its head."""

    tag: int
    content: bytes
    whole: bytes


def read(data: bytes) -> Element:
    """Read the one element that fills `data`. Raises DerError."""
    element, end = _element(data, 0)
    if end != len(data):
        raise DerError(f"{len(data) - end} bytes after the DER element")
    return element


def members(element: Element, tag: int = SEQUENCE) -> tuple[Element, ...]:
    """Return the elements inside `element`, which has `tag`. Raises DerError."""
    if element.tag != tag:
        raise DerError(f"DER element 0x{element.tag:02x} where 0x{tag:02x} belongs")
    found: list[Element] = []
    at = 0
    while at < len(element.content):
        member, at = _element(element.content, at)
        found.append(member)
        if len(found) > _MAX_MEMBERS:
            raise DerError("DER of too many elements")
    return tuple(found)


def content(element: Element, tag: int) -> bytes:
    """Return what is inside `element`, which has `tag`. Raises DerError."""
    if element.tag != tag:
        raise DerError(f"DER element 0x{element.tag:02x} where 0x{tag:02x} belongs")
    return element.content


def bits(element: Element) -> bytes:
    """Return a BIT STRING's bytes without the byte that counts unused bits. Raises DerError."""
    data = content(element, BIT_STRING)
    if not data or data[0] > 7:
        raise DerError("DER bit string without its count of unused bits")
    return data[1:]


def oid(element: Element) -> str:
    """Return an OBJECT IDENTIFIER in dots (X.690 section 8.19). Raises DerError."""
    data = content(element, OID)
    if not data or data[-1] & _LONG_FORM:
        raise DerError("DER object identifier that ends inside an arc")
    arcs: list[int] = []
    arc = 0
    for byte in data:
        arc = arc << 7 | byte & 0x7F
        if arc >= _MAX_ARC:
            raise DerError("DER object identifier with an arc of more than 64 bits")
        if not byte & _LONG_FORM:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def algorithm(element: Element) -> tuple[str, Element | None]:
    """Return an AlgorithmIdentifier's object identifier and parameters (RFC 5280 section 4.1.1.2). Raises DerError."""
    parts = members(element)
    if not 1 <= len(parts) <= 2:
        raise DerError("DER algorithm that is no identifier and its parameters")
    return oid(parts[0]), parts[1] if len(parts) == 2 else None


def _element(data: bytes, at: int) -> tuple[Element, int]:
    start = at
    if len(data) - at < 2:
        raise DerError("DER ends inside an element")
    tag, length = data[at], data[at + 1]
    at += 2
    if tag & _LOW_TAG == _LOW_TAG:
        raise DerError("DER tag of more than one byte")
    if length >= _LONG_FORM:
        width = length - _LONG_FORM
        if not 1 <= width <= _MAX_LENGTH_BYTES or len(data) - at < width:
            raise DerError("DER length that is indefinite, or too long")
        length = int.from_bytes(data[at : at + width], "big")
        at += width
    end = at + length
    if end > len(data):
        raise DerError("DER ends inside an element")
    return Element(tag, data[at:end], data[start:end]), end
