"""The place itself: a gate with its barrier, and the person who walks up to it. Drawn once, then only moved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from demo.artwork import Image, Ink
from demo.geometry import HEIGHT, WIDTH

BARRIER_STEPS = 7
"""Drawn positions of the barrier's arm, the first closed, the last open."""

_PIVOT = (1080, 470)
_ARM = 860
_COATS: tuple[Ink, ...] = (
    (122, 84, 58),
    (70, 62, 128),
    (96, 112, 62),
    (58, 88, 120),
    (128, 104, 92),
    (82, 52, 88),
    (60, 62, 66),
)
_FACES: tuple[Ink, ...] = ((150, 184, 226), (128, 165, 211), (110, 146, 196), (142, 176, 216))
_HAIR: tuple[Ink, ...] = ((28, 26, 24), (34, 38, 48), (150, 150, 152), (22, 30, 58))

PERSON_WIDTH = 420
PERSON_HEIGHT = 620


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A person, flat: colours multiplied by coverage, and the inverse of the coverage for each colour."""

    ink: Image
    inverse: Image


def gate(seed: int) -> tuple[Image, ...]:
    """Draw the view through the gate with the barrier in each of its positions, slightly out of focus."""
    rng = np.random.default_rng(seed)
    view = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    sky = np.linspace(0.0, 1.0, 400)[:, None]
    view[:400] = (np.array((236, 214, 186)) * (1 - sky) + np.array((246, 240, 230)) * sky).astype(np.uint8)[:, None]
    view[400:] = (168, 172, 174)
    for left, top, right, tone in (
        (60, 60, 300, 196),
        (330, 130, 470, 206),
        (690, 90, 930, 200),
        (950, 170, 1060, 210),
    ):
        cv2.rectangle(view, (left, top), (right, 430), (tone + 6, tone, tone - 8), -1)
        for row in range(top + 18, 410, 34):
            for column in range(left + 14, right - 20, 32):
                lit = rng.random() < 0.15
                pane = (150, 214, 240) if lit else (tone - 34, tone - 40, tone - 52)
                cv2.rectangle(view, (column, row), (column + 16, row + 20), pane, -1)
    for _ in range(240):
        x, y = rng.integers(0, WIDTH), rng.integers(372, 432)
        leaf = (int(rng.integers(60, 90)), int(rng.integers(118, 158)), int(rng.integers(72, 104)))
        cv2.circle(view, (int(x), int(y)), int(rng.integers(10, 26)), leaf, -1, cv2.LINE_AA)
    cv2.fillPoly(view, [np.array(((420, 430), (760, 430), (1180, HEIGHT), (40, HEIGHT)))], (142, 144, 148))
    for y0, y1 in ((450, 480), (512, 560), (604, 680)):
        cv2.fillPoly(view, [np.array(((588, y0), (596, y0), (600, y1), (582, y1)))], (226, 232, 236))
    _pillar(view, 0, 130)
    _pillar(view, 1150, WIDTH)
    cv2.rectangle(view, (0, 0), (WIDTH, 74), (64, 92, 128), -1)
    cv2.rectangle(view, (0, 70), (WIDTH, 78), (44, 66, 96), -1)
    face = cv2.FontFace("uni")
    cv2.putText(view, "请出示健康码 · 请测温", (402, 52), (236, 244, 248), face, 42, 700)
    calm = np.asarray(cv2.GaussianBlur(view, (0, 0), 2.2), np.uint8)
    return tuple(_barrier(calm, step / (BARRIER_STEPS - 1)) for step in range(BARRIER_STEPS))


def _pillar(view: Image, left: int, right: int) -> None:
    cv2.rectangle(view, (left, 60), (right, HEIGHT), (96, 112, 150), -1)
    for row, y in enumerate(range(60, HEIGHT, 26)):
        cv2.line(view, (left, y), (right, y), (130, 142, 168), 2)
        for x in range(left - 26 + 26 * (row % 2), right, 52):
            if x > left:
                cv2.line(view, (x, y), (x, y + 26), (130, 142, 168), 2)


def _barrier(view: Image, opened: float) -> Image:
    drawn = view.copy()
    angle = math.radians(180 + 78 * opened)
    direction = np.array((math.cos(angle), math.sin(angle)))
    for part in range(9):
        start = np.array(_PIVOT) + direction * (_ARM * part / 9)
        end = np.array(_PIVOT) + direction * (_ARM * (part + 1) / 9)
        tone: Ink = (52, 48, 206) if part % 2 == 0 else (240, 240, 240)
        cv2.line(drawn, _whole(start), _whole(end), tone, 20, cv2.LINE_AA)
    cv2.rectangle(drawn, (_PIVOT[0] - 26, _PIVOT[1] - 34), (_PIVOT[0] + 44, HEIGHT), (52, 168, 232), -1)
    cv2.rectangle(drawn, (_PIVOT[0] - 26, _PIVOT[1] - 34), (_PIVOT[0] + 44, _PIVOT[1] - 14), (36, 44, 48), -1)
    lamp: Ink = (96, 220, 92) if opened > 0.5 else (64, 64, 224)
    cv2.circle(drawn, (_PIVOT[0] + 9, _PIVOT[1] - 52), 15, lamp, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 1.4), dtype=np.uint8)


def _whole(point: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def figure(seed: int) -> Figure:
    """Draw a person with a mask, from the waist up, a little out of focus; `seed` dresses them."""
    rng = np.random.default_rng(seed)
    coat, skin, hair = (tones[int(rng.integers(len(tones)))] for tones in (_COATS, _FACES, _HAIR))
    colour = np.zeros((PERSON_HEIGHT, PERSON_WIDTH, 3), np.uint8)
    cover = np.zeros((PERSON_HEIGHT, PERSON_WIDTH), np.uint8)
    middle = PERSON_WIDTH // 2
    shade: Ink = (int(coat[0] * 0.8), int(coat[1] * 0.8), int(coat[2] * 0.8))
    long_hair = rng.random() < 0.45

    def ellipse(centre: tuple[int, int], axes: tuple[int, int], ink: Ink, start: int = 0, end: int = 360) -> None:
        cv2.ellipse(colour, centre, axes, 0, start, end, ink, -1, cv2.LINE_AA)
        cv2.ellipse(cover, centre, axes, 0, start, end, 255, -1, cv2.LINE_AA)

    if long_hair:
        ellipse((middle, 190), (104, 150), hair)
    ellipse((middle, 470), (186, 190), coat)
    cv2.rectangle(colour, (middle - 186, 470), (middle + 186, PERSON_HEIGHT), coat, -1)
    cv2.rectangle(cover, (middle - 186, 470), (middle + 186, PERSON_HEIGHT), 255, -1)
    for side in (-1, 1):
        cv2.line(colour, (middle + side * 128, 440), (middle + side * 120, PERSON_HEIGHT), shade, 8, cv2.LINE_AA)
    cv2.line(colour, (middle, 330), (middle, PERSON_HEIGHT), shade, 6, cv2.LINE_AA)
    ellipse((middle, 268), (46, 60), tuple(int(tone * 0.9) for tone in skin))  # type: ignore[arg-type]  # three in, three out
    ellipse((middle, 132), (95, 106), hair)
    ellipse((middle, 164), (85, 94), skin)
    for side in (-1, 1):
        ellipse((middle + side * 34, 148), (9, 6), (36, 34, 34))
        cv2.line(colour, (middle + side * 20, 130), (middle + side * 50, 128), hair, 5, cv2.LINE_AA)
    mask = np.array(
        ((middle - 74, 176), (middle, 164), (middle + 74, 176), (middle + 62, 232), (middle, 256), (middle - 62, 232))
    )
    cv2.fillPoly(colour, [mask], (222, 206, 178), cv2.LINE_AA)
    for y in (190, 208, 226):
        cv2.line(colour, (middle - 62, y), (middle + 62, y), (204, 188, 158), 2, cv2.LINE_AA)
    # Nothing is drawn outside the coverage, so that blurring both leaves the colours multiplied by it.
    soft = cv2.GaussianBlur(cover, (0, 0), 1.8)
    return Figure(
        np.asarray(cv2.GaussianBlur(colour, (0, 0), 1.8), np.uint8),
        np.asarray(cv2.merge((cv2.bitwise_not(soft),) * 3), np.uint8),
    )
