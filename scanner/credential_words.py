"""Another issuer's credential in words: which kind, whose, what it says, and which rule it does not meet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from keys.countries import alpha_2
from keys.facts import Kind
from keys.reasons import Reason
from keys.verdict import CodeFormat
from scanner.locale import Texts

_ADDRESS: Final = "https://"
_DID: Final = "did:web:"


class Stated(Protocol):
    """One fact, as the proof or a screen's view has it (`keys.facts.Fact`)."""

    @property
    def kind(self) -> Kind:
        """What is stated."""

    @property
    def on(self) -> str:
        """When, as precise as it is told."""

    @property
    def dose(self) -> int | None:
        """Which of the series."""

    @property
    def doses(self) -> int | None:
        """How many make the series."""

    @property
    def positive(self) -> bool | None:
        """A test's result, where it is told."""


def title(texts: Texts, code_format: CodeFormat) -> str:
    """Return what kind of credential it is: by its format where no words are there for it."""
    named = f"credential.{code_format.name.lower()}"
    return texts.get(named) if texts.has(named) else code_format.value


def issuer(texts: Texts, name: str) -> str:
    """Return who issued it: a country by its name, any other by its address on the web, without how it is written."""
    country = f"country.{alpha_2(name)}"
    if texts.has(country):
        return texts.get(country)
    if name.startswith(_DID):  # did:web writes a path with colons (did:web method, "Read")
        return name.removeprefix(_DID).replace(":", "/")
    return name.removeprefix(_ADDRESS)


def reason(texts: Texts, code: Reason) -> str:
    """Return what speaks against it, as a sentence."""
    own = f"credential.reason.{code}"
    return texts.get(own if texts.has(own) else f"reason.{code}")


def fact(texts: Texts, stated: Stated) -> str:
    """Return one thing that it says."""
    kind = stated.kind.value
    if stated.positive is not None:
        kind = "test_positive" if stated.positive else "test_negative"
    words = texts.get(f"credential.{kind}", day=stated.on or texts.get("credential.no_day"))
    if stated.dose is None:
        return words
    of = texts.get("credential.doses", dose=stated.dose, doses=stated.doses) if stated.doses else ""
    return f"{words} {of or texts.get('credential.dose', dose=stated.dose)}"


def rule(texts: Texts, identifier: str, words: Mapping[str, str]) -> str:
    """Return which rule is not met: in the language of `texts`, else in English, else by its identifier alone."""
    language = texts.language.replace("_", "-").lower()
    for wanted in (language, language[:2], "en"):
        if wanted in words:
            return texts.get("credential.rule", words=words[wanted], rule=identifier)
    return texts.get("credential.rule_unnamed", rule=identifier)
