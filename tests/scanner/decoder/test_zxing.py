"""The quick look: with the smaller copy of the picture and without."""

from __future__ import annotations

import numpy as np

from scanner.decoder import zxing
from tests.scanner.pictures import code, placed, scene


def grainy(seed: int) -> np.ndarray:
    """A large code under grain that a smaller copy of the picture averages away."""
    picture = placed(code("LARGE AND GRAINY", scale=10), 20, 20, on=scene(700, 600)).astype(np.float32)
    noise = np.random.default_rng(seed).normal(0, 110, picture.shape)
    return np.ascontiguousarray(np.clip(picture + noise, 0, 255).astype(np.uint8))


def test_a_look_without_the_smaller_picture_reads_what_is_plain() -> None:
    picture = placed(code("PLAIN"), 100, 60, on=scene(480, 360))
    assert [seen.text for seen in zxing.look(picture, smaller_too=False).codes] == ["PLAIN"]


def test_the_smaller_picture_reads_large_grainy_codes_that_are_lost_without_it() -> None:
    pictures = [grainy(seed) for seed in range(4)]
    with_it = sum(bool(zxing.look(picture).codes) for picture in pictures)
    without = sum(bool(zxing.look(picture, smaller_too=False).codes) for picture in pictures)
    assert with_it > without
