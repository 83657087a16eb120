"""The screen's connection to the engine: it comes back by itself, and says meanwhile why there is none."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

from scanner.control.client import ControlClient, ControlClientError, ProtocolMismatchError
from scanner.control.messages import Command, Hello, Preview, Reply, View
from scanner.ui.scene import Absence, Outage

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
JITTER = 0.2
"""Part of the pause by which it varies, so that several screens do not knock together."""


def pause_after(failures: int, chance: float) -> float:
    """Return the seconds to wait after so many failures in a row; `chance` is a number from 0 to 1."""
    pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10))
    return pause * (1 - JITTER + 2 * JITTER * chance)


class EngineLink:
    """Follows an engine for as long as the screen lives.

    `on_hello` is called at every new connection, `on_message` for every view and preview, `on_outage` when the
    engine has gone and before every pause.
    """

    def __init__(
        self,
        path: Path,
        on_hello: Callable[[Hello], None],
        on_message: Callable[[View | Preview], None],
        on_outage: Callable[[Outage], None],
    ) -> None:
        self._path = path
        self._on_hello = on_hello
        self._on_message = on_message
        self._on_outage = on_outage
        self._client: ControlClient | None = None
        self._lost_at = time.monotonic()

    async def follow(self) -> None:
        """Connect, listen, and begin again when the connection ends. Runs until cancelled."""
        failures = 0
        while True:
            client = ControlClient(self._path)
            absence = Absence.GONE
            try:
                hello = await client.connect()
                self._client, failures = client, 0
                self._on_hello(hello)
                await self._listen(client)
            except ProtocolMismatchError:
                absence = Absence.MISMATCH
            except ControlClientError:
                absence = Absence.GONE
            finally:
                if self._client is not None:
                    self._lost_at = time.monotonic()
                self._client = None
                await client.close()
            failures += 1
            pause = pause_after(failures, random.random())  # noqa: S311 - spreads knocks, guards nothing
            self._on_outage(Outage(absence, time.monotonic() - self._lost_at, pause))
            await asyncio.sleep(pause)

    async def _listen(self, client: ControlClient) -> None:
        """Pass on what the engine says until the connection ends; a frame of its own, so that no view outlives it."""
        async for message in client:
            self._on_message(message)

    async def send(self, command: Command) -> Reply | None:
        """Send a command and return the reply; None where no engine answers."""
        if self._client is None:
            return None
        try:
            return await self._client.send(command)
        except ControlClientError:
            return None

    async def tell(self, command: Command) -> None:
        """Send a command whose reply matters to nobody."""
        await self.send(command)
