from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import base45, cbor, cose
from keys.errors import MalformedError
from keys.health_code import HealthCode, read_claims, write_claims
from keys.issuer import list_uri
from keys.key_id import key_id
from keys.numeric_date import LAST_SECOND
from keys.verdict import Carrier, CodeIdentity, Colour, Document, DocumentType, Group
from tests.keys.realm import NOW, Realm, new_key

HOLDERS = [new_key().public_key() for _ in range(4)]
printable = st.characters(exclude_categories=("C", "Z"))
codes = st.builds(
    HealthCode,
    identity=st.builds(
        lambda issuer, number, index: CodeIdentity(issuer, list_uri(issuer, number), index),
        st.sampled_from(["CN-33", "CN-11", "HK", "CN-HK", "CN"]),
        st.integers(0, 999_999),
        st.integers(0, (1 << 32) - 1),
    ),
    issued_at=st.integers(0, LAST_SECOND),
    expires_at=st.integers(0, LAST_SECOND),
    colour=st.sampled_from(Colour),
    name=st.text(printable, min_size=1, max_size=5).map(lambda name: name + "**"),
    document=st.builds(Document, st.sampled_from(DocumentType), st.text(printable, min_size=2, max_size=2)),
    carrier=st.sampled_from(Carrier),
    not_before=st.none() | st.integers(0, LAST_SECOND),
    region=st.none() | st.sampled_from(["33", "3301", "330110"]),
    colour_reason=st.none() | st.integers(0, 65_535),
    colour_until=st.none() | st.integers(0, 40_000),
    group=st.none() | st.sampled_from(Group),
    holder=st.none() | st.sampled_from(HOLDERS),
)


@given(codes)
def test_what_is_written_reads_back(code: HealthCode) -> None:
    assert read_claims(write_claims(code)) == code


@given(st.binary(max_size=200))
def test_random_payloads_are_refused_and_nothing_else(payload: bytes) -> None:
    with pytest.raises(MalformedError):
        read_claims(payload)


def test_a_typical_code_is_181_bytes_and_277_characters() -> None:
    text = Realm().text()
    assert text.startswith("JKM1:")
    assert len(text) == 277
    assert len(base45.decode(text[5:])) == 181


def test_a_code_is_signed_over_the_claims_of_the_document() -> None:
    """The wire form written out by hand, so that reader and writer cannot be wrong together."""
    realm = Realm()
    sign1 = cose.read_sign1(base45.decode(realm.text()[5:]))
    kid = key_id(realm.code_key.public_key())
    assert sign1.protected == b"\xa3\x01\x26\x04\x48" + kid + b"\x10\x64jkm1"
    status = "a263" + b"idx".hex() + "1a" + f"{812_345:08x}" + "63" + b"uri".hex() + "68" + b"jkm:33/7".hex()
    health = (
        "a5" + "0100" + "0265" + "张**".encode().hex() + "03820162" + b"1X".hex() + "0400" + "0566" + b"330110".hex()
    )
    expected = "a5" + "0165" + b"CN-33".hex() + f"041a{NOW + 86_400:08x}" + f"061a{NOW - 7200:08x}"
    expected += "19ffff" + "a16b" + b"status_list".hex() + status + "3a00011170" + health
    assert sign1.payload.hex() == expected


def test_the_holders_key_is_compressed_with_a_boolean_y() -> None:
    for holder in HOLDERS:
        claims = cbor.decode(write_claims(Realm().code(holder=holder)))
        assert type(claims) is dict
        numbers = holder.public_numbers()
        x = numbers.x.to_bytes(32, "big")
        assert claims[8] == {1: {1: 2, -1: 1, -2: x, -3: numbers.y % 2 == 1}}
        assert type(claims[8][1][-3]) is bool  # type: ignore[index,call-overload]


HOLDER = HOLDERS[0]
HOLDER_X = HOLDER.public_numbers().x.to_bytes(32, "big")
NO_POINT_X = b"\xff" * 32
ABSENT = object()

