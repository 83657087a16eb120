"""Keeps the C library's allocator from growing under a stream of frames.

glibc raises its mmap threshold to the size of what was freed last: after the first frame, frames come from its arenas,
one for each few threads, whose holes are never given back. An engine then grows by megabytes an hour although nothing
is kept. With a fixed threshold every frame is mapped for itself and unmapped when it is done with (mallopt(3)).
"""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
MMAP_THRESHOLD = 256 * 1024
"""Bytes; a small grey frame has 300,000."""
ARENAS = 2


def keep_small() -> None:
    """Fix the allocator's settings; call it before any thread starts. Does nothing where there is no mallopt."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        mallopt(_M_ARENA_MAX, ARENAS)
