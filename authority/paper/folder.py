"""What bulk issuing leaves behind: a table of what became of every row, and files for the printer, for the owner alone.

Whoever has a code's text has the code, so the folder is 0700 and every file in it 0600. It holds no name in full.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from authority.bulk_issue import Issued
from authority.csv_file import Fault
from authority.errors import FolderError
from authority.files import PRIVATE_FILE, make_private_file, make_private_folder, write_whole
from authority.paper.sheet import Print, Sheet
from keys.verdict import Carrier

RESULT_FILE: Final = "result.csv"
_HEADER: Final = ("row", "code_id", "text", "error", "sheet")


class IssueFolder:
    """A new folder; every batch is on the disk when `put` returns."""

    def __init__(self, folder: Path, printing: Print) -> None:
        """Make the folder. Raises FolderError when something is there already."""
        self._folder = folder
        self._printing = printing
        self._files = 0
        make_private_folder(folder)
        make_private_file(folder / RESULT_FILE)
        self._append([_HEADER])

    def put(self, done: Iterable[Issued | Fault]) -> None:
        """Write the sheets of a batch into one file, and its rows behind those that are there.

        Raises FolderError when the disk does not take them.
        """
        rows: list[tuple[object, ...]] = []
        sheets: list[Sheet] = []
        name = f"sheets-{self._files + 1:04}.html"
        for each in done:
            if isinstance(each, Fault):
                rows.append((each.line, "", "", each.why, ""))
                continue
            printed = each.code.carrier is not Carrier.PHONE
            if printed:
                sheets.append(Sheet.of(each.code.text))
            rows.append((each.line, str(each.code.identity), each.code.text, "", name if printed else ""))
        if sheets:
            self._files += 1
            try:
                write_whole(self._folder / name, self._printing.file(sheets).encode(), PRIVATE_FILE)
            except OSError as error:
                raise FolderError(f"{self._folder / name} cannot be written: {error.strerror}.") from error
        self._append(rows)

    def _append(self, rows: Iterable[tuple[object, ...]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        path = self._folder / RESULT_FILE
        try:
            with path.open("ab") as stream:
                stream.write(text.getvalue().encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise FolderError(f"{path} cannot be written: {error.strerror}.") from error
