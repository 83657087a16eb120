"""What the commands of `checkpoint authority` share: options, reading times and passphrases, reporting errors."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from authority.errors import AuthorityError
from authority.files import PRIVATE_FILE, PUBLIC_FILE, write_whole
from authority.passphrase import ask_passphrase, passphrase_from_descriptor, passphrase_from_file
from authority.qr import png
from authority.repository.role_keys import RoleKey
from authority.store import Authority
from authority.tracing.index import Index
from cli.errors import fail
from keys.errors import KeysError

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"


def rfc3339(text: str) -> int:
    """Read a time with its zone as epoch seconds. Raises typer.BadParameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise typer.BadParameter(f"{text!r} is no time with a zone, such as 2026-03-04T13:00:00+08:00")
    return int(moment.timestamp())


Folder = Annotated[Path, typer.Argument(help="The authority's folder.", show_default=False)]
Store = Annotated[Path, typer.Option(help="The tracing store, a file of its own.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="One object a line, for machines.")]
By = Annotated[str, typer.Option("--by", help="Who ordered it: an officer or an office.", show_default=False)]
Why = Annotated[str, typer.Option("--reason", help="Why, in one line. It stands in the audit.", show_default=False)]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(help="Take the passphrase from the first line of this file (mode 0600).", show_default=False),
]
PassphraseFd = Annotated[
    int | None,
    typer.Option(help="Take the passphrase from this inherited descriptor; 0: standard input.", show_default=False),
]
At = Annotated[
    int | None, typer.Option(parser=rfc3339, metavar="RFC3339", help="Instead of the time now.", show_default=False)
]
Moment = Annotated[int | None, typer.Option(parser=rfc3339, metavar="RFC3339", show_default=False)]
Png = Annotated[
    Path | None, typer.Option("--png", help="Draw the QR code into this file (mode 0600) too.", show_default=False)
]
Scale = Annotated[int, typer.Option(min=1, max=64, help="Pixels a module in the PNG.")]


def now() -> int:
    """Return the time now, epoch seconds."""
    return int(time.time())


def passphrase(file: Path | None, descriptor: int | None, *, what: str = "Passphrase", new: bool = False) -> bytes:
    """Take a passphrase from a file, a descriptor, or the terminal. Raises PassphraseError."""
    if file is not None and descriptor is not None:
        fail("give --passphrase-file or --passphrase-fd, not both", 2)
    if file is not None:
        return passphrase_from_file(file)
    if descriptor is not None:
        return passphrase_from_descriptor(descriptor)
    return ask_passphrase(what, new=new)


@contextmanager
def reported() -> Iterator[None]:
    """Turn what the authority and the keys refuse into the command's one sentence and exit status 1."""
    try:
        yield
    except (AuthorityError, KeysError) as error:
        fail(str(error))


@contextmanager
def opened(folder: Path, file: Path | None, descriptor: int | None) -> Iterator[Authority]:
    """Open the authority in `folder`, and report what goes wrong with it as `reported` does."""
    with reported(), Authority.open(folder, passphrase(file, descriptor)) as authority:
        yield authority


def draw(path: Path | None, text: str, scale: int) -> None:
    """Write the QR code as a PNG, if one is asked for. Whoever has a static code's picture has the code."""
    if path is not None:
        put(path, png(text, scale=scale))


def put(path: Path, content: bytes) -> None:
    """Write a file for the owner alone, or end the command."""
    try:
        write_whole(path, content, PRIVATE_FILE)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")


def hand_out(key: RoleKey, public: Path, *, as_json: bool) -> None:
    """Write the public half of a role's key for whoever admits it, and say so; or end the command."""
    try:
        write_whole(public, key.to_file(), PUBLIC_FILE)
    except OSError as error:
        fail(f"{public} cannot be written: {error.strerror}")
    if as_json:
        line({"issuer": key.holder, "key_id": key.key_id, "public": str(public)})
    else:
        print(f"{public}: {key.holder}, key {key.key_id}")


def in_words(moment: int | None) -> str:
    """Return a time as RFC 3339 in UTC; "never" for None."""
    return "never" if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def line(record: Mapping[str, Json]) -> None:
    """Print one object."""
    print(json.dumps(record, ensure_ascii=False), flush=True)


@contextmanager
def opened_store(store: Path) -> Iterator[Index]:
    """Open the store for the length of a command; what goes wrong with it ends the command in words."""
    with reported():
        index = Index.open(store)
        try:
            yield index
        finally:
            index.close()
