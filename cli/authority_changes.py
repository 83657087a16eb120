"""`checkpoint authority set-status`: what becomes of codes, by the million."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from authority.csv_file import read_rows
from authority.records import Order
from authority.status_changes import COLUMNS, Outcome
from cli.authority_options import (
    AsJson,
    By,
    Folder,
    PassphraseFd,
    PassphraseFile,
    Why,
    line,
    now,
    opened,
)
from cli.errors import fail
from cli.progress import Progress

From = Annotated[str, typer.Option("--from", help="The CSV file; - reads standard input.", show_default=False)]


def set_status(
    folder: Folder,
    *,
    source: From,
    by: By,
    reason: Why,
    leave_out_bad: Annotated[
        bool, typer.Option("--leave-out-bad", help="Apply the good rows although others are bad.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Change the status of many codes from a CSV file, all of it or nothing; gates learn of it from the next lists.

    The first line names the columns: code_id, or list and index; colour, which is green, yellow, orange, red, grey or
    revoked; and reason, if a row has its own. A colour reaches every code of the person, and each code that changes has
    its own line in the audit. Bad rows are named by their line, and then nothing is applied.

    Example: checkpoint authority set-status zhejiang --from contacts.csv --by "Officer Li" --reason "case 12"
    """
    refuse_two_readers(source, passphrase_fd)
    with (
        given(source) as stream,
        opened(folder, passphrase_file, passphrase_fd) as authority,
        Progress(sys.stderr) as progress,
    ):
        outcome = authority.change_status(
            read_rows(stream, source, COLUMNS),
            Order(by=by, reason=reason),
            now(),
            leave_out_bad=leave_out_bad,
            progress=lambda step, done: progress.tell(f"{step} {done:,}"),
        )
    _report(outcome, source, as_json=as_json)
    raise typer.Exit(1 if outcome.faults and not leave_out_bad else 0)


def refuse_two_readers(source: str, passphrase_fd: int | None) -> None:
    """End the command where rows and passphrase would both come from standard input."""
    if source == "-" and passphrase_fd == 0:
        fail("standard input cannot give both the rows and the passphrase; use --passphrase-file", 2)


@contextmanager
def given(source: str) -> Iterator[BinaryIO]:
    """Open the file that `--from` names, or standard input; or end the command."""
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(source).open("rb")  # noqa: SIM115 - only opening it is ours to explain
    except OSError as error:
        fail(f"{source} cannot be read: {error.strerror}")
    with stream:
        yield stream


def _report(outcome: Outcome, source: str, *, as_json: bool) -> None:
    for fault in outcome.faults:
        if as_json:
            line({"line": fault.line, "problem": fault.why})
        else:
            print(f"{source}, line {fault.line}: {fault.why}", file=sys.stderr)
    if as_json:
        line(
            {
                "rows": outcome.rows,
                "bad": len(outcome.faults),
                "recoloured": outcome.recoloured,
                "revoked": outcome.revoked,
            }
        )
    elif outcome.faults and not outcome.applied:
        print(f"Nothing was changed: {len(outcome.faults)} of {outcome.rows} rows are bad.", file=sys.stderr)
    else:
        bad = f"; {len(outcome.faults)} rows left out" if outcome.faults else ""
        changed = f"{outcome.recoloured} codes have another colour and {outcome.revoked} are revoked"
        print(f"{changed} from the next lists on{bad}.")
