"""`checkpoint hub`: the service between gates and authority, and what is done at its machine."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import fail
from keys.printable import printable

if TYPE_CHECKING:
    from hub.retention import Retention
    from hub.service import Parts
    from hub.settings import Settings

app = typer.Typer(no_args_is_help=False, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Folder = Annotated[Path, typer.Option(help="The hub's own folder: its cosigning key, and its storage.")]
TrustFolder = Annotated[Path, typer.Option("--repository", help="The trust repository's folder; only read.")]
Storage = Annotated[str, typer.Option("--database", help="sqlite, or postgresql://user@host/name")]
AsJson = Annotated[bool, typer.Option("--json", help="One object a line.")]


@app.callback(invoke_without_command=True)
def hub(
    context: typer.Context,
    *,
    folder: Folder = Path("hub-state"),
    repository: TrustFolder = Path("checkpoint-trust"),
    database: Storage = "sqlite",
    listen: Annotated[
        str, typer.Option(help="Address and port; beyond this machine with TLS only.")
    ] = "127.0.0.1:8600",
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    url: Annotated[str | None, typer.Option(help="The address appliances use, where it is another.")] = None,
    timezone: Annotated[str, typer.Option(help="Of the times that the pages show.")] = "Asia/Shanghai",
    sealed_days: Annotated[int, typer.Option(min=1, max=3_650, help="Days that sealed parts are kept.")] = 14,
    entry_days: Annotated[int, typer.Option(min=1, max=36_500, help="Days that entries are kept.")] = 180,
    count_days: Annotated[int, typer.Option(min=1, max=36_500, help="Days that hourly counts are kept.")] = 400,
    entries_a_day: Annotated[
        int, typer.Option(min=10_000, max=1_000_000_000, help="Entries that one appliance may hand in a day.")
    ] = 2_000_000,
    processes: Annotated[int, typer.Option(min=1, max=64, help="With PostgreSQL: how many share the port.")] = 1,
) -> None:
    """Take logs in, hand on signed trust, enrol appliances, and show the fleet.

    Example: checkpoint hub --repository checkpoint-trust
    """
    from hub.retention import Retention  # noqa: PLC0415

    settings = _settings(
        folder=folder,
        repository=repository,
        database=database,
        listen=listen,
        certificate=certificate,
        key=key,
        url=url,
        timezone=timezone,
        retention=Retention(sealed_days, entry_days, count_days),
        entries_a_day=entries_a_day,
    )
    context.obj = settings
    if context.invoked_subcommand is not None:
        return
    from hub import server  # noqa: PLC0415 - the web server is not needed for the other commands
    from hub.storage import people  # noqa: PLC0415

    with reported():
        with _opened(settings) as parts:
            if processes > 1 and not parts.database.shared:
                fail(f"{parts.database.name}: SQLite serves one process; use PostgreSQL for {processes}", 2)

        def ready() -> None:
            # Not before: the address that a running hub has said would not hold any more for one that cannot start.
            with _opened(settings) as parts, parts.database.write() as session:
                kept, token = parts.database.name, people.first_token(session, parts.clock_ms())
            print(f"the hub listens on {settings.public_url}, keeps its storage in {kept}", flush=True)
            if token is not None:
                words = "nobody can log in yet; make the first administrator at"
                print(f"{words} {settings.public_url}/first/{token}", flush=True)

        server.run(settings, processes, ready)


@app.command(name="import")
def bring_in(
    context: typer.Context,
    where: Annotated[Path, typer.Argument(metavar="FOLDER", help="What appliances exported: a stick's folder.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Take in logs that were exported to a folder; in any order, and as often as you like.

    Writes a receipt for each appliance beside them, for `checkpoint journal receipt` there.

    Exit status 1 when something was refused or waits for entries before it.

    Example: checkpoint hub import /media/stick
    """
    from hub import stick  # noqa: PLC0415
    from hub.storage import people  # noqa: PLC0415

    found = []
    with reported(), _opened(context.obj) as parts:
        with parts.database.write() as session:  # first of all: no allowance counts for what is taken in by hand
            people.note(session, parts.clock_ms(), people.TERMINAL, "import", subject=printable(str(where))[:200])
        try:
            for one in stick.bring_in(where, parts.ingest):
                found.append(one)
                durable_to = None if one.receipt is None else one.receipt.durable_to
                if as_json:
                    record = {"file": one.file, "taken": one.taken, "durable_to": durable_to, "why": one.why}
                    print(json.dumps(record), flush=True)
                else:
                    so_far = "" if durable_to is None else f", the hub has {durable_to} entries of this log"
                    words = f"{one.file}: {one.taken}{so_far}{'; ' + one.why if one.why else ''}"
                    print(printable(words), flush=True)
            stick.write_receipts(where, found, parts.ingest)
        except OSError as error:
            fail(f"{error.filename or where}: {error.strerror}")
    if not found:
        fail(f"{where} holds no exported logs (checkpoint-log/<device>-<from>-<to>.log)")
    raise typer.Exit(0 if all(one.taken is stick.Taken.DONE for one in found) else 1)


