"""The hub as a process: uvicorn around the application, with a limit on connections that say nothing."""

from __future__ import annotations

import errno
import os
import socket
from asyncio import TimerHandle, Transport
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from hub.errors import SetupError
from hub.service import make_app, open_parts
from hub.settings import Settings

SETTINGS_VARIABLE = "CHECKPOINT_HUB_SETTINGS"
"""How the process that starts others tells them the settings."""
SILENT_SECONDS = 30.0
"""How long a connection may take to say its whole request line and headers."""
UNREAD_SECONDS = 30.0
"""How long whoever has asked may leave what is ready for them unread."""
KEEP_ALIVE_SECONDS = 20
CONNECTIONS = 4_000
"""Open connections; one more is answered 503."""
STOP_SECONDS = 15
"""How long uploads that are under way are given when the hub is told to stop."""
GOODBYE_SECONDS = 0.5
"""How long an idle connection may take to be closed then."""


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1, but a connection that has not sent a request's headers in time is closed; uvicorn waits for ever.

    So is one that leaves its answer unread.
    That holds for every request of a kept connection: between two, uvicorn's keep-alive waits for the first byte.
    """

    _silence: TimerHandle | None = None
    _unread: TimerHandle | None = None

    def pause_writing(self) -> None:
        """Wait for the other side to read; what is ready for it is held in memory meanwhile."""
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it has read."""
        self._all_read()
        super().resume_writing()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; the wait ends when a request is whole, and begins anew with the next one."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._wait_no_more()
        elif self._silence is None and self._is_between():
            self._wait()

    def on_response_complete(self) -> None:
        """Go on with what came meanwhile, which may be the beginning of a request."""
        super().on_response_complete()
        if self._silence is None and self._is_between() and self.conn.trailing_data[0]:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the waits."""
        self._wait_no_more()
        self._all_read()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close at the hub's end; a TLS connection whose other side does not say goodbye is dropped all the same."""
        super().shutdown()
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(GOODBYE_SECONDS, self.transport.abort)

    def _is_between(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._silence = self.loop.call_later(SILENT_SECONDS, self._too_late)

    def _wait_no_more(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _all_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _too_late(self) -> None:
        if self._is_between() and not self.transport.is_closing():
            self.transport.close()


def app_from_environment() -> FastAPI:
    """Make the application of one of several processes. Raises SetupError, StorageError."""
    return make_app(open_parts(Settings.from_text(os.environ[SETTINGS_VARIABLE])))


def options(settings: Settings) -> dict[str, Any]:
    """Return uvicorn's options."""
    return {
        "host": settings.host,
        "port": settings.port,
        "ssl_certfile": settings.certificate,
        "ssl_keyfile": settings.key,
        "http": ImpatientProtocol,
        "ws": "none",
        "lifespan": "on",
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "date_header": False,  # by the clock that cosigns; see hub.limits
        "proxy_headers": False,
        "limit_concurrency": CONNECTIONS,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": STOP_SECONDS,
        "h11_max_incomplete_event_size": 32 * 1024,
    }


class _Server(uvicorn.Server):
    """Says when it really listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def run(settings: Settings, processes: int, ready: Callable[[], None]) -> None:
    """Serve until told to stop; `ready` is called when connections are taken. Raises SetupError, StorageError.

    Several processes share the port and each opens the storage for itself; `ready` is then called before they begin.
    """
    _check_address(settings)
    if processes == 1:
        _Server(uvicorn.Config(make_app(open_parts(settings)), **options(settings)), ready).run()
        return
    os.environ[SETTINGS_VARIABLE] = settings.to_text()
    ready()
    uvicorn.run("hub.server:app_from_environment", factory=True, workers=processes, **options(settings))


def _check_address(settings: Settings) -> None:
    """Raise SetupError where nobody can listen: uvicorn would say so in words of its own, and end the program."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        words = f"--listen {settings.host}:{settings.port}: {error.strerror or error}"
        advice = "; another hub may be running" if error.errno == errno.EADDRINUSE else ""
        raise SetupError(words + advice) from error
