"""The engine's side of the control socket: newest view to every client, one reply to every command.

Runs an event loop in a thread of its own. A lane never waits for a screen: `publish` stores the newest message and
returns; each client is sent what is newest when it is ready for more, and one that stays unready is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import socket
import stat
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from scanner.control.address import is_ours, stand_in
from scanner.control.base import Message
from scanner.control.messages import COMMAND, MAX_LINE, Command, Hello, Preview, Reply, View, WatchPreview

log = logging.getLogger(__name__)

MIN_INTERVAL_S = 0.05
"""Between two views to one client: 20 a second."""
STALLED_S = 10.0
"""A client that takes nothing for this long is dropped."""
MAX_CLIENTS = 16
START_S = 5.0
"""The thread serves long before this, or never."""


class ControlError(Exception):
    """The control socket cannot be opened; the text says why and what to do."""


class UnwritableError(ControlError):
    """The folder of the configured socket cannot be written."""


_UNWRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT}


class _Client:
    """One connection: what it should be sent next, and nothing older."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.view: bytes | None = None
        self.previews: dict[str, bytes] = {}
        self.replies: list[bytes] = []
        self.watched: set[str] = set()
        self.wake = asyncio.Event()

    def take(self) -> bytes:
        """Return everything due, and forget it."""
        parts = [*self.replies, *([self.view] if self.view else []), *self.previews.values()]
        self.replies, self.view, self.previews = [], None, {}
        return b"".join(parts)


