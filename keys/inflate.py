"""Bounded inflating: a QR code can hold a stream that becomes two million bytes."""

from __future__ import annotations

import zlib
from typing import Final

from keys.errors import MalformedError

ZLIB: Final = zlib.MAX_WBITS
"""RFC 1950."""
RAW: Final = -zlib.MAX_WBITS
"""RFC 1951."""


def inflate(data: bytes, wbits: int, most: int) -> bytes:
    """Return what `data` holds, one stream that fills it exactly, at most `most` bytes. Raises MalformedError."""
    stream = zlib.decompressobj(wbits)
    try:
        inflated = stream.decompress(data, most + 1)
    except zlib.error:
        raise MalformedError("broken compression") from None
    if len(inflated) > most:
        raise MalformedError(f"compression that becomes more than {most} bytes")
    if not stream.eof:
        raise MalformedError("compressed stream that ends too early")
    if stream.unused_data:
        raise MalformedError(f"{len(stream.unused_data)} bytes after the compressed stream")
    return inflated
