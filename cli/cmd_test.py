"""`checkpoint test`: the test suite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import fail

ROOT = Path(__file__).resolve().parent.parent
WAITING_SIDE_BY_SIDE = "3"


def command(
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed on to pytest, after --.")] = None,
    *,
    soak: Annotated[
        bool, typer.Option("--soak", help="The long runs instead: kill, fuzz, faults by the hundred.")
    ] = False,
) -> None:
    """Run the test suite; with --soak, the long runs instead.

    Example: checkpoint test -- tests/keys -x
    """
    if not (ROOT / "tests").is_dir():
        fail("the tests are part of the source tree; run this from a clone")
    # Most tests wait for devices and processes: several side by side. The long runs measure, one after the other.
    chosen = ["-m", "soak"] if soak else ["-n", WAITING_SIDE_BY_SIDE]
    raise typer.Exit(subprocess.call([sys.executable, "-m", "pytest", *chosen, *(arguments or [])], cwd=ROOT))
