from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import example, given
from hypothesis import strategies as st

from keys.ecdsa_signature import LONGEST_RAW, der_of


@given(st.sampled_from((32, 48, 66, LONGEST_RAW // 2)).flatmap(lambda n: st.tuples(*[_number(n)] * 2)))
@example((bytes(32), bytes(32)))
@example((b"\xff" * 66, b"\xff" * 66))
@example((bytes(31) + b"\x80", bytes(31) + b"\x7f"))
def test_every_raw_signature_becomes_what_the_library_writes_of_its_two_numbers(halves: tuple[bytes, bytes]) -> None:
    r, s = (int.from_bytes(half, "big") for half in halves)
    assert der_of(b"".join(halves)) == encode_dss_signature(r, s)


def _number(width: int) -> st.SearchStrategy[bytes]:
    """Return numbers of `width` bytes, many of them small: zeros in front are where DER differs from raw."""
    return st.integers(0, width).flatmap(
        lambda n: st.binary(min_size=n, max_size=n).map(lambda low: low.rjust(width, b"\0"))
    )


@pytest.mark.parametrize("length", [0, 1, 63, LONGEST_RAW + 2])
def test_what_is_no_raw_signature_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="raw ECDSA signature"):
        der_of(bytes(length))
