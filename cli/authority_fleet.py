"""`checkpoint authority fleet`: what is ordered of single appliances, and their end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from authority.records import Order
from cli.authority_options import (
    AsJson,
    By,
    Folder,
    PassphraseFd,
    PassphraseFile,
    Why,
    hand_out,
    in_words,
    line,
    now,
    opened,
)
from cli.errors import fail
from keys.site_order import MAX_BYTES, SiteOrder

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Device = Annotated[str, typer.Option("--device", help="The appliance's id, 32 hexadecimal digits.", show_default=False)]
_FIRST_KEY = Order(by="checkpoint authority fleet key", reason="the first key of the fleet's role")


@app.callback()
def fleet() -> None:
    """Order single appliances: their site, their hub, how long they keep what, and their end.

    A hub carries these orders and can make none: they are signed here.

    Example: checkpoint authority fleet retire zhejiang --device 1f0c… --by "Key office" --reason "replaced"
    """


@app.command()
def key(
    folder: Folder,
    *,
    public: Annotated[Path, typer.Option(help="Where the public half is written.", show_default=False)],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Write the public half of the key that orders are signed with; the first time, make that key.

    Have it admitted with: checkpoint authority admit FEDERATION --issuer fleet --key FILE

    Example: checkpoint authority fleet key zhejiang --public fleet.json
    """
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        role = authority.fleet().role
        found = role.key() if role.keys else role.add_key(now(), order=_FIRST_KEY)
    hand_out(found, public, as_json=as_json)


@app.command("set")
def set_order(
    folder: Folder,
    *,
    device: Device,
    order: Annotated[Path, typer.Option("--order", help="The order, TOML; see docs/formats.md.", show_default=False)],
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Keep an order of one appliance; it is in force when it has been published and released.

    Example: checkpoint authority fleet set zhejiang --device 1f0c… --order gate.toml --by "Office" --reason "moved"
    """
    try:
        with order.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"{order} cannot be read: {error.strerror}")
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        kept = authority.fleet().set_order(content, device, now(), order=Order(by=by, reason=reason))
    _tell(kept, as_json)


@app.command()
def retire(
    folder: Folder,
    *,
    device: Device,
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Order an appliance to hand in its log and then to erase itself, for ever.

    It erases nothing before the hub has cosigned all of its log, and proves the end by a last entry.

    Example: checkpoint authority fleet retire zhejiang --device 1f0c… --by "Key office" --reason "replaced"
    """
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        kept = authority.fleet().retire(device, now(), order=Order(by=by, reason=reason))
    _tell(kept, as_json)


@app.command()
def publish(
    folder: Folder,
    *,
    to: Annotated[Path, typer.Option("--to", help="The repository.", show_default=False)],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Publish every order into a repository; appliances see them with the federation's next release.

    Example: checkpoint authority fleet publish zhejiang --to repository
    """
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        made = authority.fleet().publish(to, now())
    if as_json:
        line({"version": made.version, "published_at": made.published_at, "orders": len(made.targets)})
    else:
        print(f"fleet: version {made.version}, {len(made.targets)} orders, is in {to} for the next release.")


@app.command("list")
def list_orders(
    folder: Folder,
    *,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Print what is ordered of which appliance.

    Example: checkpoint authority fleet list zhejiang --json
    """
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        orders = authority.fleet()
        for device in orders.devices():
            found = orders.order(device)
            if found is not None:
                _tell(found, as_json)


def _tell(order: SiteOrder, as_json: bool) -> None:
    if as_json:
        line({"device": order.device, "issued_at": order.issued_at, "retire": order.retire is not None})
        return
    what = "hands in its log and erases itself" if order.retire is not None else f"site {order.site or 'as it is'}"
    print(f"{order.device}: {what}, ordered at {in_words(order.issued_at)}; publish it to put it in force")
