import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from authority import arrays
from keys.status_list import OWN_COLOURS, StatusValue, unpack
from keys.verdict import Colour

CHANGES = st.dictionaries(st.integers(0, 98), st.integers(0, 15))


@given(CHANGES)
def test_entries_scattered_over_an_array_read_back_and_leave_the_others_alone(changes: dict[int, int]) -> None:
    array = bytearray(arrays.blank(99))
    arrays.scatter(array, np.array(list(changes), np.int64), np.array(list(changes.values()), np.uint8))
    expected = bytes(changes.get(index, StatusValue.NOT_ISSUED) for index in range(100))
    assert unpack(bytes(array), 4) == expected
    assert list(arrays.unused(bytes(array), 99)) == [index for index in range(99) if expected[index] == 0xF]


@given(CHANGES)
def test_one_entry_at_a_time_makes_the_same_array_as_all_at_once(changes: dict[int, int]) -> None:
    one_by_one = bytearray(arrays.blank(99))
    for index, value in changes.items():
        one_by_one[index // 2] = arrays.with_entry(one_by_one[index // 2], index, value)
        assert arrays.entry(one_by_one[index // 2], index) == value
    at_once = bytearray(arrays.blank(99))
    arrays.scatter(at_once, np.array(list(changes), np.int64), np.array(list(changes.values()), np.uint8))
    assert one_by_one == at_once


def test_every_colour_has_its_value_and_revoked_has_its_own() -> None:
    for colour in Colour:
        assert OWN_COLOURS[arrays.status_value(colour, revoked=False)] is colour
        assert arrays.status_value(colour, revoked=True) == StatusValue.REVOKED
    colours = np.array([*Colour, *Colour], np.uint8)
    revoked = np.arange(10) >= 5
    assert arrays.status_values(colours, revoked).tolist() == [
        arrays.status_value(Colour(colour), revoked=bool(gone)) for colour, gone in zip(colours, revoked, strict=True)
    ]
