"""The chain: zxing-cpp always; when it reads nothing and there is time, harder looks one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from scanner.camera.frame import Grey
from scanner.decoder import zbar, zxing
from scanner.decoder.values import Corners, Decoded, Region

Look = Callable[[Grey], tuple[Decoded, ...]]

_MAX_ENLARGED: Final = 4_000_000
"""Pixels of a picture that is still worth doubling: beyond, modules are large enough."""
LIVE_BUDGET_MS: Final = 30.0
"""For harder looks at a frame of a live camera: one frame at 30 a second."""


def _enlarged(grey: Grey) -> tuple[Decoded, ...]:
    if grey.size > _MAX_ENLARGED:
        return ()
    return zxing.look(_grey(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)), "zxing-cpp 2x", scale=2)


def _threshold(grey: Grey) -> Grey:
    return _grey(cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 51, 5))


def _threshold_zbar(grey: Grey) -> tuple[Decoded, ...]:
    return zbar.look(_threshold(grey), "pyzbar, threshold")


def _contrast(grey: Grey) -> tuple[Decoded, ...]:
    return zxing.look(_grey(cv2.createCLAHE(3.0, (8, 8)).apply(grey)), "zxing-cpp, contrast")


def _smoothed(grey: Grey) -> tuple[Decoded, ...]:
    return zxing.look(_grey(cv2.GaussianBlur(grey, (0, 0), 1.5)), "zxing-cpp, smoothed")


def _global(grey: Grey) -> tuple[Decoded, ...]:
    return zxing.look(grey, "zxing-cpp, one threshold", one_threshold=True)


HARDER: Final[tuple[Look, ...]] = (_global, zbar.look, _enlarged, _contrast, _smoothed, _threshold_zbar)
"""By what they add for their time, measured on photographs; what reads nothing that the others miss is not here."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What harder looks found."""

    codes: tuple[Decoded, ...]
    taken: int
    """How many looks that took."""


def preload() -> None:
    """Load what the looks load at their first use, while files can still be opened."""
    zbar.zbar_missing()
    for look in HARDER:
        look(np.zeros((64, 64), np.uint8))


def harder_looks(grey: Grey, *, budget_ms: float, turn: int = 0, region: Region | None = None) -> Looked:
    """Take one harder look after the other, beginning with number `turn`, until one finds a code.

    None begins after `budget_ms` milliseconds, but the first. `region`: a part of the picture to look at closer, before
    all others, where a code was lately.
    """
    began = time.perf_counter()
    taken = 0
    if region is not None:
        found = _closer(grey, region)
        if found:
            return Looked(found, taken)
    while taken < len(HARDER) and (not taken or (time.perf_counter() - began) * 1000 < budget_ms):
        found = HARDER[(turn + taken) % len(HARDER)](grey)
        taken += 1
        if found:
            return Looked(found, taken)
    return Looked((), taken)


def _closer(grey: Grey, region: Region) -> tuple[Decoded, ...]:
    """Look at a part of the picture, enlarged."""
    x, y, width, height = region
    part = grey[y : y + height, x : x + width]
    if not part.size:
        return ()
    return tuple(
        replace(code, corners=_moved(code.corners, x, y), decoder="zxing-cpp, closer") for code in _enlarged(part)
    )


def _moved(corners: Corners, x: float, y: float) -> Corners:
    a, b, c, d = ((left + x, top + y) for left, top in corners)
    return a, b, c, d


class Decoder:
    """Reads all QR codes in a picture. Holds no state; may be used from any one thread at a time."""

    def decode(
        self, grey: Grey, *, harder: bool = False, budget_ms: float = LIVE_BUDGET_MS, turn: int = 0
    ) -> tuple[Decoded, ...]:
        """Return every code that the first successful look finds; none is a usual answer, and no error.

        `harder`: where the quick look reads nothing, go on with harder ones, beginning with number `turn` (pass the
        frame's number, so that in a row of frames each has its turn) while less than `budget_ms` milliseconds have
        passed. The last look begun may take 5 to 25 ms longer at 1280 × 720. Raises ValueError when `grey` is not
        a two-dimensional array of uint8: our bug.
        """
        if grey.ndim != 2 or grey.dtype != np.uint8:
            raise ValueError(f"a grey picture has two axes of uint8, not {grey.ndim} of {grey.dtype}")
        if grey.size == 0:
            return ()
        picture = np.ascontiguousarray(grey)
        began = time.perf_counter()
        found = zxing.look(picture)
        left_ms = budget_ms - (time.perf_counter() - began) * 1000
        if found or not harder or left_ms <= 0:
            return found
        return harder_looks(picture, budget_ms=left_ms, turn=turn).codes


def _grey(picture: object) -> Grey:
    return np.asarray(picture, np.uint8)
