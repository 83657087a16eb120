"""CBOR (RFC 8949), read as hostile input: a strict deterministic reader and writer for our own formats.

The reader is a single pass that accepts exactly the core deterministic encoding (section 4.2.1: shortest heads,
definite lengths, map keys in bytewise order and so without duplicates) of a small vocabulary. What it accepts is
therefore byte for byte what `encode` writes of the value it returns; a property test holds it against cbor2. Standard
formats are read by `keys.cbor_bounded`.

The vocabulary: unsigned and negative integers of 64 bits, byte strings, UTF-8 text, arrays, maps with integer or text
keys, tag 18, and as plain values `false`, `true` and `null` (a COSE_Key's y, absent journal fields). No floats, no
bignums, no other tag. A boolean is never a key. Callers check `type(x) is int`, so that `True` cannot pass for 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from keys.errors import CborError

MAX_BYTES = 65_536
"""Default limit of `decode`. Every item takes at least one byte, so this bounds the number of items too."""
MAX_DEPTH = 16
"""Arrays, maps and tags inside each other (docs/formats.md)."""
SIGN1_TAG = 18
"""COSE_Sign1 (RFC 9052 section 4.2)."""

_UINT, _NINT, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_FALSE, _TRUE, _NULL = 0xF4, 0xF5, 0xF6
_TAG_18 = 0xD2
_SMALLEST_IN = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}
"""Bytes after a head → the smallest argument that needs them."""
_ONE_BYTE: Final = tuple(bytes((byte,)) for byte in range(256))
NULL: Final = _ONE_BYTE[_NULL]
"""`null`, as it is written."""


class Tag(NamedTuple):
    """A tagged item. Never turned into an object of another kind."""

    number: int
    value: Value


Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[int | str, Value] | Tag | None"
"""What `decode` returns."""
Encodable: TypeAlias = (
    "int | bytes | str | bool | Sequence[Encodable] | Tag "
    "| Mapping[int, Encodable] | Mapping[str, Encodable] | Mapping[int | str, Encodable] | None"
)
"""What `encode` writes."""


def decode(data: bytes, *, limit: int = MAX_BYTES) -> Value:
    """Read one item that fills `data` exactly, in deterministic encoding; at most `limit` bytes.

    Raises CborError for anything else.
    """
    if len(data) > limit:
        raise CborError(f"CBOR of {len(data)} bytes, at most {limit} are read")
    try:
        value, end = _read(data, 0, 0)
    except IndexError:
        raise CborError("CBOR ends inside an item") from None
    except UnicodeDecodeError:
        raise CborError("CBOR text is not UTF-8") from None
    if end != len(data):
        raise CborError(f"{len(data) - end} bytes after the CBOR item")
    return value


def _read(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    """Return the item at `at` and the position behind it. IndexError: the data ends too early."""
    head = data[at]
    at += 1
    if head < 0x18:
        return head, at
    argument = head & 0x1F
    if argument > 23:
        if head > 0xDF:
            raise CborError(f"CBOR simple value or float 0x{head:02x}")
        argument, at = _long_argument(data, at, argument)
    major = head >> 5
    if _BYTES <= major <= _TEXT:
        end = at + argument
        if end > len(data):
            raise IndexError
        return (data[at:end].decode("utf-8") if major == _TEXT else data[at:end]), end
    if major == _UINT:
        return argument, at
    if major == _MAP:
        return _read_map(data, at, depth + 1, argument)
    if major == _NINT:
        return -1 - argument, at
    if major == _ARRAY:
        return _read_array(data, at, depth + 1, argument)
    if major == _SIMPLE:
        return _simple(head), at
    if head != _TAG_18:
        raise CborError("CBOR tag other than 18")
    _check_depth(depth + 1)
    content, at = _read(data, at, depth + 1)
    return Tag(SIGN1_TAG, content), at


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CborError(f"CBOR nested deeper than {MAX_DEPTH}")


def _read_array(data: bytes, at: int, depth: int, size: int) -> tuple[list[Value], int]:
    """Return the array of `size` members at `at`. A `size` beyond the data ends where the data do, with IndexError."""
    _check_depth(depth)
    members: list[Value] = []
    for _ in range(size):
        member, at = _read(data, at, depth)
        members.append(member)
    return members, at


def _read_map(data: bytes, at: int, depth: int, size: int) -> tuple[dict[int | str, Value], int]:
    """Return the map of `size` members at `at`; its keys must ascend bytewise, which also leaves no duplicates."""
    _check_depth(depth)
    members: dict[int | str, Value] = {}
    previous = b""
    for _ in range(size):
        start = at
        key, at = _read(data, at, depth)
        if type(key) is not int and type(key) is not str:
            raise CborError("CBOR map key that is neither an integer nor text")
        encoded = data[start:at]
        if encoded <= previous:
            raise CborError("CBOR map keys repeated or out of order")
        previous = encoded
        members[key], at = _read(data, at, depth)
    return members, at


def byte_string_at(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the byte string whose head stands at `at`, and the position behind it. Raises CborError."""
    try:
        value, end = _read(data, at, MAX_DEPTH)
    except IndexError:
        raise CborError("CBOR ends inside an item") from None
    except UnicodeDecodeError:
        raise CborError("CBOR text is not UTF-8") from None
    if type(value) is not bytes:
        raise CborError("CBOR item that is no byte string")
    return value, end


