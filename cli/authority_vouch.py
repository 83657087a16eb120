"""`checkpoint authority gates`, `vouch`: which appliances are the authority's own, and where they stand."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from authority.csv_file import read_rows
from authority.records import Order
from authority.tracing.vouching import COLUMNS, Vouching
from cli.authority_changes import given
from cli.authority_options import AsJson, By, Store, Why, line, now, opened_store
from cli.errors import fail
from keys.printable import printable


def gates(*, store: Store, as_json: AsJson = False) -> None:
    """Show the appliances whose logs are taken in, those first that nobody vouched for, and what waits there.

    Example: checkpoint authority gates --store tracing.db
    """
    with opened_store(store) as index:
        for one in Vouching(index).gates():
            if as_json:
                line(
                    {
                        "device": one.device.hex(),
                        "site": one.site,
                        "vouched": one.vouched,
                        "proved": one.proved,
                        "waiting": one.waiting,
                        "trouble": one.trouble,
                    }
                )
                continue
            words = [one.device.hex(), one.site] if one.vouched else [one.device.hex(), "nobody vouches for it"]
            words.append(f"entries: {one.proved}")
            if one.waiting:
                words.append(f"activations waiting: {one.waiting}")
            if one.trouble is not None:
                words.append(one.trouble)
            if not one.vouched:
                words.append(f"the hub calls its place: {one.site}")
            print(printable("  ".join(words)))


def vouch(
    *,
    store: Store,
    device: Annotated[
        str | None, typer.Option(help="The appliance's id, as `checkpoint enrol` printed it.", show_default=False)
    ] = None,
    site: Annotated[str | None, typer.Option(help="Where it stands.", show_default=False)] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", help="Many: a CSV file with the columns device, site; - reads standard input."),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Vouch for it no more.")] = False,
    by: By,
    reason: Why,
) -> None:
    """Say that an appliance is this authority's, and where it stands; its activations count then, waiting ones too.

    A hub can let in an appliance that stands nowhere, and call one site by another's name. Take the id from the
    appliance itself, not from the hub. For one that was in other hands take the word back, and let it begin anew with a
    new key. It is written down who said so and why.

    Example: checkpoint authority vouch --store tracing.db --device 1f0c… --site "East gate" --by Li --reason "set up"
    """
    with opened_store(store) as index:
        people, order = Vouching(index), Order(by=by, reason=reason)
        match device, site, source, remove:
            case str(), str(), None, False:
                waited = people.vouch(device, site, order, now())
            case None, None, str(), False:
                with given(source) as stream:
                    many, waited = people.vouch_all(read_rows(stream, source, COLUMNS), order, now())
                print(f"appliances vouched for: {many}", file=sys.stderr)
            case str(), None, None, True:
                people.withdraw(device, order, now())
                return
            case _:
                fail("give --device and --site, or --from; or --device and --remove", 2)
        if waited:
            print(f"activations that waited for this, and count now: {waited}", file=sys.stderr)
