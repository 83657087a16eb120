"""The GY-614V3 infrared module: a stream of up to ten frames a second, with a body estimate that is left alone.

Frame: A4 03 07 07, the emissivity in per cent, object, ambient and estimated body temperature as signed big-endian
hundredths of a degree, and the sum of the eleven bytes before it, mod 256. It is the module's answer to "read seven
registers from register 7", which it repeats by itself in continuous mode.

The module's body estimate follows a rule its maker does not tell. The object temperature is what was measured, so that
is what counts.
"""

from __future__ import annotations

import struct

from firmware_bridge.driver import Driver
from firmware_bridge.framing import FrameFormat, FrameParser, closed, plausible, sum8
from firmware_bridge.measurement import SettlingRule
from firmware_bridge.values import Sample

HEADER = b"\xa4\x03\x07\x07"
FRAME_SIZE = 12
QUERY_MODE = b"\xa4\x06\x03\x01\xae"
"""Register 3 = 1: the module speaks only when it is asked."""
CONTINUOUS_MODE = b"\xa4\x06\x03\x00\xad"
"""Register 3 = 0."""
TEN_A_SECOND = b"\xa4\x06\x02\x03\xaf"
"""Register 2 = 3: ten frames a second, of 1, 2, 5 and 10. Neither is saved: it lasts until the module loses power."""
READ = b"\xa4\x03\x07\x07\xb5"
"""Asks for one frame, in either mode."""
EMISSIVITIES = range(1, 101)
"""Per cent."""


def _read_frame(frame: bytes, at: float) -> Sample | None:
    """Return the reading in twelve bytes, or None when they are no plausible frame."""
    if frame[:4] != HEADER or sum8(frame[:11]) != frame[11] or frame[4] not in EMISSIVITIES:
        return None
    object_centi, ambient_centi = struct.unpack(">hh", frame[5:9])
    return plausible(Sample(at=at, object_centi=object_centi, ambient_centi=ambient_centi))


def write_frame(object_centi: int, ambient_centi: int, body_centi: int, emissivity: int = 98) -> bytes:
    """Return the frame the module sends: temperatures in centi-°C within int16, emissivity in per cent."""
    return closed(HEADER + struct.pack(">Bhhh", emissivity, object_centi, ambient_centi, body_centi))


FRAMES = FrameFormat(first=HEADER[0], size=FRAME_SIZE, read=_read_frame, gap_s=0.6)


class Parser(FrameParser):
    """Bytes of the stream to samples."""

    def __init__(self) -> None:
        super().__init__(FRAMES)


DRIVER = Driver(
    name="gy-614v3",
    baud=9600,
    start=TEN_A_SECOND + CONTINUOUS_MODE,
    silence_s=1.5,
    rate_hz=10.0,
    rule=SettlingRule(window=7, agreeing=5, spread_centi=20, span_s=1.5),
    parser=Parser,
)
