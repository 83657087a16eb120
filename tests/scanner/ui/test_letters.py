"""The big words and shapes."""

from __future__ import annotations

import itertools

import pytest

from scanner.locale import Texts
from scanner.ui import letters
from scanner.ui.bitmap import Bitmap, as_text, beside, blank
from scanner.ui.shapes import Shape, draw
from scanner.ui.words import BIG_RESULTS, BIG_WORDS

LANGUAGES = ("zh_CN", "zh_TW", "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [16, 24, 32])
def test_every_big_word_can_be_drawn(language: str, size: int) -> None:
    texts = Texts.load(language)
    words = [texts.get(f"screen.{key}") for key in BIG_WORDS]
    assert [word for word in words if not letters.has(word, size)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("size", "columns"), [(16, 80), (32, 160)])
def test_every_big_word_fits_beside_its_shape(language: str, size: int, columns: int) -> None:
    texts = Texts.load(language)
    widths = {key: letters.word(texts.get(f"screen.{key}"), size).width + size for key in BIG_WORDS}
    assert {key: width for key, width in widths.items() if width > columns} == {}


def test_simplified_and_traditional_words_differ_where_they_are_written_differently() -> None:
    simplified, traditional = (Texts.load(language).get("screen.big_refer") for language in ("zh_CN", "zh_TW"))
    assert letters.word(simplified, 32) != letters.word(traditional, 32)


def test_no_two_results_look_alike_in_any_language() -> None:
    for language in LANGUAGES:
        texts = Texts.load(language)
        pictures = [letters.word(texts.get(f"screen.{key}"), 16) for key in BIG_RESULTS]
        assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("size", letters.SIZES)
def test_temperatures_can_be_drawn_at_every_size(size: int) -> None:
    assert letters.has("0123456789.-", size)
    assert letters.word("36.5", size).height == size


@pytest.mark.parametrize("size", [7, 14, 22, 30])
def test_shapes_can_be_told_apart_by_their_outline(size: int) -> None:
    """Any two shapes differ in more than a tenth of their pixels: at 3 m nobody sees a single one."""
    for one, other in itertools.combinations(Shape, 2):
        pixels = zip(sum(draw(one, size).rows, ()), sum(draw(other, size).rows, ()), strict=True)
        assert sum(a != b for a, b in pixels) > size * size / 10, (one, other)


def test_two_pixels_make_a_cell() -> None:
    picture = Bitmap(((True, False, True, False), (False, True, True, False)))
    assert as_text(picture, ascii_only=False) == ("▀▄█ ",)
    assert as_text(picture, ascii_only=True) == ('"_# ',)


def test_an_odd_last_row_is_an_upper_half() -> None:
    assert as_text(Bitmap(((True,),)), ascii_only=False) == ("▀",)


def test_pictures_stand_side_by_side() -> None:
    assert beside(blank(2, 2), letters.word("1", 8).__class__(((True,), (True,)))).rows == ((False, False, True),) * 2
