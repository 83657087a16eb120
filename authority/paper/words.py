"""The words on a sheet, in every language it is printed in: `words.toml` beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from keys.verdict import Carrier, DocumentType

_FILE: Final = "words.toml"


@dataclass(frozen=True, slots=True)
class Words:
    """One language. What stands in braces is filled in with `str.replace`, so that nothing else is special."""

    language: str
    """BCP 47, as HTML wants it."""
    titles: dict[Carrier, str]
    name: str
    document: str
    valid: str
    region: str
    number: str
    fold: str
    office: str
    printing: str
    steps: tuple[str, ...]
    types: dict[DocumentType, str]


@cache
def all_words() -> tuple[Words, ...]:
    """Return the languages in the order in which they are printed."""
    tables = tomllib.loads((resources.files("authority.paper") / _FILE).read_text("utf-8"))
    return tuple(
        Words(
            language=language,
            titles={Carrier.PAPER: table["paper"], Carrier.CARD: table["card"]},
            steps=tuple(table["steps"]),
            types={kind: table["types"][kind.name] for kind in DocumentType},
            **{
                key: table[key]
                for key in ("name", "document", "valid", "region", "number", "fold", "office", "printing")
            },
        )
        for language, table in tables.items()
    )
