from __future__ import annotations

import math
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scanner.camera.frame import Grey
from scanner.decoder import Decoded, Decoder, chain, looks, zbar, zxing
from tests.scanner.pictures import code, placed, scene

TEXT = "JKM1:6BFOXN%TSMAHN-HWWC" + "NCFOXNEG2NBJ5*H:QO-.O" * 12
"""As long as a static health code, out of base45's alphabet."""


def texts(found: tuple[Decoded, ...]) -> list[str]:
    return sorted(one.text for one in found)


def turned(picture: Grey, degrees: float) -> Grey:
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    side = math.ceil(math.hypot(width, height))
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    return cv2.warpAffine(picture, matrix, (side, side), borderValue=200).astype(np.uint8)


def tilted(picture: Grey, shortened: float) -> Grey:
    """The picture with its right edge shortened by a share, as when a phone is held at an angle."""
    height, width = picture.shape
    cut = height * shortened / 2
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = np.array([(0, 0), (width * 0.9, cut), (width * 0.9, height - cut), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    return cv2.warpPerspective(picture, matrix, (width, height), borderValue=180).astype(np.uint8)


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 133, 180, 270])
def test_a_code_is_read_at_any_rotation(degrees: float) -> None:
    assert texts(Decoder().decode(placed(turned(code(TEXT), degrees), 500, 100))) == [TEXT]


@pytest.mark.parametrize("shortened", [0.05, 0.15, 0.25])
def test_a_tilted_code_is_read(shortened: float) -> None:
    assert texts(Decoder().decode(placed(tilted(code(TEXT), shortened), 500, 100))) == [TEXT]


def test_a_noisy_dim_code_is_read() -> None:
    whole = placed(code(TEXT), 300, 200).astype(np.float32) * 0.3
    noisy = whole + np.random.default_rng(3).normal(0, 8, whole.shape)
    assert texts(Decoder().decode(np.clip(noisy, 0, 255).astype(np.uint8))) == [TEXT]


