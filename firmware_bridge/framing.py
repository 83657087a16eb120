"""Frames of fixed size in a stream of bytes, for modules whose only checksum is a sum of bytes. Pure.

A one-byte sum misses 6 % of double-bit errors, and a reader that starts one byte late can stay wrong for ever.
Therefore every failure slides one byte, and no frame counts alone: another well-formed, plausible frame must stand a
whole number of frames away, so that both are known to be aligned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from firmware_bridge.values import Sample

OBJECT_RANGE = range(-5000, 15001)
"""Centi-°C a face, a room or a car roof can have; anything else is a damaged frame."""
AMBIENT_RANGE = range(-4000, 8501)
"""Centi-°C a module can work at."""
AMBIENT_STEP = 200
"""Centi-°C: a module's own temperature moves less than this within `REACH` frames."""
REACH = 8
"""Frames over which alignment holds: at 5 % of bytes damaged, one in 3,000 intact frames stands further from its
neighbours."""


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """One kind of frame."""

    first: int
    """Its first byte."""
    size: int
    """Bytes, the checksum included."""
    read: Callable[[bytes, float], Sample | None]
    """Return the reading in `size` bytes complete at a time (monotonic seconds); None: no plausible frame."""
    gap_s: float
    """A pause in the bytes after which nothing before it counts."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A well-formed, plausible frame at an absolute position in the stream."""

    position: int
    sample: Sample


class FrameParser:
    """Bytes of one module's stream to samples. Keeps less than a frame and a few candidates, whatever comes."""

    complaint = ""
    """These modules never say what is wrong with them."""

    def __init__(self, frames: FrameFormat) -> None:
        self._frames = frames
        self._unread = b""
        self._position = 0
        """Absolute position of the first unread byte."""
        self._anchor: _Candidate | None = None
        """The last frame that counted."""
        self._pending: list[_Candidate] = []
        self._last_at: float | None = None

    def feed(self, data: bytes, at: float) -> list[Sample]:
        """Return the samples that `data`, received at `at` (monotonic seconds), completes or confirms, oldest first."""
        if not data:
            return []
        frames = self._frames
        if self._last_at is not None and at - self._last_at > frames.gap_s:
            self._forget()
        self._last_at = at
        unread = self._unread + data
        samples: list[Sample] = []
        start = 0
        while len(unread) - start >= frames.size:
            sample = frames.read(unread[start : start + frames.size], at) if unread[start] == frames.first else None
            if sample is not None and self._accept(_Candidate(self._position + start, sample), samples):
                start += frames.size
            else:
                start += 1
        self._unread = unread[start:]
        self._position += start
        return samples

    def _accept(self, candidate: _Candidate, samples: list[Sample]) -> bool:
        """Add what the candidate makes certain; false when it still stands alone."""
        if self._anchor is not None and self._confirms(self._anchor, candidate):
            samples.append(candidate.sample)
        else:
            for earlier in self._pending:
                if self._confirms(earlier, candidate):
                    samples += (earlier.sample, candidate.sample)
                    break
            else:
                self._pending = [*self._pending[-REACH + 1 :], candidate]
                return False
        self._anchor = candidate
        self._pending = []
        return True

    def _confirms(self, one: _Candidate, other: _Candidate) -> bool:
        """Whether a later candidate is aligned with an earlier one and comes from the same module."""
        distance = other.position - one.position
        size = self._frames.size
        if distance % size != 0 or not size <= distance <= REACH * size:
            return False
        mine, its = one.sample.ambient_centi, other.sample.ambient_centi
        if mine is None or its is None:
            return mine is its
        return abs(mine - its) <= AMBIENT_STEP

    def _forget(self) -> None:
        self._position += len(self._unread)
        self._unread = b""
        self._anchor = None
        self._pending = []


def sum8(data: bytes) -> int:
    """Return the sum of the bytes, mod 256."""
    return sum(data) & 0xFF


def closed(body: bytes) -> bytes:
    """Return a frame: its body and the sum of that."""
    return body + bytes((sum8(body),))


def plausible(sample: Sample) -> Sample | None:
    """Return the sample where its temperatures can be, else None."""
    if sample.object_centi not in OBJECT_RANGE:
        return None
    if sample.ambient_centi is not None and sample.ambient_centi not in AMBIENT_RANGE:
        return None
    return sample
