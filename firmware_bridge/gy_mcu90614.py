"""The GY-MCU90614 and GY-MCU90615 infrared modules: a stream of about 14 frames a second.

Frame: 5A 5A 45 04, object and ambient temperature as signed big-endian hundredths of a degree, and the sum of the
eight bytes before it, mod 256.
"""

from __future__ import annotations

import struct

from firmware_bridge.driver import Driver
from firmware_bridge.framing import REACH, FrameFormat, FrameParser, closed, plausible, sum8
from firmware_bridge.measurement import SettlingRule
from firmware_bridge.values import Sample

__all__ = ["DRIVER", "FRAME_SIZE", "GAP_S", "HEADER", "QUERY", "REACH", "STREAM", "Parser", "write_frame"]

HEADER = b"\x5a\x5a\x45\x04"
FRAME_SIZE = 9
QUERY = b"\xa5\x15\xba"
"""Asks for one frame and ends the stream."""
STREAM = b"\xa5\x45\xea"
"""Starts the stream."""
GAP_S = 0.5
"""A pause in the bytes after which nothing before it counts: 7 frames are missing."""


def _read_frame(frame: bytes, at: float) -> Sample | None:
    """Return the reading in nine bytes, or None when they are no plausible frame."""
    if frame[:4] != HEADER or sum8(frame[:8]) != frame[8]:
        return None
    object_centi, ambient_centi = struct.unpack(">hh", frame[4:8])
    return plausible(Sample(at=at, object_centi=object_centi, ambient_centi=ambient_centi))


def write_frame(object_centi: int, ambient_centi: int) -> bytes:
    """Return the frame the module sends for these temperatures, both centi-°C within int16."""
    return closed(HEADER + struct.pack(">hh", object_centi, ambient_centi))


FRAMES = FrameFormat(first=HEADER[0], size=FRAME_SIZE, read=_read_frame, gap_s=GAP_S)


class Parser(FrameParser):
    """Bytes of the stream to samples."""

    def __init__(self) -> None:
        super().__init__(FRAMES)


DRIVER = Driver(
    name="gy-mcu90614",
    baud=9600,
    start=STREAM,
    silence_s=1.5,
    rate_hz=14.0,
    rule=SettlingRule(window=7, agreeing=5, spread_centi=20, span_s=1.5),
    parser=Parser,
)
