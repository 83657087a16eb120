"""Issuers and the names derived from them: one issuer, everywhere the same.

An issuer is a region of ISO 3166, such as `CN-33`. The uri of its status lists is short, for the code's sake:
`jkm:33/7` is list 7 of `CN-33`. Only the digits of mainland provinces are shortened, so that each uri names exactly one
issuer: any other is written whole (`jkm:CN-HK/7`, `jkm:HK/7`).
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_LIST_NUMBER = 999_999
_ISSUER = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_URI = re.compile(r"jkm:(?:([0-9]{1,3})|([A-Z]{2}(?:-[A-Z0-9]{1,3})?))/(0|[1-9][0-9]{0,5})")
_HOME = "CN-"
_REGION_DIGITS = range(2, 13, 2)


def is_issuer(name: str) -> bool:
    """Whether `name` is formed like an ISO 3166-1 or 3166-2 region."""
    return _ISSUER.fullmatch(name) is not None


def is_region(code: str) -> bool:
    """Whether `code` is formed like a GB/T 2260 code or the beginning of one: 2 to 12 digits, in pairs."""
    return code.isdecimal() and code.isascii() and len(code) in _REGION_DIGITS


def list_uri(issuer: str, number: int) -> str:
    """Return the uri of status list `number` of `issuer`. Raises ValueError where there is none."""
    if not is_issuer(issuer) or not 0 <= number <= MAX_LIST_NUMBER:
        raise ValueError(f"no status list {number} of issuer {issuer!r}")
    region = issuer.removeprefix(_HOME)
    return f"jkm:{region if region.isdigit() else issuer}/{number}"


@lru_cache(maxsize=1024)
def parse_list_uri(uri: str) -> tuple[str, int] | None:
    """Return the issuer and list number an own status list uri names; None where it is not one of ours."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    digits, whole, number = match.groups()
    issuer = _HOME + digits if digits else str(whole)
    return (issuer, int(number)) if list_uri(issuer, int(number)) == uri else None
