"""ICAO visible digital seal for non-constrained environments (VDS-NC): JSON, its canonical form, and its certificate.

Technical report "VDS-NC for travel-related public health proofs". What is signed is the canonical form (RFC 8785) of
`data`; `sig` carries algorithm, certificate and value. Numbers other than integers have no place in a proof and are
refused, so that the canonical form needs no rules for them. A wallet of Japan's wraps the one seal in a list.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Final

from keys.certificate import read_certificate
from keys.covid_codes import DISEASE
from keys.errors import MalformedError
from keys.facts import Fact, Kind, Person, Statement, read_date, read_name
from keys.foreign_code import ForeignCode, identity_of
from keys.json_bounded import JsonValue, member, read_json
from keys.rule_input import rule_input
from keys.scheme import Scheme
from keys.verdict import CodeFormat

MAX_TEXT: Final = 16_384
SIGNER_USAGE: Final = "2.23.136.1.1.14.2"
"""Extended key usage of a VDS-NC signer."""
SPECIMEN: Final = "UTO"
"""Utopia, which ICAO 9303-3 keeps for specimens; no authority of any state may vouch for it."""
_MARK = re.compile(r'"(?:hdr|sigvl)"|"icao\.(?:test|vacc)"')
_TEST, _VACCINATION = "icao.test", "icao.vacc"
_STATE = re.compile(r"[A-Z]{3}|D", re.ASCII)
"""Code of a state as in machine-readable travel documents; Germany has one letter."""
_SCHEMES: Final = {"ES256": Scheme.ES256, "ES384": Scheme.ES384, "ES512": Scheme.ES512}
_VACCINES: Final = {
    "XM0GQ8": "EU/1/20/1528",
    "XM3DT5": "EU/1/20/1507",
    "XM4YL8": "EU/1/21/1529",
    "XM6QV1": "EU/1/20/1525",
}
"""ICD-11 extension codes of products → the EU register's number of the same vaccine."""
_RESULTS: Final = {"negative": False, "not detected": False, "positive": True, "detected": True}
_MAX_DOSES: Final = 32


def is_seal(text: str) -> bool:
    """Whether a text has the shape of a seal: JSON that names its header or its signature early on or at its end."""
    return text.lstrip()[:1] in ("{", "[") and (_MARK.search(text[:1000]) or _MARK.search(text[-4096:])) is not None


def read(text: str) -> ForeignCode:
    """Read a seal. Raises MalformedError."""
    document = read_json(text, limit=MAX_TEXT, depth=12)
    if type(document) is list and len(document) == 1:
        document = document[0]
    data, signature = member(document, "data"), member(document, "sig")
    if type(document) is not dict or document.keys() != {"data", "sig"}:
        raise MalformedError("seal that is not data and its signature")
    algorithm = member(signature, "alg")
    if type(algorithm) is not str or algorithm not in _SCHEMES:
        raise MalformedError("seal of an algorithm that is none of ES256, ES384 and ES512")
    certificate = read_certificate(_base64(member(signature, "cer"), "cer"))
    state, kind = _read_header(member(data, "hdr"))
    statement, identifier = _read_message(member(data, "msg"), kind)
    return ForeignCode(
        format=CodeFormat.VDS_NC,
        issuer=state,
        kid=certificate.kid,
        scheme=_SCHEMES[algorithm],
        message=canonical(data),
        signature=_base64(member(signature, "sigvl"), "sigvl"),
        statement=statement,
        identity=identity_of(state, kind, identifier),
        certificate=certificate,
        unique_id=identifier,
    )


def canonical(value: JsonValue) -> bytes:
    """Return the canonical form of JSON without fractions (RFC 8785). Raises MalformedError for a fraction."""
    return "".join(_canonical(value)).encode("utf-8")


def _canonical(value: JsonValue) -> Iterator[str]:
    if type(value) is dict:
        yield "{"
        # Members in the order of their names' UTF-16 code units (section 3.2.3).
        for number, name in enumerate(sorted(value, key=lambda name: name.encode("utf-16-be"))):
            yield f"{',' if number else ''}{json.dumps(name, ensure_ascii=False)}:"
            yield from _canonical(value[name])
        yield "}"
    elif type(value) is list:
        yield "["
        for number, each in enumerate(value):
            yield "," if number else ""
            yield from _canonical(each)
        yield "]"
    elif type(value) is float:
        raise MalformedError("seal with a fraction")
    else:
        yield json.dumps(value, ensure_ascii=False)


