"""Hostile texts made of good ones, from a seed: the same seed gives the same texts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from keys import base45, cbor, cose
from keys.errors import MalformedError

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
ODD_CHARACTERS = ["\n", "\r\n", " ", "%20", "\0", "\ufeff", "a", "\uff21", "é", "\U0001f600", "\ud800", "\x1b"]
PREFIXES = ["JKM1:", "JKP1:", "JKM2:", "HC1:", "jkm1:", "JKM1", "JKM1::", ""]
ODD_BYTES = bytes.fromhex(
    "00171818191a1b1c1f2037383b40575b5f60777b7f80979b9fa0b7bbbfc2c3d2d818d823d825e0f4f5f6f7f8f9fafbff"
)


class Mutator:
    """Makes texts out of `codes`: in the text, in the bytes, in the values, or out of nothing."""

    def __init__(self, seed: int, codes: Sequence[str]) -> None:
        self.random = random.Random(seed)
        self.codes = codes
        self.kinds: list[Callable[[str], str]] = [self._text, self._bytes, self._bytes, self._values, self._noise]

    def next(self) -> str:
        """One more text; now and then it may be a good one again."""
        return self.random.choice(self.kinds)(self.random.choice(self.codes))

    def _text(self, text: str) -> str:
        pick = self.random
        for _ in range(pick.choice((1, 1, 1, 2, 5))):
            at = pick.randrange(len(text) + 1)
            other = pick.choice(self.codes)
            match pick.randrange(9):
                case 0:
                    text = text[:at] + pick.choice(ALPHABET) + text[at + 1 :]
                case 1:
                    text = text[:at] + text[at + pick.choice((1, 2, 3)) :]
                case 2:
                    text = text[:at] + pick.choice(ALPHABET) + text[at:]
                case 3:
                    text = text[:at] + pick.choice(ODD_CHARACTERS) + text[at:]
                case 4:
                    text = text[:at] + other[at:]
                case 5:
                    text = pick.choice(PREFIXES) + text[5:]
                case 6:
                    end = at + pick.randrange(1, 40)
                    text = text[:end] + text[at:end] * pick.choice((1, 2, 60)) + text[end:]
                case 7:
                    text = text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
                case _:
                    text = text.swapcase() if pick.random() < 0.1 else text + pick.choice(ODD_CHARACTERS)
            text = text or "J"
        return text

    def _bytes(self, text: str) -> str:
        pick = self.random
        data = bytearray(base45.decode(text[5:]))
        for _ in range(pick.choice((1, 1, 1, 2, 3))):
            at = pick.randrange(len(data))
            match pick.randrange(8):
                case 0 | 1:
                    data[at] ^= 1 << pick.randrange(8)
                case 2:
                    data[at] = pick.choice(ODD_BYTES)
                case 3:
                    data.insert(at, pick.choice(ODD_BYTES))
                case 4:
                    del data[at : at + pick.choice((1, 2, 8))]
                case 5:
                    data[at : at + 1] = data[at : at + pick.randrange(1, 30)]
                case 6:
                    other = base45.decode(pick.choice(self.codes)[5:])
                    data[at:] = other[at:]
                case _:
                    s = int.from_bytes(data[-32:], "big")
                    data[-32:] = ((cose.P256_ORDER - s) % (1 << 256)).to_bytes(32, "big")
            data = data or bytearray(1)
        return text[:5] + base45.encode(bytes(data))

    def _values(self, text: str) -> str:
        """Change what is said, write it properly, and keep the old signature."""
        try:
            sign1 = cose.read_sign1(base45.decode(text[5:]))
        except MalformedError:
            return text
        header, claims = cbor.decode(sign1.protected), cbor.decode(sign1.payload)
        if self.random.random() < 0.2:
            header = self._changed(header)
        else:
            claims = self._changed(claims)
        parts: list[cbor.Value] = [cbor.encode(header), {}, cbor.encode(claims), sign1.signature]
        return text[:5] + base45.encode(cbor.encode(cbor.Tag(18, parts)))

    def _changed(self, value: cbor.Value) -> cbor.Value:
        pick = self.random
        if isinstance(value, dict) and value and pick.random() < 0.9:
            key = pick.choice(list(value))
            changed = dict(value)
            match pick.randrange(6):
                case 0:
                    del changed[key]
                case 1:
                    changed[pick.choice((0, 1, 2, 4, 5, 6, 7, 8, 9, -1, -70001, 65535, "idx", "uri"))] = self._scalar()
                case _:
                    changed[key] = self._changed(value[key])
            return changed
        if isinstance(value, list) and value and pick.random() < 0.8:
            at = pick.randrange(len(value))
            return [*value[:at], self._changed(value[at]), *value[at + 1 :]]
        if type(value) is int and pick.random() < 0.7:
            return value + pick.choice((-1, 1, 86_400, -(1 << 20), 1 << 20))
        if isinstance(value, str) and pick.random() < 0.5:
            return value + pick.choice(("", "*", "0", "张", "\n"))
        return self._scalar()

    def _scalar(self) -> cbor.Value:
        pick = self.random
        choices: list[cbor.Value] = [
            0,
            1,
            -1,
            (1 << 64) - 1,
            -(1 << 64),
            b"",
            b"x" * 8,
            "",
            "CN-11",
            "jkm:11/7",
            True,
            False,
        ]
        choices += [None, [], {}, [0], {0: 0}, pick.getrandbits(32), pick.randbytes(32)]
        return pick.choice(choices)

    def _noise(self, _: str) -> str:
        pick = self.random
        length = pick.choice((0, 1, 5, 40, 272, 272, 473, 4291, 4300))
        match pick.randrange(4):
            case 0:
                return pick.choice(PREFIXES) + "".join(pick.choices(ALPHABET, k=length))
            case 1:
                return pick.choice(PREFIXES[:2]) + base45.encode(pick.randbytes(length * 2 // 3))
            case 2:
                start = bytes.fromhex("d28453a30126044800000000000000001064") + b"jkm1\xa0"
                return "JKM1:" + base45.encode(start + pick.randbytes(length * 2 // 3))
            case _:
                return "".join(map(chr, (pick.randrange(0x110000) for _ in range(min(length, 300)))))
