"""The LU90614 infrared module: one frame for each time it is asked.

Frame: FE, AA for an object's temperature or AC for the module's body estimate, whole degrees, hundredths, four zeros,
and the sum of the eight bytes before it, mod 256. It cannot say less than 0 °C, and tells nothing of its own
temperature.

The module is set to objects, since its body estimate follows a rule its maker does not tell. One that was left in body
mode and does not obey is read as well; its readings are marked as estimates.
"""

from __future__ import annotations

from firmware_bridge.driver import Driver
from firmware_bridge.framing import FrameFormat, FrameParser, closed, plausible, sum8
from firmware_bridge.measurement import SettlingRule
from firmware_bridge.values import Method, Sample

FIRST = 0xFE
METHODS = {0xAA: Method.INFRARED, 0xAC: Method.MODULE_ESTIMATE}
"""The second byte: what the number is."""
RESERVED = bytes(4)
FRAME_SIZE = 9
BODY_MODE = b"\xfa\xc5\xbf"
OBJECT_MODE = b"\xfa\xc6\xc0"
"""Both are kept by the module without power."""
MEASURE = b"\xfa\xca\xc4"
"""Asks for one frame."""


def _read_frame(frame: bytes, at: float) -> Sample | None:
    """Return the reading in nine bytes, or None when they are no plausible frame."""
    method = METHODS.get(frame[1])
    if frame[0] != FIRST or method is None or frame[4:8] != RESERVED or sum8(frame[:8]) != frame[8] or frame[3] > 99:
        return None
    return plausible(Sample(at=at, object_centi=frame[2] * 100 + frame[3], ambient_centi=None, method=method))


def write_frame(object_centi: int, method: Method = Method.INFRARED) -> bytes:
    """Return the frame the module sends for a temperature, centi-°C from 0 to 25,599."""
    kind = next(byte for byte, one in METHODS.items() if one is method)
    return closed(bytes((FIRST, kind, *divmod(object_centi, 100))) + RESERVED)


FRAMES = FrameFormat(first=FIRST, size=FRAME_SIZE, read=_read_frame, gap_s=1.2)


class Parser(FrameParser):
    """Bytes of its answers to samples."""

    def __init__(self) -> None:
        super().__init__(FRAMES)


DRIVER = Driver(
    name="lu90614",
    baud=9600,
    start=OBJECT_MODE,
    ask=MEASURE,
    ask_every_s=0.15,
    answer_s=0.6,
    silence_s=2.0,
    rate_hz=6.0,
    rule=SettlingRule(window=5, agreeing=4, spread_centi=20, span_s=1.5, gap_s=0.8, silence_s=1.5),
    stuck_s=10.0,
    parser=Parser,
)
