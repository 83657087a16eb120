"""The hints, on frames whose fault is known because it was drawn.

A frame counts when the first decoder cannot read it: hints are asked for then only.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scanner.camera.picture import read_picture
from scanner.sight.hints import Hint, find_candidate, find_hint
from tests.scanner.sight import stage

PHOTOS = Path(__file__).parents[3].parent / "shared" / "photos"


def confusion(seeds: range) -> dict[Hint, Counter[str]]:
    """Of each cause: how often which hint was given."""
    found: dict[Hint, Counter[str]] = {}
    for cause in Hint:
        counted = found[cause] = Counter()
        for seed in seeds:
            frame = stage.unreadable(cause, seed)
            if not zxingcpp.read_barcodes(frame.grey, formats=zxingcpp.BarcodeFormat.QRCodeModel2):
                counted[find_hint(frame.grey) or "none"] += 1
    return found


def share_right(found: dict[Hint, Counter[str]]) -> float:
    right = sum(counted[cause] for cause, counted in found.items())
    return right / sum(counted.total() for counted in found.values())


@pytest.mark.soak
def test_a_single_cause_gets_its_hint() -> None:
    found = confusion(range(6))
    assert share_right(found) >= 0.9, found
    for cause, counted in found.items():
        assert counted[cause] >= 0.7 * counted.total(), found


def test_pictures_without_a_code_get_no_hint() -> None:
    found = Counter(find_hint(stage.without_code(seed)) for seed in range(24))
    assert found[None] >= 23, found


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_nine_of_ten_hints_are_right_over_hundreds_of_frames() -> None:
    found = confusion(range(20_000, 20_100))
    for cause, counted in found.items():
        print(f"{cause:>15}", dict(counted))
    assert share_right(found) >= 0.9
    assert all(counted[cause] >= 0.8 * counted.total() for cause, counted in found.items())


@pytest.mark.soak
def test_hardly_a_hint_is_given_without_a_code_over_hundreds_of_frames() -> None:
    found = Counter(str(find_hint(stage.without_code(seed))) for seed in range(20_000, 20_400))
    print(dict(found))
    assert found["None"] >= 0.98 * found.total()


@pytest.mark.needs_shared
@pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"there are no photographs at {PHOTOS}")
def test_photographs_without_a_code_get_no_hint() -> None:
    lines = (PHOTOS / "ground_truth.jsonl").read_text("utf-8").splitlines()
    files = [photo["file"] for photo in map(json.loads, lines) if photo["set"] == "negative"]
    assert files
    assert {file: find_hint(read_picture(PHOTOS / file)) for file in files} == dict.fromkeys(files)


def test_the_outline_stands_round_the_code() -> None:
    near = 0
    for seed in range(8):
        frame = stage.unreadable(Hint.HOLD_STILL, seed)
        candidate = find_candidate(frame.grey)
        if candidate is None:
            continue
        middle, wanted = np.mean(candidate.outline, axis=0), np.mean(frame.corners, axis=0)
        near += bool(np.hypot(*(middle - wanted)) < 40)
    assert near >= 6


def test_a_region_is_the_only_place_looked_at_and_the_outline_stays_in_the_whole_picture() -> None:
    frame = next(
        frame for seed in range(9) if find_hint((frame := stage.unreadable(Hint.CLOSER, seed)).grey) is Hint.CLOSER
    )
    x, y = (round(value) for value in np.mean(frame.corners, axis=0))
    there = find_candidate(frame.grey, (x - 150, y - 150, x + 150, y + 150))
    assert there is not None
    assert np.hypot(*(np.mean(there.outline, axis=0) - (x, y))) < 40
    left = (0, 0, 200, 720) if x > 640 else (1080, 0, 1280, 720)
    assert find_candidate(frame.grey, left) is None


@pytest.mark.parametrize("shape", [(1, 1), (2, 3000), (63, 64), (64, 64), (90, 1280), (3000, 65)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_picture_of_any_shape_gets_no_hint(shape: tuple[int, int], level: int) -> None:
    assert find_hint(np.full(shape, level, np.uint8)) is None


@given(arrays(np.uint8, st.tuples(st.integers(1, 200), st.integers(1, 200))))
@settings(max_examples=40, deadline=None)
def test_no_picture_makes_it_fail(grey: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> None:
    find_hint(grey)


@pytest.mark.parametrize(
    "region", [(-50, -50, 90, 90), (1200, 700, 5000, 5000), (600, 300, 600, 300), (900, 500, 100, 50)]
)
def test_a_region_outside_the_picture_is_cut_to_it(region: tuple[int, int, int, int]) -> None:
    find_hint(stage.without_code(3), region)


def test_noise_alone_gets_no_hint() -> None:
    rng = np.random.default_rng(4)
    for sigma in (3, 8, 15, 30):
        grey = np.clip(rng.normal(120, sigma, (720, 1280)), 0, 255).astype(np.uint8)
        assert find_hint(grey) is None
