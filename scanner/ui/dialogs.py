"""The dialogs: staff's number, PIN and cause for an override; a supervisor's word on the time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from scanner.control.messages import Reply
from scanner.ui.scene import Scene
from scanner.ui.themes import Role

ADMIT_CAUSES = (
    "document_checked",
    "temperature_checked",
    "known_resident",
    "no_phone",
    "emergency",
    "device_fault",
    "other",
)
REFUSE_CAUSES = ("not_the_holder", "device_fault", "other")
"""Keys of the locale's section `cause`; the journal keeps them."""

STAFF_LENGTH, PIN_LENGTH = 16, 32
SUPERVISOR_NEEDED = "override.supervisor_needed"
"""The engine's answer where the guard alone may not overrule."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What staff typed. Never kept: the dialog forgets it as soon as it has been sent."""

    staff: str
    pin: str
    cause: str = ""
    supervisor: str | None = None
    supervisor_pin: str | None = None


Submit = Callable[[Credentials], Awaitable[Reply | None]]


class SecretInput(Input):
    """A field whose value shows as stars: Textual's own bullets are beyond a text console."""

    @property
    def _value(self) -> Text:
        return Text("*" * len(self.value), no_wrap=True, overflow="ignore", end="")


class StaffDialog(ModalScreen[bool]):
    """A form of a few fields. Dismissed with True when the engine has agreed, with False when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority, and so before any key that follows is given to a field: a badge reader types very fast.
        Binding("enter", "next_field", show=False, priority=True),
        Binding("escape", "give_up", show=False),
    ]
    CSS = """
    StaffDialog { align: center middle; }
    #form { width: 62; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; scrollbar-size: 0 0; }
    #form Label { width: 1fr; height: auto; }
    #form Label.title { text-style: bold; }
    #form Input { height: 1; border: none; padding: 0 1; margin: 0; }
    #form OptionList { height: auto; max-height: 8; border: none; padding: 0; scrollbar-size: 0 0; }
    #form .supervisor { display: none; }
    #form.needs-supervisor .supervisor { display: block; }
    #form.no-cause .cause { display: none; }
    """

    def __init__(
        self,
        scene: Scene,
        title: str,
        about: str,
        causes: Sequence[str],
        submit: Submit,
        *,
        supervisor_only: bool = False,
    ) -> None:
        super().__init__()
        self._scene = scene
        self._heading = title
        self._about = about
        self._causes = tuple(causes)
        self._submit = submit
        self._sending = False
        self._staff_label = "dialog_supervisor" if supervisor_only else "dialog_staff"
        self._pin_label = "dialog_supervisor_pin" if supervisor_only else "dialog_pin"
        self._form = VerticalScroll(id="form", classes="" if causes else "no-cause", can_focus=False)
        self._staff = Input(max_length=STAFF_LENGTH, select_on_focus=False)
        self._pin = SecretInput(password=True, max_length=PIN_LENGTH, select_on_focus=False)
        self._cause = OptionList(*self._options(0), classes="cause", markup=False)
        self._second = Input(classes="supervisor", max_length=STAFF_LENGTH, select_on_focus=False)
        self._second_pin = SecretInput(
            classes="supervisor", password=True, max_length=PIN_LENGTH, select_on_focus=False
        )
        self._answer = Label("", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the form; everything on it can be reached with Enter, arrows and Escape."""
        with self._form:
            yield self._label(self._heading, "title")
            yield self._label(self._about)
            yield self._label(self._scene.say(self._staff_label))
            yield self._staff
            yield self._label(self._scene.say(self._pin_label))
            yield self._pin
            yield self._label(self._scene.say("dialog_cause"), "cause")
            yield self._cause
            yield self._label(self._scene.say("dialog_supervisor"), "supervisor")
            yield self._second
            yield self._label(self._scene.say("dialog_supervisor_pin"), "supervisor")
            yield self._second_pin
            yield self._answer
            yield self._label(self._scene.say("dialog_keys"))

    def _label(self, text: str, classes: str = "") -> Label:
        return Label(self._scene.terminal.shown(text), classes=classes, markup=False)

    def on_mount(self) -> None:
        """Take the theme's colours and begin with the number."""
        for widgets, role in ((self.query("#form, Label"), Role.STATUS), (self.query("Input, OptionList"), Role.FIELD)):
            for widget in widgets:
                widget.styles.color, widget.styles.background = self._scene.theme.colours[role]
        self._answer.styles.color, self._answer.styles.background = self._scene.theme.colours[Role.ALERT]
        self._answer.display = False
        self._cause.highlighted = 0 if self._causes else None
        self.set_focus(self._staff)

    def _options(self, chosen: int | None) -> list[Option]:
        """Return the causes, the chosen one with a mark: colour alone would tell it nobody without colours."""
        shown, texts = self._scene.terminal.shown, self._scene.texts
        return [
            Option(f"{'>' if index == chosen else ' '} {shown(texts.get(f'cause.{cause}'))}", id=cause)
            for index, cause in enumerate(self._causes)
        ]

    @on(OptionList.OptionHighlighted)
    def _mark_cause(self, event: OptionList.OptionHighlighted) -> None:
        """Move the mark."""
        for option in self._options(event.option_index):
            event.option_list.replace_option_prompt(option.id or "", option.prompt)

    @property
    def _supervised(self) -> bool:
        """Whether a supervisor has been asked for."""
        return self._form.has_class("needs-supervisor")

    def action_next_field(self) -> None:
        """Go on to the next field, and send the form after the last."""
        order: list[Widget] = [self._staff, self._pin, *([self._cause] if self._causes else [])]
        order += [self._second, self._second_pin] if self._supervised else []
        place = order.index(self.focused) if self.focused in order else len(order) - 1
        if place + 1 < len(order):
            self.set_focus(order[place + 1])
        elif not self._sending:
            self._sending = True
            self.run_worker(self._send(), exit_on_error=False)

    async def _send(self) -> None:
        try:
            await self._keys_typed()
            if self._complete():
                self._tell(self._scene.say("sending"))
                self._take(await self._submit(self._typed()))
        finally:
            self._sending = False

    async def _keys_typed(self) -> None:
        """Wait until every field has taken in the keys that it was given before now."""
        for field in (self._staff, self._pin, self._cause, self._second, self._second_pin):
            reached = asyncio.Event()
            field.call_later(reached.set)
            await reached.wait()

    def _complete(self) -> bool:
        """Whether every field is filled in; where one is not, ask for it."""
        fields = [(self._staff, self._staff_label), (self._pin, self._pin_label)]
        if self._supervised:
            fields += [(self._second, "dialog_supervisor"), (self._second_pin, "dialog_supervisor_pin")]
        for field, label in fields:
            if not field.value.strip():
                self._tell(self._scene.say("fill_in", field=self._scene.say(label)))
                self.set_focus(field)
                return False
        return True

    def _typed(self) -> Credentials:
        chosen = self._cause.highlighted
        return Credentials(
            self._staff.value.strip(),
            self._pin.value.strip(),
            self._causes[chosen] if self._causes and chosen is not None else "",
            self._second.value.strip() if self._supervised else None,
            self._second_pin.value.strip() if self._supervised else None,
        )

    def _take(self, reply: Reply | None) -> None:
        """Act on the engine's answer."""
        if not self.is_current:
            return
        if reply is None:
            self._tell(self._scene.say("no_answer"))
        elif reply.ok:
            self._forget()
            self.dismiss(True)
        elif reply.error == SUPERVISOR_NEEDED and not self._supervised:
            self._form.add_class("needs-supervisor")
            self._tell(error_text(self._scene, reply))
            self.set_focus(self._second)
        else:
            wrong = self._second_pin if self._supervised else self._pin
            wrong.value = ""
            self._tell(error_text(self._scene, reply))
            self.set_focus(wrong)

    def _tell(self, text: str) -> None:
        self._answer.display = bool(text)
        self._answer.update(self._scene.terminal.shown(text))

    def _forget(self) -> None:
        for field in (self._staff, self._pin, self._second, self._second_pin):
            field.value = ""

    def action_give_up(self) -> None:
        """Leave without doing anything."""
        self._forget()
        self.dismiss(False)


def error_text(scene: Scene, reply: Reply) -> str:
    """Return a refusal in words: the locale's where it has them, otherwise the engine's own sentence."""
    error = reply.error or ""
    if scene.texts.has(error):
        return scene.texts.get(error)
    return error or scene.say("no_answer")
