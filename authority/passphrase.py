"""Where a passphrase comes from: a file, an inherited descriptor, or the terminal.

Never an argument of the command, which every user of the machine can read, and never the environment, which child
processes and crash reports inherit.
"""

from __future__ import annotations

import getpass
import os
import stat
import sys
from pathlib import Path
from typing import Final

from authority.errors import PassphraseError

SHORTEST: Final = 8
"""Characters a new passphrase needs; what is typed at creation is checked, what opens a key is not."""

_LONGEST: Final = 1024


def passphrase_from_file(path: Path) -> bytes:
    """Return the first line of `path`. Raises PassphraseError: unreadable, open to others, or empty."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise PassphraseError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
            raise PassphraseError(f"{path} is open to others; run: chmod 600 {path}")
        return _first_line(descriptor, str(path))
    finally:
        os.close(descriptor)


def passphrase_from_descriptor(descriptor: int) -> bytes:
    """Return the first line of an inherited descriptor (0 is standard input). Raises PassphraseError as above."""
    return _first_line(descriptor, f"descriptor {descriptor}")


def ask_passphrase(what: str, *, new: bool) -> bytes:
    """Ask on the terminal, twice when `new`. Raises PassphraseError: no terminal, empty, or two different answers."""
    if not sys.stdin.isatty():
        raise PassphraseError(f"{what} is needed and there is no terminal to ask on; give a passphrase file.")
    first = getpass.getpass(f"{what}: ")
    if new and getpass.getpass(f"{what}, again: ") != first:
        raise PassphraseError("The two passphrases differ; nothing was made.")
    return _checked(first.encode(), "the terminal")


def refuse_short(passphrase: bytes) -> None:
    """Raise PassphraseError when `passphrase` is too short to protect a new key."""
    if len(passphrase.decode(errors="replace")) < SHORTEST:
        raise PassphraseError(f"A new passphrase has at least {SHORTEST} characters; a few random words are better.")


def _first_line(descriptor: int, source: str) -> bytes:
    content = b""
    try:
        while b"\n" not in content and len(content) <= _LONGEST:
            more = os.read(descriptor, _LONGEST + 1)
            if not more:
                break
            content += more
    except OSError as error:
        raise PassphraseError(f"{source} cannot be read: {error.strerror}.") from error
    return _checked(content.split(b"\n", 1)[0].removesuffix(b"\r"), source)


def _checked(passphrase: bytes, source: str) -> bytes:
    if not passphrase:
        raise PassphraseError(f"The passphrase from {source} is empty; keys are never kept without one.")
    if len(passphrase) > _LONGEST:
        raise PassphraseError(f"The passphrase from {source} is longer than {_LONGEST} bytes.")
    return passphrase
