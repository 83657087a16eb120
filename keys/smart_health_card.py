"""SMART Health Cards (framework 1.4): `shc:/` + digits, a JWS (RFC 7515) over raw DEFLATE of a FHIR bundle.

    Header     {"alg": "ES256", "zip": "DEF", "kid": the key's RFC 7638 thumbprint}, and others that change nothing
    Payload    iss, nbf, optional exp, vc.type with the health card's, vc.credentialSubject.fhirBundle, optional vc.rid
    Facts      completed immunizations and test results whose value is a SNOMED CT code we know, of COVID-19

A card in several codes (`shc:/C/N/…`, deprecated since framework 1.3 and still shown) is put together by
`keys.card_parts`; a single code of the set says nothing by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from keys import covid_codes
from keys.card_parts import PREFIX, digits_of
from keys.errors import MalformedError
from keys.facts import Fact, Kind, Person, Statement, read_date, read_name
from keys.foreign_code import ForeignCode, identity_of
from keys.inflate import RAW, inflate
from keys.json_bounded import JsonValue, member, read_json, text_of
from keys.jwk import read_base64url
from keys.numeric_date import is_numeric_date
from keys.rule_input import rule_input
from keys.scheme import Scheme
from keys.verdict import CodeFormat

MAX_PAYLOAD: Final = 262_144
"""Bytes of the inflated payload. A card of three codes has 30 kB."""
MAX_ITEMS: Final = 16_384
"""Of its lists and objects; a card of three codes has 1,800. Of bytes alone, a small code could inflate to a crowd."""
_MAX_HEADER: Final = 1024
_SIGNATURE_BYTES: Final = 64
_HEADER: Final = {"alg", "zip", "kid"}
"""What a header includes; others are ignored (RFC 7515 section 4), but for `crit`: nobody here knows its extensions."""
_CARD_TYPE: Final = "https://smarthealth.cards#health-card"
_MAX_ENTRIES: Final = 512
_ISSUER = re.compile(r"https://[!-.0-~](?:[!-~]{0,502}[!-.0-~])?", re.ASCII)
_RID = re.compile(r"[A-Za-z0-9_-]{1,24}", re.ASCII)
_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_DIGIT_BASE: Final = 45
"""A pair of digits is a character's code less this (framework, "Encoding chunks as QR codes")."""
_LARGEST_PAIR: Final = 122 - _DIGIT_BASE
_CVX: Final = "http://hl7.org/fhir/sid/cvx"
_SNOMED: Final = "http://snomed.info/sct"
_RESULTS: Final = {
    **dict.fromkeys(("260373001", "10828004", "11214006"), True),
    **dict.fromkeys(("260415000", "260385009", "131194007"), False),
}
"""Detected, positive, reactive; not detected, negative, non-reactive. Any other, as equivocal, is neither."""
_COVID_TYPE: Final = "https://smarthealth.cards#covid19"


def read(text: str) -> ForeignCode:
    """Read a card that is whole in one text. Raises MalformedError."""
    return read_jws(jws_of(digits_of(text)))


def jws_of(digits: str) -> str:
    """Return the JWS that digits stand for, two a character. Raises MalformedError."""
    if not digits or len(digits) % 2 or not digits.isdecimal() or not digits.isascii():
        raise MalformedError("health card that is not of pairs of digits")
    pairs = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    if max(pairs) > _LARGEST_PAIR:
        raise MalformedError("health card with a pair of digits that is no character")
    return "".join(chr(_DIGIT_BASE + pair) for pair in pairs)


def text_of_jws(jws: str) -> str:
    """Return the text of the one code that shows `jws`."""
    return PREFIX + "".join(f"{ord(character) - _DIGIT_BASE:02d}" for character in jws)


def read_jws(jws: str) -> ForeignCode:
    """Read a card's JWS in compact form. Raises MalformedError."""
    if not _JWS.fullmatch(jws):
        raise MalformedError("JWS that is not three parts of base64url")
    header_part, payload_part, signature_part = jws.split(".")
    kid = _read_header(_base64url(header_part))
    signature = _base64url(signature_part)
    if len(signature) != _SIGNATURE_BYTES:
        raise MalformedError(f"signature of {len(signature)} bytes; ES256 has r and s of 32 each, and is never DER")
    inflated = inflate(_base64url(payload_part), RAW, MAX_PAYLOAD)
    payload = read_json(inflated, limit=MAX_PAYLOAD, items=MAX_ITEMS)
    issuer = text_of(payload, "iss") if type(payload) is dict else None
    if issuer is None or not _ISSUER.fullmatch(issuer):
        raise MalformedError("iss that is no https address, or ends in a slash")
    credential = member(payload, "vc")
    types = member(credential, "type")
    if type(types) is not list or _CARD_TYPE not in types:
        raise MalformedError("credential that is no health card by its type")
    subject = member(credential, "credentialSubject")
    if type(member(subject, "fhirVersion")) is not str:
        raise MalformedError("credential subject that does not say its FHIR version")
    bundle = member(subject, "fhirBundle")
    rid = member(credential, "rid")
    if rid is not None and (type(rid) is not str or not _RID.fullmatch(rid)):
        raise MalformedError("rid that is not 1 to 24 characters of base64url")
    return ForeignCode(
        format=CodeFormat.SHC,
        issuer=issuer,
        kid=kid,
        scheme=Scheme.ES256,
        message=f"{header_part}.{payload_part}".encode("ascii"),
        signature=signature,
        statement=_read_bundle(bundle, about_covid=_COVID_TYPE in types),
        identity=identity_of(issuer, json.dumps(bundle, sort_keys=True)),
        issued_at=_time(member(payload, "nbf"), "nbf"),
        expires_at=None if member(payload, "exp") is None else _time(member(payload, "exp"), "exp"),
        unique_id=rid if type(rid) is str else None,
    )


