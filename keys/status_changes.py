"""What changed between two arrays of one list of ours, and applying it: whole arrays at a time, read as hostile input.

Entries have 4 bits, least significant first. The changes are one zlib stream (RFC 1950) of

    gap varints ‖ packed new values

For every entry that changed, in ascending order of its index, a gap: how many unchanged entries lie between it and the
entry that changed before it; for the first, how many lie before it (so its index). A gap is an unsigned LEB128 number:
7 bits a byte, the lowest first, the top bit set in every byte but the last; at most 4 bytes and none more than needed.
The new values follow in the same order, two a byte, the earlier one in the low half; an odd one is filled up with a
zero. The number of changes is not written: n gaps take up all but the last ⌈n / 2⌉ bytes for exactly one n.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keys.errors import StatusListError
from keys.status_signature import inflate
from keys.status_token import OWN_BITS

_STRATEGIES: Final = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY)
"""The shorter counts: scattered changes hold nothing that comes again, and only suffer from a search for it."""
_MAX_GAP_BYTES: Final = 4
_MORE: Final = 0x80
_LOW: Final = 0x7F
_PER_BYTE: Final = 8 // OWN_BITS
_MASK: Final = (1 << OWN_BITS) - 1

Bytes: TypeAlias = NDArray[np.uint8]
Numbers: TypeAlias = NDArray[np.int32]
"""Wide enough for indices and gaps; sums of gaps that nobody has checked yet are not."""


class Changes(NamedTuple):
    """Which entries change, ascending, and to what: two arrays of the same length."""

    indices: Numbers
    values: Bytes


def diff(base: bytes, new: bytes) -> bytes:
    """Return what turns `base` into `new`, packed arrays of 4 bits an entry and of the same length.

    The same arrays give the same bytes. Raises ValueError for arrays of different lengths.
    """
    if len(base) != len(new):
        raise ValueError(f"arrays of {len(base)} and {len(new)} bytes")
    before, after = np.frombuffer(base, np.uint8), np.frombuffer(new, np.uint8)
    at = np.flatnonzero(before != after).astype(np.int32)
    touched = _unpack(before[at]) != _unpack(after[at])
    indices = (at[:, None] * _PER_BYTE + np.arange(_PER_BYTE, dtype=np.int32))[touched]
    return write_changes(Changes(indices, _unpack(after[at])[touched]))


def apply(base: bytes, changes: bytes) -> bytes:
    """Return `base`, packed entries of 4 bits, with `changes` made. Raises StatusListError where they do not fit it."""
    array = np.frombuffer(base, np.uint8).copy()
    patch(array, read_changes(changes, len(base) * _PER_BYTE))
    return array.tobytes()


def patch(array: Bytes, changes: Changes) -> Bytes:
    """Make `changes` in `array`, packed entries of 4 bits, in place. Return the values there were before."""
    at, upper = changes.indices // _PER_BYTE, changes.indices % _PER_BYTE == 1
    old = np.where(upper, array[at] >> OWN_BITS, array[at] & _MASK)
    for lane, shift in ((~upper, 0), (upper, OWN_BITS)):
        # An index comes once, so a lane names no byte twice.
        array[at[lane]] = array[at[lane]] & (0xFF ^ _MASK << shift) | changes.values[lane] << shift
    return old


def write_changes(changes: Changes) -> bytes:
    """Write `changes` as one zlib stream."""
    gaps = np.diff(changes.indices, prepend=np.int32(-1)) - 1
    columns = gaps[:, None] >> 7 * np.arange(_MAX_GAP_BYTES, dtype=np.int32)
    used = columns > 0
    used[:, 0] = True
    more = np.zeros_like(used)
    more[:, :-1] = used[:, 1:]
    varints = ((columns & _LOW) | np.where(more, _MORE, 0)).astype(np.uint8)[used]
    values = changes.values
    if len(values) % _PER_BYTE:
        values = np.append(values, np.uint8(0))
    packed = values[0::_PER_BYTE] | values[1::_PER_BYTE] << OWN_BITS
    parts = varints.tobytes(), packed.tobytes()
    return min((_deflate(parts, strategy) for strategy in _STRATEGIES), key=len)


def _deflate(parts: Sequence[bytes], strategy: int) -> bytes:
    """Return one zlib stream of `parts`, with a block each: gaps and values have nothing in common."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, strategy)
    return b"".join(compressor.compress(part) + compressor.flush(zlib.Z_BLOCK) for part in parts) + compressor.flush()


def read_changes(changes: bytes, entries: int) -> Changes:
    """Read changes to an array of `entries` entries. Raises StatusListError for anything but what `diff` can write."""
    most = entries + -(-entries // _PER_BYTE)  # a gap of more bytes skips more entries, so a byte an entry is the most
    raw = np.frombuffer(inflate(changes, most, "a list of changes"), np.uint8)
    size, count = _split(raw)
    indices = _gaps(raw[:size], count)
    indices += 1
    last = int(indices.sum(dtype=np.int64)) - 1
    if last >= entries:
        raise StatusListError(f"a change of entry {last}, the list has {entries}")
    np.cumsum(indices, out=indices)
    indices -= 1
    values = _unpack(raw[size:]).reshape(-1)
    if values[count:].any():
        raise StatusListError("changes whose filling is not zero")
    return Changes(indices, values[:count])


def _unpack(packed: Bytes) -> Bytes:
    """Return the two entries of each byte, a row a byte."""
    return np.stack((packed & _MASK, packed >> OWN_BITS), axis=1)


def _split(raw: Bytes) -> tuple[int, int]:
    """Return how many bytes the gaps take, and how many gaps there are: the one n that leaves ⌈n / 2⌉ bytes."""
    if not len(raw):
        return 0, 0
    ended = np.cumsum(raw < _MORE, dtype=np.int32)
    sizes = np.arange(1, len(raw) + 1, dtype=np.int32)
    at = int(np.searchsorted(sizes + (ended + 1) // _PER_BYTE, len(raw)))
    count = int(ended[at])
    if at + 1 + (count + 1) // _PER_BYTE != len(raw) or raw[at] >= _MORE:
        raise StatusListError("changes that end inside a gap, or with other than a value a gap")
    return at + 1, count


def _gaps(raw: Bytes, count: int) -> Numbers:
    """Return the `count` numbers that `raw` holds."""
    ends = np.flatnonzero(raw < _MORE).astype(np.int32)
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    widths = ends - starts + 1
    if count and widths.max() > _MAX_GAP_BYTES:
        raise StatusListError(f"a gap of more than {_MAX_GAP_BYTES} bytes")
    if ((widths > 1) & (raw[ends] == 0)).any():
        raise StatusListError("a gap longer than needed")
    gaps = np.zeros(count, np.int32)
    for column in range(_MAX_GAP_BYTES):
        there = widths > column
        gaps[there] |= (raw[starts[there] + column].astype(np.int32) & _LOW) << 7 * column
    return gaps
