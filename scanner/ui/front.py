"""What the desk and its forms need of the application."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from textual.screen import Screen

from scanner.control.messages import Command, Reply
from scanner.ui import keys
from scanner.ui.scene import Scene

T = TypeVar("T")


class Front(Protocol):
    """The application, as the desk sees it."""

    @property
    def scene(self) -> Scene:
        """What is shown."""
        ...

    @property
    def keys(self) -> Sequence[keys.Key]:
        """Every key of the screen that stands there."""
        ...

    def say(self, message: str) -> None:
        """Say something in the footer for a few seconds."""
        ...

    async def send(self, command: Command) -> Reply | None:
        """Send a command; None where no engine answers."""
        ...

    async def open(self, screen: Screen[T], closed: Callable[[T | None], None]) -> None:
        """Open a form at once, so that the keys that follow find its first field."""
        ...

    async def open_and_wait(self, screen: Screen[T]) -> T | None:
        """Open a form and wait for what it comes to."""
        ...

    def work(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that waits, beside everything else."""
        ...
