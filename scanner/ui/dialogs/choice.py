"""One of a few things, by number key or from a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from scanner.control.messages import Reply
from scanner.ui.dialogs.fields import Field, MarkedList
from scanner.ui.dialogs.form import Form
from scanner.ui.scene import Scene


class ChoiceForm(Form[int]):
    """A numbered list. Comes to the place of what was chosen, 0 for the first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"take({number - 1})", show=False, priority=True) for number in range(1, 10)),
    ]

    def __init__(self, scene: Scene, title: str, lines: Sequence[str]) -> None:
        self._count = len(lines)
        shown = scene.terminal.shown
        self._list = MarkedList([shown(f"{number} {line}") for number, line in enumerate(lines, 1)])
        super().__init__(scene, title, "", (Field("", self._list),))

    def action_take(self, place: int) -> None:
        """Choose by number."""
        if place < self._count:
            self.leave(place)

    async def submit(self) -> Reply | None:
        """Nothing is sent: choosing is all."""
        return Reply(id=0, ok=True)

    def accepted(self, reply: Reply) -> int:  # noqa: ARG002
        """Return the place of what is marked."""
        return self._list.chosen
