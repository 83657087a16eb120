"""Code readers that type like a USB keyboard: the kernel's key events to texts. Pure.

The events are those of Linux' evdev interface (include/uapi/linux/input.h): the time, type, code and value, in the
machine's own order and sizes. Keys are read as on a US keyboard, which is how readers are sold; Enter ends a text.
"""

from __future__ import annotations

import struct
from typing import Final

from firmware_bridge.reader_driver import MAX_TEXT, Heard, ReaderDriver
from firmware_bridge.values import Scan

EVENT: Final = struct.Struct("@LLHHi")
"""struct input_event: seconds, microseconds, type, code, value."""
SYN, KEY = 0, 1
LAST_TYPE = 0x1F
DROPPED = 3
"""SYN_DROPPED: the kernel's buffer was full, events are missing."""
UP, DOWN = 0, 1
ENTERS: Final = frozenset((28, 96))
SHIFTS: Final = frozenset((42, 54))
OTHERS: Final = frozenset((29, 97, 56, 100, 125, 126))
"""Control, Alt and Meta: what is typed under these is no character."""
GAP_S = 1.0
"""A reader types without a pause; people do not."""

PLAIN: Final = {
    **dict(enumerate("1234567890-=", 2)),
    **dict(enumerate("qwertyuiop[]", 16)),
    **dict(enumerate("asdfghjkl;'`", 30)),
    **dict(enumerate("\\zxcvbnm,./", 43)),
    57: " ",
}
"""Character of each key without Shift."""
SHIFTED: Final = {
    **dict(enumerate("!@#$%^&*()_+", 2)),
    **dict(enumerate("QWERTYUIOP{}", 16)),
    **dict(enumerate('ASDFGHJKL:"~', 30)),
    **dict(enumerate("|ZXCVBNM<>?", 43)),
    57: " ",
}


class Parser:
    """Bytes of an input device to texts. Keeps at most one text, whatever comes."""

    def __init__(self) -> None:
        self._unread = b""
        self._held: list[str] = []
        self._shifts: set[int] = set()
        self._others: set[int] = set()
        self._broken = False
        """Whether what was typed since the last Enter is no text."""
        self._last_at: float | None = None

    def feed(self, data: bytes, at: float) -> list[Scan | Heard]:
        """Return the texts that `data` ends, and what else was heard, in order."""
        if not data:
            return []
        found: list[Scan | Heard] = []
        if self._last_at is not None and at - self._last_at > GAP_S:
            self._unread = b""
            if self._held or self._broken:
                self._drop(found)
        self._last_at = at
        unread = self._unread + data
        start = 0
        while len(unread) - start >= EVENT.size:
            _, micros, kind, code, value = EVENT.unpack_from(unread, start)
            if micros >= 1_000_000 or kind > LAST_TYPE:
                self._broken = True  # no input device speaks so
                start += 1
                continue
            start += EVENT.size
            if (kind, code) == (SYN, DROPPED):
                self._broken = True
                self._shifts.clear()
                self._others.clear()
            elif kind == KEY:
                self._key(code, value, found, at)
        self._unread = unread[start:]
        return found

    def _key(self, code: int, value: int, found: list[Scan | Heard], at: float) -> None:
        for held, keys in ((self._shifts, SHIFTS), (self._others, OTHERS)):
            if code in keys:
                held.discard(code) if value == UP else held.add(code)
                return
        if value != DOWN:
            return
        if code in ENTERS:
            self._end(found, at)
            return
        character = (SHIFTED if self._shifts else PLAIN).get(code)
        if character is None or self._others or len(self._held) >= MAX_TEXT:
            self._broken = True
        else:
            self._held.append(character)

    def _end(self, found: list[Scan | Heard], at: float) -> None:
        if self._broken:
            self._drop(found)
        elif self._held:
            found.append(Scan("".join(self._held), at))
            self._held.clear()

    def _drop(self, found: list[Scan | Heard]) -> None:
        self._held.clear()
        self._broken = False
        found.append(Heard.NONSENSE)


def key_events(text: str) -> bytes:
    """Return the events of a reader that types `text` and Enter. Raises KeyError for what has no key."""
    codes = {character: (code, False) for code, character in PLAIN.items()}
    codes = {**{character: (code, True) for code, character in SHIFTED.items()}, **codes}
    events = b""
    for code, shifted in [*(codes[character] for character in text), (28, False)]:
        strokes = [(code, DOWN), (code, UP)]
        for key, value in [(42, DOWN), *strokes, (42, UP)] if shifted else strokes:
            events += EVENT.pack(0, 0, KEY, key, value) + EVENT.pack(0, 0, SYN, 0, 0)
    return events


DRIVER = ReaderDriver(name="keyboard", baud=0, trigger=b"", parser=Parser)
