"""What the engine tells its caller about each passage: one object a line, with the times of the path to the gate."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import IntEnum
from functools import partial
from typing import Annotated, Final

from pydantic import BeforeValidator, TypeAdapter

from keys.reasons import Reason
from keys.verdict import Colour
from scanner.values import Outcome

log = logging.getLogger(__name__)

MAX_WAITING = 1000
"""Reports kept for a reader who does not come round; the log has every passage anyway."""


def _member(kind: type[IntEnum], value: object) -> object:
    """Find a member by its name in lower case; what is no name is left to the ordinary check."""
    return next((one for one in kind if isinstance(value, str) and one.name.lower() == value), value)


@dataclass(frozen=True, slots=True)
class PassageReport:
    """One decided passage. Times ending in `_ns` are CLOCK_MONOTONIC nanoseconds, comparable between processes."""

    lane: str
    seq: int | None
    """None: it could not be recorded."""
    at: int
    outcome: Annotated[Outcome, BeforeValidator(partial(_member, Outcome))]
    reasons: tuple[Reason, ...]
    colour: Annotated[Colour | None, BeforeValidator(partial(_member, Colour))]
    temperature_centi: int | None
    frame_ns: int
    """When the frame in which the code was read had been captured."""
    ready_ns: int
    """When everything the decision needed was known: the code, or the temperature after it."""
    committed_ns: int | None
    gate_ns: int | None
    """When the gate's command was issued; None: the gate stayed closed."""
    override: Reason | None = None
    by_hand: bool = False
    """Registered by staff, without a code."""

    def to_json(self) -> str:
        """Return the report as one line of JSON, outcome by name."""
        plain = asdict(self)
        plain["outcome"] = self.outcome.name.lower()
        plain["colour"] = None if self.colour is None else self.colour.name.lower()
        return json.dumps(plain)

    @staticmethod
    def from_json(line: str | bytes) -> PassageReport:
        """Read what `to_json` wrote. Raises ValueError when it is anything else."""
        return _REPORT.validate_json(line)


_REPORT: Final = TypeAdapter(PassageReport)


class Reporter:
    """Tells reports in a thread of its own: a reader who is slow, or has gone, holds up no lane."""

    def __init__(self, tell: Callable[[PassageReport], None]) -> None:
        self._tell = tell
        self._queue: queue.Queue[PassageReport | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def report(self, report: PassageReport) -> None:
        """Have a report told; returns at once."""
        try:
            self._queue.put_nowait(report)
        except queue.Full:
            log.warning("nobody reads the reports of passages: one is left out")

    def stop(self, timeout: float = 1.0) -> None:
        """Tell what waits, then end; harmless when not started."""
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        has_failed = False
        while (report := self._queue.get()) is not None:
            try:
                self._tell(report)
            except (OSError, ValueError) as error:  # a pipe whose reader has gone, a closed file, another encoding
                if not has_failed:
                    log.warning("passages cannot be reported any more: %s", error)
                has_failed = True
            else:
                has_failed = False
