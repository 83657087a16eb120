"""A virtual code reader on a pty: a GM65, or one that types like a keyboard."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Final

from firmware_bridge import gm65, keyboard
from firmware_bridge.emulator.virtual_device import FOREVER, VirtualDevice

LOOKS_S = 5.0
"""How long the reader looks for a code after its trigger."""
HELD_S = 3.0
"""How long somebody holds a code before a reader that is not looking."""
READING_S = 0.05
"""From code and trigger to the text."""
STROKES: Final = 40 * keyboard.EVENT.size
STROKES_S: Final = 0.02
"""Ten keys in 20 ms: USB asks a keyboard once a millisecond at most, and a key is pressed and let go."""


class VirtualReader(VirtualDevice):
    """The reader at `link`; `model` is the name of its driver.

    `waits`: it looks for a code only when it is triggered, as a GM65 can be set to; else it reads by itself.
    """

    def __init__(
        self, link: Path, *, model: str = "gm65", waits: bool = False, seed: int = 0, baud: int | None = None
    ) -> None:
        super().__init__(link, random.Random(seed), baud=baud)  # noqa: S311  repeatable faults, no secret
        self._types = model == keyboard.DRIVER.name
        self._waits = waits and not self._types
        self._text: str | None = None
        self._held_until = 0.0
        self._looks_until = 0.0
        self._received = b""
        self.triggers = 0
        """Triggers since the start."""

    def scan(self, text: str) -> None:
        """Somebody holds up a code. Raises ValueError where the reader cannot type it."""
        if self._types:
            try:
                keyboard.key_events(text)
            except KeyError as error:
                raise ValueError(f"no key types {error}") from error
        self._line.call(lambda: self._show(text, time.monotonic()))

    def received(self, data: bytes, now: float) -> None:
        """Obey the trigger; anything else is noise."""
        self._received = (self._received + data)[-64:]
        while self._waits and gm65.TRIGGER in self._received:
            self._received = self._received.partition(gm65.TRIGGER)[2]
            self.triggers += 1
            self._looks_until = now + LOOKS_S
            self._faults.say(gm65.TAKEN, len(gm65.TAKEN) - 1, now)
        self.turn(now)

    def turn(self, now: float) -> float:
        """Read what is held up, and send what is due."""
        if self._text is not None and (not self._waits or now < self._looks_until):
            text, self._text = self._text, None
            self._looks_until = 0.0
            if now < self._held_until:
                self._say(text, now + READING_S)
        self._line.send(self._faults.arriving(now))
        arrival = self._faults.next_at()
        return FOREVER if arrival is None else arrival

    def _say(self, text: str, at: float) -> None:
        """Send a text. A damaged byte is another character: nothing on this line holds a checksum."""
        if not self._types:
            self._faults.say(text.encode() + b"\r", len(text) // 2, at)
            return
        events = keyboard.key_events(text)
        for number, start in enumerate(range(0, len(events), STROKES)):
            self._faults.say(events[start : start + STROKES], 18, at + number * STROKES_S)

    def powered(self, on: bool) -> None:  # noqa: ARG002  pulled or plugged, it forgets
        """Forget."""
        self._faults.forget()
        self._received = b""
        self._text = None
        self._looks_until = 0.0

    def _show(self, text: str, now: float) -> None:
        self._text, self._held_until = text, now + HELD_S
        self.turn(now)
