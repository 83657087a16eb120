"""The second decoder: pyzbar over Debian's libzbar0, QR codes only. The appliance works without it, reading fewer."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Final

from scanner.decoder.values import MAX_TEXT, Corners, Decoded, text_of

if TYPE_CHECKING:
    from scanner.camera.frame import Grey

logger = logging.getLogger(__name__)

NAME: Final = "pyzbar"


@functools.cache
def zbar_missing() -> str | None:
    """Say why the second decoder cannot be used and what to do, None when it can. Logged once a process."""
    try:
        from pyzbar import pyzbar  # noqa: F401, PLC0415  # loads the shared library
    except ImportError as error:
        missing = f"the second QR decoder is missing ({error}): install Debian's libzbar0"
        logger.warning(missing)
        return missing
    return None


def look(grey: Grey, name: str = NAME) -> tuple[Decoded, ...]:
    """Find all QR codes; none when the library is missing, or fails on this picture."""
    if zbar_missing() is not None:
        return ()
    from pyzbar import pyzbar  # noqa: PLC0415  # only where it loads
    from pyzbar.pyzbar_error import PyZbarError  # noqa: PLC0415

    try:
        symbols = pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol.QRCODE])
    except (ValueError, PyZbarError):  # an orientation unknown to pyzbar, on structured-append codes
        return ()
    found = []
    for symbol in symbols:
        text = text_of(bytes(symbol.data), "")
        if 0 < len(text) <= MAX_TEXT:
            found.append(Decoded(text, _corners(symbol.polygon, symbol.rect), name))
    return tuple(found)


def _corners(polygon: list[tuple[int, int]], rect: tuple[int, int, int, int]) -> Corners:
    if len(polygon) == 4:
        a, b, c, d = ((float(x), float(y)) for x, y in polygon)
        return a, b, c, d
    left, top, width, height = (float(n) for n in rect)
    return (left, top), (left + width, top), (left + width, top + height), (left, top + height)
