"""Number plates as officers type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.plates import PROVINCES, is_new_energy, is_plate, masked, province_of, spelled


@pytest.mark.parametrize(
    "plate",
    [
        "浙A12345",
        "浙A·12345",
        "京a 8z999",
        "沪AD12345",
        "粤B12345D",
        "粤Z1234港",
        "川A1234学",
        "京A1234警",
        "使123456",
        "鲁B１２３４５",
    ],
)
def test_plates_are_known_in_any_spelling(plate: str) -> None:
    assert is_plate(plate)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "浙",
        "浙A",
        "浙A1234",
        "浙A1234567",
        "浙I12345",
        "浙A1O345",
        "X浙A12345",
        "浙A12345\n1",
        "😀A12345",
        "浙712345",
    ],
)
def test_what_is_no_plate_is_not_taken_for_one(typed: str) -> None:
    assert not is_plate(typed)


def test_new_energy_plates_are_told_from_ordinary_ones() -> None:
    assert is_new_energy("沪AD12345")
    assert is_new_energy("粤B12345D")
    assert not is_new_energy("浙A12345")


def test_a_shown_plate_keeps_province_office_and_the_last_two() -> None:
    assert masked("浙A·12345") == "浙A***45"


@given(st.text(max_size=20))
def test_whatever_is_typed_is_masked_without_growing(typed: str) -> None:
    assert len(masked(typed)) == len(spelled(typed))


def test_every_province_has_one_region_and_no_other_region_has_plates() -> None:
    assert province_of("330110") == "浙"
    assert province_of("65") == "新"
    known = [province_of(f"{number}") for number in range(100)]
    assert sorted(filter(None, known)) == sorted(PROVINCES)
    assert province_of("") == province_of("990000") == ""
