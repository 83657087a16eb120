"""How many codes of a folder of photographs are read, beside zxing-cpp alone and zxing-cpp followed by twice the size.

The folder holds a `ground_truth.jsonl`, an object a line: `file`, `set` (its first part groups the rows), `codes` (how
many are in the picture), `texts` (or null). In pictures of no code, nothing may be read.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import zxingcpp

from benchmarks.row import Row
from scanner.camera.frame import Grey
from scanner.camera.picture import PictureError, read_picture
from scanner.decoder import Decoder

BUDGET_MS: Final = 60.0
"""For the harder looks at one picture."""
TRUTH: Final = "ground_truth.jsonl"
EVERYTHING: Final = "all"


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture, and what is in it."""

    path: Path
    group: str
    codes: int
    texts: tuple[str, ...] | None


@dataclass(slots=True)
class _Tally:
    """Codes by group."""

    there: Counter[str] = field(default_factory=Counter)
    ours: Counter[str] = field(default_factory=Counter)
    bare: Counter[str] = field(default_factory=Counter)
    twice: Counter[str] = field(default_factory=Counter)
    false: int = 0
    other: int = 0
    ms: list[float] = field(default_factory=list)


def photographs(folder: Path) -> Iterator[Photograph]:
    """Yield what the folder's ground truth names. Raises OSError or ValueError where there is none."""
    for line in (folder / TRUTH).read_text("utf-8").splitlines():
        one = json.loads(line)
        texts = one["texts"]
        group = str(one["set"]).split("/", maxsplit=1)[0]
        yield Photograph(folder / one["file"], group, int(one["codes"]), None if texts is None else tuple(texts))


def rows(folder: Path) -> Iterator[Row]:
    """Measure and yield the rows: some ten seconds for three hundred photographs."""
    tally = _Tally()
    for photograph in photographs(folder):
        _measure(photograph, tally)
    for group in sorted(tally.there, key=lambda name: (name == EVERYTHING, name)):
        there = tally.there[group]
        rate, bare, twice = (100 * read[group] / there for read in (tally.ours, tally.bare, tally.twice))
        words = f"zxing-cpp {bare:.1f} %, then 2x {twice:.1f} %, of {there}"
        limits = (1.0, rate >= twice) if group == EVERYTHING else (None, None)
        yield Row(f"reading.photos.{group}", rate, "%", words, rate / twice if twice else None, *limits)
    yield Row("reading.photos.false_reads", tally.false, "codes", "pictures without a code", None, 0, tally.false == 0)
    yield Row("reading.photos.other_texts", tally.other, "codes", "not as the sets give them; see docs/reading.md")
    times = sorted(tally.ms)
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        words = f"a picture, harder looks begun within {BUDGET_MS:g} ms"
        yield Row(f"reading.photos.time_{name}", times[int(share * (len(times) - 1))], "ms", words)


def _measure(photograph: Photograph, tally: _Tally) -> None:
    try:
        grey = read_picture(photograph.path)
    except PictureError:
        return
    began = time.perf_counter()
    found = Decoder().decode(grey, harder=True, budget_ms=BUDGET_MS)
    tally.ms.append((time.perf_counter() - began) * 1000)
    if not photograph.codes:
        tally.false += len(found)
        return
    if photograph.texts is not None:
        known = {text.strip() for text in photograph.texts}
        tally.other += sum(code.text.strip() not in known for code in found)
    bare = count(grey)
    twice = bare or count(np.asarray(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8))
    for group in (photograph.group, EVERYTHING):
        tally.there[group] += photograph.codes
        tally.ours[group] += min(len(found), photograph.codes)
        tally.bare[group] += min(bare, photograph.codes)
        tally.twice[group] += min(twice, photograph.codes)


def count(grey: Grey) -> int:
    """Return how many codes a bare zxing-cpp call reads."""
    return len(zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCodeModel2))
