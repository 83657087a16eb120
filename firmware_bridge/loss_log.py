"""One device's losses and returns as lines of the program's log: one each, of a loose plug only some, with counts."""

from __future__ import annotations

import logging
from typing import Final

from firmware_bridge.allowance import Allowance, Limit

LOSSES: Final = Limit(at_once=20, every_s=60.0)
"""Twenty losses as they happen; then one a minute, which says how many it stands for."""


class LossLog:
    """Where one device, or the line to it, says that it is lost and that it is back."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._allowance = Allowance(LOSSES)
        self._said = False
        self._left_out = 0

    def lost(self, now: float, message: str, name: str, *words: str) -> None:
        """Say a loss at `now`, monotonic seconds; `message` takes the name and the words."""
        self._said = self._allowance.take(now)
        if not self._said:
            self._left_out += 1
            return
        left_out, self._left_out = self._left_out, 0
        if left_out:
            self._log.warning(f"{message} (and %d times before, since it was last said)", name, *words, left_out)
        else:
            self._log.warning(message, name, *words)

    def back(self, message: str, name: str, *words: str) -> None:
        """Say a return, unless its loss was left out."""
        if self._said:
            self._log.info(message, name, *words)
