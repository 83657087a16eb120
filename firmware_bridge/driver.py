"""What a thermometer driver is: the bytes that start it, how it settles, and a pure parser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firmware_bridge.measurement import SettlingRule
from firmware_bridge.values import Sample


class Parser(Protocol):
    """Bytes to samples; keeps what it has not understood yet, and does no IO."""

    def feed(self, data: bytes, at: float) -> list[Sample]:
        """Return the samples that `data`, received at `at` (monotonic seconds), completes. Never raises."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One kind of thermometer."""

    name: str
    """As in `config.toml`."""
    start: bytes
    """Sent when the line opens and when the module falls silent; empty: the module speaks by itself."""
    silence_s: float
    """Without a valid frame for this long, the module counts as silent."""
    rate_hz: float
    rule: SettlingRule
    parser: Callable[[], Parser]
