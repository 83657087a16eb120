"""CSV files as people and spreadsheets write them: rows with their line numbers, cells by the names of their columns.

A row that cannot be used is a `Fault` and not an exception, so that everything wrong with a file is said at once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final

from authority.errors import RequestError

_LONGEST_CELL: Final = 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One row."""

    line: int
    """The number of the line that it ends on, from 1."""
    cells: Mapping[str, str]
    """Column name to text without blanks around it; empty where the row says nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be used."""

    line: int
    why: str
    """Words that follow the line's number."""


def read_rows(stream: BinaryIO, source: str, columns: Collection[str]) -> Iterator[Row | Fault]:
    """Return the rows of a CSV file in UTF-8 whose first line names its columns; empty lines are passed over.

    `columns` are the names that mean something. The first line is read at once, the rows as they are asked for. Raises
    RequestError, naming `source`, for another column, one named twice, a file that is not UTF-8, and quotation marks
    that do not close.
    """
    # A byte order mark is what spreadsheets put before UTF-8.
    lines = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    reader = csv.reader(lines, strict=True)
    with _explained(source, lambda: reader.line_num):
        names = [name.strip().lower() for name in next(reader, [])]
    _check_header(names, source, columns)

    def rows() -> Iterator[Row | Fault]:
        with _explained(source, lambda: reader.line_num):
            for cells in reader:
                if len(cells) == len(names):
                    if max(map(len, cells)) > _LONGEST_CELL:
                        yield Fault(reader.line_num, f"a cell has more than {_LONGEST_CELL} characters")
                    else:
                        yield Row(reader.line_num, dict(zip(names, map(str.strip, cells), strict=True)))
                elif any(cells):
                    yield Fault(reader.line_num, f"it has {len(cells)} cells, and the first line names {len(names)}")
        lines.detach()  # the stream is the caller's

    return rows()


@contextmanager
def _explained(source: str, at_line: Callable[[], int]) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise RequestError(f"{source} is not UTF-8; save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise RequestError(f"{source} is no CSV at line {at_line()}: {error}.") from error


def _check_header(names: list[str], source: str, columns: Collection[str]) -> None:
    expected = ", ".join(columns)
    if not any(names):
        raise RequestError(f"{source} is empty; its first line names the columns: {expected}.")
    for name in names:
        if name not in columns:
            raise RequestError(f"{source} has a column {name!r} in its first line; there are {expected}.")
        if names.count(name) > 1:
            raise RequestError(f"{source} names the column {name!r} twice in its first line.")
