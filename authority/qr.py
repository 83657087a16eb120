"""Draws codes: QR at error correction M, never boosted, so that a text always gives the same version.

ISO/IEC 18004. Base45 texts fall into the alphanumeric mode: 277 characters are version 10, 500 are version 14.
"""

from __future__ import annotations

import io
from typing import Final

import segno

QUIET_ZONE: Final = 4
"""Modules of white around a symbol, ISO/IEC 18004 §6.3.8."""


def symbol_version(text: str) -> int:
    """Return the QR version (1 to 40) that `text` takes at error correction M."""
    return int(_draw(text).version)


def matrix(text: str, *, border: int = QUIET_ZONE) -> tuple[bytes, ...]:
    """Return the symbol as rows of bytes, 1 dark and 0 light, with `border` light modules on each side."""
    return tuple(bytes(1 if module else 0 for module in row) for row in _draw(text).matrix_iter(border=border))


def png(text: str, *, scale: int = 8, border: int = QUIET_ZONE) -> bytes:
    """Return the symbol as a PNG file of two colours, `scale` pixels a module."""
    stream = io.BytesIO()
    _draw(text).save(stream, kind="png", scale=scale, border=border)
    return stream.getvalue()


def _draw(text: str) -> segno.QRCode:
    return segno.make(text, error="m", boost_error=False, micro=False)
