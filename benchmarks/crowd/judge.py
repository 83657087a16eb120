"""Whether a drawn code lies within the measured limits of reading: by geometry and light alone, never by a decoder.

The limits of one effect at a time are those of `demo.geometry` (from 29,000 measured frames). What the demo's camera
does not know is added here: creases, and parts lost to cracks, streaks, drops and fingers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd import lens
from benchmarks.crowd.carrier import GRID, Carrier, Field, grid
from benchmarks.crowd.conditions import Conditions
from benchmarks.crowd.motion import Path
from demo.geometry import DrawnCode, Fault, Pose, faults, homography, project

CUT_EDGE = 0.03
"""Share of the code's side; losing that much of an edge kills every decoder."""
FINDER_LOST = 0.1
"""Of a corner's finder pattern. Measured with `sweep`: below it glare, cracks and drops up to 8 % cost no reads.

The rule was looked for after three of the crowd of seed 1 had not been read, so that crowd is no fair test of it: the
benchmark also scores everybody by the published limits, which do not know it.
"""
WASHED_OUT = 0.16
"""Share of the contrast: with less left, a part of the code is lost."""
WEAK = 0.45
"""Share of the contrast that a finder pattern needs; measured with bands of light on sleeves."""
LOST_AT = 0.5
"""Share of a drop's cover from which the picture behind it is lost."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One frame of one person, measured."""

    at: float
    code: DrawnCode
    warp_modules: float
    """Largest displacement of a module by creases, in modules."""
    edge_lost: float
    """How far a finger reaches over an edge, as a share of the side."""
    finder_lost: float
    """Share lost, or weak, of the finder pattern that has lost most."""
    published: tuple[Fault, ...]
    """By the limits of `demo.geometry` alone, which were measured before there was a crowd."""
    faults: tuple[Fault, ...]
    """By those and by FINDER_LOST; empty: it lies within every limit."""


def judge(carrier: Carrier, path: Path, light: Conditions, drops: lens.Drops | None, at: float) -> Judgement:
    """Measure the frame that begins at `at` seconds."""
    opened = at + light.readout_s / 2
    middle = opened + light.exposure_s / 2
    before, pose, after = (path.pose(instant) for instant in (opened, middle, opened + light.exposure_s))
    code = carrier.code
    corners, outer = project(pose, code.corners), project(pose, code.outer)
    paths = zip(project(before, code.corners), project(after, code.corners), strict=True)
    edge = max(0.0, lens.finger_depth_mm(light.finger, middle)) / (code.modules * code.module_mm)
    taken, weak = lost(carrier, path, light, drops, pose=pose, at=middle)
    finder = max(float(part.mean()) for part in _finders(weak, code.modules))
    drawn = DrawnCode(
        corners=(corners[0], corners[1], corners[2], corners[3]),
        outer=(outer[0], outer[1], outer[2], outer[3]),
        modules=code.modules,
        module_px=pose.scale * code.module_mm,
        tilt=pose.tilt,
        motion_px=max(math.dist(now, then) for now, then in paths),
        defocus_sigma=lens.sigma_px(light, path.distance_m(middle)),
        noise_sigma=light.noise,
        brightness=carrier.contrast,
        glare_share=float(taken.mean()),
        covered=edge >= CUT_EDGE,
    )
    published = faults(drawn)
    hidden = (Fault.COVERED,) if finder > FINDER_LOST and Fault.COVERED not in published else ()
    return Judgement(at, drawn, carrier.warp_mm / code.module_mm, edge, finder, published, published + hidden)


def lost(
    carrier: Carrier, path: Path, light: Conditions, drops: lens.Drops | None, *, pose: Pose, at: float
) -> tuple[Field, Field]:
    """Return for each part of the code (`carrier.grid`) how much is lost, and how much is lost or weak.

    Lost is what cracks, drops and fingers take, and where light leaves nothing to be seen; weak, where it leaves less
    than half of the contrast, too little for a pattern that has to be found first.
    """
    points = grid(carrier.code)
    gone = carrier.lost.ravel().copy()
    added = carrier.streaks.ravel().copy()
    mapped = np.column_stack((points, np.ones(len(points)))) @ homography(pose).T
    xy = mapped[:, :2] / mapped[:, 2:]
    if light.glare > 0 and carrier.sheen:
        x, y, sigma = lens.spot(light, path, pose)
        away = ((xy - (x, y)) ** 2).sum(axis=1)
        added += np.minimum(255.0, light.glare * np.exp(-away / (2 * sigma**2))).astype(np.float32)
    if drops is not None:
        gone[_behind(drops, xy)] = 1
    if lens.finger_depth_mm(light.finger, at) > 0:
        tip, root = lens.finger_mm(light.finger, carrier, at)
        gone[_within(points, np.array(tip), np.array(root), lens.finger_radius_mm())] = 1
    left = np.minimum(255.0, carrier.light + added) - np.minimum(255.0, carrier.dark + added)
    share = left / (carrier.light - carrier.dark)
    taken, weak = (np.where(share < least, 1, gone).reshape(GRID, GRID) for least in (WASHED_OUT, WEAK))
    return taken, weak


def _finders(taken: Field, modules: int) -> tuple[Field, Field, Field]:
    """Cut out the three corners with the patterns by which a code is found."""
    side = max(1, round(GRID * 7 / modules))
    return taken[:side, :side], taken[:side, -side:], taken[-side:, :side]


def _behind(drops: lens.Drops, xy: NDArray[np.float64]) -> NDArray[np.bool_]:
    height, width = drops.cover.shape
    columns, rows = np.rint(xy[:, 0]).astype(int), np.rint(xy[:, 1]).astype(int)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    cover = drops.cover[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return np.asarray(inside & (cover > 255 * LOST_AT), np.bool_)


def _within(
    points: NDArray[np.float64], tip: NDArray[np.float64], root: NDArray[np.float64], radius: float
) -> NDArray[np.bool_]:
    along = root - tip
    share = np.clip((points - tip) @ along / float(along @ along), 0, 1)
    return np.asarray(np.hypot(*(points - (tip + share[:, None] * along)).T) < radius, np.bool_)
