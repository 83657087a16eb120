"""ECDSA signatures: the raw r ‖ s that codes carry, as the DER that the arithmetic takes.

The library's own writer goes through two integers and back, for every code; the bytes are at hand.
"""

from __future__ import annotations

LONGEST_RAW = 252
"""Bytes of the longest raw signature: up to here an INTEGER's length takes one byte. P-521 has 132."""


def der_of(raw: bytes) -> bytes:
    """Return raw r ‖ s (RFC 9053 section 2.1) as DER of an ECDSA-Sig-Value (RFC 3279 section 2.2.3).

    Raises ValueError for an odd number of bytes, none, and more than `LONGEST_RAW`.
    """
    half, odd = divmod(len(raw), 2)
    if odd or not 0 < len(raw) <= LONGEST_RAW:
        raise ValueError(f"raw ECDSA signature of {len(raw)} bytes")
    r, s = raw[:half].lstrip(b"\0"), raw[half:].lstrip(b"\0")
    # An INTEGER is the shortest that it can be, and signed (X.690 section 8.3): a leading 1 bit needs a zero before it.
    r = b"\x02%c%b" % (len(r), r) if r and r[0] < 0x80 else b"\x02%c\0%b" % (len(r) + 1, r)
    s = b"\x02%c%b" % (len(s), s) if s and s[0] < 0x80 else b"\x02%c\0%b" % (len(s) + 1, s)
    length = len(r) + len(s)
    return (b"\x30%c%b%b" if length < 0x80 else b"\x30\x81%c%b%b") % (length, r, s)
