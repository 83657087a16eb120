from __future__ import annotations

import contextlib
import math

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.cbor_bounded import LooseTag, decode_bounded
from keys.errors import CborError

names = st.integers(-(1 << 64), (1 << 64) - 1) | st.text(max_size=20)
values = st.recursive(
    st.integers(-(1 << 64), (1 << 64) - 1)
    | st.binary(max_size=40)
    | st.text(max_size=40)
    | st.sampled_from([True, False, None])
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)


@given(values)
def test_whatever_cbor2_writes_reads_back(value: object) -> None:
    assert decode_bounded(cbor2.dumps(value)) == value


@given(values)
def test_whatever_cbor2_writes_with_indefinite_lengths_reads_back(value: object) -> None:
    assert decode_bounded(cbor2.dumps(value, indefinite_containers=True)) == value


@given(st.binary(max_size=64))
def test_random_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(CborError):
        decode_bounded(data)


ACCEPTED = {
    "head longer than needed": ("1817", 23),
    "indefinite bytes": ("5f41614162ff", b"ab"),
    "indefinite text": ("7f61616162ff", "ab"),
    "empty indefinite text": ("7fff", ""),
    "keys in any order": ("a201000002", {1: 0, 0: 2}),
    "float of 2 bytes": ("f93c00", 1.0),
    "infinity": ("f97c00", math.inf),
    "an array in a map in an array": ("8183a1008100405803616263", [[{0: [0]}, b"", b"abc"]]),
    "a date stays a tag": ("c11a514b67b0", LooseTag(1, 1363896240)),
    "a bignum stays a tag": ("c249010000000000000000", LooseTag(2, b"\1" + b"\0" * 8)),
    "a regex stays a tag": ("d8236161", LooseTag(35, "a")),
    "a shared reference stays a tag": ("d81d00", LooseTag(29, 0)),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_other_encoders_choices_are_read(case: str) -> None:
    data, value = ACCEPTED[case]
    read = decode_bounded(bytes.fromhex(data))
    assert read == value
    assert type(read) is type(value)


REFUSED = {
    "nothing": "",
    "trailing byte": "0000",
    "duplicate key": "a200010002",
    "duplicate key in another encoding": "a20001180002",
    "duplicate key in an indefinite map": "bf00010002ff",
    "boolean key": "a1f500",
    "float key": "a1f93c0000",
    "bytes key": "a1416100",
    "tagged key": "a1c10000",
    "NaN": "f97e00",
    "NaN of 4 bytes": "fa7fc00000",
    "NaN of 8 bytes": "fb7ff8000000000001",
    "undefined": "f7",
    "simple value": "f820",
    "simple value, low": "e5",
    "break alone": "ff",
    "break in a definite array": "8200ff",
    "break for a value": "bf00ff",
    "chunk of another kind": "5f6161ff",
    "chunk of indefinite length": "5f5f4161ffff",
    "text chunks that split a character": "7f61e562bca0ff",
    "unending array": "9f00",
    "unending text": "7f6161",
    "indefinite integer": "1f",
    "indefinite tag": "df00",
    "reserved head": "1c",
    "too deep": "81" * 17 + "00",
    "too deep, indefinite": "9f" * 17 + "ff" * 17,
    "too deep, maps in arrays": "81a100" * 8 + "8100",
    "too deep, arrays in maps": "a10081" * 8 + "a1" + "0000",
    "too deep, tags": "c1" * 17 + "00",
    "very deep": "81" * 500_000,
    "text that is not UTF-8": "61ff",
    "a string longer than memory": "5b7fffffffffffffff00",
    "an array longer than memory": "9b7fffffffffffffff00",
}


@pytest.mark.parametrize("case", REFUSED)
def test_tricks_are_refused(case: str) -> None:
    with pytest.raises(CborError):
        decode_bounded(bytes.fromhex(REFUSED[case]))


@pytest.mark.parametrize(
    "data", [b"\x99\x4e\x20" + b"\0" * 20_000, b"\x9f" + b"\0" * 20_000 + b"\xff", b"\x5f" + b"\x40" * 20_000 + b"\xff"]
)
def test_too_many_items_are_refused(data: bytes) -> None:
    with pytest.raises(CborError, match="too many"):
        decode_bounded(data)


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(CborError):
        decode_bounded(b"\x43abc", limit=3)
