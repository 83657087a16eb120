"""`checkpoint update`: bring keys, status lists and policy up to date, now."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import fail
from keys.errors import KeysError
from keys.printable import printable
from keys.update import Phase, Step, open_source, pin_root, pin_root_file, pinned_digest
from scanner.config import ConfigError, Configuration, load
from scanner.files import become_owner
from scanner.updates.attempt import attempt
from scanner.updates.origin import source_of
from scanner.updates.report import Result, UpdateReport

MAX_ROOT = 512 * 1024
_DIGEST_BYTES = 32
_PHASES = {
    Phase.PROVE: "proving what is kept",
    Phase.METADATA: "fetching",
    Phase.TARGET: "fetching",
    Phase.STORE: "writing the status lists of",
    Phase.SWITCH: "proving and switching to",
}


def command(
    *,
    source: Annotated[
        str | None,
        typer.Option("--from", help="Address or folder of the repository. Default: as configured.", show_default=False),
    ] = None,
    root_sha256: Annotated[
        str | None, typer.Option(help="First time only: trust the repository's root with this SHA-256, hexadecimal.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="First time only: trust the root in this file.")] = None,
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = Path("config.toml"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one object.")] = False,
) -> None:
    """Fetch newer keys, status lists and policy, prove them, and put them in force.

    Whatever does not prove itself leaves the state before in force. A running engine takes the new state over by itself
    and writes into its log what came of this. Exit status: 0 when the source was good, new or not; otherwise 1.

    Example: checkpoint update --from /media/stick --root-sha256 3f1c9a…
    """
    try:
        configuration = load(config)
    except ConfigError as error:
        fail(f"{len(error.problems)} to correct\n{error}", 2)
    place = source or source_of(configuration)
    if place is None:
        fail("nothing to update from: name it with --from, set [update] source, or join a hub with checkpoint enrol")
    content = None if root is None else _read(root)  # before: the file is whose hand holds it
    become_owner(configuration.state.folder)
    _pin(configuration, place, root_sha256, content)
    shows = sys.stderr.isatty() and not as_json
    report, outcome = attempt(configuration, place, progress=_show if shows else _keep_quiet)
    if shows:
        print("\r\x1b[K", end="", file=sys.stderr)
    if as_json:
        new = () if outcome is None else outcome.lists
        lists = [{"issuer": issuer, "uri": uri, "issued_at": issued_at} for issuer, uri, issued_at in new]
        print(json.dumps({**asdict(report), "lists": lists}, ensure_ascii=False))
    else:
        print(_words(report, 0 if outcome is None else len(outcome.lists)))
    if report.result in {Result.REFUSED, Result.UNREACHABLE}:
        raise typer.Exit(1)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_ROOT + 1)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")


def _pin(configuration: Configuration, place: str, digest: str | None, root: bytes | None) -> None:
    """Pin the root where that was asked for; refuse to go on where none is."""
    folder = configuration.trust.folder
    try:
        if digest is not None or root is not None:
            configuration.state.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if root is not None:
            pin_root_file(folder, root)
        if digest is not None:
            with contextlib.closing(open_source(place)) as source:
                pin_root(folder, source, _digest(digest))
        if pinned_digest(folder) is None:
            asking = "Ask the authority for its root's SHA-256, on paper or by telephone"
            fail(f"{folder} trusts nobody yet. {asking}, and run this once with --root-sha256")
    except KeysError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or folder}: {error.strerror}")


def _digest(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != _DIGEST_BYTES:
        fail("a SHA-256 has 64 hexadecimal digits", 2)
    return found


def _words(report: UpdateReport, lists: int) -> str:
    fetched = f"{report.received:,} bytes in {report.requests} requests"
    said = f"; not believed: {report.why}" if report.why else ""
    match report.result:
        case Result.TAKEN_IN:
            news = f"{lists} newer status list{'' if lists == 1 else 's'}"
            return printable(f"up to date from {report.source}: {news}, {fetched}{said}")
        case Result.NOTHING_NEW:
            return printable(f"there is nothing newer at {report.source} ({fetched}){said}")
        case Result.UNREACHABLE:
            return printable(f"the update could not be reached: {report.why}")
        case Result.REFUSED:
            return printable(f"refused, and the state before stays in force: {report.why}")


def _show(step: Step) -> None:
    size = "" if step.length is None else f" ({step.length:,} bytes)"
    print(f"\r\x1b[K{_PHASES[step.phase]} {printable(step.subject)}{size} …", end="", file=sys.stderr, flush=True)


def _keep_quiet(_step: Step) -> None:
    """Machines and files get the result only."""