def _read_header(data: bytes) -> bytes:
    """Return the kid of a header that says what it must. Raises MalformedError."""
    header = read_json(data, limit=_MAX_HEADER, depth=4)
    if type(header) is not dict or not header.keys() >= _HEADER:
        raise MalformedError("JWS header without alg, zip or kid")
    if "crit" in header:
        raise MalformedError("JWS header with critical members, none of which is understood")
    if header["alg"] != Scheme.ES256 or header["zip"] != "DEF":
        raise MalformedError("JWS whose algorithm is not ES256, or that is not compressed by DEF")
    kid = read_base64url(header["kid"]) if type(header["kid"]) is str else None
    if not kid:
        raise MalformedError("kid that is not base64url")
    return kid


def _base64url(part: str) -> bytes:
    data = read_base64url(part)
    if data is None:
        raise MalformedError("JWS part that is not base64url")
    return data


def _time(value: JsonValue, what: str) -> float:
    """Return a NumericDate in seconds (RFC 7519 section 2). Milliseconds are beyond the year 9999, and malformed."""
    if not is_numeric_date(value):
        raise MalformedError(f"{what} that is no time in seconds")
    return value


def _read_bundle(bundle: JsonValue, *, about_covid: bool) -> Statement:
    entries = member(bundle, "entry")
    if text_of(bundle if type(bundle) is dict else {}, "resourceType") != "Bundle":
        raise MalformedError("credential subject without a FHIR bundle")
    if type(entries) is not list or not 0 < len(entries) <= _MAX_ENTRIES:
        raise MalformedError(f"bundle that is not of 1 to {_MAX_ENTRIES} entries")
    resources = [resource for entry in entries if type(resource := member(entry, "resource")) is dict]
    patients = [resource for resource in resources if resource.get("resourceType") == "Patient"]
    if len(patients) > 1:
        raise MalformedError(f"bundle of {len(patients)} patients")
    # A card may be about a report alone; then it is nobody's, and no rule about a person is met by it.
    person = _read_patient(patients[0]) if patients else Person("", "", "")
    facts = tuple(fact for resource in resources for fact in _facts(resource, about_covid=about_covid))
    return Statement(person, facts, _rule_input(person, facts))


def _read_patient(patient: dict[str, JsonValue]) -> Person:
    names = patient.get("name")
    if type(names) is not list or not names or type(names[0]) is not dict:
        raise MalformedError("patient without a name")
    official = [name for name in names if type(name) is dict and name.get("use") == "official"]
    name = official[0] if official else names[0]
    given = name.get("given")
    if given is not None and (type(given) is not list or any(type(part) is not str for part in given)):
        raise MalformedError("given names that are no list of texts")
    words = " ".join(str(part) for part in given) if type(given) is list else ""
    family = read_name(name.get("family"), "surname")
    if not family and not words:
        family = read_name(name.get("text"), "name")
    if not family and not words:
        raise MalformedError("patient without a name")
    return Person(family, read_name(words, "given names"), read_date(patient.get("birthDate"), "date of birth"))


def _facts(resource: dict[str, JsonValue], *, about_covid: bool) -> Iterator[Fact]:
    """Yield what a resource says about COVID-19: a card may tell of other diseases, which no rule here is about."""
    kind = resource.get("resourceType")
    if kind == "Immunization" and resource.get("status") == "completed":
        when = resource.get("occurrenceDateTime")
        if type(when) is str:
            cvx, snomed = (_code(resource.get("vaccineCode"), system) for system in (_CVX, _SNOMED))
            vaccine = cvx or snomed
            if vaccine in covid_codes.VACCINES or (vaccine is None and about_covid):
                yield Fact(Kind.VACCINATION, read_date(when, "date of immunization"), product=vaccine)
    elif kind == "Observation" and resource.get("status") in ("final", "amended", "corrected"):
        result = _code(resource.get("valueCodeableConcept"), _SNOMED)
        when = resource.get("effectiveDateTime")
        if result is not None and type(when) is str:
            loinc = _code(resource.get("code"), "http://loinc.org")
            if loinc in covid_codes.TESTS or (loinc is None and about_covid and result in _RESULTS):
                yield Fact(Kind.TEST, read_date(when, "date of a test"), product=loinc, positive=_RESULTS.get(result))


def _code(concept: JsonValue, system: str) -> str | None:
    """Return the code of a CodeableConcept in one code system."""
    codings = member(concept, "coding")
    for coding in codings if type(codings) is list else ():
        if member(coding, "system") == system:
            code = member(coding, "code")
            return code if type(code) is str else None
    return None


def _rule_input(person: Person, facts: tuple[Fact, ...]) -> JsonValue:
    """Return the facts in the shape of an EU certificate, doses counted in the order of their days.

    Two of one day are one dose, told twice: registers repeat what pharmacies and clinics both report.
    """
    vaccinations = (fact for fact in facts if fact.kind is Kind.VACCINATION)
    doses = sorted({fact.on: fact for fact in vaccinations}.values(), key=lambda fact: fact.on)
    tests = [fact for fact in facts if fact.kind is Kind.TEST]
    last = doses[-1] if doses else None
    if last is not None:
        product = covid_codes.VACCINES.get(last.product or "") or last.product
        last = last._replace(product=product, dose=len(doses))
    # Of a day's tests, the one that worries.
    newest = max(tests, key=lambda fact: (fact.on, fact.positive is not False), default=None)
    return rule_input(person, last_dose=last, newest_test=newest)
