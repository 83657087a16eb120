"""Small files that commands and other processes leave in the state folder for the engine: whole or not, in order.

Only the engine writes the log. Whoever else has something for it leaves a file of JSON, and goes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from scanner.files import give_to_owner, replace_file

LOG = logging.getLogger(__name__)
_SUFFIX: Final = ".json"
Letter = TypeVar("Letter")


@dataclass(frozen=True, slots=True)
class Letterbox:
    """One folder below the state folder, for one kind of letter."""

    name: str
    max_bytes: int
    """Of one letter."""
    max_waiting: int
    """Letters that may wait for an engine; of more, the oldest are dropped."""

    def leave(self, state: Path, fields: Mapping[str, object]) -> None:
        """Put a letter in. Raises OSError."""
        folder = state / self.name
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                give_to_owner(handle, state)
            finally:
                os.close(handle)
        waiting = self._waiting(state)
        for old in waiting[: max(0, len(waiting) - self.max_waiting + 1)]:
            old.unlink(missing_ok=True)
        name = f"{time.time_ns():020d}-{os.getpid()}{_SUFFIX}"
        replace_file(folder / name, json.dumps(fields, ensure_ascii=False).encode(), mode=0o600)

    def take(self, state: Path, read: Callable[[object], Letter]) -> tuple[Letter, ...]:
        """Return what waits, oldest first, and remove it.

        `read` checks what a letter says and raises ValueError where it does not hold; such a letter is dropped.
        """
        found: list[Letter] = []
        for path in self._waiting(state)[: self.max_waiting]:
            try:
                with path.open("rb") as file:
                    found.append(read(json.loads(file.read(self.max_bytes + 1))))
            except (OSError, ValueError, RecursionError) as error:
                LOG.warning("%s cannot be read: %s", path, error)
            with contextlib.suppress(OSError):
                path.unlink()
        return tuple(found)

    def _waiting(self, state: Path) -> list[Path]:
        return sorted((state / self.name).glob(f"*{_SUFFIX}"))
