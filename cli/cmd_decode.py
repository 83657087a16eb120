"""`checkpoint decode`: the codes in image files, with the same decoders as at the gate and more patience."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from keys.printable import printable

if TYPE_CHECKING:
    from scanner.decoder import Decoder

PATIENCE_MS: Final = 3000.0
"""For harder looks at one picture; nobody waits in a queue here."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was found in one file."""

    file: str
    texts: tuple[str, ...]
    decoder: str | None
    """The look that found them, None when there was no code."""
    ms: float


def command(
    files: Annotated[list[Path], typer.Argument(help="JPEG, PNG, BMP or WebP pictures.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One object a file: file, texts, decoder, ms.")] = False,
) -> None:
    """Read the QR codes in image files: every text in each.

    A file that cannot be read is named on standard error, the others are still done, and the exit status is 1.

    Example: checkpoint decode --json photos/*.jpg
    """
    from scanner.camera.picture import PictureError  # noqa: PLC0415 - `--help` loads no camera
    from scanner.decoder import Decoder  # noqa: PLC0415

    decoder = Decoder()
    unreadable = 0
    for number, file in enumerate(files, 1):
        _progress(number, len(files), file)
        try:
            read: _Read | None = _read(file, decoder)
            problem = ""
        except PictureError as error:
            read, problem = None, f"{file} {error}"
        except OSError as error:
            read, problem = None, f"{file} cannot be read: {error.strerror}"
        _clear_progress(len(files))
        if read is None:
            unreadable += 1
            print(f"checkpoint decode: {printable(problem)}", file=sys.stderr)
        else:
            print(_json(read) if as_json else _words(read), flush=True)
    raise typer.Exit(1 if unreadable else 0)


def _read(file: Path, decoder: Decoder) -> _Read:
    from scanner.camera.picture import read_picture  # noqa: PLC0415

    grey = read_picture(file)
    began = time.perf_counter()
    found = decoder.decode(grey, harder=True, budget_ms=PATIENCE_MS)
    ms = (time.perf_counter() - began) * 1000
    return _Read(str(file), tuple(code.text for code in found), found[0].decoder if found else None, round(ms, 3))


def _json(read: _Read) -> str:
    return json.dumps({"file": read.file, "texts": read.texts, "decoder": read.decoder, "ms": read.ms})


def _words(read: _Read) -> str:
    if not read.texts:
        return f"{printable(read.file)}: no code"
    return "\n".join(f"{printable(read.file)}: {printable(text)}" for text in read.texts)


def _progress(number: int, total: int, file: Path) -> None:
    """Say on a terminal which file is being read, where the next line will overwrite it: a picture can take seconds."""
    if total > 1 and sys.stderr.isatty():
        print(f"\r\x1b[K{number}/{total} {printable(file.name)[:60]}", end="\r", file=sys.stderr, flush=True)


def _clear_progress(total: int) -> None:
    if total > 1 and sys.stderr.isatty():
        print("\x1b[K", end="", file=sys.stderr, flush=True)
