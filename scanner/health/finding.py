"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Grade(StrEnum):
    """How grave a finding is."""

    GOOD = "good"
    WARNING = "warning"
    """The appliance works, with less than it could have."""
    FAILED = "failed"
    """People cannot be passed as they should until this is put right."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    part: str
    """What was checked, such as `camera`."""
    grade: Grade
    sentence: str
    """What was found."""
    advice: str = ""
    """What to do about it; empty when all is well."""
    lane: str | None = None
    """The lane whose device it is."""


def good(part: str, sentence: str, *, lane: str | None = None) -> Finding:
    """Make a finding that all is well."""
    return Finding(part, Grade.GOOD, sentence, "", lane)


def warning(part: str, sentence: str, advice: str, *, lane: str | None = None) -> Finding:
    """Make a finding that something could be better."""
    return Finding(part, Grade.WARNING, sentence, advice, lane)


def failed(part: str, sentence: str, advice: str, *, lane: str | None = None) -> Finding:
    """Make a finding that something does not work."""
    return Finding(part, Grade.FAILED, sentence, advice, lane)


def span(seconds: float) -> str:
    """Return a length of time in words: `40 minutes`, `3 hours`, `12 days`."""
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        count = int(seconds // size)
        if count >= (2 if size > 60 else 1):
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a minute"
