"""Base45 text (RFC 9285), read strictly: every byte string has exactly one text, and no other text is accepted."""

from __future__ import annotations

from functools import lru_cache

from keys.errors import Base45Error

ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NO_VALUE = 0xFF
_VALUE_OF = bytes(ALPHABET.index(byte) if byte in ALPHABET else _NO_VALUE for byte in range(256))
"""Byte → its value in the alphabet."""


def decode(text: str) -> bytes:
    """Read base45 `text` of any length.

    Raises Base45Error for a character outside the alphabet (line ends and lower case included; `%20` is three
    ordinary characters), a length of 3n + 1, a triple above 0xFFFF, or a final pair above 0xFF (RFC 9285 section 4).
    """
    try:
        values = text.encode("ascii").translate(_VALUE_OF)
    except UnicodeEncodeError:
        raise Base45Error("base45 holds a character outside ASCII") from None
    if _NO_VALUE in values:
        raise Base45Error("base45 holds a character outside its alphabet")
    triples, rest = divmod(len(values), 3)
    if rest == 1:
        raise Base45Error(f"base45 cannot be {len(values)} characters long")
    # All triples at once, c + 45 d + 2025 e: each has a lane of three bytes in one wide number. The largest triple,
    # 91124, needs 17 bits, so no lane carries into its neighbour.
    lanes = int.from_bytes(values[: 3 * triples], "big")
    lowest = _lowest_bytes(triples)
    sums = (lanes >> 16 & lowest) + 45 * (lanes >> 8 & lowest) + 2025 * (lanes & lowest)
    if sums & lowest << 16:
        raise Base45Error("base45 holds a triple above 65535")
    decoded = bytearray(sums.to_bytes(3 * triples, "big"))
    del decoded[::3]
    if rest:
        last = values[-2] + 45 * values[-1]
        if last > 0xFF:
            raise Base45Error("base45 ends in a pair above 255")
        decoded.append(last)
    return bytes(decoded)


@lru_cache(maxsize=64)
def _lowest_bytes(lanes: int) -> int:
    """Return the number that has the lowest byte of each of so many lanes of three bytes set, and no other."""
    return int.from_bytes(b"\x00\x00\xff" * lanes, "big")


def encode(data: bytes) -> str:
    """Write `data` as base45 (RFC 9285 section 4)."""
    text = bytearray()
    for at in range(0, len(data) - 1, 2):
        high, low = divmod(data[at] << 8 | data[at + 1], 2025)
        middle, low = divmod(low, 45)
        text += bytes((ALPHABET[low], ALPHABET[middle], ALPHABET[high]))
    if len(data) % 2:
        high, low = divmod(data[-1], 45)
        text += bytes((ALPHABET[low], ALPHABET[high]))
    return text.decode("ascii")
