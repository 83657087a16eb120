"""Reading QR codes: how many of the photographs, and how fast a frame, beside a bare zxing-cpp call in the same run."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import segno
import zxingcpp

from benchmarks.row import Row
from scanner.camera.frame import Grey
from scanner.camera.picture import decode_picture, flatten, read_picture
from scanner.decoder import Decoder

PHOTOS: Final = Path(__file__).resolve().parents[2] / "shared" / "photos"
"""A sample of the public test sets; without it, only the speed is measured."""
_PATIENCE_MS: Final = 3000.0
_MIN_RATE: Final = 75.0
"""Per cent; a chain of zxing-cpp and pyzbar read this much of all the sets the sample was drawn from."""
_FRAME_ROUNDS: Final = 60
_SIZE: Final = (1280, 720)


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in about ten seconds with the photographs and two without."""
    yield from _speed()
    if (PHOTOS / "ground_truth.jsonl").is_file():
        yield from _photographs()


def _bare(grey: Grey) -> int:
    return len(zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCodeModel2))


def _speed() -> Iterator[Row]:
    decoder = Decoder()
    empty = _scene()
    busy = _scene()
    code = _drawn("JKM1:" + "6BFOXN%TSMAHN-HWWC" * 15)
    busy[200 : 200 + code.shape[0], 400 : 400 + code.shape[1]] = code
    yield _timed("vision.frame.code", lambda: decoder.decode(busy), lambda: _bare(busy))
    yield _timed("vision.frame.empty", lambda: decoder.decode(empty), lambda: _bare(empty))
    yield _timed("vision.frame.harder", lambda: decoder.decode(empty, harder=True), lambda: _bare(empty), limit=None)
    jpeg = cv2.imencode(".jpg", busy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    yield _timed(
        "vision.jpeg_to_grey",
        lambda: decode_picture(jpeg),
        lambda: flatten(np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))),
        limit=1.1,
        reference="JPEG to colour to grey",
    )


def _timed(
    name: str,
    ours: Callable[[], object],
    reference_call: Callable[[], object],
    *,
    limit: float | None = 1.3,
    reference: str = "bare zxing-cpp call",
) -> Row:
    """Median milliseconds of both, taken in turn so that a busy machine slows both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_FRAME_ROUNDS):
        for call, measured in zip((ours, reference_call), times, strict=True):
            began = time.perf_counter()
            call()
            measured.append((time.perf_counter() - began) * 1000)
    value, bare = (statistics.median(measured) for measured in times)
    ratio = value / bare
    ok = None if limit is None else ratio <= limit
    return Row(name, value, "ms", f"{reference}, {bare:.2f} ms", ratio, limit, ok)


def _photographs() -> Iterator[Row]:
    decoder = Decoder()
    codes: Counter[str] = Counter()
    read: Counter[str] = Counter()
    bare: Counter[str] = Counter()
    false_reads = 0
    for line in (PHOTOS / "ground_truth.jsonl").read_text(encoding="utf-8").splitlines():
        photo = json.loads(line)
        grey = read_picture(PHOTOS / photo["file"])
        expected = int(photo["codes"])
        found = len(decoder.decode(grey, harder=True, budget_ms=_PATIENCE_MS))
        if expected == 0:
            false_reads += found
            continue
        for group in (str(photo["set"]).split("/")[0], "all"):
            codes[group] += expected
            read[group] += min(found, expected)
            bare[group] += min(_bare(grey), expected)
    for group in sorted(codes):
        rate, reference = 100 * read[group] / codes[group], 100 * bare[group] / codes[group]
        limit = _MIN_RATE if group == "all" else None
        ok = rate >= _MIN_RATE if group == "all" else None
        reference_words = f"bare zxing-cpp call, {reference:.1f} %"
        yield Row(f"vision.photos.{group}", rate, "%", reference_words, rate / reference, limit, ok)
    yield Row("vision.photos.false_reads", false_reads, "codes", "pictures without a code", None, 0, false_reads == 0)


def _drawn(text: str) -> Grey:
    buffer = BytesIO()
    segno.make_qr(text, error="m").save(buffer, kind="png", scale=4, border=4)
    return decode_picture(buffer.getvalue())


def _scene() -> Grey:
    """Draw a wall, a window and noise: something to look at without a code in it."""
    rng = np.random.default_rng(7)
    width, height = _SIZE
    coarse = rng.integers(60, 190, (9, 16), dtype=np.uint8)
    scene = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    noisy = scene + rng.normal(0, 4, (height, width)).astype(np.int16)
    return np.clip(noisy, 0, 255).astype(np.uint8)
