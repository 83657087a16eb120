"""How a command fails: one clear sentence on standard error and a non-zero exit status."""

from __future__ import annotations

from typing import NoReturn


class CommandError(Exception):
    """The command cannot go on; the text says what, where, and what to do."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def fail(message: str, status: int = 1) -> NoReturn:
    """End the command with a sentence and an exit status."""
    raise CommandError(message, status)
