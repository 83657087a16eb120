"""The MLX90614 behind our gate controller: ten readings a second among the other frames of the gate's link.

Each frame stands under a CRC-32 and the sensor's own packet error code was checked before, so that a frame counts
alone. Readings are raw; `firmware_bridge.measurement` makes a temperature of them as of any other module's.
"""

from __future__ import annotations

from firmware_bridge import link
from firmware_bridge.driver import Driver
from firmware_bridge.measurement import SettlingRule
from firmware_bridge.values import Sample

NAME = "controller"

_COMPLAINTS = {
    link.PROBE_ABSENT: "no MLX90614 answers on the gate controller's wires",
    link.PROBE_CHECKSUM: "what the MLX90614 says arrives damaged: shorten or twist its cable",
    link.PROBE_FAULT: "the MLX90614 says that it has no reading: replace it",
}


class Parser:
    """Bytes of the gate's link to samples; keeps at most one unfinished frame."""

    def __init__(self) -> None:
        self._reader = link.FrameReader()
        self.complaint = ""
        """In words, what the controller says is wrong with its sensor; empty: nothing."""

    def feed(self, data: bytes, at: float) -> list[Sample]:
        """Return the samples that `data`, received at `at` (monotonic seconds), completes, oldest first."""
        samples = []
        for _, kind, body in self._reader.feed(data):
            if kind == link.SAMPLE and (read := link.read_sample(body)):
                samples.append(Sample(at=at, object_centi=read[1], ambient_centi=read[2]))
            elif kind == link.STATE and (state := link.read_state(body)):
                self.complaint = _COMPLAINTS.get(state[5], "")
        return samples


DRIVER = Driver(
    name=NAME,
    baud=115200,
    start=b"",
    silence_s=1.5,
    rate_hz=10.0,
    rule=SettlingRule(window=7, agreeing=5, spread_centi=20, span_s=1.5),
    parser=Parser,
)
