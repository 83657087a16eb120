"""Recordings: G.711 as everybody else has it, and nothing else is read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner.sound.mulaw_wav import RecordingError, compress, read, write

FILE = write(range(-32768, 32767, 97))


def test_the_bytes_of_the_standard_stand_for_the_values_of_the_standard() -> None:
    """ITU-T G.711 table 2: the ends of the first and last segments, in 16 bits (four times the table's 14)."""
    known = {0x80: 32124, 0x00: -32124, 0xFF: 0, 0x7F: 0, 0x8F: 16764, 0xFE: 8, 0x7E: -8, 0xEF: 132, 0xF0: 120}
    assert {code: read(_file(bytes([code]))).samples()[0] for code in known} == known


def _file(data: bytes) -> bytes:
    padded = data + b"\0" * (len(data) % 2)
    whole = bytearray(write([0] * len(data)))
    whole[-len(padded) :] = padded
    return bytes(whole)


@given(st.integers(-32768, 32767))
def test_a_sample_comes_back_to_within_half_its_segments_step(sample: int) -> None:
    """Sixteen steps a segment, each segment twice as long as the one before; what G.711 cannot say is its loudest."""
    (found,) = read(write([sample])).samples()
    assert abs(found - sample) <= max((abs(sample) + 132) / 32, abs(sample) - 32124)


def test_every_byte_comes_back_as_itself() -> None:
    samples = read(_file(bytes(range(256)))).samples()
    assert [compress(sample) for sample in samples] == [0xFF if code == 0x7F else code for code in range(256)]


@given(st.lists(st.integers(-32768, 32767), max_size=50))
def test_as_many_samples_come_back_as_went_in(samples: list[int]) -> None:
    assert len(read(write(samples)).samples()) == len(samples)


@given(st.integers(0, len(FILE) - 1), st.binary(min_size=1, max_size=4))
@example(20, b"\1\0")
@example(4, b"\xff\xff\xff\xff")
@example(40, b"\0\0\0\0")
def test_a_damaged_file_is_refused_or_read_and_never_worse(at: int, damage: bytes) -> None:
    damaged = FILE[:at] + damage + FILE[at + len(damage) :]
    try:
        found = read(damaged)
    except RecordingError:
        return
    assert np.max(np.abs(found.samples())) <= 32124


@pytest.mark.parametrize("data", [b"", FILE[:40], FILE[:-1], FILE + b"\0\0", b"RIFX" + FILE[4:], b"\0" * 300_000])
def test_what_is_no_recording_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(RecordingError):
        read(data)
