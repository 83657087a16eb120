"""A status list's packed array, as keys.status_token publishes it: 4 bits an entry, the even index in the lower half.

Pure: bytes in, bytes out. An entry that no code has says NOT_ISSUED.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from keys.status_list import OWN_BITS, VALUE_OF_COLOUR, StatusValue
from keys.verdict import Colour

_EACH: Final = 8 // OWN_BITS
_BLANK: Final = StatusValue.NOT_ISSUED << OWN_BITS | StatusValue.NOT_ISSUED
_VALUES: Final = np.array([VALUE_OF_COLOUR[colour] for colour in sorted(Colour)], dtype=np.uint8)


def blank(entries: int) -> bytes:
    """Return the array of a list of `entries` entries that nobody was given a code of."""
    return bytes((_BLANK,)) * -(-entries // _EACH)


def status_value(colour: Colour, *, revoked: bool) -> int:
    """Return what a list says of a code."""
    return int(StatusValue.REVOKED if revoked else VALUE_OF_COLOUR[colour])


def status_values(colours: NDArray[np.uint8], revoked: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return what a list says of codes, given `Colour` numbers: `status_value` of many."""
    return np.where(revoked, np.uint8(StatusValue.REVOKED), _VALUES[colours])


def entry(byte: int, index: int) -> int:
    """Return the entry at `index`, given the byte it lies in (byte `index // 2` of the array)."""
    return byte >> 4 if index % _EACH else byte & 0x0F


def with_entry(byte: int, index: int, value: int) -> int:
    """Return the byte that `index` lies in, with the entry changed to `value`."""
    return byte & 0x0F | value << 4 if index % _EACH else byte & 0xF0 | value


def scatter(array: bytearray, indices: NDArray[np.int64], values: NDArray[np.uint8]) -> None:
    """Change the entries at `indices`, none of them twice, to `values` of the same shape."""
    packed = np.frombuffer(array, dtype=np.uint8)
    upper = indices % _EACH == 1
    high, low = indices[upper] // _EACH, indices[~upper] // _EACH
    packed[high] = packed[high] & 0x0F | values[upper] << 4
    packed[low] = packed[low] & 0xF0 | values[~upper]


def unused(array: bytes, entries: int) -> NDArray[np.int64]:
    """Return the indices below `entries` that no code has, ascending."""
    packed = np.frombuffer(array, dtype=np.uint8)
    values = np.empty(len(packed) * _EACH, dtype=np.uint8)
    values[0::2] = packed & 0x0F
    values[1::2] = packed >> 4
    return np.flatnonzero(values[:entries] == StatusValue.NOT_ISSUED).astype(np.int64)
