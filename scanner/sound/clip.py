"""A stretch of sound as every part here hands it on: mono, 16 kHz, 16 bits. Pure.

It does without numpy, which a screen would need for nothing else: 11 MB.
"""

from __future__ import annotations

import io
import sys
import wave
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

RATE = 16_000
"""Samples a second: speech needs no more, and every sound card can do it."""
SAMPLE_BYTES = 2
FULL_SCALE = 32_767
LOUDNESS_EXPONENT = 1 / 0.6
"""From loudness to sound pressure: what ears hear grows with the 0.6th power of pressure (Stevens)."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Samples, 16 bits each, least significant byte first."""

    pcm: bytes

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.pcm) / SAMPLE_BYTES / RATE

    def as_wav(self) -> bytes:
        """Return it as a WAV file, which names rate and width by itself."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(SAMPLE_BYTES)
            file.setframerate(RATE)
            file.writeframes(self.pcm)
        return buffer.getvalue()

    def samples(self) -> array[int]:
        """Return the samples as numbers from -32768 to 32767."""
        return _native(self.pcm)


def clip(samples: Iterable[float]) -> Clip:
    """Make a clip of samples from -1 to 1; what lies outside is cut off."""
    return of_numbers(round(max(-1.0, min(1.0, sample)) * FULL_SCALE) for sample in samples)


def of_numbers(samples: Iterable[int]) -> Clip:
    """Make a clip of samples from -32768 to 32767."""
    numbers = array("h", samples)
    if sys.byteorder == "big":
        numbers.byteswap()
    return Clip(numbers.tobytes())


def silence(seconds: float) -> Clip:
    """Make a clip of nothing."""
    return Clip(bytes(round(seconds * RATE) * SAMPLE_BYTES))


def join(parts: Iterable[Clip], pause_s: float) -> Clip:
    """Put clips one after another, with a pause between each two."""
    return Clip(silence(pause_s).pcm.join(part.pcm for part in parts))


def gain(percent: int) -> float:
    """Return by how much samples are multiplied at a volume of 0 to 100: half the volume sounds half as loud."""
    return float((percent / 100) ** LOUDNESS_EXPONENT)


def at_volume(sound: Clip, percent: int) -> Clip:
    """Return the clip as loud as a volume of 0 to 100 asks; 100 leaves it as it is."""
    if percent >= 100:
        return sound
    factor = gain(percent)
    return of_numbers(round(sample * factor) for sample in sound.samples())


def _native(pcm: bytes) -> array[int]:
    numbers = array("h")
    numbers.frombytes(pcm)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
