"""`checkpoint bench`: every figure beside what it is compared with, measured in the same run."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

import benchmarks
from benchmarks.row import Row
from cli.errors import fail


def available() -> list[str]:
    """Names of the benchmarks: the modules `benchmarks.bench_*`."""
    return sorted(
        module.name.removeprefix("bench_")
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if module.name.startswith("bench_")
    )


def measure(name: str) -> Iterator[Row]:
    """Yield the rows of one benchmark as they are measured."""
    yield from importlib.import_module(f"benchmarks.bench_{name}").rows()


def words(row: Row) -> str:
    """Return one row of the table."""
    ratio = "" if row.ratio is None else f"{row.ratio:7.2f} ×"
    limit = "" if row.limit is None else f"limit {row.limit:g}"
    mark = {True: "✓", False: "✕", None: " "}[row.ok]
    return f"{mark} {row.name:<34} {row.value:>12.4g} {row.unit:<10} {ratio:>10} {row.reference or '':<38} {limit}"


def command(
    names: Annotated[list[str] | None, typer.Argument(help="Which to run, by the first part of the name.")] = None,
    *,
    photos: Annotated[
        Path | None, typer.Option(help="For vision: a folder of photographs with a ground_truth.jsonl.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object a row.")] = False,
) -> None:
    """Measure, and compare with references measured in the same run.

    Exit status 1 when a row with a limit is not within it.

    Example: checkpoint bench verify journal
    """
    if photos is not None:
        if not (photos / "ground_truth.jsonl").is_file():
            fail(f"{photos} holds no ground_truth.jsonl: an object a line with file, set, codes and texts", 2)
        os.environ["CHECKPOINT_PHOTOS"] = str(photos.resolve())  # before the benchmark is loaded, which reads it
    known = available()
    chosen = names or known
    for name in chosen:
        if name not in known:
            fail(f"there is no benchmark {name!r}; there are: {', '.join(known)}", 2)
    failed = False
    for name in chosen:
        if sys.stderr.isatty():
            print(f"measuring {name} …", file=sys.stderr)
        for row in measure(name):
            failed |= row.ok is False
            print(json.dumps(dataclasses.asdict(row)) if as_json else words(row), flush=True)
    raise typer.Exit(1 if failed else 0)
