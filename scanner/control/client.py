"""The screens' side of the control socket."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import ValidationError

from scanner.control.address import is_ours, stand_in
from scanner.control.messages import (
    MAX_LINE,
    PROTOCOL_VERSION,
    SERVER_MESSAGE,
    Command,
    Hello,
    Preview,
    Reply,
    View,
)

REPLY_TIMEOUT_S = 10.0


class ControlClientError(Exception):
    """The engine cannot be reached, has gone, or speaks another protocol."""


class ProtocolMismatchError(ControlClientError):
    """The engine speaks another version of the protocol than this screen."""


class ControlClient:
    """One connection to an engine. Iterate over it for what the engine says; `send` commands meanwhile.

    Replies are matched to their commands only while somebody iterates.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}

    async def connect(self) -> Hello:
        """Connect and return the engine's greeting. Raises ControlClientError."""
        try:
            self._reader, self._writer = await self._open()
            line = await asyncio.wait_for(self._reader.readline(), REPLY_TIMEOUT_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise ControlClientError(f"no engine answers on {self.path}: {error}") from error
        if b'"hello"' in line and f'"protocol":{PROTOCOL_VERSION},'.encode() not in line.replace(b" ", b""):
            raise ProtocolMismatchError("engine and screen are of different versions; restart both")
        message = _read(line)
        if not isinstance(message, Hello):
            raise ControlClientError(f"what answers on {self.path} is no engine")
        return message

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_unix_connection(os.fspath(self.path), limit=MAX_LINE)
        except OSError:
            other = stand_in(self.path)
            if not other.exists() or not is_ours(other.parent):
                raise
            return await asyncio.open_unix_connection(os.fspath(other), limit=MAX_LINE)

    async def __aiter__(self) -> AsyncIterator[View | Preview]:
        """Yield views and previews until the connection ends; then raise ControlClientError."""
        if self._reader is None:
            raise ControlClientError("not connected")
        try:
            while line := await self._reader.readline():
                message = _read(line)
                if isinstance(message, Reply):
                    waiting = self._waiting.pop(message.id, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(message)
                elif not isinstance(message, Hello):
                    yield message
        except (OSError, ValueError) as error:
            raise ControlClientError(f"the connection to the engine broke: {error}") from error
        finally:
            for waiting in self._waiting.values():
                waiting.cancel()
            self._waiting.clear()
        raise ControlClientError("the engine has gone")

    async def send(self, command: Command) -> Reply:
        """Send one command (its id is set here) and return the engine's reply. Raises ControlClientError."""
        if self._writer is None:
            raise ControlClientError("not connected")
        command = command.model_copy(update={"id": next(self._ids)})
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[command.id] = reply
        try:
            self._writer.write(command.model_dump_json().encode() + b"\n")
            await self._writer.drain()
            return await asyncio.wait_for(reply, REPLY_TIMEOUT_S)
        except (OSError, TimeoutError) as error:
            raise ControlClientError(f"the engine did not answer: {error}") from error
        except asyncio.CancelledError:
            if reply.cancelled():
                raise ControlClientError("the engine has gone") from None
            raise
        finally:
            self._waiting.pop(command.id, None)

    async def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None


def _read(line: bytes) -> Hello | View | Preview | Reply:
    try:
        return SERVER_MESSAGE.validate_json(line)
    except ValidationError as error:
        raise ControlClientError(
            f"the engine said something this screen does not know: {error.error_count()}"
        ) from error