REFUSED: dict[str, tuple[tuple[int | str, ...], object]] = {
    "iss absent": ((1,), ABSENT),
    "iss a number": ((1,), 33),
    "iss no region": ((1,), "Zhejiang"),
    "iss longer than 16": ((1,), "CN-33" * 4),
    "iss of another region than the uri": ((1,), "CN-11"),
    "iss with a line end": ((1,), "CN-33\n"),
    "exp absent": ((4,), ABSENT),
    "exp negative": ((4,), -1),
    "exp true": ((4,), True),
    "exp false, which equals 0": ((4,), False),
    "exp text": ((4,), "2026"),
    "exp null": ((4,), None),
    "exp after the year 9999": ((4,), LAST_SECOND + 1),
    "nbf null": ((5,), None),
    "nbf true": ((5,), True),
    "nbf negative": ((5,), -1),
    "iat absent": ((6,), ABSENT),
    "iat bytes": ((6,), b"\0"),
    "cnf null": ((8,), None),
    "cnf empty": ((8,), {}),
    "cnf of two members": ((8,), {1: {1: 2, -1: 1, -2: HOLDER_X, -3: True}, 3: b"kid"}),
    "cnf key with y as bytes": ((8,), {1: {1: 2, -1: 1, -2: HOLDER_X, -3: bytes(32)}}),
    "cnf key with y as 1": ((8,), {1: {1: 2, -1: 1, -2: HOLDER_X, -3: 1}}),
    "cnf key without y": ((8,), {1: {1: 2, -1: 1, -2: HOLDER_X}}),
    "cnf key with x of 31 bytes": ((8,), {1: {1: 2, -1: 1, -2: HOLDER_X[:31], -3: True}}),
    "cnf key off the curve": ((8,), {1: {1: 2, -1: 1, -2: NO_POINT_X, -3: True}}),
    "cnf key of P-384": ((8,), {1: {1: 2, -1: 2, -2: HOLDER_X, -3: True}}),
    "cnf key of type OKP": ((8,), {1: {1: 1, -1: 1, -2: HOLDER_X, -3: True}}),
    "cnf key with its private half": ((8,), {1: {1: 2, -1: 1, -2: HOLDER_X, -3: True, -4: bytes(32)}}),
    "cnf crv true, which equals 1": ((8,), {1: {1: 2, -1: True, -2: HOLDER_X, -3: True}}),
    "status absent": ((65535,), ABSENT),
    "status with a member more": ((65535, "x"), 1),
    "status_list absent": ((65535,), {}),
    "status_list with a member more": ((65535, "status_list", "x"), 1),
    "status_list an array": ((65535, "status_list"), [1, "jkm:33/7"]),
    "idx absent": ((65535, "status_list", "idx"), ABSENT),
    "idx negative": ((65535, "status_list", "idx"), -1),
    "idx true": ((65535, "status_list", "idx"), True),
    "idx beyond 32 bits": ((65535, "status_list", "idx"), 1 << 32),
    "uri absent": ((65535, "status_list", "uri"), ABSENT),
    "uri of another region": ((65535, "status_list", "uri"), "jkm:11/7"),
    "uri written the long way": ((65535, "status_list", "uri"), "jkm:CN-33/7"),
    "uri on the web": ((65535, "status_list", "uri"), "https://example.com/33/7"),
    "uri climbing out": ((65535, "status_list", "uri"), "jkm:33/../7"),
    "uri bytes": ((65535, "status_list", "uri"), b"jkm:33/7"),
    "health absent": ((-70001,), ABSENT),
    "health an array": ((-70001,), []),
    "health with an unknown field": ((-70001, 9), 0),
    "health with a text field": ((-70001, "1"), 0),
    "colour absent": ((-70001, 1), ABSENT),
    "colour 5": ((-70001, 1), 5),
    "colour false, which equals green": ((-70001, 1), False),
    "colour null": ((-70001, 1), None),
    "colour a word": ((-70001, 1), "green"),
    "name absent": ((-70001, 2), ABSENT),
    "name empty": ((-70001, 2), ""),
    "name of 25 bytes": ((-70001, 2), "张" * 8 + "*"),
    "name with a line end": ((-70001, 2), "张*\n"),
    "name with a terminal escape": ((-70001, 2), "\x1b[2J*"),
    "name written right to left": ((-70001, 2), "\u202e*张"),
    "name bytes": ((-70001, 2), "张*".encode()),
    "document absent": ((-70001, 3), ABSENT),
    "document type 7": ((-70001, 3), [7, "1X"]),
    "document type true": ((-70001, 3), [True, "1X"]),
    "document tail of three": ((-70001, 3), [1, "11X"]),
    "document tail of one": ((-70001, 3), [1, "X"]),
    "document tail with a line end": ((-70001, 3), [1, "X\n"]),
    "document of three": ((-70001, 3), [1, "1X", 0]),
    "document a map": ((-70001, 3), {1: "1X"}),
    "carrier absent": ((-70001, 4), ABSENT),
    "carrier 3": ((-70001, 4), 3),
    "carrier false": ((-70001, 4), False),
    "region null": ((-70001, 5), None),
    "region empty": ((-70001, 5), ""),
    "region a number": ((-70001, 5), 3301),
    "region of letters": ((-70001, 5), "ZJ"),
    "region of full-width digits": ((-70001, 5), "\uff13\uff13"),
    "colour reason negative": ((-70001, 6), -1),
    "colour reason null": ((-70001, 6), None),
    "colour until after the year 9999": ((-70001, 7), 3_000_000),
    "colour until true": ((-70001, 7), True),
    "group 0": ((-70001, 8), 0),
    "group true": ((-70001, 8), True),
    "an unknown claim": ((7,), b"cti"),
    "an unknown text claim": (("iss",), "CN-33"),
}  # fmt: skip


