"""EU Digital COVID Certificate: `HC1:` + base45( zlib( COSE_Sign1( CWT ))), eHealth Network volumes 1, 3.

Read as other states really wrote them: the CWT tag or no tag at all, indefinite lengths, times and doses as floats, a
time behind a date, a month that does not exist, null for an empty list, blanks around words, a tagged time of a sample.
None of that changes what is signed. What is not decided here is whether a certificate keeps to the JSON schema of its
version: several issuers' do not.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from keys import base45
from keys.cbor_bounded import LooseTag, LooseValue, decode_bounded
from keys.errors import MalformedError
from keys.facts import Fact, Kind, Person, Statement, read_date, read_name
from keys.foreign_code import ForeignCode, identity_of
from keys.foreign_cose import CWT_TAG, SIGN1_TAG, ForeignSign1, read_sign1
from keys.inflate import ZLIB, inflate
from keys.json_bounded import JsonValue
from keys.verdict import CodeFormat

PREFIX: Final = "HC1:"
MAX_BYTES: Final = 16_384
"""Of the inflated COSE_Sign1; the largest code of 4,296 characters that is no bomb stays far below."""
_TAGS: Final = ((SIGN1_TAG,), (CWT_TAG, SIGN1_TAG), ())
_ISS, _EXP, _IAT, _HCERT = 1, 4, 6, -260
_DGC: Final = 1
_MAX_TIME: Final = 253_402_300_799
_MAX_ENTRIES: Final = 8
_RESULTS: Final = {"260415000": False, "260373001": True}
"""SNOMED CT codes of a test's result (value set covid-19-lab-result): not detected, detected."""
_KEY_USE: Final = {Kind.TEST: "1", Kind.VACCINATION: "2", Kind.RECOVERY: "3"}
_USE_ARCS: Final = ("1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1.")
"""Extended key usages of signers that are limited to some kinds (volume 5, certificate governance); the second is how
many issuers mistyped the first."""


class Claims(NamedTuple):
    """The CWT's claims (volume 1, section 3.3). A tuple, because one is made for every code."""

    issuer: str | None
    issued_at: float
    expires_at: float
    certificate: dict[int | str, LooseValue]


def read(text: str) -> ForeignCode:
    """Read a whole code. Raises MalformedError."""
    signed = read_signed(decompressed(base45.decode(text.removeprefix(PREFIX))))
    claims = read_claims(signed.payload)
    statement, uci = read_statement(claims.certificate)
    country = claims.issuer or ""
    return ForeignCode(
        format=CodeFormat.HC1,
        issuer=claims.issuer,
        kid=signed.kid,
        scheme=signed.scheme,
        message=signed.message,
        signature=signed.signature,
        statement=statement,
        identity=identity_of(country, uci),
        issued_at=claims.issued_at,
        expires_at=claims.expires_at,
        expiry_counts=True,
        loose_curve=True,
        unique_id=uci,
    )


def decompressed(data: bytes) -> bytes:
    """Return the COSE bytes; a certificate that is not compressed is malformed (volume 3, section 3)."""
    return inflate(data, ZLIB, MAX_BYTES)


def read_signed(data: bytes) -> ForeignSign1:
    """Read the COSE_Sign1, its alg and kid from either header (volume 1, section 3.2). Raises MalformedError."""
    return read_sign1(data, tags=_TAGS, protected_only=False, limit=MAX_BYTES)


def read_claims(payload: bytes) -> Claims:
    """Read the claims that carry a certificate. Others are ignored (RFC 8392 section 3). Raises MalformedError."""
    claims = decode_bounded(payload, limit=MAX_BYTES)
    if type(claims) is not dict:
        raise MalformedError("claims that are no map")
    issuer = claims.get(_ISS)
    if issuer is not None and (type(issuer) is not str or not 0 < len(issuer) <= 128):
        raise MalformedError("iss that is no text of 1 to 128 characters")
    hcert = claims.get(_HCERT)
    certificate = hcert.get(_DGC) if type(hcert) is dict else None
    if type(certificate) is not dict:
        raise MalformedError("no EU certificate in the claims")
    return Claims(
        issuer.strip().upper() if type(issuer) is str else None,
        _time(claims.get(_IAT), "iat"),
        _time(claims.get(_EXP), "exp"),
        certificate,
    )


def read_statement(certificate: dict[int | str, LooseValue]) -> tuple[Statement, str]:
    """Return what a certificate says, and its unique identifier. Raises MalformedError."""
    plain = _plain(certificate)
    assert type(plain) is dict  # noqa: S101 - what a map becomes
    vaccinations, tests, recoveries = _entries(plain, "v"), _entries(plain, "t"), _entries(plain, "r")
    facts = (*map(_vaccination, vaccinations), *map(_test, tests), *map(_recovery, recoveries))
    entries = (*vaccinations, *tests, *recoveries)
    if not facts:
        raise MalformedError("certificate without any vaccination, test or recovery")
    identifiers = [_text(entry, "ci") for entry in entries]
    if len(facts) > 1 and len(set(identifiers)) != 1 and len({fact.kind for fact in facts}) > 1:
        raise MalformedError("several certificates in one")
    return Statement(_person(plain), facts, plain), identifiers[-1]


