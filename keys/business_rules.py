"""Business rules: under which conditions a site takes a credential, as signed data (EU "Business rules" specification).

A rule set is JSON: `{"rules": [rule …], "valueSets": {name: [code …]}}`, or the list of rules alone, each rule with
the members that the EU's gateway gives it. Reading compiles every rule, so that a set with a faulty one is refused.

Judging takes the rules in force at a time, of each identifier the newest version: those of type Acceptance, and those
of type Invalidation by the credential's own country. Every one must come out `true`; an error, and any other value, is
"not met". A set that has no acceptance in force for a credential accepts none, whatever its country has not ruled out:
an outdated set must not open gates.
"""

from __future__ import annotations

import base64
import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

from keys.certlogic import Logic, compile_logic
from keys.certlogic_values import CertLogicError
from keys.errors import JsonError, TrustError
from keys.facts import Kind, Statement
from keys.json_bounded import JsonValue, read_json

SUFFIX: Final = ".rules.json"
MAX_BYTES: Final = 1 << 20
MAX_RULES: Final = 200
NOTHING_IN_FORCE: Final = "NOTHING-IN-FORCE"
_IDENTIFIER = re.compile(r"[A-Z]{2}-[A-Z0-9-]{1,28}|[A-Z0-9-]{1,32}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?", re.ASCII)
_MAX_WORDS: Final = 400
_TYPES: Final = {"Vaccination": Kind.VACCINATION, "Test": Kind.TEST, "Recovery": Kind.RECOVERY}
_GENERAL: Final = "General"


@unique
class RuleType(StrEnum):
    """Whose rule it is."""

    ACCEPTANCE = "Acceptance"
    """Of the place where a credential is shown."""
    INVALIDATION = "Invalidation"
    """Of the country that issued it: for its own credentials alone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Times are seconds since 1970 UTC; both count."""

    identifier: str
    version: tuple[int, ...]
    type: RuleType
    country: str
    kind: Kind | None
    """Of which credentials; None: of all."""
    valid_from: float
    valid_to: float
    words: Mapping[str, str] = field(repr=False)
    """What it asks for, by language."""
    logic: Logic = field(repr=False)


