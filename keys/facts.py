"""What a foreign credential says: of whom, and the same few facts whatever the family of its code.

    vaccinated, recovered, tested: when, and as much of the rest as the credential tells
    a pass: its issuer vouches that its own conditions are met, and does not say which (NZ COVID Pass)

Nothing is made up: what a credential leaves open stays open here.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from enum import StrEnum, unique
from typing import Final, NamedTuple

from keys.errors import MalformedError
from keys.json_bounded import JsonValue
from keys.masking import mask_parts

MAX_NAME: Final = 200
"""Characters of a surname, or of the given names. The EU's schema allows 80."""
_DATE = re.compile(r"(?:\d{4}(?:-\d\d(?:-\d\d)?)?)?", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.\d{1,12})?(?:([Zz])|([+-]\d\d):?(\d\d)?)?",
    re.ASCII,
)
_DAY_LENGTH: Final = 10
_ICAO: Final = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "SS", "ẞ": "SS", "Ø": "OE", "Å": "AA", "Æ": "AE", "Œ": "OE"}
"""Letters that ICAO 9303-3 section 6 transliterates by more than leaving out their marks."""
_ICAO_PLAIN: Final = {"Þ": "TH", "Ð": "D", "Đ": "D", "Ł": "L", "Ħ": "H", "İ": "I", "ı": "I", "Ŋ": "N", "Ŧ": "T"}


@unique
class Kind(StrEnum):
    """What a credential states."""

    VACCINATION = "vaccination"
    RECOVERY = "recovery"
    TEST = "test"
    PASS = "pass"
    """The issuer's own conditions are met; which, it does not say."""


class Fact(NamedTuple):
    """One statement. A tuple, as the two that follow, because some are made for every code."""

    kind: Kind
    on: str
    """Day of the dose, of the first positive test, of the sample, or from when a pass counts: YYYY-MM-DD; shorter
    (YYYY-MM, YYYY) or empty where the credential says no more."""
    until: str | None = None
    """Last day it counts, where the credential says so: YYYY-MM-DD."""
    product: str | None = None
    """Code of the vaccine (EU register, CVX, ICD-11) or kind of test, as the credential has it."""
    dose: int | None = None
    doses: int | None = None
    """Of the series."""
    positive: bool | None = None
    """Of a test; None: it does not say, or in a code we do not know."""
    country: str | None = None


class Person(NamedTuple):
    """Whose credential it is, as far as it says."""

    family: str
    given: str
    born: str
    """YYYY-MM-DD, YYYY-MM, YYYY, or empty where it is not known."""
    transliterated: str = ""
    """The whole name in the machine-readable form of ICAO 9303, where the credential carries it."""

    @property
    def masked(self) -> str | None:
        """Surname and stars."""
        return mask_parts(self.family, self.given)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the name in the order of their letters, comparable between families (ICAO 9303-3 section 6)."""
        name = self.transliterated.replace("<", " ") or f"{self.family} {self.given}"
        return tuple(sorted(_transliterate(name).split()))

    def same_as(self, other: Person) -> bool:
        """Whether both are the same person: the same name, and the same full date of birth."""
        return (
            bool(self.words) and self.words == other.words and self.born == other.born and len(self.born) == _DAY_LENGTH
        )


class Statement(NamedTuple):
    """Everything a proved credential says."""

    person: Person
    facts: tuple[Fact, ...]
    rule_input: JsonValue
    """What business rules see as `payload`: an EU certificate as it is, others in the same shape."""


def _transliterate(name: str) -> str:
    letters: list[str] = []
    for character in unicodedata.normalize("NFC", name):
        capital = character.upper()
        known = _ICAO.get(capital) or _ICAO_PLAIN.get(capital) or _ICAO_PLAIN.get(character)
        for letter in known or unicodedata.normalize("NFKD", capital):
            if unicodedata.combining(letter) or letter in "'’`.":
                continue
            letters.append(letter if letter.isalnum() else " ")
    return "".join(letters)


def read_name(value: object, what: str) -> str:
    """Return a part of a name, its blanks reduced; empty where there is none. Raises MalformedError."""
    if value is None:
        return ""
    if type(value) is not str:
        raise MalformedError(f"{what} that is no text")
    if value.isalpha() and len(value) <= MAX_NAME:
        return value
    name = " ".join(value.split())
    if len(name) > MAX_NAME:
        raise MalformedError(f"{what} of {len(name)} characters, at most {MAX_NAME} are read")
    return name


def read_date(value: object, what: str) -> str:
    """Return a date as precise as it can be told: YYYY-MM-DD, YYYY-MM, YYYY, or empty.

    Issuers in force write a time behind it, a month 17, a month 00, or nothing. Such a date stays as vague as it is:
    what rests on a day is then not met. Raises MalformedError for what is no text at all.
    """
    if value is None:
        return ""
    if type(value) is not str:
        raise MalformedError(f"{what} that is no text")
    if len(value) == _DAY_LENGTH and value.isascii() and value[4] == value[7] == "-" and _exists(value):
        return value
    text = value.strip()
    found = _MOMENT.fullmatch(text)
    date = found[1] if found else text
    if not _DATE.fullmatch(date):
        return ""
    while date and not _exists(date + "0001-01-01"[len(date) :]):
        date = date[: max(len(date) - 3, 0)]
    return date


def day_of(seconds: float) -> str:
    """Return the UTC day of a time in seconds since 1970."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).date().isoformat()


def _exists(day: str) -> bool:
    try:
        datetime.date.fromisoformat(day)
    except ValueError:
        return False
    return True


_WHEN: Final = {"v": "dt", "t": "sc", "r": "fr"}
"""Group of an EU certificate's entries → the member that dates one."""


def combined(first: Statement, second: Statement) -> Statement:
    """Return what two credentials of one person say together; of each kind, the newest entry comes first."""
    facts = (*second.facts, *(fact for fact in first.facts if fact not in second.facts))
    one, two = first.rule_input, second.rule_input
    if type(one) is not dict or type(two) is not dict:
        return Statement(second.person, facts, two)
    merged: dict[str, JsonValue] = {**one, **two}
    for group, dated in _WHEN.items():
        entries = [entry for each in (two, one) for entry in _entries(each.get(group))]
        if entries:
            newest_first: list[JsonValue] = []
            newest_first += sorted(entries, key=lambda entry, name=dated: str(entry.get(name)), reverse=True)  # type: ignore[misc]
            merged[group] = newest_first
    return Statement(second.person, facts, merged)


def _entries(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [entry for entry in value if type(entry) is dict] if type(value) is list else []
