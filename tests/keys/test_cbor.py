from __future__ import annotations

from collections.abc import Mapping

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keys import cbor
from keys.errors import CborError

scalars = (
    st.integers(-(1 << 64), (1 << 64) - 1)
    | st.binary(max_size=40)
    | st.text(max_size=40)
    | st.sampled_from([True, False, None])
)
names = st.integers(-(1 << 64), (1 << 64) - 1) | st.integers(-30, 30) | st.text(max_size=30)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(names, inner, max_size=6)
        | inner.map(lambda value: cbor.Tag(18, value))
    ),
    max_leaves=20,
)


def same(one: object, other: object) -> bool:
    """Equal, and of equal types all the way down: 1 is not True."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = {(type(key), key): value for key, value in other.items()}
        return len(one) == len(other) and all(
            (type(k), k) in pairs and same(v, pairs[type(k), k]) for k, v in one.items()
        )
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def rewritten(value: object) -> bytes | None:
    """The oracle's canonical form by cbor2, map keys in bytewise order; None for a type that is not allowed.

    cbor2's own `canonical` orders keys by length first (RFC 7049), so only its scalars are used.
    """
    if value is None or type(value) is bool or type(value) is bytes or type(value) is str:
        return cbor2.dumps(value)
    if type(value) is int:
        return cbor2.dumps(value) if -(1 << 64) <= value < 1 << 64 else None
    if isinstance(value, cbor2.CBORTag):
        inner = rewritten(value.value)
        return b"\xd2" + inner if value.tag == 18 and inner is not None else None
    if isinstance(value, list | tuple):
        members = [rewritten(member) for member in value]
        return None if None in members else cbor.head(4, len(members)) + b"".join(m for m in members if m is not None)
    if isinstance(value, Mapping):  # cbor2 reads a map inside a tag as a frozen one
        pairs = []
        for key, member in value.items():
            if type(key) is not int and type(key) is not str:
                return None
            written = rewritten(key), rewritten(member)
            if written[0] is None or written[1] is None:
                return None
            pairs.append((written[0], written[1]))
        return cbor.head(5, len(pairs)) + b"".join(key + member for key, member in sorted(pairs))
    return None


def depth_of(value: object) -> int:
    if isinstance(value, cbor2.CBORTag):
        return 1 + depth_of(value.value)
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else None
    return 0 if members is None else 1 + max(map(depth_of, members), default=0)


def by_oracle(data: bytes) -> bool:
    """Whether decode → re-encode → compare holds with cbor2, over the allowed types only."""
    try:
        value = cbor2.loads(data)
    except Exception:  # whatever cbor2 raises for hostile bytes, they are not accepted
        return False
    return rewritten(value) == data and depth_of(value) <= cbor.MAX_DEPTH


def accepted(data: bytes) -> bool:
    try:
        cbor.decode(data)
    except CborError:
        return False
    return True


@given(values)
def test_what_is_written_reads_back_with_the_same_types(value: cbor.Value) -> None:
    assert same(cbor.decode(cbor.encode(value)), value)


@given(values)
def test_the_writer_agrees_with_cbor2_on_every_value(value: cbor.Value) -> None:
    def for_cbor2(value: object) -> object:
        if isinstance(value, cbor.Tag):
            return cbor2.CBORTag(18, for_cbor2(value.value))
        if isinstance(value, dict):
            return {key: for_cbor2(member) for key, member in value.items()}
        return [for_cbor2(member) for member in value] if isinstance(value, list) else value

    assert rewritten(for_cbor2(value)) == cbor.encode(value)


@given(st.binary(max_size=24))
@example(bytes.fromhex("a2016161f56162"))  # {1: "a", true: "b"}: one key to Python
def test_the_reader_accepts_exactly_what_survives_a_round_trip_through_cbor2(data: bytes) -> None:
    assert accepted(data) == by_oracle(data)


@given(values, st.data())
def test_the_reader_agrees_with_cbor2_about_every_damage_to_good_bytes(value: cbor.Value, data: st.DataObject) -> None:
    damaged = bytearray(cbor.encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        what = data.draw(st.sampled_from(["flip", "insert", "remove", "double"]))
        if what == "flip":
            damaged[at] = data.draw(st.integers(0, 255))
        elif what == "insert":
            damaged.insert(at, data.draw(st.integers(0, 255)))
        elif what == "double":
            damaged[at:at] = damaged[at : at + 4]
        elif len(damaged) > 1:
            del damaged[at]
    assert accepted(bytes(damaged)) == by_oracle(bytes(damaged))


@given(st.binary(max_size=60))
def test_whatever_is_accepted_is_what_the_writer_writes(data: bytes) -> None:
    if accepted(data):
        assert cbor.encode(cbor.decode(data)) == data


REFUSED = {
    "nothing at all": "",
    "trailing byte": "0000",
    "head longer than needed, 1 byte": "1817",
    "head longer than needed, 2 bytes": "1900ff",
    "head longer than needed, 4 bytes": "1a0000ffff",
    "head longer than needed, 8 bytes": "1b00000000ffffffff",
    "negative head longer than needed": "3817",
    "text length longer than needed": "780161",
    "array length longer than needed": "980100",
    "map length longer than needed": "b8010000",
    "reserved head 28": "1c",
    "reserved head 30": "1e",
    "indefinite bytes": "5f4161ff",
    "indefinite text": "7f6161ff",
    "indefinite array": "9f00ff",
    "indefinite map": "bf0000ff",
    "a break alone": "ff",
    "duplicate key": "a200010002",
    "duplicate text key": "a2616100616101",
    "keys out of order": "a201000000",
    "keys ordered by length first": "a3200218640161610300"[:18],
    "boolean key equal to 1": "a2016161f56162",
    "boolean key": "a1f500",
    "null key": "a1f600",
    "bytes key": "a1416100",
    "array key": "a18000",
    "float key equal to 1": "a1f93c0000",
    "float 1.0": "f93c00",
    "NaN": "f97e00",
    "infinity": "f97c00",
    "float of 4 bytes": "fa47c35000",
    "float of 8 bytes": "fb3ff199999999999a",
    "undefined": "f7",
    "simple value 0": "e0",
    "simple value in two bytes": "f8ff",
    "false in two bytes": "f814",
    "date text, tag 0": "c074323031332d30332d32315432303a30343a30305a",
    "date number, tag 1": "c11a514b67b0",
    "bignum, tag 2": "c249010000000000000000",
    "negative bignum, tag 3": "c349010000000000000000",
    "a bignum that fits an integer": "c24105",
    "decimal fraction, tag 4": "c48221196ab3",
    "shared reference, tag 28": "d81c80",
    "regex, tag 35": "d8236161",
    "MIME, tag 36": "d8246161",
    "UUID, tag 37": "d82550" + "00" * 16,
    "set, tag 258": "d9010280",
    "IP address, tag 260": "d9010444c00a0a01",
    "CWT, tag 61": "d83d00",
    "self-described, tag 55799": "d9d9f700",
    "tag 18 in a longer head": "d81200",
    "text that is not UTF-8": "61ff",
    "text with a surrogate": "63eda080",
    "text in overlong UTF-8": "62c080",
    "text cut inside a character": "61e5",
    "ends inside a head": "19ff",
    "ends inside a string": "4361",
    "ends inside text": "6361",
    "ends inside an array": "8200",
    "ends inside a map": "a100",
    "a string longer than memory": "5b7fffffffffffffff00",
    "an array longer than memory": "9b7fffffffffffffff00",
    "a map longer than memory": "bbffffffffffffffff00",
    "deeper than 16": "81" * 17 + "00",
    "tags deeper than 16": "d2" * 17 + "00",
    "maps deeper than 16": "a100" * 17 + "00",
    "a hundred thousand levels": "81" * 60_000,
}


@pytest.mark.parametrize("case", REFUSED)
def test_hostile_and_lazy_encodings_are_refused(case: str) -> None:
    with pytest.raises(CborError):
        cbor.decode(bytes.fromhex(REFUSED[case]))


def test_sixteen_levels_are_read() -> None:
    assert cbor.decode(bytes.fromhex("81" * 16 + "00"))


def test_more_bytes_than_the_limit_are_not_looked_at() -> None:
    data = cbor.encode(b"x" * 100)
    assert cbor.decode(data, limit=len(data)) == b"x" * 100
    with pytest.raises(CborError):
        cbor.decode(data, limit=len(data) - 1)


def test_keys_are_ordered_bytewise_and_not_by_length() -> None:
    assert cbor.encode({-1: 1, 100: 2}).hex() == "a2186402" + "2001"
    assert cbor.decode(bytes.fromhex("a21864022001")) == {100: 2, -1: 1}
    with pytest.raises(CborError):
        cbor.decode(bytes.fromhex("a22001186402"))


@pytest.mark.parametrize("value", [1.0, {1.0: 1}, {True: 1}, {b"k": 1}, {None: 1}, object(), cbor.Tag(35, "a")])
def test_what_the_reader_refuses_the_writer_does_not_write(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        cbor.encode(value)  # type: ignore[arg-type]


def test_integers_beyond_64_bits_are_not_written_as_bignums() -> None:
    for number in (1 << 64, -(1 << 64) - 1):
        with pytest.raises(ValueError, match="does not fit"):
            cbor.encode(number)


def test_a_byte_string_is_read_in_place_and_nothing_else_is() -> None:
    assert cbor.byte_string_at(b"\x00\x42ab\x01", 1) == (b"ab", 4)
    for wrong in (b"\x00", b"\x62ab", b"\x81\x00", b"\x5f\x41a\xff", b"\x58\x02ab", b"", b"\x43ab", b"\x61\xff"):
        with pytest.raises(CborError):
            cbor.byte_string_at(wrong, 0)
