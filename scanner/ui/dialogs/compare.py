"""A thermometer compared with what is known: one temperature after another, then the offset is kept, or forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget
from textual.widgets import Label

from scanner.control.duty import Compare, Compared, DropPoints, KeepOffset
from scanner.control.messages import Reply
from scanner.ui import sheets
from scanner.ui.dialogs.fields import Field, SwitchInput
from scanner.ui.dialogs.form import Ask, Form
from scanner.ui.readings import read_known
from scanner.ui.scene import Scene

_READING = 8
_COMPARE, _KEEP, _DROP = range(3)


class CompareForm(Form[Reply]):
    """Stays open from point to point; comes to the engine's reply when the offset is kept or the points forgotten."""

    def __init__(self, scene: Scene, ask: Ask, token: str, lane: str) -> None:
        self._ask = ask
        self._token = token
        self._lane = lane
        labels = [scene.say(key) for key in ("compare_known", "compare_keep", "compare_drop")]
        self._what = SwitchInput(_READING, labels)
        self._known = Field(scene.say("compare_title"), self._what, required=False)
        super().__init__(scene, scene.say("compare_title"), scene.say("compare_step", lane=lane), (self._known,))
        self._points = Label("", markup=False)

    def below(self) -> Sequence[Widget]:
        """Return the points so far."""
        return (self._points,)

    async def submit(self) -> Reply | None:
        """Compare, keep or forget."""
        if self._what.chosen == _KEEP:
            return await self._ask(KeepOffset(id=0, token=self._token, lane=self._lane))
        if self._what.chosen == _DROP:
            return await self._ask(DropPoints(id=0, token=self._token, lane=self._lane))
        known = read_known(self._known.text)
        if known is None:
            return Reply(id=0, ok=False, error="screen.compare_range")
        return await self._ask(Compare(id=0, token=self._token, lane=self._lane, known_centi=known))

    def goes_on(self, reply: Reply) -> str:
        """Show the points, and ask for the next one."""
        if self._what.chosen != _COMPARE or not isinstance(reply.answer, Compared):
            return ""
        lines = sheets.compared(self.scene, reply.answer)
        self._points.update(self.scene.terminal.shown("\n".join(lines)))
        self._what.value = ""
        return self.scene.say("compare_next")

    def accepted(self, reply: Reply) -> Reply:
        """Return the engine's reply."""
        return reply
