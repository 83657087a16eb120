"""`checkpoint journal export`, `receipt`, `head` and `erased`: the log by stick, and what retention has erased."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import fail
from keys.errors import KeysError, TreeHeadError
from scanner.journal.errors import JournalError

if TYPE_CHECKING:
    from scanner.journal.device import Device

MAX_RECEIPT = 64 << 10
"""Bytes of a receipt."""

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One object a line.")]


def export(
    folder: Annotated[Path, typer.Argument(help="Where the stick is mounted.", show_default=False)],
    *,
    start: Annotated[int | None, typer.Option("--from", min=0, help="From this entry on.", show_default=False)] = None,
    config: ConfigOption = Path("config.toml"),
    as_json: JsonOption = False,
) -> None:
    """Write what the hub has not acknowledged to a stick, as files of the same bytes that go by network.

    A running engine is not disturbed. The hub takes the files with: checkpoint hub import FOLDER. Its receipt, brought
    back, is taken with: checkpoint journal receipt FILE.

    Example: checkpoint journal export /media/stick
    """
    from scanner.sync.inbox import LeftExport, leave  # noqa: PLC0415 - `--help` loads nothing of this
    from scanner.sync.stick import export as write  # noqa: PLC0415

    state, device = _device(config)
    if not folder.is_dir():
        fail(f"there is no folder {folder}: mount the stick first")
    shows = sys.stderr.isatty() and not as_json
    count, altered = 0, None
    try:
        for one in write(state, device, folder, start, progress=_progress if shows else _quiet):
            count += one.stop - one.start
            altered = one.altered if altered is None else altered
            leave(state, LeftExport(one.start, one.stop))
            if as_json:
                print(json.dumps({"file": str(one.path), "from": one.start, "to": one.stop}))
            else:
                print(f"{one.path}: entries {one.start} to {one.stop - 1}")
    except JournalError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or folder}: {error.strerror or error}")
    if not count and not as_json:
        print("Nothing waits: the hub has acknowledged every entry.")
    if altered is not None:
        fail(f"entry {altered} is not what was written: the hub will refuse it; run: checkpoint journal verify")


def receipt(
    file: Annotated[Path, typer.Argument(help="The hub's receipt: a head with its cosignature.", show_default=False)],
    *,
    config: ConfigOption = Path("config.toml"),
) -> None:
    """Take in the hub's receipt for what came to it by stick. Only then can retention erase what it covers.

    The receipt is checked here and again by the engine, which keeps it.

    Example: checkpoint journal receipt /media/stick/checkpoint-log/1f0c….receipt
    """
    from keys.cosignature import read_cosigned  # noqa: PLC0415
    from scanner.sync.inbox import LeftReceipt, leave  # noqa: PLC0415
    from scanner.sync.membership import MembershipError, read_membership  # noqa: PLC0415
    from scanner.sync.outbox import open_outbox  # noqa: PLC0415

    state, device = _device(config)
    try:
        with file.open("rb") as stream:
            note = stream.read(MAX_RECEIPT).decode("utf-8")
        membership = read_membership(state)
        if membership is None:
            fail("this appliance has joined no hub, so nobody's receipt counts; run: checkpoint enrol")
        head = read_cosigned(note, device.public_key, membership.witness).head
        with open_outbox(state, device) as outbox:
            if head.size > outbox.size or head.size < outbox.pruned or outbox.root(head.size) != head.root:
                fail(f"{file} is a receipt for another history than this log's; tell the supervisor")
        leave(state, LeftReceipt(note))
    except (TreeHeadError, UnicodeDecodeError) as error:
        fail(f"{file} is no receipt for this appliance's log: {error}")
    except (MembershipError, JournalError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or file}: {error.strerror or error}")
    print(
        f"The hub holds the first {head.size} entries. A running engine takes this at once, else its next start does."
    )


def head(*, config: ConfigOption = Path("config.toml")) -> None:
    """Print a signed head over the log as it stands, for somebody else to keep: journal verify --against finds it.

    Example: checkpoint journal head > last-shift.txt
    """
    from scanner.sync.outbox import open_outbox  # noqa: PLC0415

    state, device = _device(config)
    try:
        with open_outbox(state, device) as outbox:
            print(outbox.head(outbox.size), end="")
    except JournalError as error:
        fail(str(error))


def erased(*, config: ConfigOption = Path("config.toml"), as_json: JsonOption = False) -> None:
    """Show what retention has erased, and when; the same stands in the log.

    Example: checkpoint journal erased --json
    """
    from scanner.journal.detail import Erased  # noqa: PLC0415
    from scanner.journal.files import journal_path  # noqa: PLC0415
    from scanner.journal.reader import open_reader  # noqa: PLC0415
    from scanner.journal.schema import has_table  # noqa: PLC0415

    state = _state(config)
    try:
        with open_reader(journal_path(state)) as connection:
            known = has_table(connection, "erasure")
            query = "SELECT at, what, start, stop, count FROM erasure ORDER BY number"
            rows = connection.execute(query).fetchall() if known else []
    except JournalError as error:
        fail(str(error))
    if not rows and not as_json:
        print("Nothing has been erased yet.")
    for at, what, start, stop, count in rows:
        when, name = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(at)), Erased(what).name.lower()
        if as_json:
            print(json.dumps({"at": at, "what": name, "from": start, "to": stop, "count": count}))
        else:
            print(f"{when}  {name:<10}  {count:>7} of entries {start} to {stop - 1}")


def _state(config: Path) -> Path:
    from scanner.config import ConfigError, load  # noqa: PLC0415

    try:
        return load(config).state.folder
    except ConfigError as error:
        fail(f"{len(error.problems)} to correct\n{error}", 2)


def _device(config: Path) -> tuple[Path, Device]:
    """Return the state folder and who this appliance is; never make a new key here."""
    from keys.key_file import read_device_key  # noqa: PLC0415
    from scanner.files import become_owner  # noqa: PLC0415
    from scanner.journal.device import KEY_NAME, Device  # noqa: PLC0415

    state = _state(config)
    try:
        device = Device.of(read_device_key(state / KEY_NAME))
    except KeysError as error:
        fail(str(error))
    become_owner(state)
    return state, device


def _progress(done: int, of: int) -> None:
    print(f"\r\x1b[K{done:,} of {of:,} entries …", end="\r", file=sys.stderr, flush=True)


def _quiet(_done: int, _of: int) -> None:
    pass
