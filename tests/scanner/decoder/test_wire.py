from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.decoder.values import MAX_TEXT, Decoded
from scanner.decoder.wire import (
    MAX_CODES,
    MAX_REPLY,
    Kind,
    Reply,
    Request,
    Unread,
    WireError,
    read_reply,
    read_request,
    write_reply,
    write_request,
)

ASKED = Request(7, 640, 480)
CORNERS = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
points = st.tuples(st.floats(-1280, 1280, width=32), st.floats(-1280, 1280, width=32))
corners = st.tuples(points, points, points, points)
names = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=32)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
codes = st.builds(Decoded, texts, corners, names)
replies = st.builds(
    Reply,
    st.just(Kind.SEEN),
    st.just(7),
    st.lists(codes, max_size=MAX_CODES).map(tuple),
    st.none() | st.builds(Unread, names, corners),
    st.integers(0, 0xFFFF),
)


@given(replies)
def test_an_answer_comes_back_as_it_was_given(reply: Reply) -> None:
    assert read_reply(write_reply(reply), ASKED) == reply


@given(
    st.builds(
        Request,
        st.integers(1, 2**64 - 1),
        st.integers(1, 4096),
        st.integers(1, 4096),
        st.floats(0, 1000, width=32),
        st.integers(0, 2**32 - 1),
        st.booleans(),
        st.none() | st.tuples(*[st.integers(0, 4000)] * 2, *[st.integers(1, 4000)] * 2),
    )
)
def test_a_request_comes_back_as_it_was_given(request: Request) -> None:
    assert read_request(write_request(request)) == request


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: struct.pack("<QBBHI", 7, 1, 0, 1, 0) + tail))
def test_any_bytes_are_an_answer_or_an_error_and_nothing_else(data: bytes) -> None:
    for asked in (None, ASKED):
        try:
            reply = read_reply(data, asked)
        except WireError:
            continue
        assert len(reply.codes) <= MAX_CODES
        assert all(0 < len(code.text) <= MAX_TEXT for code in reply.codes)


@given(replies, st.integers(0, 500), st.integers(0, 255))
def test_an_answer_with_one_byte_changed_is_still_bounded(reply: Reply, at: int, value: int) -> None:
    data = bytearray(write_reply(reply))
    data[at % len(data)] = value
    try:
        read = read_reply(bytes(data), ASKED)
    except WireError:
        return
    assert all(len(code.text) <= MAX_TEXT and len(code.decoder) <= 32 for code in read.codes)


def head(number: int = 7, kind: int = 1, unread: int = 0, count: int = 0, looks: int = 0) -> bytes:
    return struct.pack("<QBBHI", number, kind, unread, count, looks)


def record(text: bytes = b"A", name: bytes = b"x", flat: tuple[float, ...] = (0,) * 8) -> bytes:
    return struct.pack("<8fBH", *flat, len(name), len(text)) + name + text


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "an answer of 0 bytes"),
        (head()[:-1], "an answer of 15 bytes"),
        (b"\0" * (MAX_REPLY + 1), "an answer of"),
        (head(number=6), "not asked about"),
        (head(kind=0), "kind 0"),
        (head(kind=9), "kind 9"),
        (head(kind=2) + b"A" * 1001, "kind 2"),
        (head(unread=2), "0 codes"),
        (head(count=MAX_CODES + 1) + record() * (MAX_CODES + 1), "65 codes"),
        (head(looks=1 << 16), "65536 looks"),
        (head(count=2) + record(), "cut short"),
        (head(count=1) + record()[:-1], "cut short"),
        (head() + b"A", "1 bytes too many"),
        (head(count=1) + record(b""), "cut short"),
        (head(count=1) + record(name=b"x" * 33), "name too long"),
        (head(count=1) + record(name=b"\x1b[2J"), "name that is none"),
        (head(count=1) + record(name=b"\xff"), "no UTF-8"),
        (head(count=1) + record(b"\xff"), "no UTF-8"),
        (head(count=1) + record(b"A" * (MAX_TEXT + 1)), "too long"),
        (head(count=1) + record(flat=(float("nan"),) * 8), "far outside"),
        (head(count=1) + record(flat=(float("inf"),) * 8), "far outside"),
        (head(count=1) + record(flat=(1281.0,) * 8), "far outside"),
    ],
)
def test_an_answer_no_honest_process_would_give_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        read_reply(data, ASKED)


def test_a_greeting_is_expected_once_and_only_before_the_first_picture() -> None:
    assert read_reply(write_reply(Reply(Kind.READY, 0)), None).kind is Kind.READY
    with pytest.raises(WireError):
        read_reply(write_reply(Reply(Kind.SEEN, 0)), None)
    with pytest.raises(WireError):
        read_reply(write_reply(Reply(Kind.READY, 0)), ASKED)


def test_why_a_process_cannot_work_is_told_without_steering_a_terminal() -> None:
    reply = read_reply(write_reply(Reply(Kind.UNABLE, 0, text="no \x1b[2J library")), None)
    assert (reply.kind, reply.text) == (Kind.UNABLE, "no  [2J library")


def test_what_does_not_fit_is_left_out_of_an_answer() -> None:
    many = tuple(Decoded("A" * 4000, CORNERS, "x") for _ in range(40))
    data = write_reply(Reply(Kind.SEEN, 7, many))
    assert len(data) <= MAX_REPLY
    assert 30 <= len(read_reply(data, ASKED).codes) < 40
