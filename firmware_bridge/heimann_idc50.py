"""The iDC50 kiosk module with Heimann's thermopile: two frames a second, in tenths of a degree.

Frame: AA 55 06, whole degrees, tenths, and the sum of the five bytes before it, mod 256. It tells neither its own
temperature nor what it makes the number of: a kiosk module gives what it takes for the body's temperature, so its
readings are marked as estimates and count only where the policy accepts those.
"""

from __future__ import annotations

from firmware_bridge.driver import Driver
from firmware_bridge.framing import FrameFormat, FrameParser, closed, plausible, sum8
from firmware_bridge.measurement import SettlingRule
from firmware_bridge.values import Method, Sample

HEADER = b"\xaa\x55\x06"
FRAME_SIZE = 6


def _read_frame(frame: bytes, at: float) -> Sample | None:
    """Return the reading in six bytes, or None when they are no plausible frame."""
    if frame[:3] != HEADER or sum8(frame[:5]) != frame[5] or frame[4] > 9:
        return None
    centi = frame[3] * 100 + frame[4] * 10
    return plausible(Sample(at=at, object_centi=centi, ambient_centi=None, method=Method.MODULE_ESTIMATE))


def write_frame(object_centi: int) -> bytes:
    """Return the frame the module sends for a temperature, centi-°C from 0 to 25,590, rounded down to tenths."""
    return closed(HEADER + bytes(divmod(object_centi // 10, 10)))


FRAMES = FrameFormat(first=HEADER[0], size=FRAME_SIZE, read=_read_frame, gap_s=1.7)


class Parser(FrameParser):
    """Bytes of the stream to samples."""

    def __init__(self) -> None:
        super().__init__(FRAMES)


DRIVER = Driver(
    name="heimann-idc50",
    baud=115200,
    start=b"",
    silence_s=3.0,
    rate_hz=2.0,
    rule=SettlingRule(
        window=4,
        agreeing=3,
        spread_centi=20,
        span_s=2.0,
        gap_s=1.2,
        silence_s=2.0,
        unsteady_s=6.0,
        patience_s=2.0,
    ),
    stuck_s=60.0,
    parser=Parser,
)
