"""An order to open a gate, and what can become of it: exactly one event for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class GateFault(StrEnum):
    """Why an opening is not known to have happened."""

    NOT_CONNECTED = "not_connected"
    """There was no session with the device: nothing was sent."""
    NO_ANSWER = "no_answer"
    """Sent, and never answered: the barrier may have opened."""
    LOST = "lost"
    """The line was lost before the answer: the barrier may have opened."""
    REFUSED = "refused"
    """The device said no: the barrier did not open for this."""


@dataclass(frozen=True, slots=True)
class GateConfirmed:
    """The device says that it has begun the pulse. `token` is the journal's seq of the passage."""

    token: int
    latency_ms: float
    """From the order to the confirmation."""


@dataclass(frozen=True, slots=True)
class GateCommanded:
    """The command has left for a device that never answers: nobody knows whether the barrier opened."""

    token: int
    latency_ms: float
    """From the order until its bytes were handed to the line."""


@dataclass(frozen=True, slots=True)
class GateFailed:
    """The opening is not confirmed and will not be tried again."""

    token: int
    why: GateFault


GateEvent = GateConfirmed | GateCommanded | GateFailed


@dataclass(frozen=True, slots=True)
class Opening:
    """One order to open; `ordered_at` is monotonic seconds."""

    token: int
    pulse_ms: int
    ordered_at: float
