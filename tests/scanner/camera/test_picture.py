from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.camera.picture import PictureError, decode_picture, flatten, picture_size, read_picture, still_files
from tests.scanner.pictures import numbered

KINDS = [".jpg", ".png", ".bmp", ".webp"]


def encoded(kind: str, width: int = 70, height: int = 50, *options: int) -> bytes:
    return cv2.imencode(kind, numbered(5, width, height), list(options))[1].tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_declared_size_is_read_from_the_headers(kind: str) -> None:
    assert picture_size(encoded(kind)) == (70, 50)


def test_the_declared_size_of_lossy_and_of_extended_webp_is_read() -> None:
    assert picture_size(encoded(".webp", 70, 50, cv2.IMWRITE_WEBP_QUALITY, 50)) == (70, 50)
    with_alpha = cv2.imencode(".webp", np.full((50, 70, 4), 128, np.uint8), [cv2.IMWRITE_WEBP_QUALITY, 50])[1].tobytes()
    assert with_alpha[12:16] == b"VP8X"
    assert picture_size(with_alpha) == (70, 50)


def test_the_declared_size_of_a_progressive_jpeg_is_read() -> None:
    assert picture_size(encoded(".jpg", 70, 50, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)) == (70, 50)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_decoded_to_grey(kind: str) -> None:
    grey = decode_picture(encoded(kind))
    assert grey.shape == (50, 70)
    assert grey.dtype == np.uint8
    assert grey.flags.c_contiguous


def test_a_decompression_bomb_is_refused_by_its_declared_size() -> None:
    png = bytearray(encoded(".png"))
    png[16:24] = (60_000).to_bytes(4) * 2
    with pytest.raises(PictureError, match="60000 × 60000"):
        decode_picture(bytes(png))
    picture = bytearray(encoded(".jpg"))
    at = picture.index(b"\xff\xc0")
    picture[at + 5 : at + 9] = (65_000).to_bytes(2) * 2
    with pytest.raises(PictureError, match="65000 × 65000"):
        decode_picture(bytes(picture))


def test_a_png_chunk_that_claims_more_than_the_file_is_refused_before_anything_is_allocated() -> None:
    png = bytearray(encoded(".png"))
    png[33:37] = (0x7FFFFFFF).to_bytes(4)
    began = time.perf_counter()
    with pytest.raises(PictureError, match="damaged"):
        decode_picture(bytes(png))
    assert time.perf_counter() - began < 0.1


def test_transparency_is_white() -> None:
    picture = np.zeros((10, 10, 4), np.uint8)
    picture[:5, :, 3] = 255
    grey = decode_picture(cv2.imencode(".png", picture)[1].tobytes())
    assert grey[:5].max() == 0
    assert grey[5:].min() == 255


def test_sixteen_bits_become_eight() -> None:
    grey = decode_picture(cv2.imencode(".png", np.full((9, 9), 0x8180, np.uint16))[1].tobytes())
    assert grey[0, 0] == 0x81


@pytest.mark.parametrize("shape", [(4, 4, 5), (0, 4), (4,), (2, 2, 2, 2)])
def test_an_array_that_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError):
        flatten(np.zeros(shape, np.uint8))


@settings(deadline=1000)
@given(st.sampled_from(KINDS), st.integers(0, 400), st.binary(min_size=1, max_size=30))
def test_a_damaged_picture_is_decoded_or_refused_and_nothing_else(kind: str, at: int, patch: bytes) -> None:
    data = bytearray(encoded(kind))
    data[at : at + len(patch)] = patch
    for damaged in (bytes(data), bytes(data[:at])):
        try:
            grey = decode_picture(damaged, max_pixels=1_000_000)
        except PictureError:
            continue
        assert grey.ndim == 2
        assert grey.size <= 1_000_000


@given(st.binary(max_size=80))
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        decode_picture(data)


def test_a_file_that_is_empty_or_too_large_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.touch()
    with pytest.raises(PictureError, match="is empty"):
        read_picture(empty)
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(PictureError, match="larger than 64 MB"):
        read_picture(large)


def test_stills_are_listed_as_people_count_and_other_files_left_out(tmp_path: Path) -> None:
    for name in ("10.jpg", "2.JPG", "1.png", "notes.txt", "a1.webp"):
        (tmp_path / name).touch()
    assert [path.name for path in still_files(tmp_path)] == ["1.png", "2.JPG", "10.jpg", "a1.webp"]
