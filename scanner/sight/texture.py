"""Whether a place in a picture is patterned as a QR code is, and what is the matter with it. Pure.

A code's modules are dark and light by halves, evenly spread, and nothing in them repeats: that tells it from text (more
paper than ink), from shelves, tiles and windows (which repeat), and from leaves and faces (which are uneven). These
statistics outlive blur, smallness, glare and faint light, where a decoder's own search for corners does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from scanner.sight.density import Box, Grey

SIDE = 96
"""Pixels a side to which a place is straightened."""
_PAD = 12
"""Pixels around it in which the quiet zone is looked for."""
_FULL = SIDE + 2 * _PAD
_CELLS = 4
MOSTLY = 0.5
"""A place of which more is washed out is judged by what little is left of it."""
_WASHED_OUT = 238
"""Grey level above which a dark module has been washed out by light."""

_Floats = NDArray[np.float32]

_TAPER = np.outer(np.hanning(SIDE), np.hanning(SIDE)).astype(np.float32)
_LAGS = np.hypot(*np.mgrid[-SIDE // 2 : SIDE // 2, -SIDE // 2 : SIDE // 2])
_NEAR = _LAGS < 36
_CLOSE = _LAGS < 16
_SEVERAL_MODULES = np.ones((9, 9), np.uint8)
_FEWEST_CELLS = 4
_LEVELS = np.arange(256, dtype=np.float32)


def _correlation(flat: _Floats) -> _Floats:
    waves = cv2.dft(np.ascontiguousarray(flat, np.float32), flags=cv2.DFT_COMPLEX_OUTPUT)
    power = waves[:, :, 0] ** 2 + waves[:, :, 1] ** 2
    # The power is even, so that this transform is its own inverse.
    back = cv2.dft(power, flags=cv2.DFT_COMPLEX_OUTPUT | cv2.DFT_SCALE)[:, :, 0]
    return np.asarray(np.fft.fftshift(back), np.float32)


_TAPERED = np.maximum(_correlation(_TAPER) / _correlation(_TAPER)[SIDE // 2, SIDE // 2], 0.15)


@dataclass(frozen=True, slots=True)
class Texture:
    """A place, measured. Brightness in grey levels, shares from 0 to 1."""

    dark: float
    light: float
    washed_out: float
    """Share of the place in which light has drowned the dark modules."""
    balance: float
    """Where the mean lies between dark and light; 0.5 for a code."""
    calmest: float
    """Contrast of the evenest part of it, as a share of the whole place's."""
    wildest: float
    evenness: float
    """How much it alternates along its smoother direction as compared with the other; 1: the same."""
    busyness: float
    """Steps between neighbouring pixels of the straightened place, as a share of its contrast."""
    quiet: tuple[float, float, float, float]
    """Busyness of the margins left, above, right, below of the straightened place, as a share of its own."""
    residue: NDArray[np.float32] = field(repr=False, compare=False)
    """The straightened place without its slow shades."""
    scale: float
    """Pixels of the picture for one of the straightened place."""

    @property
    def contrast(self) -> float:
        """Grey levels between dark and light."""
        return self.light - self.dark


@dataclass(frozen=True, slots=True)
class Grain:
    """The spots of a place."""

    repeats: float
    """How much the pattern is like itself, moved; 1 for stripes and tiles."""
    reach: float
    """How far a spot reaches, in pixels of the straightened place."""
    size_px: float
    """Size of its spots in pixels of the picture: about two modules, or more where it is blurred."""


def straightened(levels: tuple[Grey, ...], box: Box) -> Grey:
    """Return a place of a `pyramid` as a square of `SIDE` pixels with a margin of its surroundings."""
    level = min(len(levels) - 1, max(0, int(math.log2(max(1.0, max(box[1]) / (1.2 * SIDE))))))
    source = ((np.asarray(cv2.boxPoints(box), np.float32) + 0.5) / 2**level - 0.5).astype(np.float32)
    near, far = float(_PAD), float(_PAD + SIDE)
    target = np.array(((near, far), (near, near), (far, near)), np.float32)
    warp = cv2.getAffineTransform(source[:3], target)
    flat = cv2.warpAffine(levels[level], warp, (_FULL, _FULL), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(flat, (3, 3), 0), np.uint8)


