"""What goes wrong on a virtual line: silence, garbage, wrong checksums, late and missing bytes. Pure and seeded."""

from __future__ import annotations

import random
from collections import deque


class Faults:
    """Stands between a device and its line: takes what the device says, gives what arrives. Times: monotonic s."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._silent_until = 0.0
        self._wrong_share = 0.0
        self._late_s = 0.0
        self._drops = 0
        self._held: deque[tuple[float, bytes]] = deque()

    def silence(self, until: float) -> None:
        """Say nothing until then; what would have been said is never said."""
        self._silent_until = until

    def wrong_checksums(self, share: float) -> None:
        """Damage the checksum of this share of frames, 0 to 1."""
        self._wrong_share = share

    def late(self, seconds: float) -> None:
        """Hold every frame back for so long."""
        self._late_s = seconds

    def drop(self, frames: int) -> None:
        """Lose the next frames whole."""
        self._drops = frames

    def garbage(self, size: int, now: float) -> None:
        """Say `size` random bytes next."""
        self._held.append((now, self._chance.randbytes(size)))

    def say(self, frame: bytes, checksum_at: int, now: float) -> None:
        """Take one frame; `checksum_at` is the index of a byte that only the checksum holds."""
        if now < self._silent_until:
            return
        if self._drops:
            self._drops -= 1
            return
        if self._chance.random() < self._wrong_share:
            # Never to 0x00, which would end a frame of the gate link and make two faults of one.
            damaged = bytearray(frame)
            damaged[checksum_at] = damaged[checksum_at] % 255 + 1
            frame = bytes(damaged)
        self._held.append((now + self._late_s, frame))

    def arriving(self, now: float) -> bytes:
        """Return what reaches the line by now."""
        out = b""
        while self._held and self._held[0][0] <= now:
            out += self._held.popleft()[1]
        return out

    def next_at(self) -> float | None:
        """When the next bytes reach the line, or None."""
        return self._held[0][0] if self._held else None

    def forget(self) -> None:
        """Power is gone: what was on its way is lost, and so is a silence."""
        self._held.clear()
        self._silent_until = 0.0
