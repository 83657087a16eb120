"""The upload's reader: what `write` writes, and nothing else."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import upload
from hub.upload import Upload, UploadError, inflate, read, write
from keys import cbor
from keys.errors import CborError

ENTRY = st.one_of(st.binary(max_size=40), st.binary(min_size=250, max_size=300))


@st.composite
def uploads(draw: st.DrawFn) -> Upload:
    entries = tuple(draw(st.lists(ENTRY, min_size=1, max_size=6)))
    sealed = tuple(draw(st.lists(ENTRY, min_size=len(entries), max_size=len(entries))))
    proof = tuple(draw(st.lists(st.binary(min_size=32, max_size=32), max_size=3)))
    return Upload(draw(st.integers(0, 1 << 62)), entries, draw(st.text("a\n—é+", max_size=30)), proof, sealed)


@given(uploads())
def test_what_is_written_is_read(one: Upload) -> None:
    assert read(write(one)) == one


@given(uploads(), st.data())
def test_a_mutated_body_is_refused_or_is_the_one_encoding_of_what_it_says(one: Upload, data: st.DataObject) -> None:
    body = bytearray(write(one))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(body))
    except UploadError:
        return
    assert write(found) == bytes(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_one_error_or_are_an_upload(body: bytes) -> None:
    try:
        found = read(body)
    except UploadError:
        return
    assert write(found) == body


@given(uploads())
def test_it_agrees_with_the_general_reader(one: Upload) -> None:
    general = cbor.decode(write(one))
    assert isinstance(general, dict)
    assert general == {
        1: one.first, 2: list(one.entries), 3: one.head, 4: list(one.proof), 5: list(one.sealed),
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xa4\x01\x00\x02\x80\x03\x60\x04\x80",
        b"\xa5\x01\x00\x02\x80\x03\x60\x04\x80\x05\x80",
        b"\xa5\x01\x18\x05\x02\x81\x40\x03\x60\x04\x80\x05\x81\x40",
        b"\xa5\x01\x00\x02\x81\x58\x05aaaaa\x03\x60\x04\x80\x05\x81\x40",
        b"\xbf\x01\x00\x02\x81\x40\x03\x60\x04\x80\x05\x81\x40\xff",
    ],
    ids=["empty", "four keys", "no entry", "long number", "long head", "indefinite"],
)
def test_other_encodings_are_refused(body: bytes) -> None:
    with pytest.raises((UploadError, CborError)):
        read(body)


@pytest.mark.parametrize("tail", [b"x", gzip.compress(b"more", mtime=0)])
def test_nothing_may_follow_a_compressed_body(tail: bytes) -> None:
    assert inflate(gzip.compress(b"body")) == b"body"
    with pytest.raises(UploadError):
        inflate(gzip.compress(b"body") + tail)


def test_a_zip_bomb_is_not_inflated() -> None:
    with pytest.raises(upload.TooLargeError):
        inflate(gzip.compress(b"\x00" * (64 << 20)))
