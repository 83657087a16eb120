from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import base45
from keys.errors import Base45Error

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", b""),
        ("BB8", b"AB"),  # RFC 9285 section 4.3
        ("%69 VD92EX0", b"Hello!!"),
        ("UJCLQE7W581", b"base-45"),
        ("QED8WEX0", b"ietf!"),  # RFC 9285 section 4.4
        ("FGW", b"\xff\xff"),
        ("U5", b"\xff"),
    ],
)
def test_the_published_examples_read_and_write(text: str, data: bytes) -> None:
    assert base45.decode(text) == data
    assert base45.encode(data) == text


@given(st.binary(max_size=400))
def test_what_is_written_reads_back(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@given(st.text(ALPHABET, max_size=40) | st.text(max_size=40))
def test_no_second_text_reads_as_the_same_bytes(text: str) -> None:
    try:
        data = base45.decode(text)
    except Base45Error:
        return
    assert base45.encode(data) == text


@given(st.text(ALPHABET, max_size=30))
def test_every_text_is_judged_as_by_the_definition_in_the_rfc(text: str) -> None:
    values = [ALPHABET.index(character) for character in text]
    expected: bytes | None = b""
    for at in range(0, len(values), 3):
        group = values[at : at + 3]
        number = sum(value * 45**place for place, value in enumerate(group))
        size = {3: 2, 2: 1}.get(len(group))
        if expected is None or size is None or number >= 256**size:
            expected = None
        else:
            expected += number.to_bytes(size, "big")
    if expected is None:
        with pytest.raises(Base45Error):
            base45.decode(text)
    else:
        assert base45.decode(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("BB8\n", id="newline at the end"),
        pytest.param("BB8\r\n", id="CRLF at the end"),
        pytest.param("\nBB8", id="newline before"),
        pytest.param("bb8", id="lower case"),
        pytest.param("BB8A", id="3n+1 characters"),
        pytest.param("A", id="one character"),
        pytest.param("GGW", id="a triple of 65536"),
        pytest.param(":::", id="the largest triple"),
        pytest.param("V5", id="a pair of 256"),
        pytest.param("::", id="the largest pair"),
        pytest.param("BB\uff18", id="a full-width digit"),
        pytest.param("BB\u0660", id="an Arabic digit"),
        pytest.param("BB\udc80", id="a lone surrogate"),
        pytest.param("BB\0", id="NUL"),
        pytest.param("BB_", id="outside the alphabet"),
        pytest.param("BB8:::BB8", id="overflow between good triples"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Base45Error):
        base45.decode(text)


def test_a_percent_sign_is_data_and_never_an_escape() -> None:
    assert base45.decode("%20") == (38 + 2 * 45).to_bytes(2, "big")
    assert base45.decode(" 00") == (36).to_bytes(2, "big")
    assert base45.encode(base45.decode("%20")) == "%20"


def test_a_space_is_data_wherever_the_standard_lets_it_stand() -> None:
    assert base45.encode(base45.decode(" 0A")) == " 0A"
    for text in ("BB ", "BB8 ", "BB8  ", "U5 "):  # the last of a group is its highest digit, and a space is too high
        with pytest.raises(Base45Error):
            base45.decode(text)
