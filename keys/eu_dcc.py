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
from keys.countries import common_name
from keys.errors import MalformedError
from keys.facts import Fact, Kind, Person, Statement, read_date, read_name
from keys.foreign_code import ForeignCode, identity_of
from keys.foreign_cose import CWT_TAG, SIGN1_TAG, ForeignSign1, read_sign1
from keys.inflate import ZLIB, inflate
from keys.json_bounded import JsonValue
from keys.numeric_date import LAST_SECOND
from keys.verdict import CodeFormat

PREFIX: Final = "HC1:"
MAX_BYTES: Final = 16_384
"""Of the inflated COSE_Sign1; the largest code of 4,296 characters that is no bomb stays far below."""
_TAGS: Final = ((SIGN1_TAG,), (CWT_TAG, SIGN1_TAG), ())
_ISS, _EXP, _IAT, _HCERT = 1, 4, 6, -260
_DGC: Final = 1
_MAX_ENTRIES: Final = 8
_MAX_WORD: Final = 256
_MAX_DOSES: Final = 99
_RESULTS: Final = {"260415000": False, "260373001": True}
"""SNOMED CT codes of a test's result (value set covid-19-lab-result): not detected, detected."""
_KEY_USE: Final = {Kind.TEST: "1", Kind.VACCINATION: "2", Kind.RECOVERY: "3"}
_USE_ARCS: Final = ("1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1.")
"""Extended key usages of signers that are limited to some kinds (volume 5, certificate governance); the second is how
many issuers mistyped the first."""


_LEAVES: Final = frozenset({str, int, bool, type(None)})
"""Types that are the same in CBOR and JSON and hold nothing else. Most maps of a certificate are of these alone."""


class Claims(NamedTuple):
    """The CWT's claims (volume 1, section 3.3). A tuple, because one is made for every code."""

    issuer: str | None
    issued_at: float
    expires_at: float | None
    """None where the claims hold no exp; `read` refuses it."""
    certificate: dict[int | str, LooseValue]


