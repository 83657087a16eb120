"""Codes on cloth, bottles and crumpled paper: found, but with modules that lie off the straight grid a decoder expects.

The code is first laid flat by its corners. Then the edges between its modules are taken as a wave of known length, one
period a module, and demodulated: the phase of the wave, averaged over a few modules around each point, says how far the
grid has moved there, sideways and upright; beyond half a module the phase wraps around, and is unwrapped from the three
finder patterns on, whose modules cannot be mistaken. A second round with a smaller neighbourhood follows sharper folds.
What is sampled along the moved grid is drawn anew as a flat code, and left to the ordinary decoder with its checksums.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scanner.camera.frame import Grey
from scanner.decoder.values import Found

Plane = NDArray[np.float32]

STEP: Final = 6
"""Pixels a module while it is laid flat."""
COARSE: Final = 2
"""Pixels a module of the planes that phases are averaged in."""
MARGIN: Final = 3
"""Modules around the code that are laid flat with it."""
ROUNDS: Final = (1.5, 1.2)
"""Size of the neighbourhood that agrees on one phase, in modules, round by round."""
MAX_MODULES: Final = 89
"""Of a side, version 18: larger codes are not shown at gates, and would take long."""
_FINDER: Final = 7
"""Modules of a side of a finder pattern (ISO/IEC 18004 clause 5.3.2)."""
_LEAST_SPREAD: Final = 5.0
"""Brightness, of 255: less than that is noise."""
_QUIET: Final = 4
"""Modules of quiet zone around what is drawn."""
_SCALE: Final = 4
"""Pixels a module of what is drawn."""


def straighten(grey: Grey, found: Found) -> Grey:
    """Draw the code anew on a straight grid, in black and white with a quiet zone.

    Raises ValueError where `found` is no place that can be laid flat.
    """
    if not 21 <= found.modules <= MAX_MODULES:
        raise ValueError(f"no code has {found.modules} modules, or one too many")
    flat = _evenly_lit(_laid_flat(grey, found))
    side = flat.shape[0]
    columns, rows = (plane.astype(np.float32) for plane in np.meshgrid(np.arange(side), np.arange(side)))
    across, down = np.zeros_like(flat), np.zeros_like(flat)
    wave = np.exp(2j * np.pi * (np.arange(side) + 0.5) / STEP)
    cosine, sine = wave.real.astype(np.float32), wave.imag.astype(np.float32)
    for number, neighbourhood in enumerate(ROUNDS):
        seen = _blurred(_moved(flat, columns + across, rows + down), STEP / 6)
        upright = np.abs(cv2.Sobel(seen, cv2.CV_32F, 1, 0))
        lying = np.abs(cv2.Sobel(seen, cv2.CV_32F, 0, 1))
        across = across + _offset(upright - lying, cosine[None, :], sine[None, :], neighbourhood, unwrap=not number)
        down = down + _offset(lying - upright, cosine[:, None], sine[:, None], neighbourhood, unwrap=not number)
    seen = np.asarray(cv2.boxFilter(_moved(flat, columns + across, rows + down), -1, (4, 4)), np.float32)
    middles = MARGIN * STEP + np.arange(found.modules) * STEP + STEP // 2
    modules = np.where(seen[np.ix_(middles, middles)] > 0, np.uint8(255), np.uint8(0))
    framed = np.pad(modules, _QUIET, constant_values=255)
    return np.kron(framed, np.ones((_SCALE, _SCALE), np.uint8))


def _laid_flat(grey: Grey, found: Found) -> Grey:
    """Return the code as seen from straight above, `STEP` pixels a module."""
    near, far = MARGIN * STEP - 0.5, (MARGIN + found.modules) * STEP - 0.5
    side = (found.modules + 2 * MARGIN) * STEP
    seen = np.array(found.corners, np.float32)
    if not (np.isfinite(seen).all() and cv2.contourArea(seen) > found.modules**2):
        raise ValueError("corners that span no picture")
    flat = np.array([(near, near), (far, near), (far, far), (near, far)], np.float32)
    matrix = cv2.getPerspectiveTransform(seen, flat)
    laid = cv2.warpPerspective(grey, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, np.uint8)


def _evenly_lit(grey: Grey) -> Plane:
    """Return brightness against the surroundings: about −1 in the middle of black, 1 in the middle of white."""
    picture = grey.astype(np.float32)
    around = (7 * STEP, 7 * STEP)
    mean = cv2.blur(picture, around)
    spread = np.sqrt(np.maximum(cv2.blur(picture * picture, around) - mean * mean, _LEAST_SPREAD**2))
    return np.asarray(np.clip((picture - mean) / spread, -1.2, 1.2), np.float32)


def _offset(edges: Plane, cosine: Plane, sine: Plane, neighbourhood: float, *, unwrap: bool) -> Plane:
    """Return how many pixels the edges around each point lie behind the even grid, with `unwrap` also over a module."""
    edges = np.maximum(edges, 0)
    size = neighbourhood * COARSE
    turned = cv2.phase(_blurred(_coarse(edges * cosine), size), _blurred(_coarse(edges * sine), size))
    phase = np.asarray(np.where(turned > np.pi, turned - 2 * np.pi, turned), np.float32)
    if unwrap:
        frame = MARGIN * COARSE
        within = _unwrapped(phase[frame:-frame, frame:-frame])
        phase = np.asarray(cv2.copyMakeBorder(within, frame, frame, frame, frame, cv2.BORDER_REPLICATE), np.float32)
    smooth = _blurred(phase * np.float32(STEP / (2 * np.pi)), COARSE * 0.7)
    return np.asarray(cv2.resize(smooth, edges.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _unwrapped(phase: Plane) -> Plane:
    """Return phases of -π to π, of a square of even size, without their jumps of 2π; at the finder patterns near 0.

    Least squares: the surface whose slopes are nearest to the phase's, wrapped, solves Poisson's equation, and that is
    a division of cosine transforms (Ghiglia and Romero, J. Opt. Soc. Am. A 11, 107, 1994). Then each phase takes the
    number of turns that brings it next to that surface.
    """
    across, down = np.zeros_like(phase), np.zeros_like(phase)
    across[:, :-1] = _wrapped(np.diff(phase, axis=1))
    down[:-1] = _wrapped(np.diff(phase, axis=0))
    bend = across + down
    bend[:, 1:] -= across[:, :-1]
    bend[1:] -= down[:-1]
    waves = np.cos(np.pi * np.arange(len(phase)) / len(phase))
    stiffness = 2 * (waves[None, :] + waves[:, None] - 2)
    stiffness[0, 0] = 1
    spectrum = np.asarray(cv2.dct(bend), np.float32)
    spectrum[0, 0] = 0
    surface = np.asarray(cv2.idct(np.asarray(spectrum / stiffness, np.float32)), np.float32)
    surface = surface + np.angle(np.exp(1j * _at_finders(phase - surface)).mean())
    surface = surface - 2 * np.pi * np.round(np.median(_at_finders(surface)) / (2 * np.pi))
    return np.asarray(phase + 2 * np.pi * np.round((surface - phase) / (2 * np.pi)), np.float32)


def _wrapped(phase: Plane) -> Plane:
    return np.asarray((phase + np.pi) % (2 * np.pi) - np.pi, np.float32)


def _at_finders(plane: Plane) -> Plane:
    """Return what lies in the three corners with finder patterns."""
    size = _FINDER * COARSE
    return np.concatenate([plane[:size, :size].ravel(), plane[:size, -size:].ravel(), plane[-size:, :size].ravel()])


def _coarse(plane: Plane) -> Plane:
    height, width = plane.shape
    small = (width * COARSE // STEP, height * COARSE // STEP)
    return np.asarray(cv2.resize(plane, small, interpolation=cv2.INTER_AREA), np.float32)


def _moved(flat: Plane, columns: Plane, rows: Plane) -> Plane:
    return np.asarray(cv2.remap(flat, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _blurred(plane: Plane, size: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), size), np.float32)
