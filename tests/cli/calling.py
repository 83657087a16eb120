"""Two ways to run a command: called here, which costs nothing, or as a process where that makes a difference."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.main import main

ROOT = Path(__file__).parents[2]


class Done(NamedTuple):
    """What a command came to."""

    status: int
    out: bytes
    err: bytes


def call(*arguments: str, given: bytes = b"") -> Done:
    """Run a command here, its input a file and its output kept."""
    out, err = io.BytesIO(), io.BytesIO()
    with tempfile.TemporaryFile() as file, pytest.MonkeyPatch.context() as patch:
        file.write(given)
        file.seek(0)
        for name, stream in (("stdin", file), ("stdout", out), ("stderr", err)):
            patch.setattr(sys, name, io.TextIOWrapper(stream, "utf-8", write_through=True))
        status = main(arguments)
        return Done(status, out.getvalue(), err.getvalue())


def run(*arguments: str, given: bytes = b"") -> Done:
    """Run a command as a process of its own."""
    command = [sys.executable, "-m", "cli.main", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60, cwd=ROOT)
    return Done(done.returncode, done.stdout, done.stderr)
