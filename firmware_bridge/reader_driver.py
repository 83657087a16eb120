"""What a code reader's driver is: how it is triggered, and a pure parser of what it sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

from firmware_bridge.values import Scan

MAX_TEXT: Final = 4296
"""Characters: what the largest QR code holds."""


class Heard(Enum):
    """What else than a text can come from a reader."""

    TRIGGER_TAKEN = auto()
    """It has understood its trigger, and looks for a code."""
    NONSENSE = auto()
    """What came is no text, was cut short, or is longer than any code."""


class TextParser(Protocol):
    """Bytes to texts; keeps what it has not understood yet, and does no IO."""

    def feed(self, data: bytes, at: float) -> list[Scan | Heard]:
        """Return what `data`, received at `at` (monotonic seconds), completes. Never raises."""


@dataclass(frozen=True, slots=True)
class ReaderDriver:
    """One kind of code reader."""

    name: str
    """As in `config.toml`."""
    baud: int
    """Speed of its line as it is sold; 0: it has none."""
    trigger: bytes
    """Makes it look for a code, where it waits for that; empty: it looks by itself."""
    parser: Callable[[], TextParser]
