from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import cbor
from keys.verdict import CodeIdentity, Document, DocumentType
from scanner.journal.errors import EntryError
from scanner.journal.personal import Personal, decode, encode

texts = st.text(max_size=60)
people = st.builds(
    Personal,
    identity=st.none() | st.builds(CodeIdentity, texts, texts, st.integers(0, 1 << 40)),
    name=st.none() | texts,
    document=st.none() | st.builds(Document, st.sampled_from(DocumentType), texts),
    text=st.none() | texts,
    plate=st.none() | texts,
    table=st.none() | texts,
)


@given(people)
def test_every_person_reads_as_written(person: Personal) -> None:
    assert decode(encode(person)) == person


@given(st.binary(max_size=80))
def test_other_bytes_are_refused_or_are_exactly_a_person(data: bytes) -> None:
    try:
        person = decode(data)
    except EntryError:
        return
    assert encode(person) == data


def test_the_plaintext_is_the_documented_map() -> None:
    person = Personal(
        CodeIdentity("CN-33", "jkm:33/7", 5), "张**", Document(DocumentType.PASSPORT, "42"), "138", "浙A1", "12"
    )
    assert cbor.decode(encode(person)) == {
        1: ["CN-33", "jkm:33/7", 5],
        2: "张**",
        3: [2, "42"],
        4: "138",
        5: "浙A1",
        6: "12",
    }


def test_a_person_shows_nothing_of_itself_where_programs_print_values() -> None:
    person = Personal(name="张三", text="13812345678")
    assert repr(person) == str(person) == "Personal(…)"


@pytest.mark.parametrize(
    "value", [[], {7: "x"}, {1: ["CN-33", "u"]}, {1: ["CN-33", "u", -1]}, {2: 5}, {2: None}, {3: [7, "x"]}, {3: [1]}]
)
def test_a_field_that_breaks_its_rule_is_refused(value: cbor.Encodable) -> None:
    with pytest.raises(EntryError):
        decode(cbor.encode(value))


def test_an_overlong_remark_is_refused_before_anything_is_written() -> None:
    with pytest.raises(EntryError, match="256"):
        encode(Personal(plate="字" * 86))
    with pytest.raises(EntryError, match="1536"):
        encode(Personal(text="字" * 513))
