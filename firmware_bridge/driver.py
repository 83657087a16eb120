"""What a thermometer driver is: what is said to the module, how its readings settle, and a pure parser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firmware_bridge.measurement import SettlingRule
from firmware_bridge.values import LinkState, Sample


class Parser(Protocol):
    """Bytes to samples; keeps what it has not understood yet, and does no IO."""

    @property
    def complaint(self) -> str:
        """In words, what the device itself said is wrong; empty: nothing."""

    def feed(self, data: bytes, at: float) -> list[Sample]:
        """Return the samples that `data`, received at `at` (monotonic seconds), completes. Never raises."""


class Line(Protocol):
    """What a thermometer needs of its line: `firmware_bridge.transport.SerialPort` is one, and so is a `Tap`."""

    name: str
    state: LinkState
    detail: str
    openings: int

    def wait(self, timeout: float) -> bytes:
        """Bytes that came within `timeout` seconds; empty when none did, on `wake`, and while the line is lost."""

    def write(self, data: bytes) -> bool:
        """Send; false when the line is lost."""

    def discard(self) -> None:
        """Throw away what waits unread."""

    def reopen(self) -> None:
        """Close the line and open it with the next `wait`."""

    def wake(self) -> None:
        """Make the `wait` of another thread return at once."""

    def close(self) -> None:
        """Give the line back."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One kind of thermometer."""

    name: str
    """As in `config.toml`."""
    baud: int
    """Speed of the line as the module is sold."""
    start: bytes
    """Sent when the line opens and when the module falls silent; empty: the module speaks by itself."""
    silence_s: float
    """Without a valid frame for this long, the module counts as silent."""
    rate_hz: float
    """Frames a second, about."""
    rule: SettlingRule
    parser: Callable[[], Parser]
    ask: bytes = b""
    """Asks for one reading; empty: the module sends them unasked."""
    ask_every_s: float = 0.0
    """How long after one question the next is asked, once there is an answer."""
    answer_s: float = 0.0
    """How long an answer is waited for before the question is asked again."""
    stuck_s: float = 5.0
    """A warm reading that has not moved for so long is not believed: the coarser the module's step, the longer."""
