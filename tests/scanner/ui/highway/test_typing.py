"""A plate while it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.plates import PROVINCES, is_plate, spelled
from scanner.ui.highway.typing import LONGEST, PlateTyping

HERE = PlateTyping("浙")


def typed(keys: str, begin: PlateTyping = HERE) -> PlateTyping:
    for key in keys:
        begin = begin.typed(key)
    return begin


def test_a_plate_of_the_own_province_needs_no_character_but_letters_and_digits() -> None:
    assert typed("a12345").text == "浙A12345"
    assert typed("a12345").possible
    assert not typed("a12345").new_energy


def test_a_new_energy_plate_is_marked() -> None:
    assert typed("ad12345").new_energy
    assert typed("ad12345").possible


def test_an_input_method_types_the_whole_plate() -> None:
    assert typed("京Ｂ·99999").text == "京B99999"


def test_every_province_is_one_key_of_the_list() -> None:
    reached = {typed(f" {key}A12345").text for key, offered in HERE.choices() if offered in [*PROVINCES]}
    assert reached == {f"{province}A12345" for province in PROVINCES}


def test_the_own_province_stands_first_in_the_list() -> None:
    assert HERE.choices()[0] == ("1", "浙")
    assert PlateTyping("").choices()[0][1] == PROVINCES[0]


def test_another_province_replaces_the_one_that_stands_there() -> None:
    assert typed("a123").text == "浙A123"
    assert typed("a123 2").text == "京A123"


@pytest.mark.parametrize(
    ("keys", "plate"),
    [("a1234 1", "浙A1234学"), ("a1234 3", "浙A1234警"), (" V123456", "使123456"), (" WWJ12345", "WJ12345")],
)
def test_plates_of_special_kinds_are_picked_from_the_list(keys: str, plate: str) -> None:
    assert typed(keys).text == plate
    assert typed(keys).possible


def test_erasing_gives_the_bare_field_back() -> None:
    field = typed("a1")
    assert field.erased().text == "浙A"
    assert field.erased().erased() == HERE
    assert HERE.erased() == HERE
    assert typed(" ").erased() == HERE


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_whatever_is_typed_the_field_holds_one_spelling_and_never_grows_past_a_plate(keys: str) -> None:
    field = typed(keys)
    assert len(field.text) <= LONGEST + 1
    assert field.text == spelled(field.text)
    assert field.possible == is_plate(field.text)


@given(st.lists(st.sampled_from([*"a9 2W浙学", "erase"]), max_size=30))
def test_erasing_often_enough_always_empties_the_field(keys: list[str]) -> None:
    field = HERE
    for key in keys:
        field = field.erased() if key == "erase" else field.typed(key)
    for _ in range(LONGEST + 3):
        field = field.erased()
    assert field == HERE
