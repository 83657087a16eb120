"""The GM65 and GM861 code readers on a serial line: an optional trigger, and each text with a carriage return.

The line has no checksum. A text that is damaged on its way is not believed further on, since its signature does not
hold; what is plainly no text, is cut short or never ends is dropped here.
"""

from __future__ import annotations

from firmware_bridge.reader_driver import MAX_TEXT, Heard, ReaderDriver
from firmware_bridge.values import Scan

TRIGGER = b"\x7e\x00\x08\x01\x00\x02\x01\xab\xcd"
"""Sets bit 0 of zone 2: look for a code now. `AB CD` stands for a checksum that the reader need not check."""
TAKEN = b"\x02\x00\x00\x01\x00\x33\x31"
"""What it answers. No text holds its zeros."""
ENDS = (0x0D, 0x0A)
GAP_S = 0.5
"""A text comes without a pause, 4,296 characters in 4.5 s at 9600 baud."""


class Parser:
    """Bytes of the line to texts. Keeps at most one text, whatever comes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._overflow = False
        self._last_at: float | None = None

    def feed(self, data: bytes, at: float) -> list[Scan | Heard]:
        """Return the texts that `data` ends, and what else was heard, in order."""
        if not data:
            return []
        found: list[Scan | Heard] = []
        if self._last_at is not None and at - self._last_at > GAP_S and (self._held or self._overflow):
            self._drop(found)
        self._last_at = at
        for byte in data:
            if byte in ENDS:
                self._end(found, at)
                continue
            self._held.append(byte)
            if byte == TAKEN[-1] and self._held.endswith(TAKEN):
                del self._held[-len(TAKEN) :]
                found.append(Heard.TRIGGER_TAKEN)
            elif len(self._held) > MAX_TEXT:
                self._held.clear()
                self._overflow = True
                found.append(Heard.NONSENSE)
        return found

    def _end(self, found: list[Scan | Heard], at: float) -> None:
        if self._overflow:  # said already
            self._held.clear()
            self._overflow = False
        elif self._held:
            text = _read(bytes(self._held))
            self._held.clear()
            found.append(Heard.NONSENSE if text is None else Scan(text, at))

    def _drop(self, found: list[Scan | Heard]) -> None:
        self._held.clear()
        self._overflow = False
        found.append(Heard.NONSENSE)


def _read(data: bytes) -> str | None:
    """Return the text, or None where it is none: another speed, or a damaged line."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


DRIVER = ReaderDriver(name="gm65", baud=9600, trigger=TRIGGER, parser=Parser)
