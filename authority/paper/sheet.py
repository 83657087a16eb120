"""Printable sheets: one self-contained HTML file of A6 pages, or of A4 pages with four sheets and marks to cut along.

A sheet says what the signed code says, read from the code itself, and nothing that may change: no colour. Nothing is
fetched when it is opened, and no text in it is markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from html import escape
from importlib import resources
from itertools import islice
from typing import Final
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

from authority import qr
from authority.errors import RequestError
from authority.paper.words import Words, all_words
from keys import base45, cose
from keys.health_code import PREFIX, HealthCode, read_claims
from keys.verdict import Carrier

_ON_A4: Final = 4
_SHORT_NAME: Final = 8
"""Characters of a name that is set large."""
_ASK_COLUMNS: Final = 64
"""As wide as whom to ask may be; a Chinese character is two columns wide."""
_CUT_MARKS: Final = (
    '<i class="mark across" style="left:0"></i><i class="mark across" style="right:0"></i>'
    '<i class="mark across" style="left:98mm"></i><i class="mark down" style="top:0"></i>'
    '<i class="mark down" style="bottom:0"></i><i class="mark down" style="top:141.5mm"></i>'
)


@unique
class Paper(StrEnum):
    """What is in the printer."""

    A6 = "a6"
    A4 = "a4"


_SIZES: Final = {Paper.A6: "105mm 148mm", Paper.A4: "210mm 297mm"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one sheet is made of."""

    text: str = field(repr=False)
    """`JKM1:…`, as it is drawn."""
    code: HealthCode = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Sheet:
        """Return the sheet of a code just issued.

        Raises RequestError for a phone's code: it lives until midnight, and only its phone can show it.
        """
        code = read_claims(cose.read_sign1(base45.decode(text.removeprefix(PREFIX))).payload)
        if code.carrier is Carrier.PHONE:
            raise RequestError("A phone's code is not printed on a sheet; issue one for paper or for a card.")
        return cls(text, code)


@dataclass(frozen=True, slots=True)
class Print:
    """How sheets are printed."""

    paper: Paper
    zone: ZoneInfo
    """In which times are shown."""
    ask: str | None
    """Whom to ask and to appeal to, as `check_ask` lets it; None: the office that issued the sheet."""

    def file(self, sheets: Sequence[Sheet]) -> str:
        """Return an HTML file that prints `sheets`. Raises RequestError as `check_ask` does."""
        check_ask(self.ask)
        pages = "".join(_pages([_sheet(sheet, self.zone, self.ask) for sheet in sheets], self.paper))
        first, *_ = all_words()
        hint = " ".join(_filled(words.printing, paper=self.paper.value.upper()) for words in all_words())
        return (
            f'<!doctype html>\n<html lang="{first.language}"><head><meta charset="utf-8">'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            f"<title>{escape(first.titles[Carrier.PAPER])}</title>"
            f"<style>@page {{ size: {_SIZES[self.paper]}; }}\n{_style()}</style></head>\n"
            f'<body><p class="printing">{hint}</p>\n{pages}</body></html>\n'
        )


def check_ask(ask: str | None) -> None:
    """Raise RequestError unless whom to ask fits a sheet: one line of at most 64 letters or 32 Chinese characters."""
    if ask is not None and not (ask.strip() and ask.isprintable() and _columns(ask) <= _ASK_COLUMNS):
        raise RequestError(f"Whom to ask is one line of at most {_ASK_COLUMNS} letters or half as many characters.")


def _pages(sheets: list[str], paper: Paper) -> Iterator[str]:
    each, marks = (1, "") if paper is Paper.A6 else (_ON_A4, _CUT_MARKS)
    remaining = iter(sheets)
    while page := "".join(islice(remaining, each)):
        yield f'<div class="page {paper}">{page}{marks}</div>\n'


def _sheet(sheet: Sheet, zone: ZoneInfo, ask: str | None) -> str:
    code = sheet.code
    languages = all_words()
    fold = " · ".join(escape(words.fold) for words in languages)
    steps = "".join(_steps(words, words.office if ask is None else ask) for words in languages)
    title, *others = (escape(words.titles[code.carrier]) for words in languages)
    return (
        f'<section class="sheet"><div class="front"><div class="code">{qr.svg(sheet.text)}</div>'
        f'<div class="person"><p class="title">{title}</p><p class="subtitle">{" ".join(others)}</p>'
        f"<dl>{''.join(_facts(code, zone))}</dl></div></div>"
        f'<div class="fold"><span>{fold}</span></div><div class="steps">{steps}</div></section>\n'
    )


def _facts(code: HealthCode, zone: ZoneInfo) -> Iterator[str]:
    begins, ends = (
        datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M")
        for moment in (code.issued_at if code.not_before is None else code.not_before, code.expires_at)
    )
    kinds = " ".join(words.types[code.document.type] for words in all_words())
    yield _fact("name", (code.name, "large" if len(code.name) <= _SHORT_NAME else ""))
    yield _fact("document", (kinds, "small"), (f"…{code.document.tail}", ""))
    yield _fact("valid", (f"{begins} –", ""), (ends, ""))
    yield _fact("region", (code.region or code.identity.issuer, ""))
    yield _fact("number", (str(code.identity), "small"))


def _fact(key: str, *values: tuple[str, str]) -> str:
    """Return a fact of a code under its name in every language: texts, each with the class it is styled by."""
    label = " ".join(getattr(words, key) for words in all_words())
    return f"<dt>{escape(label)}</dt>" + "".join(f'<dd class="{look}">{escape(text)}</dd>' for text, look in values)


def _steps(words: Words, ask: str) -> str:
    items = "".join(f"<li>{_filled(step, ask=ask)}</li>" for step in words.steps)
    return f'<ol lang="{words.language}">{items}</ol>'


def _filled(text: str, **values: str) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return escape(text)


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _style() -> str:
    return (resources.files("authority.paper") / "sheet.css").read_text("utf-8")
