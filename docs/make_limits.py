"""Draws the measured limits of reading as pictures: `docs/pictures/limits/*.png`.

Run by hand from the project's root when the drawing or a limit has changed, in the development environment:

    python -m docs.make_limits [NAME…]

Each sheet shows the same code within a limit, at it, and beyond, with how many of 24 different codes a bare zxing-cpp
call reads there. The frames are the crowd's (`benchmarks.crowd.sweep`); the limits were measured on 29,000 others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.crowd.conditions import Conditions, Finger
from benchmarks.crowd.count import bare_texts
from benchmarks.crowd.sweep import BARE, Frame, Taken, take
from demo.artwork import Image
from keys.verdict import Carrier

FOLDER = Path(__file__).parent / "pictures" / "limits"
CAMERA = replace(BARE, lens_sigma=0.5, noise=2.0, jpeg=90)
CODES = 24
SIDE = 168
"""Pixels of a panel: a part of the picture, not made smaller."""
CAPTION = 46
LARGEST = 60_000
"""Bytes of a file."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One limit."""

    name: str
    title: str
    unit: str
    values: tuple[float, ...]
    """Within, at the limit, beyond, far beyond."""
    frame: Callable[[float, int], Frame]
    focus: tuple[float, float] = (0.2, 0.2)
    """Which part of the code is shown: 0, 0 its upper left corner, 1, 1 the lower right."""


def _seen(change: Callable[[float, int], Conditions]) -> Callable[[float, int], Frame]:
    return lambda value, seed: Frame(seed, shown=Carrier.PHONE, conditions=change(value, seed), roll=7.0 * seed)


SHEETS = (
    Sheet(
        "module",
        "smallest module",
        "px",
        (4.1, 3.25, 2.0, 1.5),
        lambda value, seed: Frame(seed, shown=Carrier.PHONE, conditions=CAMERA, module_px=value, roll=7.0 * seed),
    ),
    Sheet(
        "motion",
        "motion blur",
        "px",
        (2.0, 5.0, 8.0, 10.0),
        lambda value, seed: Frame(seed, conditions=CAMERA, motion_px=value, motion_degrees=23.0 * seed),
    ),
    Sheet(
        "defocus",
        "defocus, sigma",
        "px",
        (0.8, 1.7, 2.1, 2.6),
        _seen(lambda value, _: replace(CAMERA, lens_sigma=value)),
    ),
    Sheet(
        "tilt",
        "tilt",
        "degrees",
        (30.0, 55.0, 65.0, 72.0),
        lambda value, seed: Frame(seed, shown=Carrier.PHONE, conditions=CAMERA, yaw=value, roll=7.0 * seed),
        (0.4, 0.5),
    ),
    Sheet(
        "glare",
        "saturated glare, of the code",
        "mm sigma",
        (4.6, 8.1, 10.5, 13.0),
        _seen(lambda value, _: replace(CAMERA, glare=400.0, glare_mm=value)),
        (0.5, 0.5),
    ),
    Sheet(
        "brightness",
        "brightness",
        "% of full",
        (40.0, 10.0, 5.0, 3.0),
        _seen(lambda value, _: replace(CAMERA, screen=value / 100, ambient=value / 100)),
    ),
    Sheet(
        "noise",
        "noise, sigma",
        "grey levels",
        (10.0, 25.0, 60.0, 90.0),
        _seen(lambda value, _: replace(CAMERA, noise=value)),
    ),
    Sheet(
        "edge",
        "a thumb over a corner of the code",
        "% of the side",
        (0.0, 1.0, 3.0, 8.0),
        lambda value, seed: Frame(
            seed,
            shown=Carrier.PHONE,
            conditions=replace(CAMERA, finger=Finger(value / 100 * 58, 0.02, 9.0)) if value else CAMERA,
        ),
        (0.1, 0.9),
    ),
)
_ORDER = ("within", "at the limit", "beyond", "far beyond")


def panel(taken: Taken, focus: tuple[float, float]) -> Image:
    """Cut a square out of the picture at its own size."""
    a, b, _, d = taken.judgement.code.corners
    x = round(a[0] + focus[0] * (b[0] - a[0]) + focus[1] * (d[0] - a[0]))
    y = round(a[1] + focus[0] * (b[1] - a[1]) + focus[1] * (d[1] - a[1]))
    half = SIDE // 2
    top, left = min(max(0, y - half), 720 - SIDE), min(max(0, x - half), 1280 - SIDE)
    return taken.picture[top : top + SIDE, left : left + SIDE]


def draw(sheet: Sheet) -> Image:
    """Draw one contact sheet."""
    gap = 8
    width = len(sheet.values) * (SIDE + gap) + gap
    page = np.full((SIDE + CAPTION + 30, width), 255, np.uint8)
    face = cv2.FontFace("sans")
    cv2.putText(page, sheet.title, (gap, 20), (0, 0, 0), face, 16, 600)
    for index, (value, word) in enumerate(zip(sheet.values, _ORDER, strict=True)):
        left = gap + index * (SIDE + gap)
        taken = [take(sheet.frame(value, seed)) for seed in range(CODES)]
        read = sum(one.text in bare_texts(one.picture) for one in taken)
        page[30 : 30 + SIDE, left : left + SIDE] = panel(taken[0], sheet.focus)
        said = f"{value:g} {sheet.unit}"
        if sheet.name == "glare":
            said = f"{100 * np.mean([one.judgement.code.glare_share for one in taken]):.0f} % of its area"
        cv2.putText(page, f"{word}: {said}", (left, SIDE + 48), (0, 0, 0), face, 13, 500)
        cv2.putText(page, f"{read} of {CODES} read", (left, SIDE + 66), (70, 70, 70), face, 13, 400)
        print(f"{sheet.name}: {word} {said}: {read} of {CODES}", flush=True)
    return page


def main(names: Sequence[str]) -> None:
    """Draw the sheets named, or all."""
    cv2.setNumThreads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for sheet in [one for one in SHEETS if not names or one.name in names]:
        # Thirty-two greys are as good to look at, and fewer bytes.
        page = (draw(sheet) // 8 * 8).astype(np.uint8)
        path = FOLDER / f"{sheet.name}.png"
        cv2.imwrite(str(path), page, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        if path.stat().st_size > LARGEST:
            cv2.imwrite(str(path.with_suffix(".jpg")), page, [cv2.IMWRITE_JPEG_QUALITY, 60])
            path.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
