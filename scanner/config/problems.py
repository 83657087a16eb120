"""What is wrong in a file that a person wrote: where, what was expected, what stands there, what was meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. Words are for the person who repairs the file."""

    file: str
    line: int | None
    """From 1; None where no line is to blame, such as a missing file."""
    key: str
    """Such as `lane[1].camera.width`; empty for the file as a whole."""
    expected: str
    got: str
    suggestion: str | None = None
    """What was probably meant."""


class ConfigError(Exception):
    """A file cannot be used; every fault found in it is in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(describe(problem) for problem in self.problems))


def describe(problem: Problem) -> str:
    """Return one problem as one line: place, key, what is expected, what was found, and what was probably meant."""
    place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
    parts = [place]
    if problem.key:
        parts.append(problem.key)
    text = f"{': '.join(parts)}: expected {problem.expected}, got {problem.got}"
    if problem.suggestion is not None:
        text += f"; did you mean {problem.suggestion}?"
    return text
