"""What the emulators share: how they are driven by standard input, how they end, and what they say."""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="One object a line.")]


class Ending:
    """Turns the two signals that end a program into an event and a readable descriptor."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.read, self._write = os.pipe()
        signal.signal(signal.SIGINT, self._signalled)
        signal.signal(signal.SIGTERM, self._signalled)

    def end(self) -> None:
        """End the command. Any thread may call it."""
        self.event.set()
        os.write(self._write, b"e")

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self.end()


def typed_lines(ending: Ending) -> Iterator[bytes]:
    """Yield the lines of standard input until a signal or `quit`; the end of input ends nothing."""
    stdin = 0
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(ending.read, selectors.EVENT_READ)
        try:
            if sys.stdin is not None:
                selector.register(stdin, selectors.EVENT_READ)
        except (OSError, ValueError):
            # A file or a closed descriptor can be waited for by nobody: read what it holds.
            pending = _read_all(stdin)
        while not ending.event.is_set():
            *lines, pending = pending.split(b"\n")
            for line in lines:
                if line.strip() == b"quit":
                    return
                yield line.removesuffix(b"\r")
            for key, _ in selector.select():
                if key.fd != stdin:
                    continue
                received = os.read(stdin, 4096)
                if not received:
                    selector.unregister(stdin)
                    received = b"\n" if pending else b""
                pending += received


def announce(kind: str, link: Path, as_json: bool) -> None:
    """Say that the device is there, and where."""
    path = str(link.absolute())
    say(json.dumps({"device": kind, "path": path}) if as_json else path)


def say(line: str) -> None:
    """Print a line at once: who reads it may wait for it."""
    print(line, flush=True)


def complain(problem: str, as_json: bool) -> None:
    """Answer a line that cannot be obeyed with a sentence."""
    if as_json:
        say(json.dumps({"error": problem}))
    else:
        print(problem, file=sys.stderr, flush=True)


def _read_all(descriptor: int) -> bytes:
    try:
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read() + b"\n"
    except OSError:
        return b""
