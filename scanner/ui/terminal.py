"""What the terminal can show. A Linux text console has no Chinese; there the screen speaks English in ASCII."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len

_POOR_TERMINALS = ("linux", "dumb", "vt100", "vt102", "vt220", "ansi", "cons25", "console")
"""Values of TERM, or their beginnings before a dash, that stand for consoles with a few hundred glyphs."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """`wide`: shows Chinese and half-blocks. Otherwise ASCII only, and `why` tells the cause in a few words."""

    wide: bool
    why: str = ""

    def shown(self, text: str) -> str:
        """Return `text` as this terminal can show it: what it lacks becomes a question mark, line ends stay.

        A terminal obeys control characters, and bidirectional ones turn a line round. Words of strangers (a stick's
        name, another issuer's credential) may hold both; here they are lost, and every character keeps its cells.
        """
        if not text.isprintable():
            text = "".join(_tame(character) for character in text)
        return text if self.wide else text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")

    def can_show(self, text: str) -> bool:
        """Whether nothing of `text` is lost here."""
        return "?" not in self.shown(text.replace("?", " "))


_PLAIN = str.maketrans({"·": "*", "—": "-", "–": "-", "…": "~", "℃": "C", "°": " ", "“": '"', "”": '"', "’": "'"})


def _tame(character: str) -> str:
    """Return a character that moves no cursor, as many cells wide."""
    if character.isprintable() or character == "\n":
        return character
    return (" " if character.isspace() else "?") * cell_len(character)


def detect(environ: Mapping[str, str]) -> Terminal:
    """Judge by TERM and the locale's character set. An unset locale is trusted: containers and ssh leave it so."""
    term = environ.get("TERM", "")
    if not term or term.split("-")[0] in _POOR_TERMINALS:
        return Terminal(wide=False, why=f"TERM={term or 'unset'}")
    name = next((v for v in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(v) and not _coerced(v, environ)), None)
    if name is None or _is_utf8(environ[name]):
        return Terminal(wide=True)
    return Terminal(wide=False, why=f"{name}={environ[name]}")


def _coerced(name: str, environ: Mapping[str, str]) -> bool:
    """Whether Python itself set LC_CTYPE because the locale was "C" (PEP 538): it says nothing of the terminal."""
    return name == "LC_CTYPE" and environ[name] == "C.UTF-8" and bool(environ.get("LANG"))


def _is_utf8(locale_name: str) -> bool:
    charset = locale_name.partition(".")[2].partition("@")[0]
    try:
        return codecs.lookup(charset).name == "utf-8" if charset else False
    except LookupError:
        return False