class ControlServer:
    """Serves one engine's control socket. `handle` runs in a worker thread and may block for a moment."""

    def __init__(self, path: Path, hello: Hello, handle: Callable[[Command], Reply]) -> None:
        self._configured = self._path = path
        self._hello = _line(hello)
        self._handle = handle
        self._clients: set[_Client] = set()
        self._view: bytes | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        self._watched: frozenset[str] = frozenset()

    def greet(self, hello: Hello) -> None:
        """Greet clients that come from now on with `hello`."""
        self._hello = _line(hello)

    def start(self) -> None:
        """Open the socket, readable by this user only, and serve until `stop`. Raises ControlError."""
        try:
            listener = _listen(self._configured)
            self._path = self._configured
        except UnwritableError as error:
            self._path = stand_in(self._configured)
            with contextlib.suppress(OSError):  # whatever is there is looked at next
                self._path.parent.mkdir(mode=0o700)
            if not is_ours(self._path.parent):
                raise ControlError(f"{error}; and {self._path.parent} is somebody else's") from error
            listener = _listen(self._path)
            log.warning("%s; screens find the engine at %s instead", error, self._path)
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(listener, started), name="control", daemon=True)
        self._thread.start()
        try:
            started.result(START_S)
        except (OSError, TimeoutError) as error:
            listener.close()
            self._thread.join(timeout=1)
            raise ControlError(f"cannot serve the control socket {self._path}: {error}") from error

    @property
    def serving(self) -> bool:
        """Whether screens are served now."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Close every connection and remove the socket."""
        if self._loop is None or self._stopping is None or self._thread is None:
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=3)
        with contextlib.suppress(OSError):  # a folder that cannot be written: the next engine finds a dead socket
            self._path.unlink(missing_ok=True)

    def publish(self, view: View) -> None:
        """Make `view` the newest; returns at once. Thread-safe."""
        self._post(self._set_view, _line(view))

    def publish_preview(self, preview: Preview) -> None:
        """Send a preview to the clients that watch its lane; returns at once. Thread-safe."""
        self._post(self._set_preview, preview.lane, _line(preview))

    @property
    def has_clients(self) -> bool:
        """Whether anybody is connected."""
        return bool(self._clients)

    @property
    def watched(self) -> frozenset[str]:
        """Lanes whose preview somebody watches."""
        return self._watched

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is left to tell
                self._loop.call_soon_threadsafe(function, *arguments)

    def _set_view(self, line: bytes) -> None:
        self._view = line
        for client in self._clients:
            client.view = line
            client.wake.set()

    def _set_preview(self, lane: str, line: bytes) -> None:
        for client in self._clients:
            if lane in client.watched:
                client.previews[lane] = line
                client.wake.set()

    def _run(self, listener: socket.socket, started: Future[None]) -> None:
        try:
            asyncio.run(self._serve(listener, started))
        except Exception as error:  # the thread's one supervised edge: the engine opens the socket again
            log.exception("the control socket failed")
            if not started.done():
                started.set_exception(error)

    async def _serve(self, listener: socket.socket, started: Future[None]) -> None:
        self._stopping = asyncio.Event()
        server = await asyncio.start_unix_server(self._connected, sock=listener, limit=MAX_LINE)
        self._loop = asyncio.get_running_loop()
        started.set_result(None)
        async with server:
            await self._stopping.wait()
            for client in tuple(self._clients):
                client.writer.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MAX_CLIENTS:
            writer.close()
            return
        client = _Client(writer)
        client.replies.append(self._hello)
        client.view = self._view
        client.wake.set()
        self._clients.add(client)
        sender = asyncio.create_task(self._send(client))
        try:
            while line := await reader.readline():
                await self._command(client, line)
        except (ConnectionError, ValueError, asyncio.IncompleteReadError) as error:
            log.info("a screen was disconnected: %s", error)
        finally:
            sender.cancel()
            self._clients.discard(client)
            self._note_watched()
            writer.close()

    async def _send(self, client: _Client) -> None:
        try:
            while True:
                await client.wake.wait()
                client.wake.clear()
                client.writer.write(client.take())
                async with asyncio.timeout(STALLED_S):
                    await client.writer.drain()
                await asyncio.sleep(MIN_INTERVAL_S)
        except (ConnectionError, TimeoutError):
            client.writer.transport.abort()

    async def _command(self, client: _Client, line: bytes) -> None:
        try:
            command = COMMAND.validate_json(line)
        except ValidationError as error:
            # The input may hold a PIN: name the fields, never the values.
            fields = ", ".join(".".join(map(str, fault["loc"])) or fault["type"] for fault in error.errors())
            client.replies.append(_line(Reply(id=0, ok=False, error=f"not a command of this protocol: {fields}")))
        else:
            if isinstance(command, WatchPreview):
                (client.watched.add if command.on else client.watched.discard)(command.lane)
                self._note_watched()
                reply = Reply(id=command.id, ok=True)
            else:
                reply = await asyncio.to_thread(self._handle, command)
            client.replies.append(_line(reply))
        client.wake.set()

    def _note_watched(self) -> None:
        self._watched = frozenset().union(*(client.watched for client in self._clients))


def _line(message: Message) -> bytes:
    """Return a message as a line. Words of strangers may be in it; what cannot be encoded is replaced."""
    try:
        return message.model_dump_json().encode() + b"\n"
    except (PydanticSerializationError, UnicodeEncodeError):
        return json.dumps(_encodable(message.model_dump(mode="python")), ensure_ascii=False).encode() + b"\n"


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _encodable(one) for key, one in value.items()}
    return [_encodable(one) for one in value] if isinstance(value, list | tuple) else value


def _listen(path: Path) -> socket.socket:
    """Return a listening socket at `path`, mode 0600, replacing a dead engine's but never a live one's."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _make_way(path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = os.umask(0o177)
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(before)
        listener.listen(MAX_CLIENTS)
    except ControlError:
        listener.close()
        raise
    except OSError as error:
        listener.close()
        kind = UnwritableError if error.errno in _UNWRITABLE else ControlError
        raise kind(f"cannot open the control socket {path}: {error.strerror or error}") from error
    return listener


def _make_way(path: Path) -> None:
    """Remove a dead engine's socket. One that is busy, or another user's, is alive. Raises ControlError, OSError."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise ControlError(f"{path} is in the way and is no socket; move it, or set another [control] socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except (TimeoutError, BlockingIOError):
            pass  # nobody dead keeps others waiting
    raise ControlError(f"another engine already answers on {path}; stop it first")
