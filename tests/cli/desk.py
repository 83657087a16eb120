"""What tests of `checkpoint authority` run its commands with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed."""

    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, object]]:
        """Its output read as one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Done]
"""Arguments after `checkpoint authority`, `stdin` as text, and the exit `status` that is expected."""
