"""The words of one language: keys to sentences, with parameters filled in.

A language is one TOML file in this folder; its name is the language's. Adding a file adds a language. What it does
not say yet is said in English. Texts hold plain names in braces only: `{minutes}` is replaced, nothing is evaluated.
A text that depends on a number is a table with `one` and `other`, chosen by the parameter `n`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

FALLBACK = "en"
MAX_BYTES = 256 * 1024

Parameter = str | int | float
Entry = str | tuple[str, str]
"""A text, or one for the number 1 and one for all others."""

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class LocaleError(Exception):
    """A language file is faulty, or the program asked for words that no language has (our bug)."""


def languages() -> tuple[str, ...]:
    """Return the languages there are, by the names of their files."""
    folder = resources.files("scanner.locale")
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def read_texts(data: bytes, source: str) -> Mapping[str, Entry]:
    """Read a language file into dotted keys.

    Raises LocaleError: naming the file and the key that is no text.
    """
    if len(data) > MAX_BYTES:
        raise LocaleError(f"{source}: larger than {MAX_BYTES // 1024} KiB")
    try:
        tables = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise LocaleError(f"{source}: not TOML in UTF-8: {error}") from None
    entries: dict[str, Entry] = {}
    _collect(tables, "", source, entries)
    return MappingProxyType(entries)


def placeholders(entry: Entry) -> frozenset[str]:
    """Return the names of the parameters that a text takes."""
    return frozenset(name for text in ([entry] if isinstance(entry, str) else entry) for name in _NAME.findall(text))


def _collect(table: Mapping[str, object], prefix: str, source: str, entries: dict[str, Entry]) -> None:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, str):
            entries[name] = value
        elif isinstance(value, dict) and value.keys() == {"one", "other"}:
            one, other = value["one"], value["other"]
            if not isinstance(one, str) or not isinstance(other, str):
                raise LocaleError(f"{source}: {name}: `one` and `other` must be texts")
            entries[name] = (one, other)
        elif isinstance(value, dict):
            _collect(value, f"{name}.", source, entries)
        else:
            raise LocaleError(f"{source}: {name}: must be a text or a table of texts")


class Texts:
    """The words of one language. Immutable; safe to share between threads."""

    def __init__(self, language: str, entries: Mapping[str, Entry]) -> None:
        self.language = language
        self._entries = entries

    @classmethod
    @cache
    def load(cls, language: str) -> Texts:
        """Load a language, completed from English where it has gaps; once a process.

        Raises LocaleError: there is no such language, or its file is faulty.
        """
        known = languages()
        if language not in known:
            raise LocaleError(f"there is no language {language!r}; there are {', '.join(known)}")
        folder = resources.files("scanner.locale")
        entries: dict[str, Entry] = {}
        for name in dict.fromkeys((FALLBACK, language)):
            file = folder / f"{name}.toml"
            entries.update(read_texts(file.read_bytes(), str(file)))
        return cls(language, MappingProxyType(entries))

    @property
    def keys(self) -> frozenset[str]:
        """Every key there is a text for."""
        return frozenset(self._entries)

    def has(self, key: str) -> bool:
        """Whether there is a text for `key`."""
        return key in self._entries

    def get(self, key: str, **params: Parameter) -> str:
        """Return the text of `key` with its parameters filled in; surplus parameters are ignored.

        Raises LocaleError: the key, or a parameter that its text names, does not exist: our bug.
        """
        entry = self._entries.get(key)
        if entry is None:
            raise LocaleError(f"no language has a text for {key!r}")
        text = entry if isinstance(entry, str) else entry[0 if params.get("n") == 1 else 1]

        def fill(match: re.Match[str]) -> str:
            if match[1] not in params:
                raise LocaleError(f"{self.language}: the text of {key!r} needs the parameter {match[1]!r}")
            return str(params[match[1]])

        return _NAME.sub(fill, text)