def _long_argument(data: bytes, at: int, code: int) -> tuple[int, int]:
    """Return the argument of a head that goes on in 1, 2, 4 or 8 bytes, all needed (RFC 8949 section 4.2.1)."""
    if code > 27:
        raise CborError("CBOR of indefinite length, or a reserved head")
    width = 1 << (code - 24)
    end = at + width
    if end > len(data):
        raise IndexError
    argument = int.from_bytes(data[at:end], "big")
    if argument < _SMALLEST_IN[width]:
        raise CborError("CBOR head longer than needed")
    return argument, end


def _simple(head: int) -> bool | None:
    if head == _NULL:
        return None
    if head == _TRUE:
        return True
    if head == _FALSE:
        return False
    raise CborError(f"CBOR simple value 0x{head:02x}")


def head(major: int, argument: int) -> bytes:
    """Return the shortest head of an item of `major` type, 0 to 7 (RFC 8949 section 3)."""
    if 0 <= argument < 24:
        return _ONE_BYTE[major << 5 | argument]
    if 0 <= argument < 1 << 8:
        return bytes((major << 5 | 24, argument))
    if 0 <= argument < 1 << 16:
        return ((major << 5 | 25) << 16 | argument).to_bytes(3, "big")
    if 0 <= argument < 1 << 32:
        return ((major << 5 | 26) << 32 | argument).to_bytes(5, "big")
    if 0 <= argument < 1 << 64:
        return ((major << 5 | 27) << 64 | argument).to_bytes(9, "big")
    raise ValueError(f"{argument} does not fit a CBOR head")


def encode(value: Encodable) -> bytes:
    """Write `value` in core deterministic encoding (RFC 8949 section 4.2.1).

    Raises ValueError or TypeError for what the vocabulary does not hold: our bug, not the data's.
    """
    parts: list[bytes] = []
    _write(value, parts.append)
    return b"".join(parts)


def _write(value: Encodable, put: Callable[[bytes], None]) -> None:
    """Put the parts of one item, one after the other."""
    leaf = _LEAVES.get(type(value))
    if leaf is not None:
        put(leaf(value))
    elif isinstance(value, Mapping):
        _write_map(value, put)
    elif isinstance(value, Tag):
        if value.number != SIGN1_TAG:
            raise ValueError(f"tag {value.number} is not written")
        put(head(_TAG, value.number))
        _write(value.value, put)
    else:
        for kind in (int, str, bytes):  # a member of an enum
            if isinstance(value, kind):
                put(_LEAVES[kind](value))
                return
        if not isinstance(value, Sequence):
            raise TypeError(f"{type(value).__name__} is not written as CBOR")
        put(head(_ARRAY, len(value)))
        for member in value:
            _write(member, put)


def _write_map(mapping: Mapping[Any, Encodable], put: Callable[[bytes], None]) -> None:
    members = []
    for key, value in mapping.items():
        kind = type(key)
        if kind is not int and kind is not str and (kind is bool or not isinstance(key, int | str)):
            raise TypeError("CBOR map key that is neither an integer nor text")
        members.append((text(key) if isinstance(key, str) else integer(key), value))
    members.sort(key=_KEY)
    put(head(_MAP, len(members)))
    for written, value in members:
        put(written)
        leaf = _LEAVES.get(type(value))
        if leaf is None:
            _write(value, put)
        else:
            put(leaf(value))


def byte_string(data: bytes) -> bytes:
    """Write a byte string."""
    return head(_BYTES, len(data)) + data


def map_head(members: int) -> bytes:
    """Write the head of a map; so many keys and values follow it, in bytewise order of the keys."""
    return head(_MAP, members)


def array_head(members: int) -> bytes:
    """Write the head of an array; so many items follow it."""
    return head(_ARRAY, members)


def integer(value: int) -> bytes:
    """Write an integer. Raises ValueError beyond 64 bits."""
    if 0 <= value < 24:
        return _ONE_BYTE[value]
    return head(_UINT, value) if value >= 0 else head(_NINT, -1 - value)


def text(value: str) -> bytes:
    """Write a text."""
    data = value.encode("utf-8")
    return head(_TEXT, len(data)) + data


_KEY: Final = itemgetter(0)
_LEAVES: Final[Mapping[type, Callable[[Any], bytes]]] = {
    type(None): lambda _: NULL,
    bool: lambda value: _ONE_BYTE[_TRUE if value else _FALSE],
    int: integer,
    bytes: byte_string,
    str: text,
}
"""What holds nothing else, by its exact type."""
