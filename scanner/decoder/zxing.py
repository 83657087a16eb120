"""The first decoder: zxing-cpp, quick enough for every frame. Loads neither numpy nor OpenCV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import zxingcpp

from scanner.decoder.values import MAX_TEXT, Corners, Decoded, text_of

if TYPE_CHECKING:
    from scanner.camera.frame import Grey

NAME: Final = "zxing-cpp"
_FORMAT: Final = zxingcpp.BarcodeFormat.QRCodeModel2
"""Not the family `QRCode`: that includes Micro QR, in which it reads phantoms."""


def look(
    grey: Grey | memoryview, name: str = NAME, *, scale: float = 1.0, one_threshold: bool = False
) -> tuple[Decoded, ...]:
    """Find all QR codes, upright, turned or inverted. Corners are divided by `scale`.

    `grey`: rows × columns of bytes. `one_threshold`: split black from white at one brightness for the whole picture,
    instead of locally.
    """
    binarizer = zxingcpp.Binarizer.GlobalHistogram if one_threshold else zxingcpp.Binarizer.LocalAverage
    found = []
    for barcode in zxingcpp.read_barcodes(
        grey, formats=_FORMAT, text_mode=zxingcpp.TextMode.Plain, binarizer=binarizer
    ):
        text = text_of(bytes(barcode.bytes), _transcoded(barcode))
        if 0 < len(text) <= MAX_TEXT:
            found.append(Decoded(text, _corners(barcode, scale), name))
    return tuple(found)


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
