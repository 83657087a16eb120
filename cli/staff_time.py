"""`checkpoint staff confirm-time`: a supervisor vouches for a running engine's time, on a box without a screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.errors import fail
from cli.staff_pin import PinStdin, known_pin
from scanner.config import ConfigError, load
from scanner.control.client import ControlClient, ControlClientError
from scanner.control.messages import ConfirmTime, Reply, View
from scanner.locale import Texts
from scanner.values import ClockTrust

VIEW_S = 5.0
"""An engine that runs says how it stands every second."""
AGREES_S = 5.0
"""A view may be a second old when it comes. A time further from what was shown is another one."""


def confirm_time(
    number: Annotated[str, typer.Argument(help="The supervisor's staff number.", show_default=False)],
    *,
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = Path("config.toml"),
    pin_stdin: PinStdin = False,
) -> None:
    """Confirm that a running engine's time is right, where nothing else vouches for it.

    The engine's time is printed first: compare it with a clock that you trust, then type the PIN. It stands in the log
    who confirmed it. Where the engine trusts its clock already, there is nothing to do.

    Example: checkpoint staff confirm-time 1001
    """
    try:
        configuration = load(config)
    except ConfigError as error:
        fail(f"{len(error.problems)} to correct\n{error}")
    socket, zone = configuration.control.socket, ZoneInfo(configuration.site.timezone)
    try:
        view = asyncio.run(_view(socket))
        looked_at = time.monotonic()
        print(f"The engine's time is {_in_words(view.now, zone)}.", flush=True)
        if view.clock is ClockTrust.TRUSTED:
            print("It trusts its clock: there is nothing to confirm.")
            return
        pin = known_pin(pin_stdin)
        reply = asyncio.run(_confirm(socket, number, pin, view.now - looked_at, zone))
    except ControlClientError as error:
        fail(str(error))
    if not reply.ok:
        key = reply.error or ""
        texts = Texts.load(configuration.site.language)
        fail(texts.get(key) if texts.has(key) else f"the engine refused: {key}")
    print("Confirmed: the engine trusts its clock now.")


async def _view(socket: Path) -> View:
    async with _engine(socket) as (_, view):
        return view


async def _confirm(socket: Path, number: str, pin: str, shown: float, zone: ZoneInfo) -> Reply:
    """Send the word, unless the time is no longer the one that was looked at: monotonic seconds and `shown`."""
    async with _engine(socket) as (client, view):
        if abs(view.now - time.monotonic() - shown) > AGREES_S:
            fail(f"the engine's time has moved to {_in_words(view.now, zone)}; nothing was confirmed, look again")
        return await client.send(ConfirmTime(id=0, supervisor=number, pin=pin))


@asynccontextmanager
async def _engine(socket: Path) -> AsyncIterator[tuple[ControlClient, View]]:
    """Connect to the engine and wait for its first view. Raises ControlClientError."""
    client = ControlClient(socket)
    await client.connect()
    first: asyncio.Future[View] = asyncio.get_running_loop().create_future()
    listening = asyncio.create_task(_listen(client, first))
    try:
        try:
            view = await asyncio.wait_for(first, VIEW_S)
        except TimeoutError:
            raise ControlClientError(f"the engine on {socket} does not say how it stands; restart it") from None
        yield client, view
    finally:
        listening.cancel()
        await client.close()


async def _listen(client: ControlClient, first: asyncio.Future[View]) -> None:
    try:
        async for message in client:
            if isinstance(message, View) and not first.done():
                first.set_result(message)
    except ControlClientError as error:
        if not first.done():
            first.set_exception(error)


def _in_words(moment: int, zone: ZoneInfo) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC, which is {at.astimezone(zone):%Y-%m-%d %H:%M:%S} in {zone.key}"
