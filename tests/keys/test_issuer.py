from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.issuer import is_issuer, is_region, list_uri, parse_list_uri

issuers = st.from_regex(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", fullmatch=True)


@pytest.mark.parametrize(
    ("issuer", "number", "uri"),
    [
        ("CN-33", 7, "jkm:33/7"),
        ("CN-11", 0, "jkm:11/0"),
        ("CN", 1, "jkm:CN/1"),
        ("CN-HK", 1, "jkm:CN-HK/1"),
        ("HK", 1, "jkm:HK/1"),
        ("US-CA", 999_999, "jkm:US-CA/999999"),
    ],
)
def test_a_uri_names_its_issuer_and_number(issuer: str, number: int, uri: str) -> None:
    assert list_uri(issuer, number) == uri
    assert parse_list_uri(uri) == (issuer, number)


@given(issuers, st.integers(0, 999_999))
def test_every_list_has_one_uri_and_every_uri_one_list(issuer: str, number: int) -> None:
    assert parse_list_uri(list_uri(issuer, number)) == (issuer, number)


@given(st.text(max_size=16) | st.from_regex(r"jkm:[A-Z0-9-]{0,6}/[0-9]{0,7}", fullmatch=True))
def test_no_second_uri_names_the_same_list(uri: str) -> None:
    named = parse_list_uri(uri)
    if named is not None:
        assert list_uri(*named) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "jkm:CN-33/7",  # the long way of writing jkm:33/7
        "jkm:33/07",
        "jkm:33/",
        "jkm:33",
        "jkm:/7",
        "jkm:33/-1",
        "jkm:33/1000000",
        "jkm:33/7\n",
        "jkm:33/٧",
        "JKM:33/7",
        "https://example.com/jkm:33/7",
        "jkm:33/7/8",
        "jkm:3333/7",
        "",
    ],
)
def test_anything_else_is_no_list_of_ours(uri: str) -> None:
    assert parse_list_uri(uri) is None


def test_only_regions_of_iso_3166_are_issuers() -> None:
    assert all(map(is_issuer, ("CN-33", "CN", "HK", "US-CA")))
    assert not any(map(is_issuer, ("", "cn-33", "CN-", "CN-3333", "C-33", "CN-33\n", "CN_33", "../CN", "CN-33/x")))
    with pytest.raises(ValueError, match="no status list"):
        list_uri("cn-33", 1)
    with pytest.raises(ValueError, match="no status list"):
        list_uri("CN-33", 1_000_000)


def test_regions_are_pairs_of_digits() -> None:
    assert all(map(is_region, ("33", "3301", "330110", "330110001001")))
    assert not any(map(is_region, ("", "3", "330", "33O1", "٣٣", "33²0", "33 1", "33011000100101")))
