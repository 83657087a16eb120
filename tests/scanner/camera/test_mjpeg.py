from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.camera.mjpeg import Splitter
from tests.scanner.pictures import jpeg, numbered

PICTURES = [jpeg(numbered(n, 64, 48), 60) for n in range(4)]
LIMIT = 4096
"""Four times a test picture."""


def feed(splitter: Splitter, data: bytes, cuts: list[int]) -> list[bytes]:
    pictures = []
    position = 0
    for cut in cuts:
        pictures += splitter.feed(data[position : position + cut])
        position += cut
    return pictures + splitter.feed(data[position:])


cuts = st.lists(st.integers(0, 700), max_size=20)
jpegish = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [b"\xff\xd8\xff", b"\xff\xd9", b"\xff\xda\x00\x02", b"\xff\xe0\xff\xff", b"\xff\x00", b"\xff\xff"]
        ),
        st.builds(lambda picture, end: picture[:end], st.sampled_from(PICTURES), st.integers(0, 900)),
    ),
    max_size=12,
).map(b"".join)
"""Bytes that look like pictures, in part: harder than noise."""


@given(jpegish, cuts)
def test_any_bytes_in_any_pieces_never_raise_and_never_pile_up(data: bytes, sizes: list[int]) -> None:
    splitter = Splitter(max_frame=LIMIT)
    position = 0
    given_back = 0
    for size in [*sizes, len(data)]:
        given_back += sum(map(len, splitter.feed(data[position : position + size])))
        position += size
        assert splitter.held <= LIMIT
    assert splitter.held + splitter.skipped + given_back == len(data)


@given(st.lists(st.sampled_from(PICTURES), max_size=5), cuts)
def test_whole_pictures_come_out_as_they_went_in(pictures: list[bytes], sizes: list[int]) -> None:
    splitter = Splitter()
    assert feed(splitter, b"".join(pictures), sizes) == pictures
    assert splitter.skipped == 0


@given(st.binary(max_size=300).filter(lambda b: b"\xff" not in b), cuts)
def test_garbage_between_pictures_is_skipped(garbage: bytes, sizes: list[int]) -> None:
    data = garbage.join([b"", *PICTURES, b""])
    assert feed(Splitter(), data, sizes) == PICTURES


@given(jpegish, cuts)
def test_after_any_garbage_an_intact_picture_is_read_again(garbage: bytes, sizes: list[int]) -> None:
    data = garbage + PICTURES[0] * (70_000 // len(PICTURES[0])) + PICTURES[1]
    assert feed(Splitter(), data, sizes)[-1] == PICTURES[1]


@pytest.mark.parametrize("kept", [3, 10, 200, 650])
def test_a_torn_picture_does_not_cost_the_next_one(kept: int) -> None:
    pictures = Splitter().feed(PICTURES[0][:kept] + PICTURES[1] + PICTURES[2])
    assert pictures[-2:] == PICTURES[1:3]


def test_the_end_of_an_embedded_thumbnail_does_not_end_the_picture() -> None:
    thumbnail = PICTURES[1]
    with_thumbnail = PICTURES[0][:2] + b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2) + thumbnail + PICTURES[0][2:]
    assert Splitter().feed(with_thumbnail) == [with_thumbnail]


def test_a_picture_that_never_ends_is_given_up_at_the_limit() -> None:
    splitter = Splitter(max_frame=LIMIT)
    endless = PICTURES[0][:-2] + b"\x55" * LIMIT * 3
    assert splitter.feed(endless) == []
    assert splitter.held <= LIMIT
    assert splitter.feed(PICTURES[1]) == [PICTURES[1]]


def test_an_empty_picture_without_a_scan_is_none() -> None:
    assert Splitter().feed(b"\xff\xd8\xff\xd9" + PICTURES[0]) == [PICTURES[0]]


def test_after_a_reset_the_rest_of_the_old_picture_is_not_glued_to_the_new_one() -> None:
    splitter = Splitter()
    splitter.feed(PICTURES[0][:500])
    splitter.reset()
    assert splitter.feed(PICTURES[1]) == [PICTURES[1]]