@dataclass(frozen=True, slots=True)
class FailedRule:
    """A rule that a credential does not meet."""

    identifier: str
    words: Mapping[str, str]
    """What it asks for, by language; empty where it does not say."""

    def said_in(self, language: str) -> str:
        """Return what it asks for in `language` (such as zh_CN), else in English, else its identifier."""
        for wanted in (language.replace("_", "-"), language[:2], "en"):
            if wanted.lower() in self.words:
                return self.words[wanted.lower()]
        return self.identifier


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What rules know besides the credential. Times are seconds since 1970 UTC."""

    at: int
    """When it is judged."""
    country: str
    """Where it is shown, alpha-2."""
    issuer: str
    """Who issued it, alpha-2 where that is a country."""
    issued_at: int | None
    expires_at: int | None
    kid: bytes | None = None
    """Of the key that signed it, by which rules shut out what a key signed."""


class RuleSet:
    """Rules that are judged by together. Immutable."""

    __slots__ = ("rules", "value_sets")

    def __init__(self, rules: tuple[Rule, ...], value_sets: Mapping[str, JsonValue]) -> None:
        self.rules = rules
        self.value_sets = value_sets

    def failed(self, statement: Statement, around: Circumstances) -> FailedRule | None:
        """Return the first rule, by identifier, that a credential does not meet; None where it meets them all."""
        data: dict[str, JsonValue] = {"payload": statement.rule_input, "external": self._external(around)}
        rules = self._in_force(frozenset(fact.kind for fact in statement.facts), around)
        if not any(rule.type is RuleType.ACCEPTANCE for rule in rules):
            return FailedRule(NOTHING_IN_FORCE, {})
        for rule in rules:
            try:
                met = rule.logic.evaluate(data) is True  # type: ignore[arg-type]  # JSON is a part of what it takes
            except CertLogicError:
                met = False
            if not met:
                return FailedRule(rule.identifier, rule.words)
        return None

    def _in_force(self, kinds: frozenset[Kind], around: Circumstances) -> list[Rule]:
        newest: dict[str, Rule] = {}
        for rule in self.rules:
            if not rule.valid_from <= around.at <= rule.valid_to:
                continue
            if rule.type is RuleType.INVALIDATION and rule.country != around.issuer:
                continue
            if rule.kind is not None and rule.kind not in kinds:
                continue
            if rule.identifier not in newest or rule.version > newest[rule.identifier].version:
                newest[rule.identifier] = rule
        return [newest[identifier] for identifier in sorted(newest)]

    def _external(self, around: Circumstances) -> JsonValue:
        external: dict[str, JsonValue] = {
            "validationClock": _iso(around.at),
            "valueSets": dict(self.value_sets),
            "countryCode": around.country,
            "issuerCountryCode": around.issuer,
        }
        if around.issued_at is not None:
            external["iat"] = _iso(around.issued_at)
        if around.expires_at is not None:
            external["exp"] = _iso(around.expires_at)
        if around.kid is not None:
            external["kid"] = base64.b64encode(around.kid).decode("ascii")
        return external


def _iso(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_rule_set(data: bytes, *, source: str) -> RuleSet:
    """Read a rule set; `source` names it in messages. Raises TrustError saying which rule is wrong, and how."""
    try:
        document = read_json(data, limit=MAX_BYTES, depth=64)
    except JsonError as error:
        raise TrustError(f"rule set {source}: {error.detail}") from None
    entries = document.get("rules") if type(document) is dict else document
    sets = document.get("valueSets", {}) if type(document) is dict else {}
    if type(entries) is not list or not 1 <= len(entries) <= MAX_RULES:
        raise TrustError(f"rule set {source}: it is no list of 1 to {MAX_RULES} rules")
    if type(sets) is not dict or any(type(codes) is not list for codes in sets.values()):
        raise TrustError(f"rule set {source}: its value sets are no lists of codes")
    rules: list[Rule] = []
    for number, entry in enumerate(entries, start=1):
        try:
            rules.append(_read_rule(entry))
        except (TrustError, CertLogicError) as error:
            raise TrustError(f"rule set {source}: rule {number}: {error}") from None
    return RuleSet(tuple(rules), MappingProxyType(sets))


def _read_rule(entry: JsonValue) -> Rule:
    if type(entry) is not dict:
        raise TrustError("it is no JSON object")
    identifier = _text(entry, "Identifier")
    if not _IDENTIFIER.fullmatch(identifier):
        raise TrustError(f"Identifier {identifier!r:.40} is none, such as GR-CN-0001")
    if _text(entry, "Engine") != "CERTLOGIC":
        raise TrustError("Engine is not CERTLOGIC")
    kinds = {kind.value: kind for kind in RuleType}
    written = _text(entry, "Type")
    if written not in kinds:
        raise TrustError("Type is neither Acceptance nor Invalidation")
    about = _text(entry, "CertificateType")
    if about != _GENERAL and about not in _TYPES:
        raise TrustError("CertificateType is none of General, Vaccination, Test and Recovery")
    valid_from, valid_to = _time(entry, "ValidFrom"), _time(entry, "ValidTo")
    if valid_to <= valid_from:
        raise TrustError("ValidTo is not after ValidFrom")
    if "Logic" not in entry:
        raise TrustError("Logic is missing")
    return Rule(
        identifier,
        _version(_text(entry, "Version")),
        kinds[written],
        _text(entry, "Country").upper(),
        _TYPES.get(about),
        valid_from,
        valid_to,
        MappingProxyType(dict(_words(entry.get("Description")))),
        compile_logic(entry["Logic"]),
    )


def _words(description: JsonValue) -> Iterator[tuple[str, str]]:
    for each in description if type(description) is list else ():
        language, words = (each.get("lang"), each.get("desc")) if type(each) is dict else (None, None)
        if type(language) is not str or type(words) is not str or not _LANGUAGE.fullmatch(language):
            raise TrustError("Description is no list of lang and desc")
        words = " ".join(words.split())  # free text: line ends, and blanks that do not break
        if not words.isprintable() or len(words) > _MAX_WORDS:
            raise TrustError(f"a description that is not printable, or longer than {_MAX_WORDS} characters")
        yield language.replace("_", "-").lower(), words


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isdecimal() and part.isascii() and len(part) < 9 for part in parts):
        raise TrustError(f"Version {text!r:.40} is none, such as 1.0.0")
    return tuple(map(int, parts))


def _text(entry: Mapping[str, JsonValue], name: str) -> str:
    value = entry.get(name)
    if type(value) is not str or not 0 < len(value) <= 128:
        raise TrustError(f"{name} is missing, or no text")
    return value


def _time(entry: Mapping[str, JsonValue], name: str) -> float:
    text = _text(entry, name)
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise TrustError(f"{name} is no time, such as 2026-01-31T00:00:00Z") from None
    if moment.tzinfo is None:
        raise TrustError(f"{name} has no offset; write Z for UTC")
    return moment.timestamp()
