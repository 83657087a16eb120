"""What the engine tells its caller about each passage: one object, with the times of the path to the gate."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from keys.reasons import Reason
from keys.verdict import Colour
from scanner.values import Outcome


@dataclass(frozen=True, slots=True)
class PassageReport:
    """One decided passage. Times ending in `_ns` are CLOCK_MONOTONIC nanoseconds, comparable between processes."""

    lane: str
    seq: int | None
    """None: it could not be recorded."""
    at: int
    outcome: Outcome
    reasons: tuple[Reason, ...]
    colour: Colour | None
    temperature_centi: int | None
    frame_ns: int
    """When the frame in which the code was read had been captured."""
    ready_ns: int
    """When everything the decision needed was known: the code, or the temperature after it."""
    committed_ns: int | None
    gate_ns: int | None
    """When the gate's command was issued; None: the gate stayed closed."""
    override: Reason | None = None

    def to_json(self) -> str:
        """Return the report as one line of JSON, outcome by name."""
        plain = asdict(self)
        plain["outcome"] = self.outcome.name.lower()
        plain["colour"] = None if self.colour is None else self.colour.name.lower()
        return json.dumps(plain)
