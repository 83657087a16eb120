"""Enrolment codes: read strictly, and only where somebody vouches for the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import base45, cbor
from scanner.sync.offer import PREFIX, Offer, OfferError, read_offer, write_offer

OFFER = Offer("https://hub.example", bytes(range(32)), bytes(32), bytes(16))


def text(**fields: object) -> str:
    found: dict[int, cbor.Encodable] = {1: OFFER.url, 2: bytes(32), 3: bytes(32), 4: bytes(16)}
    for name, value in fields.items():
        key = int(name[1:])
        if value is None:
            del found[key]
        else:
            found[key] = value  # type: ignore[assignment]
    return PREFIX + base45.encode(cbor.encode(found))


@given(
    st.from_regex(r"https://[a-z0-9]{1,20}(\.[a-z]{2,5})?(:[1-9][0-9]{1,3})?(/[a-z]{1,9})?", fullmatch=True),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=16, max_size=16),
)
def test_an_offer_reads_as_it_was_written(url: str, pin: bytes, root: bytes, token: bytes) -> None:
    offer = Offer(url, pin, root, token)
    assert read_offer(write_offer(offer)) == offer


@given(st.binary(max_size=300))
def test_whatever_is_no_offer_is_refused_in_words(data: bytes) -> None:
    for candidate in (PREFIX + base45.encode(data), data.decode("latin-1")):
        with pytest.raises(OfferError):
            read_offer(candidate)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(text(_1="http://hub.example", _2=None), id="plain_http_beyond_this_machine"),
        pytest.param(text(_2=None), id="https_without_a_pin"),
        pytest.param(text(_1="http://127.0.0.1:8000"), id="a_pin_where_there_is_no_certificate"),
        pytest.param(text(_1="https://user:password@hub.example"), id="a_password_in_the_address"),
        pytest.param(text(_1="file:///etc"), id="no_address_of_a_server"),
        pytest.param(text(_1="https://hub.example/?next=evil"), id="a_query"),
        pytest.param(text(_2=bytes(31)), id="a_short_pin"),
        pytest.param(text(_3=None), id="no_root"),
        pytest.param(text(_4=bytes(15)), id="a_short_token"),
        pytest.param(text(_5=1), id="an_unknown_field"),
        pytest.param(text(_1=7), id="an_address_that_is_a_number"),
        pytest.param("JKM1:" + text()[5:], id="a_health_code"),
        pytest.param(text() + "0", id="trailing_text"),
    ],
)
def test_an_offer_that_is_not_safe_is_refused(code: str) -> None:
    with pytest.raises(OfferError):
        read_offer(code)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_hub_on_this_machine_needs_no_certificate(host: str) -> None:
    assert read_offer(text(_1=f"http://{host}:8080/", _2=None)).url == f"http://{host}:8080"
