"""The base of every form: fields from top to bottom, Enter for the next, an answer in words, nothing kept.

A form gathers what was typed, `submit` makes a command of it and returns the engine's reply, and `accepted` says what
the form comes to. A refusal leaves the form open with the reason in words. It scrolls where the terminal is small.

A form follows the scene as every screen does. One about a person names that person only while the lane does, and says
when it has become pointless; what was typed stays until somebody gives it up.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Generic, Self, TypeVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Label

from scanner.control.messages import Command, Reply
from scanner.ui import words
from scanner.ui.dialogs.fields import Field, SwitchInput, TickLine
from scanner.ui.forgetting import forget_text
from scanner.ui.scene import Person, Scene
from scanner.ui.themes import Role

BEHIND_S = 0.05
"""How often a form that has an answer looks whether it is in front again."""
T = TypeVar("T")
Ask = Callable[[Command], Awaitable[Reply | None]]
"""Sends a command; None: no engine answers."""


class Form(ModalScreen[T | None], Generic[T]):
    """A form of a few fields. Dismissed with what it came to when the engine has agreed, with None when given up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority, and so before any key that follows is given to a field: a badge reader types very fast.
        Binding("enter", "next_field", show=False, priority=True),
        Binding("escape", "give_up", show=False),
        Binding("pageup", "scroll(-1)", show=False),
        Binding("pagedown", "scroll(1)", show=False),
    ]
    CSS = """
    #form { width: 62; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; scrollbar-size: 0 0; }
    #form Label { width: 1fr; height: auto; }
    #form .title { text-style: bold; }
    #form Input { height: 1; border: none; padding: 0 1; margin: 0; }
    #form TickLine { height: auto; margin: 0; }
    #form OptionList { height: auto; max-height: 8; border: none; padding: 0; scrollbar-size: 0 0; }
    #form .later { display: none; }
    #form.covered .field { display: none; }
    """

    def __init__(
        self, scene: Scene, title: str, about: str = "", fields: Sequence[Field] = (), *, keys: str = "dialog_keys"
    ) -> None:
        super().__init__()
        self.scene = scene
        self._title = title
        self._about_text = about
        self._person: Person | None = None
        self._gone = False
        self._fields = tuple(fields)
        self._keys = keys
        self._sending = False
        self._form = VerticalScroll(id="form", can_focus=False)
        self._about = Label("", markup=False)
        self._labels = {id(field): Label("", classes="field", markup=False) for field in self._fields}
        self._answer = Label("", markup=False)

    # What a form is

    @abstractmethod
    async def submit(self) -> Reply | None:
        """Send what was typed and return the engine's reply; None where no engine answers."""

    @abstractmethod
    def accepted(self, reply: Reply) -> T:
        """Return what the form comes to."""

    def goes_on(self, reply: Reply) -> str:  # noqa: ARG002 - most forms close
        """Return what to say where the form stays open although the engine has agreed; empty where it closes."""
        return ""

    def refused(self, reply: Reply) -> Field | None:  # noqa: ARG002 - forms that know which field is wrong use it
        """Return the field to type anew after a refusal, None for the one where the cursor is."""
        return None

    def below(self) -> Sequence[Widget]:
        """Return what stands below the fields."""
        return ()

    def lay_out(self) -> None:
        """Set what stands below the fields to the room there is; called again when the terminal's size changes."""

    # How it follows the engine

    def concerning(self, person: Person | None) -> Self:
        """Be about this person, and about nobody else; return the form."""
        self._person = person
        return self

    def follow(self, scene: Scene) -> None:
        """Keep up with the scene; forget whom the form was about when somebody else, or no engine, is there."""
        if not self.is_mounted or not self.is_attached:
            return
        self.scene = scene
        gone = self._person is not None and scene.person != self._person
        if self._sending or (gone or scene.outage is not None) == self._gone:
            return  # an answer on its way says more
        self._gone = not self._gone
        if gone:
            # In the place of the name: a line that is merely hidden would keep it.
            self._about_text = scene.say("person_gone")
            self.about(self._about_text)
            self.app.call_after_refresh(forget_text)
        self.tell("" if scene.outage is None else words.hint(scene))

    # How it is laid out

    def compose(self) -> ComposeResult:
        """Lay out the form; everything on it can be reached with Enter, arrows and Escape."""
        with self._form:
            yield self._plain(self._title, "title")
            yield self._about
            for field in self._fields:
                label = self._labels[id(field)]
                field.widget.add_class("field")
                for part in (label, field.widget):
                    part.set_class(field.later, "later")
                yield label
                yield field.widget
            yield self._answer
            yield self._plain(self.scene.say(self._keys))
            yield from self.below()

    def _plain(self, text: str, classes: str = "") -> Label:
        return Label(self.scene.terminal.shown(text), classes=classes, markup=False)

    def on_mount(self) -> None:
        """Take the theme's colours and begin with the first field."""
        self.styles.align = ("center", "middle")
        self.about(self._about_text)
        for field in self._fields:
            self._label(field)
        colours = self.scene.theme.colours
        for widgets, role in (
            (self.query("#form, #form Label, #form TickLine"), Role.STATUS),
            (self.query("Input, OptionList"), Role.FIELD),
        ):
            for widget in widgets:
                widget.styles.color, widget.styles.background = colours[role]
        self._answer.styles.color, self._answer.styles.background = colours[Role.ALERT]
        self._answer.display = False
        self.lay_out()
        if self._fields:
            self._go_to(self._fields[0])

    def on_resize(self, event: Resize) -> None:  # noqa: ARG002
        """Lay out anew, and keep the question that is being asked in sight."""
        self.lay_out()
        if self.focused is not None:
            self.call_after_refresh(self._form.scroll_to_widget, self.focused, animate=False)

    def about(self, text: str) -> None:
        """Say what the form is about."""
        self._about.display = bool(text)
        self._about.update(self.scene.terminal.shown(text))

    def _label(self, field: Field) -> None:
        text = field.widget.chosen_label if isinstance(field.widget, SwitchInput) else field.label
        self._labels[id(field)].display = bool(text) and not field.later
        self._labels[id(field)].update(self.scene.terminal.shown(text))

    @on(SwitchInput.Switched)
    def _relabel(self) -> None:
        for field in self._fields:
            self._label(field)

    # What its keys do

    def reveal(self, *fields: Field) -> None:
        """Ask for fields that were not asked for before."""
        for field in fields:
            field.later = False
            field.widget.remove_class("later")
            self._labels[id(field)].remove_class("later")
            self._label(field)

    def _asked(self) -> list[Field]:
        return [field for field in self._fields if not field.later]

    def _go_to(self, field: Field) -> None:
        self.set_focus(field.widget)
        # On a small terminal the question counts as much as the field below it.
        self.call_after_refresh(self._form.scroll_to_widget, self._labels[id(field)], animate=False, top=False)
        self.call_after_refresh(self._form.scroll_to_widget, field.widget, animate=False)

    def action_next_field(self) -> None:
        """Go on to the next field, and send the form after the last."""
        asked = self._asked()
        place = next((n for n, field in enumerate(asked) if field.widget is self.focused), len(asked) - 1)
        here = asked[place].widget if asked else None
        if isinstance(here, TickLine):
            here.call_later(here.tick)  # after the keys that were pressed before
        if place + 1 < len(asked):
            self._go_to(asked[place + 1])
        elif not self._sending:
            self._sending = True
            self.run_worker(self._send(), exit_on_error=False)

    def action_scroll(self, step: int) -> None:
        """Show what is above or below on a small terminal."""
        self._form.scroll_relative(y=step * max(1, self.size.height - 1), animate=False)

    async def _send(self) -> None:
        try:
            await self._keys_typed()
            if self._complete():
                self.tell(self.scene.say("sending"))
                reply = await self.submit()
                if await self._in_front():
                    self._take(reply)
        finally:
            self._sending = False

    async def _in_front(self) -> bool:
        """Wait until nothing stands before the form, such as a sign-on; return False where it has been closed."""
        while self.is_attached and not self.is_current:
            await asyncio.sleep(BEHIND_S)
        return self.is_attached

    async def _keys_typed(self) -> None:
        """Wait until the keys given before now were taken in, also those that go up from a field to the application."""
        for place in (*(field.widget for field in self._fields), self._form, self, self.app):
            reached = asyncio.Event()
            place.call_later(reached.set)
            await reached.wait()

    def _complete(self) -> bool:
        """Whether every field that must be filled in is; where one is not, ask for it."""
        for field in self._asked():
            missing = isinstance(field.widget, Input) and field.required and not field.text
            if missing:
                self.tell(self.scene.say("fill_in", field=field.label))
                self._go_to(field)
                return False
            if isinstance(field.widget, TickLine) and not field.widget.ticked:
                self.tell(self.scene.say("tick_both"))
                self._go_to(field)
                return False
        return True

    def _take(self, reply: Reply | None) -> None:
        """Act on the engine's answer."""
        self.uncover()
        if reply is None:
            self.tell(self.scene.say("no_answer"))
        elif reply.ok:
            more = self.goes_on(reply)
            if more:
                self.tell(more)
            else:
                self.leave(self.accepted(reply))
        else:
            self.tell(error_text(self.scene, reply))
            wrong = self.refused(reply)
            if wrong is not None:
                self._go_to(wrong)

    def leave(self, outcome: T | None) -> None:
        """Forget what was typed, and close."""
        for field in self._fields:
            if isinstance(field.widget, Input):
                field.widget.value = ""
        self._about.update("")
        self.dismiss(outcome)
        # One turn later: the lines that named the person are painted over by then.
        self.app.call_after_refresh(forget_text)

    def cover(self, text: str) -> None:
        """Show `text` instead of what was typed while the engine has it; the fields come back after a refusal."""
        self._form.add_class("covered")
        self.about(text)

    def uncover(self) -> None:
        """Show the fields again."""
        if self._form.has_class("covered"):
            self._form.remove_class("covered")
            self.about(self._about_text)

    def tell(self, text: str) -> None:
        """Say what came of it, below the fields."""
        self._answer.display = bool(text)
        self._answer.update(self.scene.terminal.shown(text))
        if text:
            self.call_after_refresh(self._form.scroll_to_widget, self._answer, animate=False)

    def action_give_up(self) -> None:
        """Leave without doing anything; what the engine has already is waited for, since it may do it."""
        if not self._sending:
            self.leave(None)


def error_text(scene: Scene, reply: Reply) -> str:
    """Return a refusal in words: the locale's where it has them, otherwise the engine's own sentence."""
    error = reply.error or ""
    if scene.texts.has(error):
        return scene.texts.get(error)
    return error or scene.say("no_answer")


def widest(lines: Sequence[str]) -> int:
    """Return the cells of the widest of some lines."""
    return max((cell_len(line) for line in lines), default=0)
