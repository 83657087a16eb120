"""The first decoder: zxing-cpp, quick enough for every frame. Loads neither numpy nor OpenCV."""

from __future__ import annotations

import json  # noqa: F401 - zxing-cpp loads it when it first tells of a code, and by then no file can be opened
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import zxingcpp

from scanner.decoder.values import MAX_TEXT, Corners, Decoded, Found, text_of

if TYPE_CHECKING:
    from scanner.camera.frame import Grey

NAME: Final = "zxing-cpp"
_FORMAT: Final = zxingcpp.BarcodeFormat.QRCodeModel2
"""Not the family `QRCode`: that includes Micro QR, in which it reads phantoms."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look sees."""

    codes: tuple[Decoded, ...] = ()
    unread: tuple[Found, ...] = field(default=())
    """Codes whose place and size are plain, and whose content has too many errors."""


def look(
    grey: Grey | memoryview,
    name: str = NAME,
    *,
    scale: float = 1.0,
    one_threshold: bool = False,
    smaller_too: bool = True,
) -> Sight:
    """Find all QR codes, upright, turned or inverted. Corners are divided by `scale`.

    `grey`: rows × columns of bytes. `one_threshold`: split black from white at one brightness for the whole picture,
    instead of locally. `smaller_too`: look at the picture made smaller as well, for large codes
    that are blurred or grainy.
    """
    binarizer = zxingcpp.Binarizer.GlobalHistogram if one_threshold else zxingcpp.Binarizer.LocalAverage
    codes, unread = [], []
    for barcode in zxingcpp.read_barcodes(
        grey,
        formats=_FORMAT,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=binarizer,
        try_downscale=smaller_too,
        return_errors=True,
    ):
        corners = _corners(barcode, scale)
        if barcode.valid:
            text = text_of(bytes(barcode.bytes), _transcoded(barcode))
            if 0 < len(text) <= MAX_TEXT:
                codes.append(Decoded(text, corners, name))
        elif modules := _modules(barcode):
            unread.append(Found(corners, modules))
    return Sight(tuple(codes), tuple(unread))


def _modules(barcode: zxingcpp.Barcode) -> int:
    """Return the modules of a side (ISO/IEC 18004 clause 5.3.1), 0 where the code's version was not made out."""
    extra = barcode.extra
    version = extra.get("Version", "") if isinstance(extra, dict) else ""
    return 17 + 4 * int(version) if isinstance(version, str) and version.isdecimal() else 0


def _transcoded(barcode: zxingcpp.Barcode) -> str:
    if barcode.content_type not in (zxingcpp.ContentType.Text, zxingcpp.ContentType.Mixed):
        return ""
    try:
        return str(barcode.text)
    except UnicodeDecodeError:
        return ""


def _corners(barcode: zxingcpp.Barcode, scale: float) -> Corners:
    position = barcode.position
    a, b, c, d = (
        (point.x / scale, point.y / scale)
        for point in (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    )
    return a, b, c, d
