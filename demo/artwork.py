"""What people hold up: a phone, a slip of paper, a card, a shop's poster, drawn once as flat textures.

A texture is drawn at a whole number of pixels a module, so that the code itself is exact; the lens does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from functools import lru_cache

import cv2
import numpy as np
import segno
from numpy.typing import NDArray

from demo.geometry import Point, square

Image = NDArray[np.uint8]
Ink = tuple[int, int, int]

LONG_TEXT = 600
MODULE_TEXTURE = 6
"""Texture pixels a module."""
QUIET = 4
"""Modules of quiet zone on each side."""

_SKIN: tuple[Ink, ...] = ((150, 184, 226), (128, 165, 211), (110, 146, 196))
_WHITE: Ink = (255, 255, 255)
_INK: Ink = (38, 34, 30)
_GREY: Ink = (128, 122, 118)


@unique
class Kind(StrEnum):
    """What a code is shown on."""

    PHONE = "phone"
    PAPER = "paper"
    CARD = "card"
    POSTER = "poster"


@unique
class Tint(StrEnum):
    """The colour a screen claims. It proves nothing, and the appliance never looks at it."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    GREY = "grey"


_TINTS: dict[Tint, tuple[Ink, str]] = {
    Tint.GREEN: ((98, 168, 34), "绿码 · GREEN"),
    Tint.YELLOW: ((38, 184, 238), "黄码 · YELLOW"),
    Tint.ORANGE: ((34, 124, 242), "橙码 · ORANGE"),
    Tint.RED: ((62, 52, 212), "红码 · RED"),
    Tint.GREY: ((150, 146, 142), "灰码 · NOT ACTIVATED"),
}


@dataclass(frozen=True, slots=True)
class PrintedCode:
    """Where one code stands on its carrier."""

    centre: Point
    """Millimetres from the carrier's origin."""
    modules: int
    module_mm: float

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Of the modules, millimetres."""
        return square(self.centre, self.modules * self.module_mm)

    @property
    def outer(self) -> tuple[Point, Point, Point, Point]:
        """Of the quiet zone, millimetres."""
        return square(self.centre, (self.modules + 2 * QUIET) * self.module_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Artwork:
    """A carrier, flat: colours multiplied by coverage, the coverage, and where the codes are."""

    ink: Image
    """Height × width × 4: blue, green, red (premultiplied) and coverage."""
    per_mm: float
    """Texture pixels per millimetre."""
    origin: Point
    """Texture pixel of the carrier's origin."""
    codes: tuple[PrintedCode, ...]


