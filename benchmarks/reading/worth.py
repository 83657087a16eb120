"""What each harder look is worth: codes it adds for its time, on photographs that the quick look does not read.

The photographs are also made worse, since those as they are leave too few codes: made smaller, blurred, moved, and dim.
The best look by codes a second comes first; then again, on what that one has left; the order of the looks is that.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.reading.photographs import Photograph, photographs
from benchmarks.row import Row
from scanner.camera.frame import Grey
from scanner.camera.picture import PictureError, read_picture
from scanner.decoder import zxing
from scanner.decoder.chain import STRAIGHTENED, Straightening
from scanner.decoder.looks import AS_IT_IS, HARDER, Look

_LARGEST: Final = (1280, 720)
_LOOKS: Final[tuple[Look, ...]] = (AS_IT_IS, *HARDER)


@dataclass(frozen=True, slots=True)
class _Try:
    """One look at one picture."""

    texts: frozenset[str]
    ms: float


@dataclass(frozen=True, slots=True)
class _Case:
    """One picture of which the quick look leaves codes unread, and what each look reads in it."""

    codes: int
    quick: frozenset[str]
    tries: tuple[_Try, ...]

    def left(self, known: frozenset[str]) -> int:
        """Return how many codes are not yet known."""
        return max(0, self.codes - len(known))


def rows(folder: Path) -> Iterator[Row]:
    """Yield a row a look, in the order of their worth: a minute for three hundred photographs."""
    cases = [case for photograph in photographs(folder) for case in _cases(photograph)]
    known = [case.quick for case in cases]
    unread = sum(case.left(texts) for case, texts in zip(cases, known, strict=True))
    looks = set(range(len(_LOOKS)))
    while looks:
        worth = {look: _worth(cases, known, look) for look in looks}
        best = max(looks, key=lambda look: worth[look][0] / max(worth[look][1], 1e-6))
        looks.remove(best)
        added, ms = worth[best]
        tried = sum(case.left(texts) > 0 for case, texts in zip(cases, known, strict=True))
        known = [texts | case.tries[best].texts for case, texts in zip(cases, known, strict=True)]
        name = STRAIGHTENED if _LOOKS[best] is AS_IT_IS else _LOOKS[best].name
        words = f"{ms / max(1, tried):.1f} ms a picture, {1000 * added / max(ms, 1e-6):.1f} codes a second, of {unread}"
        yield Row(f"reading.worth.{name.replace(', ', '.').replace(' ', '.')}", added, "codes", words)


def _worth(cases: list[_Case], known: list[frozenset[str]], look: int) -> tuple[int, float]:
    """Return the codes that a look would add, and the milliseconds it would take for that."""
    added, ms = 0, 0.0
    for case, texts in zip(cases, known, strict=True):
        before = case.left(texts)
        if before:
            added += before - case.left(texts | case.tries[look].texts)
            ms += case.tries[look].ms
    return added, ms


def _cases(photograph: Photograph) -> Iterator[_Case]:
    try:
        grey = read_picture(photograph.path)
    except PictureError:
        return
    for picture in (grey, *(worse(_fitting(grey), photograph.path.name) for worse in _WORSE)):
        quick = frozenset(code.text for code in zxing.look(picture).codes)
        if len(quick) < photograph.codes:
            yield _Case(photograph.codes, quick, tuple(_tried(look, picture) for look in _LOOKS))


def _tried(look: Look, picture: Grey) -> _Try:
    began = time.thread_time()
    sight = look.see(picture)
    codes = (() if look is AS_IT_IS else sight.codes) or Straightening(picture).read(sight.unread)
    return _Try(frozenset(code.text for code in codes), (time.thread_time() - began) * 1000)


def _fitting(grey: Grey) -> Grey:
    height, width = grey.shape
    longer, shorter = _LARGEST
    factor = min(longer / max(width, height), shorter / min(width, height))
    return grey if factor >= 1 else _picture(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def _small(grey: Grey, _: str) -> Grey:
    return _picture(cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def _blurred(grey: Grey, name: str) -> Grey:
    return _noisy(_picture(cv2.GaussianBlur(grey, (0, 0), 1.6)), name, 5.0)


def _moved(grey: Grey, name: str) -> Grey:
    size = 7
    turn = cv2.getRotationMatrix2D((size // 2, size // 2), zlib.crc32(name.encode()) % 180, 1)
    line = np.zeros((size, size), np.float32)
    line[size // 2] = 1
    line = np.asarray(cv2.warpAffine(line, turn, (size, size)), np.float32)
    return _noisy(_picture(cv2.filter2D(grey, -1, line / line.sum())), name, 4.0)


def _dim(grey: Grey, name: str) -> Grey:
    return _noisy(_picture(grey // 5), name, 4.0)


def _noisy(grey: Grey, name: str, sigma: float) -> Grey:
    noise = np.random.default_rng(zlib.crc32(name.encode())).normal(0, sigma, grey.shape)
    return np.clip(grey + noise, 0, 255).astype(np.uint8)


def _picture(picture: object) -> Grey:
    return np.ascontiguousarray(picture, np.uint8)


_WORSE: Final[tuple[Callable[[Grey, str], Grey], ...]] = (_small, _blurred, _moved, _dim)