def _read_header(header: JsonValue) -> tuple[str, str]:
    state, kind, version = member(header, "is"), member(header, "t"), member(header, "v")
    if type(state) is not str or not _STATE.fullmatch(state):
        raise MalformedError("seal of an issuer that is no state's code")
    if type(kind) is not str or kind not in (_TEST, _VACCINATION) or type(version) is not int or version != 1:
        raise MalformedError("seal that is no proof of vaccination or test of version 1")
    return state, kind


def _read_message(message: JsonValue, kind: str) -> tuple[Statement, str]:
    identifier = member(message, "uvci" if kind == _VACCINATION else "utci")
    if type(identifier) is not str or not 0 < len(identifier) <= 64:
        raise MalformedError("seal without the identifier of its proof")
    person = _read_person(member(message, "pid"))
    facts = tuple(_vaccinations(member(message, "ve")) if kind == _VACCINATION else _tests(message))
    return Statement(person, facts, _rule_input(person, facts)), identifier


def _read_person(person: JsonValue) -> Person:
    name = member(person, "n")
    if type(name) is not str or not name.strip():
        raise MalformedError("seal of nobody: no name in it")
    family, separator, given = name.strip().partition(
        "  "
    )  # primary and secondary identifier (ICAO 9303-3 section 4.6)
    if not separator:
        family, _, given = name.strip().partition(" ")
    born = read_date(member(person, "dob"), "date of birth")
    return Person(read_name(family, "surname"), read_name(given, "given name"), born)


def _vaccinations(events: JsonValue) -> Iterator[Fact]:
    if type(events) is not list or len(events) > _MAX_DOSES:
        raise MalformedError("vaccinations that are no list")
    if not events:
        raise MalformedError("seal of no vaccination and no test")
    for event in events:
        doses, product, disease = member(event, "vd"), member(event, "des"), member(event, "dis")
        if type(doses) is not list or not 0 < len(doses) <= _MAX_DOSES:
            raise MalformedError("vaccination without its doses")
        if disease is not None and type(disease) is not str:
            raise MalformedError("disease that is no text")
        if disease is not None and not disease.startswith(DISEASE):
            continue  # genuine, and nothing that counts here
        for dose in doses:
            number, state = member(dose, "seq"), member(dose, "ctr")
            count = int(number) if type(number) is int or (type(number) is str and number.isdecimal()) else None
            yield Fact(
                Kind.VACCINATION,
                read_date(member(dose, "dvc"), "date of vaccination"),
                product=product if type(product) is str else None,
                dose=count if count is not None and 0 <= count <= 99 else None,
                country=state if type(state) is str else None,
            )


def _tests(message: JsonValue) -> Iterator[Fact]:
    result, method = member(member(message, "tr"), "r"), member(member(message, "tr"), "tc")
    state = member(member(message, "sp"), "ctr")
    yield Fact(
        Kind.TEST,
        read_date(member(member(message, "dat"), "sc"), "date of the sample"),
        product=method if type(method) is str else None,
        positive=_RESULTS.get(result.strip().lower()) if type(result) is str else None,
        country=state if type(state) is str else None,
    )


def _rule_input(person: Person, facts: tuple[Fact, ...]) -> JsonValue:
    """Return the facts in the shape of an EU certificate: a seal is of vaccinations or of one test."""
    last = max(facts, key=lambda fact: fact.on, default=None)
    if last is None or last.kind is Kind.TEST:
        return rule_input(person, newest_test=last)
    product = _VACCINES.get(last.product or "", last.product)
    return rule_input(person, last_dose=last._replace(product=product, dose=last.dose or len(facts)))


def _base64(value: JsonValue, what: str) -> bytes:
    """Read base64url (the report's), or base64; padded or not. Raises MalformedError."""
    if type(value) is not str or len(value) > MAX_TEXT:
        raise MalformedError(f"{what} that is no text")
    text = value.rstrip("=").translate(_TO_BASE64URL)
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError(f"{what} that is not base64") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != text:
        raise MalformedError(f"{what} whose last character carries bits that nobody reads")
    return data


_TO_BASE64URL: Final = str.maketrans("+/", "-_")