class _Sheet:
    """A canvas in millimetres."""

    def __init__(self, left: float, top: float, right: float, bottom: float, per_mm: float) -> None:
        self.per_mm = per_mm
        self.origin = (-left * per_mm, -top * per_mm)
        size = (round((bottom - top) * per_mm), round((right - left) * per_mm))
        self.colour: Image = np.zeros((*size, 3), np.uint8)
        self.cover: Image = np.zeros(size, np.uint8)

    def at(self, x: float, y: float) -> tuple[int, int]:
        return round(self.origin[0] + x * self.per_mm), round(self.origin[1] + y * self.per_mm)

    def box(self, left: float, top: float, right: float, bottom: float, *, ink: Ink, radius: float = 0.0) -> None:
        (x0, y0), (x1, y1) = self.at(left, top), self.at(right, bottom)
        r = min(round(radius * self.per_mm), (x1 - x0) // 2, (y1 - y0) // 2)
        for canvas, value in ((self.colour, ink), (self.cover, (255, 255, 255))):
            cv2.rectangle(canvas, (x0 + r, y0), (x1 - r, y1), value, -1)
            cv2.rectangle(canvas, (x0, y0 + r), (x1, y1 - r), value, -1)
            for corner in ((x0 + r, y0 + r), (x1 - r, y0 + r), (x0 + r, y1 - r), (x1 - r, y1 - r)):
                cv2.circle(canvas, corner, r, value, -1, cv2.LINE_AA)

    def limb(self, start: Point, end: Point, width: float, ink: Ink) -> None:
        for canvas, value in ((self.colour, ink), (self.cover, (255, 255, 255))):
            cv2.line(canvas, self.at(*start), self.at(*end), value, round(width * self.per_mm), cv2.LINE_AA)

    def text(self, words: str, at: Point, height: float, ink: Ink, weight: int = 400) -> None:
        """Centred on `at`; height in millimetres."""
        size = round(height * self.per_mm)
        (left, top), (right, bottom) = _extent(words, size, weight)
        column, row = self.at(*at)
        where = (column - (left + right) // 2, row - (top + bottom) // 2)
        cv2.putText(self.colour, words, where, ink, _face(), size, weight)

    def code(self, text: str, centre: Point) -> PrintedCode:
        modules = qr_modules(text)
        side = len(modules)
        pixels = np.kron(np.pad(modules, QUIET, constant_values=255), np.ones((MODULE_TEXTURE,) * 2, np.uint8))
        x, y = self.at(*centre)
        half = len(pixels) // 2
        self.colour[y - half : y - half + len(pixels), x - half : x - half + len(pixels)] = pixels[:, :, None]
        exact = ((x - self.origin[0]) / self.per_mm, (y - self.origin[1]) / self.per_mm)
        return PrintedCode(exact, side, MODULE_TEXTURE / self.per_mm)

    def finish(self, codes: tuple[PrintedCode, ...]) -> Artwork:
        premultiplied = cv2.multiply(self.colour, cv2.merge((self.cover,) * 3), scale=1 / 255)
        return Artwork(np.dstack((premultiplied, self.cover)), self.per_mm, self.origin, codes)


_FACES: list[cv2.FontFace] = []


def _face() -> cv2.FontFace:
    """OpenCV's built-in Chinese face, unpacked once: it takes a moment."""
    if not _FACES:
        _FACES.append(cv2.FontFace("uni"))
    return _FACES[0]


def _extent(words: str, size: int, weight: int) -> tuple[tuple[int, int], tuple[int, int]]:
    x, y, width, height = cv2.getTextSize((0, 0), words, (0, 0), _face(), size, weight)
    return (x, y), (x + width, y + height)


@lru_cache(maxsize=64)
def qr_modules(text: str) -> Image:
    """Return the modules of `text` as a QR code: 0 dark, 255 light, without the quiet zone.

    At error correction M; a text of more than `LONG_TEXT` characters at L, as health cards and seals are printed.
    """
    code = segno.make(text, error="l" if len(text) > LONG_TEXT else "m", micro=False, boost_error=False)
    return np.where(np.array(code.matrix, np.uint8) > 0, 0, 255).astype(np.uint8)


def phone(text: str, name: str, clock: str, tint: Tint, skin: int) -> Artwork:
    """Draw a hand with a phone that shows one code under a name and the time; the origin is the code's centre."""
    side = len(qr_modules(text)) + 2 * QUIET
    per_mm = side * MODULE_TEXTURE / 66.0
    sheet = _Sheet(-62, -72, 74, 190, per_mm)
    tone = _SKIN[skin % len(_SKIN)]
    ink, words = _TINTS[tint]
    _hand(sheet, 38, 60, tone)
    sheet.box(-39, -66, 39, 92, ink=(28, 26, 26), radius=9)
    sheet.box(-36.5, -63, 36.5, 89, ink=(250, 250, 248), radius=7)
    sheet.box(-36.5, -63, 36.5, -45, ink=ink, radius=4)
    sheet.text("健康码 Health Code", (0, -54), 5.2, _WHITE, 700)
    sheet.text(f"{name}   {clock}", (0, -39.5), 5.4, _INK, 600)
    sheet.box(-35, -35, 35, 35, ink=ink, radius=2.5)
    sheet.box(-33.6, -33.6, 33.6, 33.6, ink=_WHITE, radius=1)
    code = sheet.code(text, (0, 0))
    sheet.text(words, (0, 44), 7, ink, 700)
    sheet.text("凭此码出示 · 动态更新", (0, 54), 4, _GREY)
    sheet.box(-28, 64, 28, 76, ink=ink, radius=5)
    sheet.text("刷新 Refresh", (0, 70), 4.6, _WHITE, 600)
    _thumb(sheet, 38, 62, tone)
    return sheet.finish((code,))


def two_on_a_phone(texts: tuple[str, str], names: tuple[str, str], tint: Tint, skin: int) -> Artwork:
    """Draw a phone on its side with two codes: a relative shows the other's code; the origin is between them."""
    side = max(len(qr_modules(text)) for text in texts) + 2 * QUIET
    per_mm = side * MODULE_TEXTURE / 62.0
    sheet = _Sheet(-90, -46, 90, 170, per_mm)
    tone = _SKIN[skin % len(_SKIN)]
    ink, _ = _TINTS[tint]
    sheet.limb((60, 48), (78, 190), 34, tone)
    sheet.box(-82, -42, 82, 42, ink=(28, 26, 26), radius=9)
    sheet.box(-78, -39.5, 78, 39.5, ink=(250, 250, 248), radius=6)
    codes = []
    for x, text, name in ((-36.0, texts[0], names[0]), (36.0, texts[1], names[1])):
        sheet.box(x - 33, -38.5, x + 33, 27, ink=ink, radius=2)
        sheet.box(x - 31.8, -37.3, x + 31.8, 25.8, ink=_WHITE, radius=1)
        codes.append(sheet.code(text, (x, -5.6)))
        sheet.text(name, (x, 33), 6, _INK, 600)
    _thumb(sheet, 82, 36, tone, across=True)
    return sheet.finish(tuple(codes))


def paper(text: str, name: str, skin: int) -> Artwork:
    """Draw a slip of paper with a printed code, held at its lower edge."""
    side = len(qr_modules(text)) + 2 * QUIET
    per_mm = side * MODULE_TEXTURE / 66.0
    sheet = _Sheet(-60, -74, 74, 190, per_mm)
    tone = _SKIN[skin % len(_SKIN)]
    _hand(sheet, 30, 66, tone)
    sheet.box(-52, -64, 52, 74, ink=(222, 238, 242))
    sheet.text("纸质健康码", (0, -53), 7.5, _INK, 700)
    sheet.text("Paper Health Code", (0, -43.5), 4.4, _INK)
    sheet.box(-34, -34, 34, 34, ink=(236, 246, 248))
    code = sheet.code(text, (0, 0))
    sheet.text(name, (0, 43), 7, _INK, 600)
    sheet.text("有效期 180 天 · 请妥善保管", (0, 55), 4.4, _GREY)
    _thumb(sheet, 32, 68, tone)
    return sheet.finish((code,))


def card(text: str, name: str, skin: int) -> Artwork:
    """Draw a plastic card with a code, between two fingers."""
    side = len(qr_modules(text)) + 2 * QUIET
    per_mm = side * MODULE_TEXTURE / 50.0
    sheet = _Sheet(-40, -34, 76, 150, per_mm)
    tone = _SKIN[skin % len(_SKIN)]
    sheet.limb((40, 26), (70, 170), 30, tone)
    sheet.box(-30, -29, 64, 29, ink=(214, 200, 176), radius=4)
    sheet.text("健康卡", (45, -14), 7, (96, 62, 30), 700)
    sheet.text(name, (45, 0), 6, _INK, 600)
    code = sheet.code(text, (0, 0))
    _thumb(sheet, 52, 30, tone)
    return sheet.finish((code,))


def poster(text: str) -> Artwork:
    """Draw a shop's advertisement: a QR code that is no health code."""
    side = len(qr_modules(text)) + 2 * QUIET
    per_mm = side * MODULE_TEXTURE / 70.0
    sheet = _Sheet(-64, -100, 64, 78, max(per_mm, 3.2))
    sheet.box(-62, -98, 62, 76, ink=(60, 66, 222), radius=3)
    sheet.box(-58, -94, 58, 72, ink=(170, 226, 252), radius=2)
    sheet.text("老王超市", (0, -78), 15, (40, 40, 200), 700)
    sheet.text("全场八折 · 扫码领券", (0, -57), 8.5, (40, 40, 200), 600)
    sheet.box(-44, -44, 44, 44, ink=_WHITE, radius=3)
    code = sheet.code(text, (0, 0))
    sheet.text("Scan for coupons", (0, 58), 8, _INK)
    return sheet.finish((code,))


def _hand(sheet: _Sheet, x: float, y: float, tone: Ink) -> None:
    """Draw the palm and four fingers behind the carrier, and a sleeve that leaves the picture."""
    shade: Ink = (int(tone[0] * 0.86), int(tone[1] * 0.86), int(tone[2] * 0.86))
    for row in range(4):
        reach = 41.0 + (2.5 if row in (1, 2) else 0.0)
        sheet.limb((0, y - 24 + row * 13), (-reach, y - 30 + row * 13), 12, shade)
    sheet.limb((4, y + 4), (16, y + 60), 66, tone)
    sheet.limb((x - 4, y - 20), (x - 6, y + 20), 24, tone)
    sheet.limb((16, y + 96), (24, y + 160), 84, (92, 64, 48))


def _thumb(sheet: _Sheet, x: float, y: float, tone: Ink, *, across: bool = False) -> None:
    """Draw the thumb before the carrier, on its margin."""
    shade: Ink = (int(tone[0] * 0.95), int(tone[1] * 0.95), int(tone[2] * 0.95))
    tip = (x - 10, y - 2) if across else (x - 12, y - 8)
    sheet.limb((x + 6, y + 16), tip, 15, shade)
    nail: Ink = (int(tone[0] + 26), min(255, tone[1] + 26), min(255, tone[2] + 20))
    sheet.limb((tip[0] - 0.5, tip[1] - 0.5), (tip[0] - 2.5, tip[1] - 2), 7, nail)