@app.command()
def invite(
    context: typer.Context,
    site: Annotated[str, typer.Argument(help="What people call the place.")],
    lanes: Annotated[list[str], typer.Argument(help="Its lanes, as in its config.toml, such as main.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make an enrolment code for one appliance, good for ten minutes.

    The code names the hub's address and key: give --listen, --url and --certificate as the running hub has them.

    Example: checkpoint hub --url https://hub.example.org --certificate hub.pem --key hub.key invite "West gate" main
    """
    import segno  # noqa: PLC0415

    from hub.enrolment import base64url  # noqa: PLC0415
    from hub.storage import people  # noqa: PLC0415

    with reported(), _opened(context.obj) as parts:
        token = parts.enrolment.invite(site, tuple(lanes), people.TERMINAL)
        with parts.database.write() as session:
            people.note(session, parts.clock_ms(), people.TERMINAL, "invite", subject=site)
        text = parts.offer.text(token)
    if as_json:
        print(json.dumps({"qr": text, "token": base64url(token), "url": parts.offer.url}))
        return
    segno.make(text, error="m", boost_error=False).terminal(sys.stdout, compact=True)
    print(f"For one appliance at {site}, for ten minutes: it will look for this hub at {parts.offer.url}.")
    print(f"Stop it, run checkpoint enrol --camera there and show it this code; or, as text: {text}")


@app.command()
def credential(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose it is, such as authority-cn-33.")],
) -> None:
    """Make the credential with which an authority's process fetches logs; an earlier one of that name ends.

    With --certificate and --key as the running hub has them it says the certificate's pin, too.

    Example: checkpoint hub credential authority-cn-33 > credential
    """
    from hub import handover  # noqa: PLC0415

    with reported(), _opened(context.obj) as parts:
        print(handover.make_credential(parts, name))
        pin = parts.settings.pin()
    if pin is not None:
        print(f"its process goes by this hub's certificate with --pin {pin.hex()}", file=sys.stderr)


@app.command(name="retire")
def retire(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="Device id, hexadecimal.")],
    *,
    revoke: Annotated[bool, typer.Option(help="Its key is in wrong hands: refuse all it signs, and alarm.")] = False,
) -> None:
    """Take nothing more from an appliance: it handed in its whole log, or its key was stolen.

    Example: checkpoint hub retire 5f0c2a… --revoke
    """
    from hub.storage import appliances, people  # noqa: PLC0415
    from hub.values import Standing  # noqa: PLC0415

    with reported(), _opened(context.obj) as parts, parts.database.write() as session:
        try:
            wanted = bytes.fromhex(device)
        except ValueError:
            fail(f"{device} is no device id: 32 hexadecimal digits", 2)
        if not appliances.set_standing(session, wanted, Standing.REVOKED if revoke else Standing.RETIRED):
            known = appliances.find(session, wanted) is not None
            fail(f"the key of {device} was revoked: that stays" if known else f"no appliance {device} is enrolled here")
        deed = "revoke" if revoke else "retire"
        people.note(session, parts.clock_ms(), people.TERMINAL, deed, subject=wanted.hex())


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the hub's API.

    Example: checkpoint hub openapi > hub.json
    """
    from hub.api import document  # noqa: PLC0415

    print(json.dumps(document(), indent=2, ensure_ascii=False))


@contextlib.contextmanager
def reported() -> Iterator[None]:
    """Turn the hub's errors into one sentence and an exit status; say what to install where the extra is missing."""
    try:
        from hub.errors import HubError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        fail(f"the hub needs more packages ({error.name}); install them: pip install 'checkpoint-scanner[hub]'")
    try:
        yield
    except HubError as error:
        fail(str(error))
    except ModuleNotFoundError as error:
        fail(f"the hub needs more packages ({error.name}); install them: pip install 'checkpoint-scanner[hub]'")


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[Parts]:
    from hub.service import open_parts  # noqa: PLC0415

    parts = open_parts(settings)
    try:
        yield parts
    finally:
        parts.close()


def _settings(
    *,
    folder: Path,
    repository: Path,
    database: str,
    listen: str,
    certificate: Path | None,
    key: Path | None,
    url: str | None,
    timezone: str,
    retention: Retention,
    entries_a_day: int,
) -> Settings:
    from hub.settings import Settings  # noqa: PLC0415

    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        fail(f"--listen {listen}: an address and a port, such as 127.0.0.1:8600", 2)
    return Settings(
        folder=str(folder),
        repository=str(repository),
        database=database,
        host=host.strip("[]"),
        port=int(port),
        certificate=None if certificate is None else str(certificate),
        key=None if key is None else str(key),
        url=url,
        timezone=timezone,
        retention=retention,
        entries_a_day=entries_a_day,
    )
