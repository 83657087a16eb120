"""What the application asks of the screen that it shows, whichever of the three it is, and what that may ask back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from textual.screen import Screen

from scanner.control.messages import Command, Preview, Reply
from scanner.ui.keys import KEYS, Key
from scanner.ui.scene import Scene


@dataclass(frozen=True, slots=True)
class Host:
    """The application, as far as a face may use it."""

    send: Callable[[Command], Awaitable[Reply | None]]
    """Send a command; None: no engine answers."""
    notice: Callable[[str], None]
    """Show words in the footer for a few seconds."""
    clock: Callable[[], float]
    """Monotonic seconds."""


class Face(Screen[None], inherit_bindings=False):
    """A whole screen of the application, painted from scenes."""

    @property
    def language(self) -> str:
        """The language spoken to whoever stands there; empty: the screen's own."""
        return ""

    @property
    def keys(self) -> Sequence[Key]:
        """Every key that does something here, the most needed first; marked are those that do so now."""
        return KEYS

    @abstractmethod
    def show(self, scene: Scene) -> None:
        """Paint `scene`."""

    @abstractmethod
    def look(self, preview: Preview | None) -> None:
        """Show another camera picture, or none."""