def read(text: str) -> ForeignCode:
    """Read a whole code. Raises MalformedError."""
    signed = read_signed(decompressed(base45.decode(text.removeprefix(PREFIX))))
    claims = read_claims(signed.payload)
    if claims.expires_at is None:
        raise MalformedError("certificate without exp, which would never end")
    statement, identifiers = read_statement(claims.certificate)
    uci = identifiers[-1]
    return ForeignCode(
        CodeFormat.HC1,
        claims.issuer,
        signed.kid,
        signed.scheme,
        signed.message,
        signed.signature,
        statement,
        identity_of(claims.issuer or "", uci),
        claims.issued_at,
        None,
        claims.expires_at,
        True,
        None,
        uci,
        identifiers[:-1],
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
    if issuer is not None and (type(issuer) is not str or not 0 < len(issuer) <= 128 or not issuer.isprintable()):
        raise MalformedError("iss that is no text of 1 to 128 printable characters")
    hcert = claims.get(_HCERT)
    certificate = hcert.get(_DGC) if type(hcert) is dict else None
    if type(certificate) is not dict:
        raise MalformedError("no EU certificate in the claims")
    return Claims(
        None if issuer is None else common_name(issuer.strip().upper()),
        _time(claims.get(_IAT), "iat"),
        _time(claims[_EXP], "exp") if _EXP in claims else None,
        certificate,
    )


def read_statement(certificate: dict[int | str, LooseValue]) -> tuple[Statement, tuple[str, ...]]:
    """Return what a certificate says, and the unique identifiers of its entries, in order. Raises MalformedError."""
    plain = _plain_map(certificate)
    facts: list[Fact] = []
    identifiers: list[str] = []
    for group, read_entry in _GROUPS:
        if group in plain:
            for entry in _entries(plain, group):
                facts.append(read_entry(entry))
                identifiers.append(_text(entry, "ci"))
    if not facts:
        raise MalformedError("certificate without any vaccination, test or recovery")
    if len(facts) > 1 and len(set(identifiers)) != 1 and len({fact.kind for fact in facts}) > 1:
        raise MalformedError("several certificates in one")
    return Statement(_person(plain), tuple(facts), plain), tuple(identifiers)


def limits_of(usages: frozenset[str]) -> frozenset[str]:
    """Return the usages of this family among object identifiers, each as its last arc; none: it is not limited."""
    return frozenset(usage.removeprefix(arc) for usage in usages for arc in _USE_ARCS if usage.startswith(arc))


def may_sign(usages: frozenset[str], facts: tuple[Fact, ...]) -> bool:
    """Whether a signer limited to `usages` may state `facts`. One with no usage of this family is not limited."""
    if not usages:
        return True
    limits = limits_of(usages)
    return not limits or all(_KEY_USE.get(fact.kind) in limits for fact in facts)


def _plain(value: LooseValue) -> JsonValue:
    """Return CBOR as JSON: tags left out, byte strings refused, keys as text, whole floats as integers."""
    if type(value) is dict:
        return _plain_map(value)
    if type(value) is list:
        return [_plain(member) for member in value]
    if type(value) is LooseTag:
        return _plain(value.value)
    if type(value) is bytes:
        raise MalformedError("byte string where text belongs")
    if type(value) is float:
        if not math.isfinite(value):
            raise MalformedError("number that is infinite")
        return int(value) if value.is_integer() else value
    assert value is None or type(value) in (str, int, bool)  # noqa: S101 - what is left of LooseValue
    return value  # type: ignore[return-value]  # narrowed by the line above


def _plain_map(members: dict[int | str, LooseValue]) -> dict[str, JsonValue]:
    for key, member in members.items():
        if type(key) is not str or type(member) not in _LEAVES:
            break
    else:
        return members  # type: ignore[return-value]  # narrowed by the loop above
    plain: dict[str, JsonValue] = {}
    for key, member in members.items():
        plain[str(key)] = member if type(member) is str else _plain(member)
    if len(plain) != len(members):
        raise MalformedError("the same key as a number and as text")
    return plain


def _entries(certificate: dict[str, JsonValue], group: str) -> list[dict[str, JsonValue]]:
    """Return the entries of a group, none where it is absent, null or empty."""
    entries = certificate.get(group)
    if entries is None:
        return []
    if type(entries) is not list or len(entries) > _MAX_ENTRIES:
        raise MalformedError(f"{group} that is no list of at most {_MAX_ENTRIES} entries")
    maps: list[dict[str, JsonValue]] = []
    for entry in entries:
        if type(entry) is not dict:
            raise MalformedError(f"entry of {group} that is no map")
        maps.append(entry)
    return maps


def _vaccination(entry: dict[str, JsonValue]) -> Fact:
    return Fact(
        Kind.VACCINATION,
        read_date(entry.get("dt"), "date of vaccination"),
        None,
        _word(entry, "mp"),
        _count(entry, "dn"),
        _count(entry, "sd"),
        None,
        _word(entry, "co"),
    )


def _test(entry: dict[str, JsonValue]) -> Fact:
    result = _RESULTS.get(_word(entry, "tr") or "")
    when = entry.get("sc")
    # Some early ones count milliseconds. What the schema says to be a date is not guessed from a number: it stays open.
    sampled = "" if type(when) is int else read_date(when, "time of the sample")
    return Fact(Kind.TEST, sampled, product=_word(entry, "tt"), positive=result, country=_word(entry, "co"))


def _recovery(entry: dict[str, JsonValue]) -> Fact:
    return Fact(
        Kind.RECOVERY,
        read_date(entry.get("fr"), "date of the first positive test"),
        until=read_date(entry.get("du"), "end of the recovery certificate"),
        country=_word(entry, "co"),
    )


_GROUPS: Final = (("v", _vaccination), ("t", _test), ("r", _recovery))
"""Group of a certificate's entries → what reads one."""


def _person(certificate: dict[str, JsonValue]) -> Person:
    names = certificate.get("nam")
    if type(names) is not dict:
        raise MalformedError("nam that is no map")
    family, given = read_name(names.get("fn"), "surname"), read_name(names.get("gn"), "given name")
    machine_family = read_name(names.get("fnt"), "transliterated surname")
    machine_given = read_name(names.get("gnt"), "transliterated given name")
    if not family and not given:
        family, given = machine_family.replace("<", " "), machine_given.replace("<", " ")
        if not family and not given:
            raise MalformedError("certificate of nobody: no name in it")
    return Person(
        family,
        given,
        read_date(certificate.get("dob"), "date of birth"),
        (f"{machine_family} {machine_given}" if machine_given else machine_family) if machine_family else "",
    )


def _text(entry: dict[str, JsonValue], name: str) -> str:
    value = _word(entry, name)
    if value is None:
        raise MalformedError(f"{name} that is missing")
    return value


def _word(entry: dict[str, JsonValue], name: str) -> str | None:
    """Return a text of an entry without the blanks round it; None where it is absent, null or empty."""
    value = entry.get(name)
    if type(value) is str and len(value) <= _MAX_WORD:
        return value.strip() or None
    if value is None:
        return None
    raise MalformedError(f"{name} that is no text of at most {_MAX_WORD} characters")


def _count(entry: dict[str, JsonValue], name: str) -> int | None:
    value = entry.get(name)
    if value is None or (type(value) is int and 0 <= value <= _MAX_DOSES):
        return value
    raise MalformedError(f"{name} that is no number of doses")


def _time(value: LooseValue, what: str) -> float:
    """Return seconds since 1970. Milliseconds are beyond every year that can be shown, and malformed."""
    if type(value) is LooseTag and value.number == 1:  # epoch-based date/time, RFC 8949 section 3.4.2
        value = value.value
    if type(value) is not int and type(value) is not float:
        raise MalformedError(f"{what} that is no time in seconds")
    if not 0 <= value <= LAST_SECOND:
        raise MalformedError(f"{what} that is no time in seconds")
    return value
