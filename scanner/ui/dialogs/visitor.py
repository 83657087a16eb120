"""Visitors: a slip for whoever has just passed with a code, and the slip back when they leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Label

from scanner.control.duty import SlipIssued
from scanner.control.messages import Reply
from scanner.control.people import RegisterVisitor, VisitorLeaves
from scanner.ui import letters, words
from scanner.ui.bitmap import as_text
from scanner.ui.deliberate import Deliberate
from scanner.ui.dialogs.fields import Field, MarkedList, TextInput
from scanner.ui.dialogs.form import Ask, Form
from scanner.ui.scene import Scene

_TYPED, _DIGITS = 60, 7


class VisitorForm(Form[SlipIssued | str]):
    """Host, purpose and contact for whoever has just passed with a code. Comes to the slip, or to who it was."""

    def __init__(self, scene: Scene, ask: Ask, lane: str, about: int, who: str) -> None:
        self._ask = ask
        self._lane = lane
        self._seq = about
        self._who = who
        self._host = Field(scene.say("visitor_host"), TextInput(_TYPED))
        self._purpose = Field(scene.say("visitor_purpose"), TextInput(_TYPED), required=False)
        self._contact = Field(scene.say("entry_contact"), TextInput(_TYPED), required=False)
        super().__init__(scene, scene.say("visitor_title"), who, (self._host, self._purpose, self._contact))

    async def submit(self) -> Reply | None:
        """Ask for a slip."""
        return await self._ask(
            RegisterVisitor(
                id=0,
                lane=self._lane,
                about=self._seq,
                host=self._host.text,
                purpose=self._purpose.text,
                contact=self._contact.text,
            )
        )

    def accepted(self, reply: Reply) -> SlipIssued | str:
        """Return the slip."""
        return reply.answer if isinstance(reply.answer, SlipIssued) else self._who


class SlipNotice(Form[None]):
    """The number to be written on a visitor's slip, big enough to be copied without a mistake.

    The Enter that sent the form before it, held down or pressed twice, does not close it.
    """

    def __init__(self, scene: Scene, slip: int, clock: Callable[[], float]) -> None:
        super().__init__(scene, scene.say("slip_title"), scene.say("slip_step"), keys="slip_keys")
        self._slip = slip
        self._clock = clock
        self._reading = Deliberate(clock())
        self._number = Label("", markup=False)

    def below(self) -> Sequence[Widget]:
        """Return the number."""
        return (self._number,)

    def lay_out(self) -> None:
        """Draw the number as big as there is room for."""
        text = str(self._slip)
        self._number.update(text)
        for size in letters.SIZES:
            picture = letters.word(text, size)
            if picture.width <= min(58, self.size.width - 4) and size // 2 + 3 <= self.size.height:
                self._number.update("\n".join(as_text(picture, ascii_only=not self.scene.terminal.wide)))

    def action_next_field(self) -> None:
        """Close, once the number could be read."""
        if self._reading.meant(self._clock()):
            super().action_next_field()

    async def submit(self) -> Reply | None:
        """Close: nothing is sent."""
        return Reply(id=0, ok=True)

    def accepted(self, reply: Reply) -> None:  # noqa: ARG002
        """Come to nothing."""
        return


class LeaveForm(Form[int]):
    """The number of a slip that comes back: typed, or chosen from those inside."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False, priority=True),
        Binding("down", "choose(1)", show=False, priority=True),
    ]

    def __init__(self, scene: Scene, ask: Ask, lane: str) -> None:
        view = scene.view
        self._ask = ask
        self._lane = lane
        self._inside = view.inside if view is not None else ()
        now = scene.now or 0
        lines = [
            f"{visitor.slip:>5}  {scene.say('inside_for', age=words.duration(scene, now - visitor.since))}"
            for visitor in self._inside
        ]
        more = (view.visitors_inside if view is not None else 0) - len(self._inside)
        about = scene.say("inside_more", n=more) if more > 0 else "" if lines else scene.say("inside_nobody")
        self._list = MarkedList([scene.terminal.shown(line) for line in lines])
        self._list.can_focus = False
        self._slip = Field(scene.say("slip"), TextInput(_DIGITS))
        super().__init__(scene, scene.say("leave_title"), about, (self._slip,))

    def below(self) -> Sequence[Widget]:
        """Return the slips inside."""
        return (self._list,) if self._inside else ()

    def action_choose(self, step: int) -> None:
        """Choose another slip of the list."""
        if self._inside and isinstance(self._slip.widget, TextInput):
            place = (self._list.chosen + step) % len(self._inside) if self._slip.text else self._list.chosen
            self._list.highlighted = place
            self._slip.widget.value = str(self._inside[place].slip)
            self._slip.widget.cursor_position = len(self._slip.widget.value)

    async def submit(self) -> Reply | None:
        """Give the slip back."""
        number = self._slip.text
        if not (number.isascii() and number.isdigit()):
            return Reply(id=0, ok=False, error="visitor.no_such_slip")
        return await self._ask(VisitorLeaves(id=0, lane=self._lane, slip=int(number)))

    def accepted(self, reply: Reply) -> int:  # noqa: ARG002
        """Return the slip."""
        return int(self._slip.text)
