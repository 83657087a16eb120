"""Recordings as they are kept: WAV files of µ-law (ITU-T G.711), mono, 16 kHz, one byte a sample.

Half of what 16 bits would take, and what telephones have always spoken with. The standard library reads no µ-law; this
does, and only what we write: one `fmt ` chunk, one `data` chunk, in this order.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from scanner.sound import SoundError
from scanner.sound.clip import RATE, Clip, of_numbers

MULAW = 7
"""WAVE_FORMAT_MULAW."""
BIAS = 0x84
CLIP = 32_635
"""The greatest magnitude G.711 can say, in 16 bits."""
MAX_BYTES = 256 * 1024
"""16 seconds: no prompt is nearly as long."""
_HEADER = struct.Struct("<4sI4s4sIHHIIHHH4sI")
_SHAPE = (18, MULAW, 1, RATE, RATE, 1, 8, 0)
"""Of the `fmt ` chunk: length, kind, channels, samples and bytes a second, bytes and bits a sample, no extension."""


class RecordingError(SoundError):
    """A recording is missing or is no µ-law WAV file of ours."""


def _expand(code: int) -> int:
    """Return the sample that one byte stands for."""
    inverted = ~code & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + BIAS) << (inverted >> 4 & 0x07)
    return BIAS - magnitude if inverted & 0x80 else magnitude - BIAS


_EXPANDED = tuple(_expand(code) for code in range(256))


def compress(sample: int) -> int:
    """Return the byte that stands for a sample from -32768 to 32767."""
    negative = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), CLIP) + BIAS
    segment = magnitude.bit_length() - 8
    return ~(negative | segment << 4 | (magnitude >> segment + 3 & 0x0F)) & 0xFF


def write(samples: Iterable[int]) -> bytes:
    """Return samples from -32768 to 32767 as a file."""
    data = bytes(compress(sample) for sample in samples)
    padded = data + b"\0" * (len(data) % 2)
    riff = _HEADER.size - 8 + len(padded)
    return _HEADER.pack(b"RIFF", riff, b"WAVE", b"fmt ", *_SHAPE, b"data", len(data)) + padded


def read(data: bytes) -> Clip:
    """Return the sound of a file.

    Raises RecordingError: it is no mono µ-law WAV of 16 kHz as `write` makes it.
    """
    if not _HEADER.size <= len(data) <= MAX_BYTES:
        raise RecordingError(f"a recording has {_HEADER.size} to {MAX_BYTES} bytes, this has {len(data)}")
    riff, length, form, fmt, *shape, mark, count = _HEADER.unpack_from(data)
    if (riff, form, fmt, mark) != (b"RIFF", b"WAVE", b"fmt ", b"data"):
        raise RecordingError("not a WAV file of one format and one data chunk")
    if tuple(shape) != _SHAPE:
        raise RecordingError(f"not mono µ-law of {RATE} Hz")
    if length != len(data) - 8 or len(data) != _HEADER.size + count + count % 2:
        raise RecordingError("its lengths do not fit together: it is cut off, or something was added")
    return of_numbers(_EXPANDED[code] for code in data[_HEADER.size : _HEADER.size + count])
