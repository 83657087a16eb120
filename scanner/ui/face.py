"""What the application asks of the screen that it shows, whichever of the three it is, and what that may ask back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from textual.events import Resize
from textual.screen import Screen

from scanner.control.messages import Command, Preview, Reply
from scanner.ui.keys import KEYS, Key
from scanner.ui.scene import Scene
from scanner.ui.viewfinder import Viewfinder


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
    """A whole screen of the application, painted from scenes: it follows one, shares out its rows, and paints."""

    def __init__(self, viewfinder: Viewfinder) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._viewfinder = viewfinder

    @property
    def language(self) -> str:
        """The language spoken to whoever stands there; empty: the screen's own."""
        return ""

    @property
    def keys(self) -> Sequence[Key]:
        """Every key that does something here, the most needed first; marked are those that do so now."""
        return KEYS

    def show(self, scene: Scene) -> None:
        """Follow `scene`, and paint it."""
        self._scene = scene
        self.follow(scene)
        self.repaint()

    def look(self, preview: Preview | None) -> None:
        """Show another camera picture, or none."""
        if self.is_mounted:
            self._viewfinder.look(preview)

    def repaint(self) -> None:
        """Paint the scene once more, as far as there are one and a screen."""
        if self._scene is not None and self.is_mounted:
            self.share_rows(self._scene)
            self.paint(self._scene)

    def follow(self, scene: Scene) -> None:
        """Take note of what a scene says before it is painted; also while the screen does not stand yet."""

    @abstractmethod
    def share_rows(self, scene: Scene) -> None:
        """Give each part its rows and columns."""

    @abstractmethod
    def paint(self, scene: Scene) -> None:
        """Show `scene` on every part."""

    def on_mount(self) -> None:
        """Paint what was said before the screen stood."""
        self.call_after_refresh(self.repaint)

    def on_resize(self, event: Resize) -> None:  # noqa: ARG002
        """Share the rows out anew; the parts repaint themselves when their size changes."""
        if self._scene is not None:
            self.share_rows(self._scene)
