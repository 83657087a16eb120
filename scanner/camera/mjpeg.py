"""Cuts a stream of concatenated JPEGs (an MJPEG elementary stream) into pictures. Pure: bytes in, pictures out.

Follows the marker segments (ITU-T T.81 B.1.1) rather than looking for the bytes FF D9, which also occur inside
embedded thumbnails. Whatever lies between pictures is skipped, a torn picture is dropped when the next one begins
inside it, and no more than one picture of `max_frame` bytes and the last chunk are ever kept.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

MAX_FRAME: Final = 8 * 1024 * 1024
"""Bytes of one picture: a 4096 × 2160 JPEG of pure noise is smaller at usual qualities."""

_SOI: Final = b"\xff\xd8\xff"
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_MARKER_IN_SCAN: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""In entropy-coded data FF 00 is a byte, FF D0 to FF D7 are restarts, FF FF is filling."""
_MAX_SEGMENTS: Final = 64
"""Segments of one picture; progressive ones have about forty."""


class _Found(Enum):
    """What became of the picture at the beginning of the buffer."""

    WHOLE = auto()
    """It ends at the position told."""
    BROKEN = auto()
    """It is none: another may begin at the position told."""
    MORE = auto()
    """Bytes are missing; if no more may be kept, another may begin at the position told."""


class Splitter:
    """Holds what has arrived of the current picture."""

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self._max_frame = max_frame
        self._buffer = bytearray()
        self._begin()
        self.skipped = 0
        """Bytes that belonged to no whole picture."""

    @property
    def held(self) -> int:
        """Bytes kept."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take what was read and return the pictures that are whole now, oldest first."""
        self._buffer += data
        pictures: list[bytes] = []
        while self._find_start():
            found, position = self._follow()
            if found is _Found.WHOLE:
                pictures.append(bytes(self._buffer[:position]))
                self._drop(position)
            elif found is _Found.BROKEN or len(self._buffer) > self._max_frame:
                self._skip(position)
            else:
                break
        return pictures

    def reset(self) -> None:
        """Forget the picture begun: what comes next belongs to another writer."""
        self._skip(len(self._buffer))

    def _begin(self) -> None:
        self._position = 2
        """How far the picture at the beginning of the buffer has been followed."""
        self._in_scan = False
        self._scans = 0
        self._segments = 0

    def _skip(self, count: int) -> None:
        self.skipped += count
        self._drop(count)

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._begin()

    def _find_start(self) -> bool:
        """Move the next picture's first byte to the beginning of the buffer; False when none is in sight."""
        start = self._buffer.find(_SOI)
        if start < 0:
            kept = next((n for n in (2, 1) if self._buffer.endswith(_SOI[:n])), 0)
            self._skip(len(self._buffer) - kept)
        elif start:
            self._skip(start)
        return start >= 0

    def _follow(self) -> tuple[_Found, int]:
        """Go on through the segments of the picture at the beginning, from where the last call stopped."""
        buffer = self._buffer
        while True:
            if self._in_scan:
                marker_found = _MARKER_IN_SCAN.search(buffer, self._position)
                if marker_found is None:
                    self._position = max(self._position, len(buffer) - 1)
                    return _Found.MORE, self._position
                self._position = marker_found.start()
                self._in_scan = False
            position = self._position
            if len(buffer) < position + 2:
                return _Found.MORE, 2
            marker = buffer[position + 1]
            if buffer[position] != 0xFF or marker == 0x00 or self._segments > _MAX_SEGMENTS:
                return _Found.BROKEN, 2
            if marker == _END:
                return (_Found.WHOLE if self._scans else _Found.BROKEN), position + 2
            if marker == _START:
                return _Found.BROKEN, position
            if marker == 0xFF:
                self._position += 1
                continue
            length = 0
            if marker not in _WITHOUT_LENGTH:
                if len(buffer) < position + 4:
                    return _Found.MORE, 2
                length = int.from_bytes(buffer[position + 2 : position + 4])
                if length < 2:
                    return _Found.BROKEN, 2
                if len(buffer) < position + 2 + length:
                    return _Found.MORE, 2
            self._position += 2 + length
            self._segments += 1
            if marker == _SCAN:
                self._in_scan = True
                self._scans += 1
