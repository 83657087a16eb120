"""Frames of the gate link: byte stuffing, checksum, and what is read of a disturbed stream."""

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import link

S = 0xC0FFEE42


@pytest.mark.parametrize(
    ("plain", "encoded"),
    [
        ("00", "0101"),
        ("0000", "010101"),
        ("11220033", "0311220233"),
        ("11223344", "0511223344"),
        ("11000000", "0211010101"),
    ],
)
def test_stuffing_is_that_of_the_paper(plain, encoded):
    """Examples of Cheshire and Baker's byte stuffing, without the closing zero."""
    assert link.cobs_encode(bytes.fromhex(plain)).hex() == encoded
    assert link.cobs_decode(bytes.fromhex(encoded)) == bytes.fromhex(plain)


@pytest.mark.parametrize("size", [253, 254, 255, 508, 509])
def test_long_runs_without_a_zero_are_stuffed(size):
    encoded = link.cobs_encode(b"\x07" * size)
    assert 0 not in encoded
    assert link.cobs_decode(encoded) == b"\x07" * size


@given(st.binary(max_size=600))
def test_stuffing_is_undone_and_holds_no_zero(data):
    encoded = link.cobs_encode(data)
    assert 0 not in encoded
    assert link.cobs_decode(encoded) == data


@given(st.binary(max_size=80))
def test_unstuffing_and_reading_never_raise(data):
    link.cobs_decode(data)
    link.read_frame(data)


def test_a_frame_is_byte_for_byte_as_documented():
    body = bytes.fromhex("c0ffee420000000701f4")
    plain = b"\x09\x03" + body
    assert link.open_gate(S, 7, 500) == body
    before, *encoded, after = link.frame(9, link.OPEN, body)
    assert (before, after) == (0, 0)
    assert link.cobs_decode(bytes(encoded)) == plain + binascii.crc32(plain).to_bytes(4, "little")


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=32))
def test_a_frame_survives_the_line(seq, kind, body):
    assert link.FrameReader().feed(link.frame(seq, kind, body)) == [(seq, kind, body)]


@given(st.lists(st.binary(min_size=0, max_size=20), min_size=1, max_size=8), st.data())
def test_frames_are_cut_however_the_reads_fall(bodies, data):
    stream = b"".join(link.frame(n, 1, body) for n, body in enumerate(bodies))
    cut = data.draw(st.integers(0, len(stream)))
    reader = link.FrameReader()
    assert reader.feed(stream[:cut]) + reader.feed(stream[cut:]) == [(n, 1, body) for n, body in enumerate(bodies)]


@given(st.binary(max_size=200))
def test_a_frame_after_any_garbage_and_a_zero_is_read(garbage):
    reader = link.FrameReader()
    assert reader.feed(garbage + b"\x00" + link.frame(1, 2, b"body"))[-1] == (1, 2, b"body")


@given(st.integers(0, 255), st.binary(max_size=20), st.data())
def test_a_frame_with_one_byte_changed_is_never_read_as_another(seq, body, data):
    encoded = bytearray(link.frame(seq, link.OPEN, body))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    assert link.FrameReader().feed(bytes(encoded) + b"\x00") in ([], [(seq, link.OPEN, body)])


def test_an_endless_frame_is_dropped_in_constant_memory():
    reader = link.FrameReader()
    assert reader.feed(b"\x55" * 100_000) == []
    assert len(reader._held) <= link.MAX_FRAME
    assert reader.feed(b"\x00" + link.frame(1, 2, b"")) == [(1, 2, b"")]
    assert reader.bad == 1
