"""What a decoder finds in a picture, and how the bytes of a code become a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_TEXT: Final = 4296
"""Characters; what a QR code of version 40-L holds in alphanumeric mode. Longer texts are left out."""

Point = tuple[float, float]
Corners = tuple[Point, Point, Point, Point]
"""Top left, top right, bottom right, bottom left of the code itself where the decoder tells, in pixels (x, y)."""
Region = tuple[int, int, int, int]
"""A part of a picture: left, top, width, height in pixels."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One code found in a picture."""

    text: str
    corners: Corners
    decoder: str
    """The look that found it, such as `zxing-cpp` or `pyzbar`."""


@dataclass(frozen=True, slots=True)
class Found:
    """A code that was found and could not be read."""

    corners: Corners
    modules: int
    """Of a side."""


def text_of(content: bytes, transcoded: str) -> str:
    """Make a text of a code's bytes, without ever failing.

    UTF-8, and so ASCII, is taken as it stands: our own codes come out exact. Otherwise it is what the decoder made of
    an older character set (Shift-JIS, GB 18030), and of bytes that are no text at all, one character a byte.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return transcoded or content.decode("latin-1")
