"""What became of an update: left in the state folder by whoever tried it, taken into the log by the engine.

A command in a terminal and the engine's own schedule try in processes of their own, and only the engine writes the log.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum, unique
from pathlib import Path

from keys.printable import printable
from scanner.letterbox import Letterbox

FOLDER = "updates"
BOX = Letterbox(FOLDER, max_bytes=8 * 1024, max_waiting=200)
MAX_WORDS = 200
FAULT = "fault"
"""The cause where this program itself failed; the others are of `keys.errors.UpdateCause`."""
_CAUSE = re.compile("[a-z_]{1,48}")
NOT_GOOD = 3
"""Exit status of an update's process that has left its report and was refused, or had nothing to judge."""


@unique
class Result(StrEnum):
    """How an attempt ended."""

    TAKEN_IN = "taken_in"
    NOTHING_NEW = "nothing_new"
    UNREACHABLE = "unreachable"
    """There was nothing to judge: no network, no such folder."""
    REFUSED = "refused"
    """What was there did not hold, or could not be kept; the last proved state stays in force."""


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """One attempt."""

    at: int
    """Seconds since 1970 UTC, by the appliance's clock."""
    source: str
    result: Result
    why: str = ""
    """In words, where it was not to be had or refused, or not all of it was believed."""
    cause: str | None = None
    """The same as a word: `keys.errors.UpdateCause`."""
    generation: str | None = None
    """The proved state in force afterwards."""
    signed_time: int | None = None
    """When what is in force was published, seconds since 1970 UTC."""
    requests: int = 0
    received: int = 0
    """Bytes."""


def leave(state: Path, report: UpdateReport) -> None:
    """Put a report into `state`, whole or not at all. Raises OSError as the system does."""
    BOX.leave(state, asdict(replace(report, source=_words(report.source), why=_words(report.why))))


def take(state: Path) -> tuple[UpdateReport, ...]:
    """Return the reports that wait in `state`, oldest first, and remove them. One that cannot be read is dropped."""
    return BOX.take(state, _read)


def _read(fields: object) -> UpdateReport:
    """Check what a file says; raises ValueError."""
    if type(fields) is not dict:
        raise ValueError("it is no object")
    signed_time, generation = fields.get("signed_time"), fields.get("generation")
    return UpdateReport(
        at=_number(fields.get("at")),
        source=_words(fields.get("source")),
        result=Result(str(fields.get("result"))),
        why=_words(fields.get("why")),
        cause=_word(fields.get("cause")),
        generation=None if generation is None else _words(generation),
        signed_time=None if signed_time is None else _number(signed_time),
        requests=_number(fields.get("requests")),
        received=_number(fields.get("received")),
    )


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError("it lacks a number")
    return value


def _word(value: object) -> str | None:
    return value if type(value) is str and _CAUSE.fullmatch(value) else None


def _words(value: object) -> str:
    return printable(str(value))[:MAX_WORDS]
