"""How a PIN is taken in: typed unseen on a terminal, or as a line of standard input; never from the command line."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated

import typer

from cli.errors import fail

PinStdin = Annotated[bool, typer.Option("--pin-stdin", help="Read the PIN as one line from standard input.")]


def known_pin(from_stdin: bool) -> str:
    """Ask for the PIN that somebody has."""
    return _typed("PIN: ", from_stdin)


def new_pin(from_stdin: bool) -> str:
    """Ask for a PIN that somebody is to have: on a terminal twice, for nobody sees what was typed."""
    pin = _typed("PIN: ", from_stdin)
    if not from_stdin and _typed("Once more: ", from_stdin) != pin:
        fail("the two PINs differ; nothing was changed")
    return pin


def _typed(prompt: str, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not os.isatty(sys.stdin.fileno()):
        fail("a PIN is asked for on a terminal; without one, use --pin-stdin")
    return getpass.getpass(prompt)
