"""Issuing by the thousand: one request a row, some rows in one transaction, each row by itself good or bad.

What a row does not say is taken from a request that is common to all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice
from typing import Final, TypeVar

from authority.codes import Codes
from authority.csv_file import Fault, Row
from authority.errors import RequestError
from authority.masking import document_number
from authority.records import Order
from authority.register import Register
from authority.request import CodeRequest, IssuedCode
from keys.verdict import Carrier, Colour, DocumentType, Group

COLUMNS: Final = (
    "name",
    "document",
    "type",
    "carrier",
    "colour",
    "region",
    "colour_reason",
    "colour_until",
    "group",
    "reason",
)
BATCH: Final = 100
"""Rows that become durable together, and people in one file for the printer."""

Named = TypeVar("Named", bound=IntEnum)
Common = TypeVar("Common")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one row asks for."""

    line: int
    request: CodeRequest


@dataclass(frozen=True, slots=True)
class Issued:
    """What one row was given."""

    line: int
    code: IssuedCode


def read_requests(rows: Iterable[Row | Fault], common: CodeRequest, by: str | None) -> Iterator[Wanted | Fault]:
    """Yield what each row asks for. A person must not ask twice for the same carrier: the first code would be void.

    `by` is who orders what needs an order; a row's own `reason` goes before the common one.
    """
    asked: dict[tuple[DocumentType, str, Carrier], int] = {}
    for row in rows:
        if isinstance(row, Fault):
            yield row
            continue
        try:
            request = _request(row.cells, common, by)
            number = document_number(request.document_type, request.document_number)
        except RequestError as error:
            yield Fault(row.line, str(error))
            continue
        first = asked.setdefault((request.document_type, number, request.carrier), row.line)
        if first == row.line:
            yield Wanted(row.line, request)
        else:
            yield Fault(row.line, f"The same person stands in line {first}, for the same carrier.")


def issue_all(
    codes: Codes, register: Register, wanted: Iterable[Wanted | Fault], now: Callable[[], int]
) -> Iterator[tuple[Issued | Fault, ...]]:
    """Issue what is wanted; yield what became of `BATCH` rows at a time, once that is durable."""
    remaining = iter(wanted)
    while batch := tuple(islice(remaining, BATCH)):
        with register.transaction():
            done = tuple(_issue(codes, each, now()) for each in batch)
        yield done


def _issue(codes: Codes, wanted: Wanted | Fault, now: int) -> Issued | Fault:
    if isinstance(wanted, Fault):
        return wanted
    try:
        return Issued(wanted.line, codes.issue(wanted.request, now))
    except RequestError as error:
        return Fault(wanted.line, str(error))


def _request(cells: Mapping[str, str], common: CodeRequest, by: str | None) -> CodeRequest:
    reason = cells.get("reason", "")
    return replace(
        common,
        name=cells.get("name", ""),
        document_number=cells.get("document", ""),
        document_type=_member(cells, "type", DocumentType, common.document_type),
        carrier=_member(cells, "carrier", Carrier, common.carrier),
        colour=_member(cells, "colour", Colour, common.colour),
        order=Order(by or "", reason) if reason else common.order,
        region=cells.get("region") or common.region,
        colour_reason=_number(cells, "colour_reason", common.colour_reason),
        colour_until=_number(cells, "colour_until", common.colour_until),
        group=_member(cells, "group", Group, common.group),
    )


def _member(cells: Mapping[str, str], column: str, kind: type[Named], common: Common) -> Named | Common:
    word = cells.get(column, "").lower()
    if not word:
        return common
    names = {member.name.lower().replace("_", "-"): member for member in kind}
    if word not in names:
        raise RequestError(f"{word!r} is no {column}; there are {', '.join(names)}.")
    return names[word]


def _number(cells: Mapping[str, str], column: str, common: int | None) -> int | None:
    text = cells.get(column, "")
    if not text:
        return common
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise RequestError(f"{text!r} is no {column}, which is a number.")
    return int(text)