def measure(levels: tuple[Grey, ...], box: Box) -> Texture:
    """Measure the place `box` of a `pyramid`."""
    flat = straightened(levels, box)
    inner = np.ascontiguousarray(flat[_PAD : _PAD + SIDE, _PAD : _PAD + SIDE])
    values = inner.astype(np.float32)
    drowned = (cv2.erode(inner, _SEVERAL_MODULES) >= _WASHED_OUT).astype(np.uint8)
    share = 0.0
    if drowned.any():
        drowned = _largest(np.asarray(cv2.dilate(drowned, _SEVERAL_MODULES), np.uint8))
        share = float(drowned.mean())
        if share > MOSTLY:
            drowned = np.zeros_like(drowned)
    clear = 1 - drowned
    counts = cv2.calcHist([inner], [0], clear, [256], [0, 256]).ravel()
    total = max(1.0, float(counts.sum()))
    dark, light = (float(np.searchsorted(counts.cumsum(), part * total)) for part in (0.05, 0.95))
    mean = float(counts @ _LEVELS) / total
    spread = math.sqrt(max(1e-6, float(counts @ _LEVELS**2) / total - mean**2))
    contrast = light - dark + 1e-3
    calmest, wildest = _parts(values, drowned, spread)
    seen = clear[:-1, :-1]
    across, down = (values[:-1, 1:] - values[:-1, :-1]) * seen, (values[1:, :-1] - values[:-1, :-1]) * seen
    many = max(1, int(seen.sum()))
    xx, yy, xy = (float(np.vdot(a, b)) / many for a, b in ((across, across), (down, down), (across, down)))
    lean = math.hypot((xx - yy) / 2, xy)
    steps = (cv2.norm(across, cv2.NORM_L1) + cv2.norm(down, cv2.NORM_L1)) / 2 / many
    return Texture(
        dark=dark,
        light=light,
        washed_out=share,
        balance=(mean - dark) / contrast,
        calmest=calmest,
        wildest=wildest,
        evenness=((xx + yy) / 2 - lean) / ((xx + yy) / 2 + lean + 1e-6),
        busyness=steps / contrast,
        quiet=_margins(flat, steps + 1e-3),
        residue=np.asarray((values - cv2.boxFilter(values, -1, (25, 25))) * clear, np.float32),
        scale=math.sqrt(box[1][0] * box[1][1]) / SIDE,
    )


def _largest(spots: Grey) -> Grey:
    """Return the largest of some spots: a reflection is one, while the gaps between lines of text are many."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(spots)
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), np.uint8)


def _parts(values: _Floats, drowned: Grey, spread: float) -> tuple[float, float]:
    """Return the least and the most contrast among the parts that are not washed out, as shares of `spread`."""
    cells = (_CELLS, _CELLS)
    means, squares, lost = (
        np.asarray(cv2.resize(one, cells, interpolation=cv2.INTER_AREA), np.float32)
        for one in (values, values * values, drowned.astype(np.float32))
    )
    contrasts = np.sqrt(np.maximum(squares - means * means, 0))[lost < 0.25] / spread
    if contrasts.size < _FEWEST_CELLS:
        return 0.0, math.inf
    return float(contrasts.min()), float(contrasts.max())


def grain(texture: Texture) -> Grain:
    """Measure the spots of a place: the dearer part of the work."""
    own = _correlation(texture.residue * _TAPER)
    own = own / (own[SIDE // 2, SIDE // 2] + 1e-6) / _TAPERED
    _, parts = cv2.connectedComponents(((own > 0.15) & _NEAR).astype(np.uint8), connectivity=4)
    spot = parts == parts[SIDE // 2, SIDE // 2]
    around = cv2.dilate(spot.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    others = own[~around & _NEAR]
    half = math.sqrt(np.count_nonzero((own > 0.5) & _CLOSE) / math.pi)
    return Grain(
        repeats=float(others.max()) if others.size else 1.0,
        reach=float(_LAGS[spot].max()),
        size_px=2 * half * texture.scale,
    )


def _margins(flat: Grey, steps: float) -> tuple[float, float, float, float]:
    near, far = _PAD - 3, _PAD + SIDE + 3
    sides = (
        flat[_PAD:-_PAD, 2:near].T,
        flat[2:near, _PAD:-_PAD],
        flat[_PAD:-_PAD, far:-2].T,
        flat[far:-2, _PAD:-_PAD],
    )
    a, b, c, d = (float(cv2.absdiff(side[:, 1:], side[:, :-1]).mean()) / steps for side in sides)
    return a, b, c, d
