"""CBOR (RFC 8949) of standard formats, read as hostile input: other encoders' choices are allowed, tricks are not.

Allowed beyond `keys.cbor`: heads longer than needed, indefinite lengths, map keys in any order, floats, and any tag. A
tag is only ever kept as a `LooseTag`; none builds a date, a bignum, a regex or a shared reference.
"""

from __future__ import annotations

import math
import struct
from typing import NamedTuple, TypeAlias

from keys.cbor import MAX_DEPTH
from keys.errors import CborError


class LooseTag(NamedTuple):
    """Any tag, kept and never acted upon."""

    number: int
    value: LooseValue


LooseValue: TypeAlias = (
    "int | float | bytes | str | bool | list[LooseValue] | dict[int | str, LooseValue] | LooseTag | None"
)
"""What `decode_bounded` returns."""

MAX_BYTES = 1 << 20
MAX_ITEMS = 16_384

_BREAK = 0xFF
_SHORT_TEXT, _LONG_TEXT = 0x60, 0x78
"""Heads of texts of 0 to 23 bytes, and the first that is none of theirs."""
_FLOAT_FORMAT = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE_VALUE: dict[int, bool | None] = {20: False, 21: True, 22: None}


def decode_bounded(data: bytes, *, limit: int = MAX_BYTES, items: int = MAX_ITEMS) -> LooseValue:
    """Read one item that fills `data` exactly: at most `limit` bytes, `items` items, and 16 levels.

    Raises CborError for bad CBOR, trailing bytes, a repeated key, a key that is neither an integer nor text, NaN,
    `undefined` and unassigned simple values.
    """
    if len(data) > limit:
        raise CborError(f"CBOR of {len(data)} bytes, at most {limit} are read")
    # Every item takes a byte: in data with fewer bytes than items are allowed there is nothing to count.
    left = [items] if len(data) > items else None
    try:
        value, end = _item(data, 0, 0, left)
    except IndexError:
        raise CborError("CBOR ends inside an item") from None
    except UnicodeDecodeError:
        raise CborError("CBOR text is not UTF-8") from None
    if end != len(data):
        raise CborError(f"{len(data) - end} bytes after the CBOR item")
    return value


def _item(data: bytes, at: int, depth: int, left: list[int] | None) -> tuple[LooseValue, int]:
    """Return the item at `at` and the position behind it; `left`: how many may still come, None: as many as there are.

    IndexError: the data end too early. UnicodeDecodeError: a text is not UTF-8.
    """
    if left is not None:
        _count(left)
    initial = data[at]
    at += 1
    major, low = initial >> 5, initial & 0x1F
    argument = low
    if low > 23:
        if low > 27:
            return _indefinite(data, at, depth, left, initial)
        width = 1 << (low - 24)
        if at + width > len(data):
            raise IndexError
        argument = int.from_bytes(data[at : at + width], "big")
        at += width
    if major in (2, 3):
        end = at + argument
        if end > len(data):
            raise IndexError
        return (data[at:end].decode("utf-8") if major == 3 else data[at:end]), end
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major == 7:
        return _simple_or_float(low, argument), at
    if depth >= MAX_DEPTH:
        raise CborError(f"CBOR nested deeper than {MAX_DEPTH}")
    if major == 5:
        members: dict[int | str, LooseValue] = {}
        for _ in range(argument):
            # Most members of a certificate are short texts under short texts: read here, which halves a code's time.
            if left is None and _SHORT_TEXT <= data[at] < _LONG_TEXT:
                end = at + 1 + (data[at] & 0x1F)
                key = data[at + 1 : end].decode("utf-8")
                if _SHORT_TEXT <= data[end] < _LONG_TEXT:
                    at = end + 1 + (data[end] & 0x1F)
                    value: LooseValue = data[end + 1 : at].decode("utf-8")
                    if at > len(data):
                        raise IndexError
                else:
                    value, at = _item(data, end, depth + 1, left)
                if key in members:
                    raise CborError("CBOR map key repeated")
                members[key] = value
            else:
                at = _member(data, at, depth + 1, left, members)
        return members, at
    if major == 4:
        values: list[LooseValue] = []
        for _ in range(argument):
            value, at = _item(data, at, depth + 1, left)
            values.append(value)
        return values, at
    value, at = _item(data, at, depth + 1, left)
    return LooseTag(argument, value), at


def _count(left: list[int]) -> None:
    left[0] -= 1
    if left[0] < 0:
        raise CborError("CBOR of too many items")


def _member(data: bytes, at: int, depth: int, left: list[int] | None, members: dict[int | str, LooseValue]) -> int:
    """Read one key and its value into `members`; return the position behind them."""
    key, at = _item(data, at, depth, left)
    if type(key) is not int and type(key) is not str:
        raise CborError("CBOR map key that is neither an integer nor text")
    if key in members:
        raise CborError("CBOR map key repeated")
    members[key], at = _item(data, at, depth, left)
    return at


def _indefinite(data: bytes, at: int, depth: int, left: list[int] | None, initial: int) -> tuple[LooseValue, int]:
    """Return an item of indefinite length, whose head ends at `at` (RFC 8949 section 3.2)."""
    major = initial >> 5
    if initial & 0x1F != 31 or major not in (2, 3, 4, 5):
        raise CborError(f"CBOR head 0x{initial:02x}")
    if major <= 3:
        return _chunks(data, at, left, major)
    if depth >= MAX_DEPTH:
        raise CborError(f"CBOR nested deeper than {MAX_DEPTH}")
    members: dict[int | str, LooseValue] = {}
    values: list[LooseValue] = []
    while data[at] != _BREAK:
        if major == 5:
            at = _member(data, at, depth + 1, left, members)
        else:
            value, at = _item(data, at, depth + 1, left)
            values.append(value)
    return (members if major == 5 else values), at + 1


def _chunks(data: bytes, at: int, left: list[int] | None, major: int) -> tuple[LooseValue, int]:
    """Return a string of chunks, each of its own kind and definite; each chunk of a text by itself is valid text."""
    chunks: list[bytes] = []
    while data[at] != _BREAK:
        if data[at] >> 5 != major or data[at] & 0x1F > 27:
            raise CborError("CBOR string with a chunk of another kind")
        chunk, at = _item(data, at, MAX_DEPTH, left)
        chunks.append(chunk.encode("utf-8") if type(chunk) is str else _as_bytes(chunk))
    whole = b"".join(chunks)
    return (whole.decode("utf-8") if major == 3 else whole), at + 1


def _as_bytes(chunk: LooseValue) -> bytes:
    if type(chunk) is not bytes:
        raise CborError("CBOR string with a chunk of another kind")
    return chunk


def _simple_or_float(low: int, argument: int) -> LooseValue:
    if low in _SIMPLE_VALUE:
        return _SIMPLE_VALUE[low]
    if low not in _FLOAT_FORMAT:
        raise CborError(f"CBOR simple value {argument}")
    width = 1 << (low - 24)
    number = float(struct.unpack(_FLOAT_FORMAT[low], argument.to_bytes(width, "big"))[0])
    if math.isnan(number):
        raise CborError("CBOR float that is not a number")
    return number
