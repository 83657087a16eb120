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
_FLOAT_FORMAT = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE_VALUE: dict[int, bool | None] = {20: False, 21: True, 22: None}


def decode_bounded(data: bytes, *, limit: int = MAX_BYTES, items: int = MAX_ITEMS) -> LooseValue:
    """Read one item that fills `data` exactly: at most `limit` bytes, `items` items, and 16 levels.

    Raises CborError for bad CBOR, trailing bytes, a repeated key, a key that is neither an integer nor text, NaN,
    `undefined` and unassigned simple values.
    """
    if len(data) > limit:
        raise CborError(f"CBOR of {len(data)} bytes, at most {limit} are read")
    reader = _Reader(data, items)
    value = reader.item(0)
    if reader.at != len(data):
        raise CborError(f"{len(data) - reader.at} bytes after the CBOR item")
    return value


class _Reader:
    """A position in the data, and how many items may still come."""

    __slots__ = ("at", "data", "items")

    def __init__(self, data: bytes, items: int) -> None:
        self.data = data
        self.at = 0
        self.items = items

    def take(self, length: int) -> bytes:
        end = self.at + length
        if end > len(self.data):
            raise CborError("CBOR ends inside an item")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def at_break(self) -> bool:
        """Whether the item at this position ends an indefinite length; if so it is passed over."""
        if self.data[self.at : self.at + 1] != bytes((_BREAK,)):
            return False
        self.at += 1
        return True

    def head(self) -> tuple[int, int, int | None]:
        """Major type, the five low bits, and the argument (None: indefinite length)."""
        initial = self.take(1)[0]
        major, low = initial >> 5, initial & 0x1F
        if low < 24:
            return major, low, low
        if low < 28:
            return major, low, int.from_bytes(self.take(1 << (low - 24)), "big")
        if low == 31 and major in (2, 3, 4, 5):
            return major, low, None
        raise CborError(f"CBOR head 0x{initial:02x}")

    def item(self, depth: int) -> LooseValue:
        self.items -= 1
        if self.items < 0:
            raise CborError("CBOR of too many items")
        major, low, argument = self.head()
        if major == 0 and argument is not None:
            return argument
        if major == 1 and argument is not None:
            return -1 - argument
        if major == 2:
            return self.string(major, argument)
        if major == 3:
            return self.text(argument)
        if major == 7:
            return self.simple_or_float(low, argument or 0)
        if depth >= MAX_DEPTH:
            raise CborError(f"CBOR nested deeper than {MAX_DEPTH}")
        if major == 4:
            return self.array(argument, depth + 1)
        if major == 5:
            return self.map(argument, depth + 1)
        return LooseTag(argument or 0, self.item(depth + 1))

    def string(self, major: int, length: int | None) -> bytes:
        if length is not None:
            return self.take(length)
        chunks: list[bytes] = []
        while not self.at_break():
            chunk_major, _, chunk_length = self.head()
            if chunk_major != major or chunk_length is None:
                raise CborError("CBOR string with a chunk of another kind")
            self.items -= 1
            if self.items < 0:
                raise CborError("CBOR of too many items")
            chunks.append(self.take(chunk_length))
            if major == 3:
                _utf8(chunks[-1])  # RFC 8949 section 3.2.3: each chunk by itself is valid text
        return b"".join(chunks)

    def text(self, length: int | None) -> str:
        return _utf8(self.string(3, length))

    def array(self, size: int | None, depth: int) -> list[LooseValue]:
        members: list[LooseValue] = []
        while not self.at_break() if size is None else len(members) < size:
            members.append(self.item(depth))
        return members

    def map(self, size: int | None, depth: int) -> dict[int | str, LooseValue]:
        members: dict[int | str, LooseValue] = {}
        while not self.at_break() if size is None else len(members) < size:
            key = self.item(depth)
            if type(key) is not int and type(key) is not str:
                raise CborError("CBOR map key that is neither an integer nor text")
            if key in members:
                raise CborError("CBOR map key repeated")
            members[key] = self.item(depth)
        return members

    def simple_or_float(self, low: int, argument: int) -> LooseValue:
        if low in _SIMPLE_VALUE:
            return _SIMPLE_VALUE[low]
        if low not in _FLOAT_FORMAT:
            raise CborError(f"CBOR simple value {argument}")
        width = 1 << (low - 24)
        number = float(struct.unpack(_FLOAT_FORMAT[low], argument.to_bytes(width, "big"))[0])
        if math.isnan(number):
            raise CborError("CBOR float that is not a number")
        return number


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise CborError("CBOR text is not UTF-8") from None
