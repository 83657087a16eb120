"""`checkpoint journal`: show the log, prove it, and carry it by stick. A running engine is not disturbed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from cli import journal_stick
from cli.errors import fail
from cli.journal_lines import as_object, as_words
from keys.errors import KeyFileError, TreeHeadError
from scanner.journal.detail import EntryKind
from scanner.journal.device import PUBLIC_NAME, read_public
from scanner.journal.entry import Entry, decode
from scanner.journal.errors import SQLITE_ERRORS, EntryError, JournalError
from scanner.journal.files import journal_path
from scanner.journal.reader import open_reader
from scanner.journal.verify import verify as verify_log

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from scanner.journal.verify import VerifyReport

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Show, verify and export the log. Nothing in it names a person; sealed parts are the authority's to open.",
    epilog="Example: checkpoint journal verify --state /var/lib/checkpoint",
)

for _command in (journal_stick.export, journal_stick.receipt, journal_stick.head, journal_stick.erased):
    app.command()(_command)

FOLLOW_SECONDS = 0.5
BATCH = 500
"""Entries read at a time."""
KINDS = tuple(kind.name.lower() for kind in EntryKind)

StateOption = Annotated[
    Path | None, typer.Option("--state", help="The state folder, or a copy of it; default: as in the configuration.")
]
ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One object a line.")]


@app.command(epilog="Example: checkpoint journal show --last 50 --kind override --lane main")
def show(
    *,
    state: StateOption = None,
    config: ConfigOption = Path("config.toml"),
    last: Annotated[int, typer.Option("--last", "-n", min=0, help="How many entries that fit the filters.")] = 20,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only this kind; repeatable: " + ", ".join(KINDS) + ".")
    ] = None,
    lane: Annotated[list[str] | None, typer.Option("--lane", help="Only this lane; repeatable.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new entries until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the newest entries, the oldest of them first.

    Times are the site's, or UTC with --state.
    """
    folder, zone = _where(state, config)
    unknown = sorted(set(kind or ()) - set(KINDS))
    if unknown:
        fail(f"there is no kind {unknown[0]!r}; kinds are {', '.join(KINDS)}")
    path = journal_path(folder)

    def fits(entry: Entry | None) -> bool:
        if entry is None:
            return not kind and not lane
        return (not kind or entry.kind.name.lower() in kind) and (not lane or entry.lane in lane)

    end = _end(path)
    for seq, entry, sealed in reversed(list(_newest(path, end, last, fits))):
        _print(seq, entry, sealed, zone, as_json)
    if follow:
        _follow(path, end, fits, zone, as_json)


