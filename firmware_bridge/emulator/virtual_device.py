"""What every virtual device has: a line that can be pulled out and put back, and the faults that happen on it."""

from __future__ import annotations

import math
import random
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_bridge.emulator.faults import Faults
from firmware_bridge.emulator.line import VirtualLine

FOREVER = math.inf


class VirtualDevice(ABC):
    """A device at `link`. Every public method may be called from any thread; a fault holds from the next message on.

    A kind of device says what it does when bytes arrive, when its turn comes, and when power comes or goes
    (`firmware_bridge.emulator.line.Device`). As a context it is started and stopped. Raises EmulatorError from `start`
    when the link cannot be made.
    """

    def __init__(self, link: Path, chance: random.Random, *, baud: int | None = None) -> None:
        """`baud`: the only speed at which it is understood; None: any."""
        self._faults = Faults(chance)
        self._line = VirtualLine(link, self, baud=baud)

    @property
    def link(self) -> Path:
        """Where hosts open it."""
        return self._line.link

    @property
    def plugged(self) -> bool:
        """Whether it is plugged in."""
        return self._line.plugged

    def start(self) -> None:
        """Plug it in and let it run."""
        self._line.start()

    def stop(self) -> None:
        """Pull it for good."""
        self._line.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def unplug(self) -> None:
        """Pull the adapter out: the device loses its power with it."""
        self._line.call(self._line.unplug)

    def replug(self) -> None:
        """Put the adapter back, as a new device behind the same link."""
        self._line.call(self._line.plug)

    def silence(self, seconds: float = FOREVER) -> None:
        """Send nothing for so long, and do what is commanded nonetheless; 0 ends a silence."""
        self._line.call(lambda: self._faults.silence(time.monotonic() + seconds))

    def garbage(self, size: int) -> None:
        """Send so many random bytes between two messages."""
        self._line.call(lambda: self._faults.garbage(size, time.monotonic()))

    def wrong_checksums(self, share: float) -> None:
        """Damage the checksum of this share of messages, 0 to 1."""
        self._line.call(lambda: self._faults.wrong_checksums(share))

    def late(self, seconds: float) -> None:
        """Hold every message back for so long."""
        self._line.call(lambda: self._faults.late(seconds))

    @abstractmethod
    def received(self, data: bytes, now: float) -> None:
        """Take bytes from the host, in the line's thread."""

    @abstractmethod
    def turn(self, now: float) -> float:
        """Do what is due; returns when to be called again at the latest. In the line's thread."""

    @abstractmethod
    def powered(self, on: bool) -> None:
        """Take note of having been plugged in or pulled, in the line's thread."""
