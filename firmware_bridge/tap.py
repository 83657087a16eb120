"""A line within a line: what one device's thread reads from a serial port, for another device behind the same port.

The gate controller has a thermometer of its own. The gate's thread owns the serial line and feeds the tap with what it
reads; the thermometer's thread uses the tap as if it were its line. Nothing can be sent through a tap.
"""

from __future__ import annotations

import threading

from firmware_bridge.values import LinkState

MOST_HELD = 4096
"""Bytes kept for a reader that does not come; of more the oldest are lost, as in a terminal."""


class Tap:
    """Behind `name`. `feed` and `follow` belong to the thread of the line, all else to the reader's, as of a port's."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = LinkState.CONNECTING
        self.detail = ""
        self.openings = 0
        self._news = threading.Condition()
        self._held = bytearray()
        self._woken = False

    def feed(self, data: bytes) -> None:
        """Hand bytes to the reader."""
        with self._news:
            self._held += data
            del self._held[:-MOST_HELD]
            self._news.notify()

    def follow(self, state: LinkState, detail: str) -> None:
        """Come and go with the line. What it held before is gone with it."""
        with self._news:
            if state is LinkState.UP and self.state is not LinkState.UP:
                self.openings += 1
                self._held.clear()
            self.state, self.detail = state, detail
            self._news.notify()

    def wait(self, timeout: float) -> bytes:
        """Bytes that came within `timeout` seconds; empty when none did, on `wake`, and when the line comes or goes."""
        with self._news:
            if not (self._held or self._woken):
                self._news.wait(timeout)
            self._woken = False
            data = bytes(self._held)
            self._held.clear()
        return data

    def wake(self) -> None:
        """Make `wait` return at once."""
        with self._news:
            self._woken = True
            self._news.notify()

    def write(self, data: bytes) -> bool:  # noqa: ARG002  a port's method
        """Send nothing."""
        return False

    def discard(self) -> None:
        """Throw away what waits unread."""
        with self._news:
            self._held.clear()

    def reopen(self) -> None:
        """Leave the line to whom it belongs."""

    def close(self) -> None:
        """Give nothing back: there is nothing of its own."""
