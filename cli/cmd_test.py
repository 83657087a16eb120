"""`checkpoint test`: the test suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import fail

ROOT = Path(__file__).resolve().parent.parent
SIDE_BY_SIDE = "5"
WIDE = "not soak and not alone"
ALONE = "alone and not soak"
LONG = "soak and not alone"
LONG_ALONE = "soak and alone"
LONG_SIDE_BY_SIDE = "2"
WITHOUT = ("-p", "no:schemathesis")
"""A plugin that only a long run uses, and that takes every process a second to load."""
NONE_CHOSEN = 5


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
    # Most tests wait for devices and processes: several side by side, of the long runs two. What is judged by the clock
    # comes afterwards, one by one.
    if soak:
        phases = {"soak": ["-m", LONG, *_beside(LONG_SIDE_BY_SIDE)], "soak-alone": ["-m", LONG_ALONE]}
    else:
        phases = {"wide": ["-m", WIDE, *WITHOUT, *_beside(SIDE_BY_SIDE)], "alone": ["-m", ALONE, *WITHOUT]}
    # Every process that pytest or a test starts would compile again what is not kept.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    statuses = [
        subprocess.call(
            [sys.executable, "-m", "pytest", *chosen, *_report(phase), *(arguments or [])], cwd=ROOT, env=environment
        )
        for phase, chosen in phases.items()
    ]
    # Of a choice of tests, none may belong to a phase: pytest's status 5.
    failed = [status for status in statuses if status not in {0, NONE_CHOSEN}]
    raise typer.Exit(failed[0] if failed else min(statuses))


def _beside(many: str) -> list[str]:
    """Return the options for so many tests side by side; who has nothing left to do takes from the others."""
    return ["-n", many, "--dist", "worksteal"]


def _report(phase: str) -> list[str]:
    """Return the options for a JUnit report of a phase, where `CHECKPOINT_TEST_REPORTS` names a folder for them."""
    folder = os.environ.get("CHECKPOINT_TEST_REPORTS")
    return [f"--junit-xml={folder}/{phase}.xml"] if folder else []