def test_a_code_in_dark_mode_is_read() -> None:
    assert texts(Decoder().decode(placed(code(TEXT, dark=True), 300, 200, on=scene() // 4))) == [TEXT]


def test_a_mirrored_code_is_read() -> None:
    assert texts(Decoder().decode(np.ascontiguousarray(np.fliplr(placed(code(TEXT), 300, 200))))) == [TEXT]


def test_two_codes_in_one_picture_are_both_read() -> None:
    both = placed(code("JKM1:ONE"), 200, 150, on=placed(code(TEXT), 700, 300))
    assert texts(Decoder().decode(both)) == [TEXT, "JKM1:ONE"]


def test_corners_lie_where_the_code_was_drawn() -> None:
    picture = code(TEXT)
    (found,) = Decoder().decode(placed(picture, 300, 200))
    side = picture.shape[0]
    drawn = [(316, 216), (300 + side - 16, 216), (300 + side - 16, 200 + side - 16), (316, 200 + side - 16)]
    for corner, expected in zip(found.corners, drawn, strict=True):
        assert math.dist(corner, expected) < 8


@pytest.mark.parametrize("look", looks.HARDER, ids=lambda look: look.name)
def test_each_harder_look_reads_a_plain_code_and_tells_where(look: looks.Look) -> None:
    picture = code(TEXT)
    (found,) = look.see(placed(picture, 300, 200)).codes
    assert found.text == TEXT
    middle = (300 + picture.shape[1] / 2, 200 + picture.shape[0] / 2)
    assert math.dist(np.mean(found.corners, axis=0), middle) < 12


@pytest.mark.parametrize("look", [looks.AS_IT_IS, *looks.HARDER], ids=lambda look: look.name)
def test_nothing_is_read_where_there_is_no_code(look: looks.Look) -> None:
    for seed in range(3):
        assert look.see(scene(640, 360, seed)).codes == ()
    checks = np.kron(np.indices((40, 60)).sum(axis=0) % 2, np.ones((9, 9))).astype(np.uint8) * 255
    assert look.see(checks).codes == ()


def test_a_harder_look_reads_what_the_quick_one_cannot() -> None:
    small = cv2.resize(code(TEXT, scale=1), None, fx=1.6, fy=1.6, interpolation=cv2.INTER_AREA)
    picture = placed(small, 300, 200)
    assert Decoder().decode(picture) == ()
    (found,) = Decoder().decode(picture, harder=True, budget_ms=5000)
    assert found.text == TEXT
    assert found.decoder != zxing.NAME


def test_harder_looks_end_with_their_budget() -> None:
    empty = scene()
    began = time.perf_counter()
    Decoder().decode(empty, harder=True, budget_ms=0)
    quick = time.perf_counter() - began
    began = time.perf_counter()
    Decoder().decode(empty, harder=True, budget_ms=5000)
    assert time.perf_counter() - began > 2 * quick


def test_each_frame_may_begin_with_another_harder_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def look(number: int) -> looks.Look:
        return looks.Look("x", lambda _: (asked.append(number), zxing.Sight())[1])

    monkeypatch.setattr(chain, "HARDER", tuple(map(look, range(4))))
    for turn in (0, 3, 6):
        asked.append(-1)
        Decoder().decode(scene(64, 64), harder=True, budget_ms=5000, turn=turn)
    assert asked == [-1, 0, 1, 2, 3, -1, 3, 0, 1, 2, -1, 2, 3, 0, 1]


@settings(max_examples=30, deadline=None)
@given(st.text(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"), min_size=1, max_size=400))
def test_a_base45_text_comes_out_exactly(text: str) -> None:
    picture = code(text, scale=3)
    assert texts(Decoder().decode(picture)) == [text]
    assert texts(zbar.look(picture)) in ([text], [])


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=120))
def test_any_bytes_in_a_code_become_some_text(content: bytes) -> None:
    picture = code(content, scale=3)
    for found in (Decoder().decode(picture), zbar.look(picture)):
        for one in found:
            one.text.encode("utf-8")


@pytest.mark.parametrize("text", ["健康码", "é", "JKM1:A\nB", "\x01\x10"])
def test_unicode_and_control_characters_are_kept(text: str) -> None:
    assert texts(Decoder().decode(code(text.encode()))) == [text]


def test_an_older_character_set_is_read_as_its_writer_meant_it() -> None:
    import segno  # noqa: PLC0415

    assert segno.make_qr("石積籍績").mode == "kanji"
    assert texts(Decoder().decode(code("石積籍績"))) == ["石積籍績"]


@settings(max_examples=25, deadline=None)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=60)))
def test_any_small_picture_is_survived(picture: Grey) -> None:
    Decoder().decode(picture, harder=True, budget_ms=5000)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (0, 5), (5, 0), (2, 2)])
def test_odd_shapes_are_survived(shape: tuple[int, int]) -> None:
    assert Decoder().decode(np.zeros(shape, np.uint8), harder=True, budget_ms=5000) == ()


def test_a_view_with_gaps_is_read_like_its_copy() -> None:
    wide = np.repeat(code(TEXT), 2, axis=1)
    assert texts(Decoder().decode(wide[:, ::2])) == [TEXT]


@pytest.mark.parametrize("picture", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32)])
def test_what_is_not_grey_is_our_bug(picture: Grey) -> None:
    with pytest.raises(ValueError, match="two axes of uint8"):
        Decoder().decode(picture)


def test_structured_append_codes_do_not_end_the_second_decoder() -> None:
    import segno  # noqa: PLC0415

    for part in segno.make_sequence("A long text in two parts " * 6, symbol_count=2):
        matrix = np.array([list(row) for row in part.matrix_iter(scale=4, border=4)], np.uint8)
        picture = np.where(matrix > 0, 0, 255).astype(np.uint8)
        zbar.look(picture)
        Decoder().decode(picture, harder=True, budget_ms=5000)


def test_without_the_second_decoder_the_first_goes_on_and_the_lack_is_told_once() -> None:
    script = """
import logging, sys
sys.modules["pyzbar"] = None  # as when the shared library is missing: the import fails
logging.basicConfig(format="LOGGED %(message)s")
from scanner.decoder import Decoder, zbar_missing
from tests.scanner.pictures import code, scene
assert [d.text for d in Decoder().decode(code("HELLO"))] == ["HELLO"]
for _ in range(3):
    assert Decoder().decode(scene(), harder=True, budget_ms=5000) == ()
print(zbar_missing())
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "libzbar0" in run.stdout
    assert run.stderr.count("LOGGED") == 1