def may_sign(usages: frozenset[str], facts: tuple[Fact, ...]) -> bool:
    """Whether a signer limited to `usages` may state `facts`. One with no usage of this family is not limited."""
    limits = {usage.removeprefix(arc) for usage in usages for arc in _USE_ARCS if usage.startswith(arc)}
    return not limits or all(_KEY_USE.get(fact.kind) in limits for fact in facts)


def _plain(value: LooseValue) -> JsonValue:
    """Return CBOR as JSON: tags left out, byte strings refused, keys as text, whole floats as integers."""
    if type(value) is LooseTag:
        return _plain(value.value)
    if type(value) is bytes:
        raise MalformedError("byte string where text belongs")
    if type(value) is dict:
        return {
            str(key): member if type(member) is str or type(member) is int else _plain(member)
            for key, member in value.items()
        }
    if type(value) is list:
        return [_plain(member) for member in value]
    if type(value) is float:
        if not math.isfinite(value):
            raise MalformedError("number that is infinite")
        return int(value) if value.is_integer() else value
    assert value is None or type(value) in (str, int, bool)  # noqa: S101 - what is left of LooseValue
    return value  # type: ignore[return-value]  # narrowed by the line above


def _entries(certificate: dict[str, JsonValue], group: str) -> list[dict[str, JsonValue]]:
    """Return the entries of a group, none where it is absent, null or empty."""
    entries = certificate.get(group)
    if entries is None:
        return []
    if type(entries) is not list or len(entries) > _MAX_ENTRIES:
        raise MalformedError(f"{group} that is no list of at most {_MAX_ENTRIES} entries")
    maps = [entry for entry in entries if type(entry) is dict]
    if len(maps) != len(entries):
        raise MalformedError(f"entry of {group} that is no map")
    return maps


def _vaccination(entry: dict[str, JsonValue]) -> Fact:
    return Fact(
        Kind.VACCINATION,
        read_date(entry.get("dt"), "date of vaccination"),
        product=_word(entry, "mp"),
        dose=_count(entry, "dn"),
        doses=_count(entry, "sd"),
        country=_word(entry, "co"),
    )


def _test(entry: dict[str, JsonValue]) -> Fact:
    result = _RESULTS.get(_word(entry, "tr") or "")
    sampled = read_date(entry.get("sc"), "time of the sample")
    return Fact(Kind.TEST, sampled, product=_word(entry, "tt"), positive=result, country=_word(entry, "co"))


def _recovery(entry: dict[str, JsonValue]) -> Fact:
    return Fact(
        Kind.RECOVERY,
        read_date(entry.get("fr"), "date of the first positive test"),
        until=read_date(entry.get("du"), "end of the recovery certificate"),
        country=_word(entry, "co"),
    )


def _person(certificate: dict[str, JsonValue]) -> Person:
    names = certificate.get("nam")
    if type(names) is not dict:
        raise MalformedError("nam that is no map")
    family, given = read_name(names.get("fn"), "surname"), read_name(names.get("gn"), "given name")
    machine = [read_name(names.get(name), "transliterated name") for name in ("fnt", "gnt")]
    if not (family or given or any(machine)):
        raise MalformedError("certificate of nobody: no name in it")
    readable = [part.replace("<", " ") for part in machine]
    return Person(
        family or ("" if given else readable[0]),
        given or ("" if family else readable[1]),
        read_date(certificate.get("dob"), "date of birth"),
        transliterated=" ".join(part for part in machine if part) if machine[0] else "",
    )


def _text(entry: dict[str, JsonValue], name: str) -> str:
    value = _word(entry, name)
    if value is None:
        raise MalformedError(f"{name} that is missing")
    return value


def _word(entry: dict[str, JsonValue], name: str) -> str | None:
    """Return a text of an entry without the blanks round it; None where it is absent, null or empty."""
    value = entry.get(name)
    if value is None:
        return None
    if type(value) is not str or len(value) > 256:
        raise MalformedError(f"{name} that is no text of at most 256 characters")
    return value.strip() or None


def _count(entry: dict[str, JsonValue], name: str) -> int | None:
    value = entry.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= 99:
        raise MalformedError(f"{name} that is no number of doses")
    return value


def _time(value: LooseValue, what: str) -> float:
    """Return seconds since 1970. Milliseconds are beyond every year that can be shown, and malformed."""
    if type(value) is LooseTag and value.number == 1:  # epoch-based date/time, RFC 8949 section 3.4.2
        value = value.value
    if (type(value) is not int and type(value) is not float) or not 0 <= value <= _MAX_TIME:
        raise MalformedError(f"{what} that is no time in seconds")
    return value
