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
_NEGATIVE, _BYTES, _TEXTS, _ARRAYS, _MAPS, _TAGS, _SIMPLE = range(0x20, 0x100, 0x20)
"""The first head of each major type but the first (RFC 8949 section 3)."""
_LONG_INT, _LONG_BYTES, _SHORT_TEXT, _LONG_TEXT, _LONG_MAP = 0x18, 0x58, 0x60, 0x78, 0xB8
"""The first head of integers that do not fit it, of texts of 0 to 23 bytes, of longer texts, and of longer maps."""
_STEP = tuple(head - _SHORT_TEXT + 1 if _SHORT_TEXT <= head < _LONG_TEXT else 0 for head in range(256))
"""Head of a short text → bytes of it with its head; 0 for any other head."""
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
    left = [items - 1] if len(data) > items else None
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
    initial = data[at]
    at += 1
    argument = initial & 0x1F
    if argument > 23:
        if argument == 24:
            argument = data[at]
            at += 1
        elif argument > 27:
            return _indefinite(data, at, depth, left, initial)
        else:
            end = at + (1 << (argument - 24))
            if end > len(data):
                raise IndexError
            argument = int.from_bytes(data[at:end], "big")
            at = end
    if initial < _ARRAYS:
        if initial >= _BYTES:
            end = at + argument
            if end > len(data):
                raise IndexError
            return (data[at:end] if initial < _TEXTS else data[at:end].decode()), end
        return (argument if initial < _NEGATIVE else -1 - argument), at
    if initial >= _SIMPLE:
        return _simple_or_float(initial & 0x1F, argument), at
    if depth >= MAX_DEPTH:
        raise CborError(f"CBOR nested deeper than {MAX_DEPTH}")
    if _MAPS <= initial < _TAGS:
        return _map(data, at, depth + 1, left, argument)
    if left is not None:
        _count(left, argument if initial < _MAPS else 1)
    if initial < _MAPS:
        values: list[LooseValue] = []
        for _ in range(argument):
            head = data[at]
            if _MAPS <= head < _LONG_MAP and depth + 1 < MAX_DEPTH:
                value, at = _map(data, at + 1, depth + 2, left, head - _MAPS)
            elif head == _LONG_BYTES:
                end = at + 2 + data[at + 1]
                value = data[at + 2 : end]
                at = end
            else:
                value, at = _item(data, at, depth + 1, left)
            values.append(value)
        if at > len(data):
            raise IndexError
        return values, at
    value, at = _item(data, at, depth + 1, left)
    return LooseTag(argument, value), at


def _map(data: bytes, at: int, depth: int, left: list[int] | None, size: int) -> tuple[LooseValue, int]:
    """Return the map of `size` members at `at`.

    Most members of a certificate are short texts under short texts. Those are read here, by a table: most of the time
    that a code takes to read goes into them. A short text that the data cut off leaves no byte for what follows.
    """
    if left is not None:
        _count(left, 2 * size)
    members: dict[int | str, LooseValue] = {}
    for _ in range(size):
        end = at + _STEP[data[at]]
        if end != at:
            name: int | str = data[at + 1 : end].decode()
            at = end
        elif data[at] < _LONG_INT:
            name = data[at]
            at += 1
        else:
            key, at = _item(data, at, depth, left)
            if type(key) is not str and type(key) is not int:
                raise CborError("CBOR map key that is neither an integer nor text")
            name = key
        head = data[at]
        end = at + _STEP[head]
        if end != at:
            members[name] = data[at + 1 : end].decode()
            at = end
        elif head == _LONG_TEXT:
            end = at + 2 + data[at + 1]
            members[name] = data[at + 2 : end].decode()
            at = end
        elif head < _LONG_INT:
            members[name] = head
            at += 1
        elif _MAPS <= head < _LONG_MAP and depth < MAX_DEPTH:
            members[name], at = _map(data, at + 1, depth + 1, left, head - _MAPS)
        else:
            members[name], at = _item(data, at, depth, left)
    if at > len(data):
        raise IndexError
    if len(members) != size:
        raise CborError("CBOR map key repeated")
    return members, at


def _count(left: list[int], items: int) -> None:
    left[0] -= items
    if left[0] < 0:
        raise CborError("CBOR of too many items")


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
        if left is not None:
            _count(left, 2 if major == 5 else 1)
        value, at = _item(data, at, depth + 1, left)
        if major == 4:
            values.append(value)
            continue
        if type(value) is not int and type(value) is not str:
            raise CborError("CBOR map key that is neither an integer nor text")
        if value in members:
            raise CborError("CBOR map key repeated")
        members[value], at = _item(data, at, depth + 1, left)
    return (members if major == 5 else values), at + 1


def _chunks(data: bytes, at: int, left: list[int] | None, major: int) -> tuple[LooseValue, int]:
    """Return a string of chunks, each of its own kind and definite; each chunk of a text by itself is valid text."""
    chunks: list[bytes] = []
    while data[at] != _BREAK:
        if data[at] >> 5 != major or data[at] & 0x1F > 27:
            raise CborError("CBOR string with a chunk of another kind")
        if left is not None:
            _count(left, 1)
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
