"""What became of an update: left in the state folder by whoever tried it, taken into the log by the engine.

A command in a terminal and the engine's own schedule try in processes of their own, and only the engine writes the log.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum, unique
from pathlib import Path

from keys.printable import printable
from scanner.files import give_to_owner, replace_file

LOG = logging.getLogger(__name__)

FOLDER = "updates"
SUFFIX = ".json"
MAX_BYTES = 8 * 1024
MAX_WAITING = 200
"""Reports that may wait for an engine; of more, the oldest are dropped."""
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
    folder = state / FOLDER
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            give_to_owner(handle, state)
        finally:
            os.close(handle)
    waiting = sorted(folder.glob(f"*{SUFFIX}"))
    for old in waiting[: max(0, len(waiting) - MAX_WAITING + 1)]:
        old.unlink(missing_ok=True)
    name = f"{time.time_ns():020d}-{os.getpid()}{SUFFIX}"
    fit = replace(report, source=_words(report.source), why=_words(report.why))
    replace_file(folder / name, json.dumps(asdict(fit), ensure_ascii=False).encode(), mode=0o600)


def take(state: Path) -> tuple[UpdateReport, ...]:
    """Return the reports that wait in `state`, oldest first, and remove them. One that cannot be read is dropped."""
    found = []
    for path in sorted((state / FOLDER).glob(f"*{SUFFIX}"))[:MAX_WAITING]:
        try:
            with path.open("rb") as file:
                found.append(_read(file.read(MAX_BYTES + 1)))
        except (OSError, ValueError, RecursionError) as error:
            LOG.warning("the report of an update in %s cannot be read: %s", path, error)
        with contextlib.suppress(OSError):
            path.unlink()
    return tuple(found)


def _read(data: bytes) -> UpdateReport:
    """Check what a file says; raises ValueError."""
    fields = json.loads(data)
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