def changed(path: tuple[int | str, ...], value: object) -> bytes:
    claims = cbor.decode(write_claims(Realm().code()))
    inner = claims
    for step in path[:-1]:
        inner = inner[step]  # type: ignore[index,call-overload]
    if value is ABSENT:
        del inner[path[-1]]  # type: ignore[union-attr,arg-type]
    else:
        inner[path[-1]] = value  # type: ignore[index,call-overload]
    return cbor.encode(claims)


@pytest.mark.parametrize("case", REFUSED)
def test_a_claim_out_of_its_type_or_range_is_malformed(case: str) -> None:
    path, value = REFUSED[case]
    with pytest.raises(MalformedError):
        read_claims(changed(path, value))


def test_what_the_table_allows_is_read() -> None:
    good = [
        ((5,), NOW),
        ((8,), {1: {1: 2, -1: 1, -2: HOLDER_X, -3: True}}),
        ((-70001, 2), "张" * 7 + "***"),
        ((-70001, 5), ABSENT),
        ((-70001, 6), 0),
        ((-70001, 7), 0),
        ((-70001, 8), 5),
        ((65535, "status_list", "idx"), 0),
    ]
    for path, value in good:
        read_claims(changed(path, value))


def test_a_name_in_full_is_not_written() -> None:
    with pytest.raises(ValueError, match="masked"):
        write_claims(Realm().code(name="张三"))


@pytest.mark.parametrize(
    "change",
    [{"expires_at": -1}, {"identity": CodeIdentity("CN-33", "jkm:11/7", 1)}, {"region": "x"}, {"name": "*" * 25}],
)
def test_what_no_gate_would_read_is_not_issued(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no code can say this"):
        write_claims(replace(Realm().code(), **change))  # type: ignore[arg-type]


def test_claims_larger_than_any_code_are_refused_unread() -> None:
    with pytest.raises(MalformedError):
        read_claims(b"\xa0" + bytes(2000))
