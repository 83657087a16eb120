"""`checkpoint conformance`: published test cases of the code families, run as they are; a table by corpus."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cli.conformance_cases import Outcome, Result, run_case
from cli.errors import fail
from keys.errors import JsonError
from keys.json_bounded import read_json

FAILED = 1
CANNOT_RUN = 2
_MAX_CASE = 1 << 22


def command(
    paths: Annotated[list[Path], typer.Argument(help="Files of cases (.jsonl, one a line), or folders of these.")],
    *,
    every: Annotated[bool, typer.Option("--all", help="Name the cases that were not applicable, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object a case, then one a corpus.")] = False,
) -> None:
    """Run published test cases of foreign code families and of business rules, and count what became of them.

    Exit status: 0 when no case failed, 1 when one did, 2 when there was none.

    Example: checkpoint conformance published-cases
    """
    files = [file for path in paths for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]
    totals: Counter[Result] = Counter()
    for file in files:
        counts: Counter[Result] = Counter()
        for outcome in run_file(file):
            counts[outcome.result] += 1
            if as_json:
                print(json.dumps({"case": outcome.name, "result": outcome.result, "words": outcome.words}))
            elif outcome.result is Result.FAILED or (every and outcome.result is Result.NOT_APPLICABLE):
                print(f"  {outcome.result}: {outcome.name}: {outcome.words}")
        totals += counts
        line = {result.value: counts[result] for result in Result}
        print(json.dumps({"corpus": file.stem, **line}) if as_json else _line(file.stem, line))
    if not totals:
        fail(f"no case in {', '.join(map(str, paths))}", CANNOT_RUN)
    raise typer.Exit(FAILED if totals[Result.FAILED] else 0)


def run_file(file: Path) -> Iterator[Outcome]:
    """Run every case of a file, in order."""
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    case = read_json(line, limit=_MAX_CASE, depth=64)
                except JsonError as error:
                    yield Outcome(f"line {number}", Result.NOT_APPLICABLE, error.detail)
                    continue
                if type(case) is dict:
                    yield run_case(case)
                else:
                    yield Outcome(f"line {number}", Result.NOT_APPLICABLE, "it is no case")
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror or error}", CANNOT_RUN)


def _line(name: str, counts: dict[str, int]) -> str:
    return f"{name:<28}" + "".join(f"{count:>6} {result}" for result, count in counts.items())
