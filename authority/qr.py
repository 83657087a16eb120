"""Draws codes: QR at error correction M, never boosted, so that a text always gives the same version.

ISO/IEC 18004. Base45 texts fall into the alphanumeric mode: 277 characters are version 10, 500 are version 14.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import segno

QUIET_ZONE: Final = 4
"""Modules of white around a symbol, ISO/IEC 18004 §6.3.8."""

PRINTED_MM: Final = 62
"""Side of a printed code with its quiet zone. It fits the picture wherever a phone's code does, which is 55 mm wide and
has a margin besides, and its modules are larger than those of a phone's presentation: docs/hardware.md."""


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


def svg(text: str, *, side_mm: float = PRINTED_MM) -> str:
    """Return the symbol with its quiet zone as an SVG element, `side_mm` wide and high; it is a file by itself, too."""
    rows = matrix(text)
    side = len(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side_mm:g}mm" height="{side_mm:g}mm" '
        f'viewBox="0 0 {side} {side}"><path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/>'
        f'<path shape-rendering="crispEdges" d="{"".join(_runs(rows))}"/></svg>\n'
    )


def _runs(rows: Sequence[bytes]) -> Iterator[str]:
    """Yield the dark modules as one path, a rectangle for each run in a row: one shape has no seams inside."""
    for y, row in enumerate(rows):
        x = 0
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                yield f"M{x} {y}h{length}v1h-{length}z"
            x += length


def _draw(text: str) -> segno.QRCode:
    return segno.make(text, error="m", boost_error=False, micro=False)
