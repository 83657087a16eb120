"""The screens' end of the engine: the control socket, opened anew after a fault, and what it shows as it changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scanner.control.messages import Command, Hello, Preview, Reply, View
from scanner.control.server import ControlError, ControlServer
from scanner.engine.degradations import Cause, Degradations

AGAIN_S: Final = 3.0
"""After a fault of the socket."""
AT_REST_S: Final = 1.0
"""Between two views while nobody looks: for whoever comes next."""


class Screens:
    """Whoever looks. `preview` and `watches` may be called by any thread, the rest by the engine's own."""

    def __init__(
        self,
        socket: Path,
        hello: Callable[[], Hello],
        handle: Callable[[Command], Reply],
        view: Callable[[], View],
        degradations: Degradations,
    ) -> None:
        """`hello` and `view`: what is to be said now. `handle` answers to commands."""
        self._hello = hello
        self._view = view
        self._degradations = degradations
        self._server = ControlServer(socket, hello(), handle)
        self._again_at = self._due_at = 0.0
        self._last: View | None = None

    def open(self) -> None:
        """Open the socket; that it cannot be is a degradation."""
        try:
            self._server.start()
        except ControlError as error:
            self._again_at = time.monotonic() + AGAIN_S
            self._degradations.set(Cause.CONTROL_UNAVAILABLE, True, detail=str(error))
        else:
            self._degradations.set(Cause.CONTROL_UNAVAILABLE, False)

    def watch(self) -> None:
        """Open the socket anew where it has failed, after a while."""
        if not self._server.serving and time.monotonic() >= self._again_at:
            self.open()

    def greet(self) -> None:
        """Say anew whose screens these are."""
        self._server.greet(self._hello())

    def publish(self) -> None:
        """Show the view where it has changed."""
        now = time.monotonic()
        if now < self._due_at and not self._server.has_clients:
            return
        self._due_at = now + AT_REST_S
        view = self._view()
        if view != self._last:
            self._last = view
            self._server.publish(view)

    def preview(self, preview: Preview) -> None:
        """Show what a lane's camera sees."""
        self._server.publish_preview(preview)

    def watches(self, lane: str) -> bool:
        """Whether anybody looks at a lane's camera."""
        return lane in self._server.watched

    def stop(self) -> None:
        """Close the socket."""
        self._server.stop()
