"""A QR code in a terminal: two modules a cell as half-blocks, or two characters a module where there are none."""

from __future__ import annotations

import segno

from scanner.ui.bitmap import Bitmap, as_text

QUIET = 2
"""Modules of light ground round the code: half of what ISO/IEC 18004 asks for, since rows are scarce."""


def draw(text: str, width: int, height: int, *, ascii_only: bool) -> tuple[str, ...]:
    """Return `text` as lines to be shown dark on light; empty where it does not fit `width` × `height` cells."""
    if not text:
        return ()
    try:
        code = segno.make(text, error="l", micro=False, boost_error=False)
    except segno.DataOverflowError:
        return ()
    picture = Bitmap(tuple(tuple(bool(module) for module in row) for row in code.matrix_iter(border=QUIET)))
    if ascii_only:
        lines = tuple("".join("##" if module else "  " for module in row) for row in picture.rows)
    else:
        lines = as_text(picture, ascii_only=False)
    fits = len(lines) <= height and len(lines[0]) <= width
    return lines if fits else ()
