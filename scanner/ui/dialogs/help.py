"""Every key there is, with what it does, whether it does anything now or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Label

from scanner.control.messages import Reply
from scanner.ui import sheets
from scanner.ui.dialogs.form import Form
from scanner.ui.keys import Key
from scanner.ui.scene import Scene


class HelpPage(Form[None]):
    """The keys; Enter or Escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll(-1)", show=False),
        Binding("down,space", "scroll(1)", show=False),
        Binding("question_mark,q,Q", "give_up", show=False),
    ]

    def __init__(self, scene: Scene, table: Sequence[Key]) -> None:
        super().__init__(scene, scene.say("help_title"), keys="help_keys")
        self._table = table
        self._page = Label("", markup=False)

    def below(self) -> Sequence[Widget]:
        """Return the page."""
        return (self._page,)

    def lay_out(self) -> None:
        """Set the page to the width there is."""
        width = min(58, self.size.width - 4)
        lines = sheets.keys(self.scene, self._table, width)
        self._page.update(self.scene.terminal.shown("\n".join(lines)))

    async def submit(self) -> Reply | None:
        """Close: nothing is sent."""
        return Reply(id=0, ok=True)

    def accepted(self, reply: Reply) -> None:  # noqa: ARG002
        """Come to nothing."""
        return
