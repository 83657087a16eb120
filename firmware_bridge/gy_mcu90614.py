"""The GY-MCU90614 and GY-MCU90615 infrared modules: a stream of about 14 frames a second.

Frame: 5A 5A 45 04, object and ambient temperature as signed big-endian hundredths of a degree, and the sum of the
eight bytes before it, mod 256. That sum misses 6 % of double-bit errors, and a reader that starts one byte late can
stay wrong for ever. Therefore every failure slides one byte, and no frame counts alone: another well-formed,
plausible frame must stand a whole number of frames away, so that both are known to be aligned.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from firmware_bridge.driver import Driver
from firmware_bridge.measurement import SettlingRule
from firmware_bridge.values import Sample

HEADER = b"\x5a\x5a\x45\x04"
FRAME_SIZE = 9
QUERY = b"\xa5\x15\xba"
"""Asks for one frame and ends the stream."""
STREAM = b"\xa5\x45\xea"
"""Starts the stream."""

OBJECT_RANGE = range(-5000, 15001)
"""Centi-°C a face, a room or a car roof can have; anything else is a damaged frame."""
AMBIENT_RANGE = range(-4000, 8501)
"""Centi-°C the module can work at."""
AMBIENT_STEP = 200
"""Centi-°C: the module's own temperature moves less than this within `REACH` frames."""
REACH = 8
"""Frames over which alignment holds: at 5 % of bytes damaged, one in 3,000 intact frames stands further from its
neighbours."""
GAP_S = 0.5
"""A pause in the bytes after which nothing before it counts: 7 frames are missing."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A well-formed, plausible frame at an absolute position in the stream."""

    position: int
    sample: Sample

    def confirms(self, other: _Candidate) -> bool:
        """Whether a later candidate is aligned with this one and comes from the same module."""
        distance = other.position - self.position
        mine, its = self.sample.ambient_centi, other.sample.ambient_centi
        return (
            distance % FRAME_SIZE == 0
            and FRAME_SIZE <= distance <= REACH * FRAME_SIZE
            and mine is not None
            and its is not None
            and abs(mine - its) <= AMBIENT_STEP
        )


class Parser:
    """Bytes of the stream to samples. Keeps at most eight bytes and a few candidates, whatever comes."""

    def __init__(self) -> None:
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
        if self._last_at is not None and at - self._last_at > GAP_S:
            self._forget()
        self._last_at = at
        unread = self._unread + data
        samples: list[Sample] = []
        start = 0
        while len(unread) - start >= FRAME_SIZE:
            sample = _read_frame(unread[start : start + FRAME_SIZE], at) if unread[start] == HEADER[0] else None
            if sample is not None and self._accept(_Candidate(self._position + start, sample), samples):
                start += FRAME_SIZE
            else:
                start += 1
        self._unread = unread[start:]
        self._position += start
        return samples

    def _accept(self, candidate: _Candidate, samples: list[Sample]) -> bool:
        """Add what the candidate makes certain; false when it still stands alone."""
        if self._anchor is not None and self._anchor.confirms(candidate):
            samples.append(candidate.sample)
        else:
            for earlier in self._pending:
                if earlier.confirms(candidate):
                    samples += (earlier.sample, candidate.sample)
                    break
            else:
                self._pending = [*self._pending[-REACH + 1 :], candidate]
                return False
        self._anchor = candidate
        self._pending = []
        return True

    def _forget(self) -> None:
        self._position += len(self._unread)
        self._unread = b""
        self._anchor = None
        self._pending = []


def _read_frame(frame: bytes, at: float) -> Sample | None:
    """Return the reading in nine bytes, or None when they are no plausible frame."""
    if frame[:4] != HEADER or sum(frame[:8]) & 0xFF != frame[8]:
        return None
    object_centi, ambient_centi = struct.unpack(">hh", frame[4:8])
    if object_centi not in OBJECT_RANGE or ambient_centi not in AMBIENT_RANGE:
        return None
    return Sample(at=at, object_centi=object_centi, ambient_centi=ambient_centi)


def write_frame(object_centi: int, ambient_centi: int) -> bytes:
    """Return the frame the module sends for these temperatures, both centi-°C within int16."""
    body = HEADER + struct.pack(">hh", object_centi, ambient_centi)
    return body + bytes((sum(body) & 0xFF,))


DRIVER = Driver(
    name="gy-mcu90614",
    start=STREAM,
    silence_s=1.5,
    rate_hz=14.0,
    rule=SettlingRule(window=7, agreeing=5, spread_centi=20, span_s=1.5),
    parser=Parser,
)
