"""The harder looks: the same picture seen in other ways, each for another thing that keeps a code from being read.

docs/reading.md has what each adds on photographs, and what it costs; `checkpoint bench vision` measures that anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from scanner.camera.frame import Grey
from scanner.decoder import zbar, zxing
from scanner.decoder.values import Corners, Decoded
from scanner.decoder.zxing import Sight

MAX_ENLARGED: Final = 4_000_000
"""Pixels of a picture that is still worth enlarging: beyond, modules are large enough."""
MIN_HALVED: Final = 20_000
"""Pixels of a picture that is still worth making smaller."""
_DEEP: Final = (255 * (np.arange(256) / 255) ** 0.5).astype(np.uint8)
_HIGH: Final = (255 * (np.arange(256) / 255) ** 4.0).astype(np.uint8)
"""Curves of brightness that spread the shadows, and the highlights."""


@dataclass(frozen=True, slots=True)
class Look:
    """One way of seeing."""

    name: str
    """For the log and `checkpoint decode`."""
    see: Callable[[Grey], Sight]


def enlarged(grey: Grey) -> Sight:
    """For small modules: twice the size."""
    return _sight(_twice(grey), "zxing-cpp 2x", scale=2) if grey.size <= MAX_ENLARGED else Sight()


def _enlarged_sharp(grey: Grey) -> Sight:
    """For small modules out of focus, or moved: twice the size, edges lifted far."""
    if grey.size > MAX_ENLARGED:
        return Sight()
    return _sight(_sharpened(_twice(grey), 4.0, 2.0), "zxing-cpp 2x, sharp", scale=2)


def _sharp(grey: Grey) -> Sight:
    """For what is a little out of focus."""
    return _sight(_sharpened(grey, 2.0, 1.5), "zxing-cpp, sharp")


def _one_threshold(grey: Grey) -> Sight:
    """For large modules and frames around the code, which mislead a threshold of each neighbourhood."""
    return _sight(grey, "zxing-cpp, global", one_threshold=True)


def _half(grey: Grey) -> Sight:
    """For noise, dots of print and screen: half the size."""
    return _sight(_halved(grey), "zxing-cpp 0.5x", scale=0.5) if grey.size >= MIN_HALVED else Sight()


def _half_one_threshold(grey: Grey) -> Sight:
    if grey.size < MIN_HALVED:
        return Sight()
    return _sight(_halved(grey), "zxing-cpp 0.5x, global", scale=0.5, one_threshold=True)


def _half_zbar(grey: Grey) -> Sight:
    """For what another decoder finds."""
    if grey.size < MIN_HALVED:
        return Sight(zbar.look(grey))
    codes = zbar.look(_halved(grey), "pyzbar 0.5x")
    return Sight(tuple(Decoded(code.text, _times(code.corners, 2), code.decoder) for code in codes))


def _shadows(grey: Grey) -> Sight:
    """For dark pictures with glare in them."""
    return _sight(_picture(cv2.LUT(grey, _DEEP)), "zxing-cpp, shadows")


def _highlights(grey: Grey) -> Sight:
    """For pictures blown out."""
    return _sight(_picture(cv2.LUT(grey, _HIGH)), "zxing-cpp, highlights")


AS_IT_IS: Final = Look("zxing-cpp", zxing.look)
HARDER: Final[tuple[Look, ...]] = (
    Look("zxing-cpp 0.5x, global", _half_one_threshold),
    Look("zxing-cpp, global", _one_threshold),
    Look("zxing-cpp, sharp", _sharp),
    Look("zxing-cpp 2x", enlarged),
    Look("zxing-cpp, highlights", _highlights),
    Look("zxing-cpp 0.5x", _half),
    Look("pyzbar 0.5x", _half_zbar),
    Look("zxing-cpp, shadows", _shadows),
    Look("zxing-cpp 2x, sharp", _enlarged_sharp),
)
"""In the order of what they add for their time, measured on photographs; what adds nothing is not here."""


def _sight(picture: Grey, name: str, *, scale: float = 1.0, one_threshold: bool = False) -> Sight:
    return zxing.look(np.ascontiguousarray(picture), name, scale=scale, one_threshold=one_threshold)


def _twice(grey: Grey) -> Grey:
    return _picture(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR))


def _halved(grey: Grey) -> Grey:
    return _picture(cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def _sharpened(grey: Grey, size: float, amount: float) -> Grey:
    """Return the picture with what differs from its surroundings of `size` pixels lifted by `amount`."""
    return _picture(cv2.addWeighted(grey, 1 + amount, cv2.GaussianBlur(grey, (0, 0), size), -amount, 0))


def _times(corners: Corners, factor: float) -> Corners:
    a, b, c, d = ((x * factor, y * factor) for x, y in corners)
    return a, b, c, d


def _picture(picture: object) -> Grey:
    return np.asarray(picture, np.uint8)
