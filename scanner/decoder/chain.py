"""The chain: zxing-cpp always; where it leaves something unread and there is time, harder looks one after the other."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from scanner.camera.frame import Grey
from scanner.decoder import zbar, zxing
from scanner.decoder.looks import HARDER, enlarged
from scanner.decoder.straighten import MAX_MODULES, straighten
from scanner.decoder.values import Corners, Decoded, Found, Region
from scanner.decoder.zxing import Sight

LIVE_BUDGET_MS: Final = 30.0
"""For harder looks at a frame of a live camera: one frame at 30 a second."""
MAX_STRAIGHTENED: Final = 4
"""Codes straightened in one picture: each takes 5 to 30 ms."""
STRAIGHTENED: Final = "straightened"
CLOSER: Final = "zxing-cpp, closer"


@dataclass(frozen=True, slots=True)
class Looked:
    """What harder looks found."""

    codes: tuple[Decoded, ...]
    taken: int
    """How many looks that took."""


class Straightening:
    """Straightens what looks at one picture find and cannot read, each place once."""

    def __init__(self, grey: Grey) -> None:
        self._grey = grey
        self._tried: list[Found] = []

    def read(self, unread: tuple[Found, ...]) -> tuple[Decoded, ...]:
        """Return the codes among `unread` that can be read when they are laid on a straight grid."""
        codes = []
        for found in unread:
            if len(self._tried) >= MAX_STRAIGHTENED or found.modules > MAX_MODULES or self._was_tried(found):
                continue
            self._tried.append(found)
            try:
                flat = straighten(self._grey, found)
            except ValueError:
                continue
            codes += [replace(code, corners=found.corners, decoder=STRAIGHTENED) for code in zxing.look(flat).codes]
        return tuple(codes)

    def _was_tried(self, found: Found) -> bool:
        """Whether the same code was straightened from corners that lie within a module of these."""
        near = math.dist(found.corners[0], found.corners[1]) / found.modules
        return any(
            one.modules == found.modules
            and all(math.dist(a, b) < near for a, b in zip(one.corners, found.corners, strict=True))
            for one in self._tried
        )


def preload() -> None:
    """Load what the looks load at their first use, while files can still be opened."""
    zbar.zbar_missing()
    nothing = np.zeros((400, 400), np.uint8)
    for look in HARDER:
        look.see(nothing)
    straighten(nothing, Found(((0, 0), (99, 0), (99, 99), (0, 99)), 21))


def harder_looks(
    grey: Grey, *, budget_ms: float, turn: int = 0, region: Region | None = None, quick: Sight | None = None
) -> Looked:
    """Take one harder look after the other until one finds a code: beginning with number `turn`, all once at most.

    None begins after `budget_ms` milliseconds, but the first. What a look finds without reading it is straightened.
    `quick`: what the quick look saw; what it found without reading it is straightened first. `region`: a part of the
    picture to look at closer, before all others.
    """
    began = time.perf_counter()
    straightening = Straightening(grey)
    found = () if quick is None else straightening.read(quick.unread)
    if found or (quick is not None and quick.codes):
        return Looked(found, 0)
    if region is not None:
        found = _closer(grey, region, straightening)
    taken = 0
    while not found and taken < len(HARDER) and (not taken or (time.perf_counter() - began) * 1000 < budget_ms):
        sight = HARDER[(turn + taken) % len(HARDER)].see(grey)
        taken += 1
        found = sight.codes or straightening.read(sight.unread)
    return Looked(found, taken)


def _closer(grey: Grey, region: Region, straightening: Straightening) -> tuple[Decoded, ...]:
    """Look at a part of the picture, enlarged."""
    x, y, width, height = region
    part = np.ascontiguousarray(grey[y : y + height, x : x + width])
    if not part.size:
        return ()
    sight = enlarged(part)
    codes = tuple(replace(code, corners=_moved(code.corners, x, y), decoder=CLOSER) for code in sight.codes)
    unread = tuple(replace(found, corners=_moved(found.corners, x, y)) for found in sight.unread)
    return codes or straightening.read(unread)


def _moved(corners: Corners, x: float, y: float) -> Corners:
    a, b, c, d = ((left + x, top + y) for left, top in corners)
    return a, b, c, d


class Decoder:
    """Reads all QR codes in a picture. Holds no state; may be used from any one thread at a time."""

    def decode(
        self, grey: Grey, *, harder: bool = False, budget_ms: float = LIVE_BUDGET_MS, turn: int = 0
    ) -> tuple[Decoded, ...]:
        """Return every code that the first successful look finds; none is a usual answer, and no error.

        `harder`: where the quick look leaves something unread, go on with harder ones, beginning with number `turn`,
        while less than `budget_ms` milliseconds have passed. The last look begun may take 5 to 30 ms longer at
        1280 × 720. Raises ValueError when `grey` is not a two-dimensional array of uint8: our bug.
        """
        if grey.ndim != 2 or grey.dtype != np.uint8:
            raise ValueError(f"a grey picture has two axes of uint8, not {grey.ndim} of {grey.dtype}")
        if grey.size == 0:
            return ()
        picture = np.ascontiguousarray(grey)
        began = time.perf_counter()
        quick = zxing.look(picture)
        left_ms = budget_ms - (time.perf_counter() - began) * 1000
        if not harder or left_ms <= 0 or (quick.codes and not quick.unread):
            return quick.codes
        return quick.codes + harder_looks(picture, budget_ms=left_ms, turn=turn, quick=quick).codes
