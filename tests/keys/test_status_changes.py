from __future__ import annotations

import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keys.errors import StatusListError
from keys.status_changes import apply, diff, read_changes
from keys.status_token import OWN_ARRAY_BYTES, OWN_ENTRIES, pack, unpack
from tests.keys.bomb import zip_bomb

GREEN = bytes(OWN_ARRAY_BYTES)


def read_one_by_one(raw: bytes) -> list[tuple[int, int]]:
    """The format as docs/formats.md puts it, in plain steps: (index, value) of each change."""
    indices: list[int] = []
    at, last = 0, -1
    while len(raw) - at != (len(indices) + 1) // 2:
        gap = shift = 0
        while True:
            byte = raw[at]
            gap |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        last += gap + 1
        indices.append(last)
    return [(index, raw[at + place // 2] >> 4 * (place % 2) & 0xF) for place, index in enumerate(indices)]


def with_values(values: dict[int, int]) -> bytes:
    array = bytearray(OWN_ENTRIES)
    for index, value in values.items():
        array[index] = value
    return pack(array, 4)


arrays = st.integers(1, 300).flatmap(lambda size: st.tuples(*[st.binary(min_size=size, max_size=size)] * 2))


@given(arrays)
def test_what_differs_is_found_and_made_again(pair: tuple[bytes, bytes]) -> None:
    base, new = pair
    changes = diff(base, new)
    assert apply(base, changes) == new
    assert changes == diff(base, new)
    before, after = unpack(base, 4), unpack(new, 4)
    there = [(index, after[index]) for index in range(len(after)) if before[index] != after[index]]
    assert read_one_by_one(zlib.decompress(changes)) == there


@given(st.dictionaries(st.integers(0, OWN_ENTRIES - 1), st.integers(1, 15), max_size=40))
@example({0: 1, OWN_ENTRIES - 1: 0xF})
@settings(max_examples=10, deadline=None)
def test_changes_far_apart_in_a_whole_list_are_made_again(values: dict[int, int]) -> None:
    new = with_values(values)
    changes = diff(GREEN, new)
    assert apply(GREEN, changes) == new
    assert dict(read_one_by_one(zlib.decompress(changes))) == values
    assert apply(new, diff(new, GREEN)) == GREEN


def test_changes_are_written_as_the_format_says() -> None:
    """Gaps 0, 0, 197 and 16,384 unchanged entries; then 3, 1, 0xF, 0xD, two a byte."""
    raw = zlib.decompress(diff(GREEN, with_values({0: 3, 1: 1, 199: 0xF, 16_584: 0xD})))
    assert raw.hex(" ") == "00 00 c5 01 80 80 01 13 df"
    assert zlib.decompress(diff(GREEN, with_values({5: 2}))).hex(" ") == "05 02"
    assert zlib.decompress(diff(GREEN, GREEN)) == b""


def test_a_list_that_changes_altogether_is_a_small_change() -> None:
    changes = diff(GREEN, b"\x33" * OWN_ARRAY_BYTES)
    assert len(changes) < 4096
    assert apply(GREEN, changes) == b"\x33" * OWN_ARRAY_BYTES


def test_arrays_of_different_lengths_have_no_difference() -> None:
    with pytest.raises(ValueError, match="arrays of 2 and 3 bytes"):
        diff(b"ab", b"abc")


def varint(number: int) -> bytes:
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F)
    return bytes(group | 0x80 for group in groups[:-1]) + bytes(groups[-1:])


LAST = OWN_ENTRIES - 1
REFUSED = {
    "zip bomb": (zip_bomb(64), "inflates to more than"),
    "one byte more than a list's changes can have": (zlib.compress(bytes(OWN_ENTRIES * 3 // 2 + 1)), "more than"),
    "an index out of range": (zlib.compress(varint(OWN_ENTRIES) + b"\x03"), "entry 1048576, the list has 1048576"),
    "an index out of range by the sum of its gaps": (zlib.compress(varint(LAST) + b"\x00\x33"), "entry 1048576"),
    "the largest gap there is, many times": (zlib.compress(b"\xff\xff\xff\x7f" * 1000 + bytes(500)), "the list has"),
    "a gap of five bytes": (zlib.compress(b"\x80\x80\x80\x80\x01\x03"), "more than 4 bytes"),
    "a gap of twelve bytes": (zlib.compress(b"\xff" * 11 + b"\x01\x03"), "more than 4 bytes"),
    "a gap longer than needed": (zlib.compress(b"\x85\x00\x03"), "longer than needed"),
    "a zero longer than needed": (zlib.compress(b"\x80\x80\x00\x03"), "longer than needed"),
    "a gap without its end": (zlib.compress(b"\x85"), "end inside a gap"),
    "a gap without a value": (zlib.compress(b"\x05"), "other than a value a gap"),
    "three gaps and two values": (zlib.compress(b"\x01\x01\x01\x33"), "other than a value a gap"),
    "a filling that is not zero": (zlib.compress(b"\x05\x32"), "filling is not zero"),
    "bytes behind the stream": (zlib.compress(b"\x05\x03") + b"x", "goes on behind its end"),
    "a second stream": (zlib.compress(b"\x05\x03") * 2, "goes on behind its end"),
    "a stream cut short": (zlib.compress(b"\x05\x03")[:-1], "cut short"),
    "raw deflate": (zlib.compress(b"\x05\x03", wbits=-15), "does not inflate"),
    "nothing": (b"", "cut short"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_changes_that_are_no_changes_are_refused_by_name(case: str) -> None:
    changes, words = REFUSED[case]
    with pytest.raises(StatusListError, match=words):
        apply(GREEN, changes)


def test_a_zip_bomb_takes_little_memory() -> None:
    bomb, _ = REFUSED["zip bomb"]
    tracemalloc.start()
    try:
        with pytest.raises(StatusListError):
            apply(GREEN, bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


@given(st.binary(max_size=40))
@example(b"\x00\x00\x00\x00\x00\x00\x00\x00\x00")
def test_whatever_is_read_as_changes_can_be_written_in_one_way_only(raw: bytes) -> None:
    base = bytes(64)
    try:
        changes = read_changes(zlib.compress(raw), 128)
    except StatusListError:
        return
    assert len(changes.indices) == len(changes.values)
    assert (np.diff(changes.indices) > 0).all()
    array = bytearray(unpack(base, 4))
    for index, value in read_one_by_one(raw):
        array[index] = value
    assert apply(base, zlib.compress(raw)) == pack(array, 4)
    written = b"".join(varint(int(gap)) for gap in np.diff(changes.indices, prepend=-1) - 1)
    assert raw == written + pack(bytes(changes.values), 4)