@app.command(epilog="Example: checkpoint journal verify --against last-shift.txt")
def verify(
    *,
    state: StateOption = None,
    config: ConfigOption = Path("config.toml"),
    key: Annotated[
        Path | None, typer.Option("--key", help="The device's public key in PEM; default: device.pub beside the log.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", help="A signed head that somebody else has kept: a file with the note, or its text."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every entry, every hash and every signed head; name the first entry that does not hold.

    Exit status 1 when anything is wrong. What nobody can find alone: a tail cut off together with its heads. Give a
    head that somebody else has kept with --against.
    """
    folder, _ = _where(state, config)
    note = None if against is None else _note(against)
    try:
        report = verify_log(journal_path(folder), _public_key(key or folder / PUBLIC_NAME), note)
    except (JournalError, KeyFileError) as error:
        fail(str(error))
    except TreeHeadError as error:
        fail(f"--against: {error}")
    if as_json:
        print(json.dumps(_report_object(report), ensure_ascii=False))
    else:
        print(_report_words(report))
    if report.problem is not None:
        fail(report.problem.text)


def _where(state: Path | None, config: Path) -> tuple[Path, tzinfo]:
    """Find the state folder, and the zone to show times in."""
    if state is not None:
        return state, UTC
    from scanner.config import ConfigError, load  # noqa: PLC0415 - not needed where --state is given

    try:
        configuration = load(config)
    except ConfigError as error:
        fail(f"{error}\nor name the state folder with --state")
    return configuration.state.folder, ZoneInfo(configuration.site.timezone)


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        return read_public(path)
    except KeyFileError as error:
        fail(f"{error}; name the device's public key with --key")


def _note(against: str) -> str:
    """Read the note from a file where there is one of that name, else take the text itself."""
    try:
        path = Path(against)
        if "\n" not in against and path.is_file():
            return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        fail(f"--against: cannot read the head: {error}")
    if "\n" not in against:
        fail(f"--against: there is no file {against}, and it is no signed head either")
    return against if against.endswith("\n") else against + "\n"


Shown = tuple[int, Entry | None, bool]
"""Number, entry (None: unreadable), whether its sealed part is there."""


def _end(path: Path) -> int:
    """Find the number that the next entry will have."""
    newest = _read(path, "seq < ? ORDER BY seq DESC LIMIT ?", 1 << 62, 1)
    return newest[0][0] + 1 if newest else 0


def _newest(path: Path, before: int, wanted: int, fits: Callable[[Entry | None], bool]) -> Iterator[Shown]:
    """Yield the newest entries below `before` that fit, newest first."""
    while wanted > 0:
        rows = _read(path, "seq < ? ORDER BY seq DESC LIMIT ?", before, BATCH)
        if not rows:
            return
        for shown in rows:
            if wanted > 0 and fits(shown[1]):
                wanted -= 1
                yield shown
        before = rows[-1][0]


def _follow(path: Path, start: int, fits: Callable[[Entry | None], bool], zone: tzinfo, as_json: bool) -> None:
    """Print entries from `start` on as they come, until interrupted."""
    while True:
        for seq, entry, sealed in _read(path, "seq >= ? ORDER BY seq LIMIT ?", start, BATCH):
            if fits(entry):
                _print(seq, entry, sealed, zone, as_json)
            start = seq + 1
        time.sleep(FOLLOW_SECONDS)


def _read(path: Path, where: str, bound: int, limit: int) -> list[Shown]:
    query = f"SELECT seq, body, sealed IS NOT NULL FROM entry WHERE {where}"  # noqa: S608 - our own two clauses
    try:
        with open_reader(path) as connection:
            rows = connection.execute(query, (bound, limit)).fetchall()
    except SQLITE_ERRORS as error:
        fail(f"{path}: the log's file is damaged ({error}); run: checkpoint journal verify")
    except JournalError as error:
        fail(str(error))
    return [(seq, _entry(body), bool(sealed)) for seq, body, sealed in rows]


def _entry(body: bytes) -> Entry | None:
    try:
        return decode(body)
    except EntryError:
        return None


def _print(seq: int, entry: Entry | None, sealed: bool, zone: tzinfo, as_json: bool) -> None:
    if as_json:
        found = {"seq": seq, "unreadable": True} if entry is None else as_object(entry, sealed)
        print(json.dumps(found, ensure_ascii=False), flush=True)
    elif entry is None:
        print(f"{seq:>7}  cannot be read; run: checkpoint journal verify", flush=True)
    else:
        print(as_words(entry, sealed, zone), flush=True)


def _report_object(report: VerifyReport) -> dict[str, str | int | bool | None]:
    problem = report.problem
    return {
        "ok": report.ok,
        "device": report.device,
        "entries": report.entries,
        "heads": report.heads,
        "signed": report.signed,
        "sealed": report.sealed,
        "erased": report.erased,
        "pruned": report.pruned,
        "first_bad": None if problem is None else problem.seq,
        "problem": None if problem is None else problem.text,
    }


def _report_words(report: VerifyReport) -> str:
    lines = [
        f"device  {report.device}",
        f"entries {report.entries} hold",
        f"heads   {report.heads} hold, the newest over {report.signed} entries",
        *([f"removed {report.pruned} before those, by retention"] if report.pruned else []),
        f"sealed  {report.sealed} hold, {report.erased} erased by retention",
    ]
    if report.ok:
        tail = report.entries - report.signed
        lines.append(f"The log holds; {tail} newest entries wait for a signed head." if tail else "The log holds.")
    return "\n".join(lines)
