"""Which entries are revoked, as bitmaps: entry 0 lowest in the first byte. For keeping REVOKED revoked."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keys.status_token import StatusValue

Bytes: TypeAlias = NDArray[np.uint8]
_BLOCK: Final = 1 << 16
"""Bytes of an array taken at a time, so that 33 million entries need no 33 MB."""


def revoked_bitmap(packed: bytes | memoryview, bits: int) -> Bytes:
    """Return the bitmap of the entries of `bits` bits that are REVOKED; the last byte is filled up with zeros."""
    array = np.frombuffer(packed, np.uint8)
    if bits == 1:
        return array.copy()
    lanes = 8 // bits
    mask = (1 << bits) - 1
    parts: list[Bytes] = []
    for start in range(0, len(array), _BLOCK):
        block = array[start : start + _BLOCK]
        revoked = np.empty((len(block), lanes), np.bool_)
        for lane in range(lanes):
            revoked[:, lane] = block >> lane * bits & mask == StatusValue.REVOKED
        parts.append(np.packbits(revoked, bitorder="little"))
    return np.concatenate(parts) if parts else np.empty(0, np.uint8)


def bitmap_of(indices: NDArray[np.int32]) -> Bytes:
    """Return the bitmap of `indices`, ascending."""
    flags = np.zeros(int(indices[-1]) + 1 if len(indices) else 0, np.bool_)
    flags[indices] = True
    return np.packbits(flags, bitorder="little")


def trimmed(bitmap: Bytes) -> Bytes:
    """Return `bitmap` up to the last byte that is not zero."""
    used = np.flatnonzero(bitmap)
    return bitmap[: int(used[-1]) + 1] if len(used) else bitmap[:0]


def without(bitmap: Bytes, other: Bytes) -> Bytes:
    """Return `bitmap` with the entries of `other` taken out; the shorter one ends in zeros."""
    left = bitmap.copy()
    common = min(len(bitmap), len(other))
    left[:common] &= ~other[:common]
    return left


def union(bitmap: Bytes, other: Bytes) -> Bytes:
    """Return the entries of both; as long as the longer one."""
    longer, shorter = (bitmap, other) if len(bitmap) >= len(other) else (other, bitmap)
    both = longer.copy()
    both[: len(shorter)] |= shorter
    return both
