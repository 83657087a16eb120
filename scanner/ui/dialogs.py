"""The dialogs: staff's number, PIN and cause for an override; a supervisor's word on the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
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

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", show=False)]
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
        self._supervisor_only = supervisor_only
        self._sending = False

    def compose(self) -> ComposeResult:
        """Lay out the form; everything on it can be reached with Enter, arrows and Escape."""
        say, shown = self._scene.say, self._scene.terminal.shown
        who = "dialog_supervisor" if self._supervisor_only else "dialog_staff"
        with VerticalScroll(id="form", classes="" if self._causes else "no-cause", can_focus=False):
            yield Label(shown(self._heading), classes="title", markup=False)
            yield Label(shown(self._about), markup=False)
            yield Label(shown(say(who)), markup=False)
            yield Input(id="staff", max_length=STAFF_LENGTH, select_on_focus=False)
            yield Label(shown(say("dialog_supervisor_pin" if self._supervisor_only else "dialog_pin")), markup=False)
            yield SecretInput(id="pin", password=True, max_length=PIN_LENGTH, select_on_focus=False)
            yield Label(shown(say("dialog_cause")), classes="cause", markup=False)
            yield OptionList(*self._options(None), id="cause", classes="cause", markup=False)
            yield Label(shown(say("dialog_supervisor")), classes="supervisor", markup=False)
            yield Input(id="supervisor", classes="supervisor", max_length=STAFF_LENGTH, select_on_focus=False)
            yield Label(shown(say("dialog_supervisor_pin")), classes="supervisor", markup=False)
            yield SecretInput(
                id="supervisor-pin", classes="supervisor", password=True, max_length=PIN_LENGTH, select_on_focus=False
            )
            yield Label("", id="answer", markup=False)
            yield Label(shown(say("dialog_keys")), markup=False)

    def on_mount(self) -> None:
        """Take the theme's colours and begin with the number."""
        self._paint()
        causes = self.query_one("#cause", OptionList)
        causes.highlighted = 0 if self._causes else None
        self.query_one("#staff", Input).focus()

    def _paint(self) -> None:
        theme = self._scene.theme
        for selector, role in (("#form", Role.STATUS), ("#form Label", Role.STATUS), ("#answer", Role.ALERT)):
            front, back = theme.colours[role]
            for widget in self.query(selector):
                widget.styles.color, widget.styles.background = front, back
        front, back = theme.colours[Role.FIELD]
        for widget in self.query("Input, OptionList"):
            widget.styles.color, widget.styles.background = front, back
        self.query_one("#answer").display = False

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

    @on(Input.Submitted)
    def _next_field(self, event: Input.Submitted) -> None:
        """Go on to the next field, and send the form after the last."""
        order = ["staff", "pin", *(["cause"] if self._causes else []), *self._supervisor_fields()]
        place = order.index(event.input.id or "staff")
        if place + 1 < len(order):
            self.query_one(f"#{order[place + 1]}").focus()
        else:
            self._send()

    @on(OptionList.OptionSelected)
    def _cause_chosen(self, _event: OptionList.OptionSelected) -> None:
        """Send the form: a cause is the last field, unless a supervisor has been asked for."""
        if self._supervisor_fields() and not self._value("supervisor-pin"):
            self.query_one("#supervisor").focus()
        else:
            self._send()

    def _supervisor_fields(self) -> list[str]:
        asked = self.query_one("#form").has_class("needs-supervisor")
        return ["supervisor", "supervisor-pin"] if asked else []

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _send(self) -> None:
        if self._sending:
            return
        labels = {
            "staff": "dialog_supervisor" if self._supervisor_only else "dialog_staff",
            "pin": "dialog_supervisor_pin" if self._supervisor_only else "dialog_pin",
            "supervisor": "dialog_supervisor",
            "supervisor-pin": "dialog_supervisor_pin",
        }
        for name in ("staff", "pin", *self._supervisor_fields()):
            if not self._value(name):
                self._answer(self._scene.say("fill_in", field=self._scene.say(labels[name])))
                self.query_one(f"#{name}").focus()
                return
        self._sending = True
        self._answer(self._scene.say("sending"))
        self.run_worker(self._ask(), exit_on_error=False)

    async def _ask(self) -> None:
        chosen = self.query_one("#cause", OptionList).highlighted
        supervised = bool(self._supervisor_fields())
        credentials = Credentials(
            self._value("staff"),
            self._value("pin"),
            self._causes[chosen] if self._causes and chosen is not None else "",
            self._value("supervisor") if supervised else None,
            self._value("supervisor-pin") if supervised else None,
        )
        try:
            reply = await self._submit(credentials)
        finally:
            self._sending = False
        if not self.is_current:
            return
        if reply is None:
            self._answer(self._scene.say("no_answer"))
        elif reply.ok:
            self._forget()
            self.dismiss(True)
        elif needs_supervisor(reply) and not supervised:
            self.query_one("#form").add_class("needs-supervisor")
            self._answer(error_text(self._scene, reply))
            self.query_one("#supervisor").focus()
        else:
            self.query_one("#supervisor-pin" if supervised else "#pin", Input).value = ""
            self._answer(error_text(self._scene, reply))
            self.query_one("#supervisor-pin" if supervised else "#pin").focus()

    def _answer(self, text: str) -> None:
        label = self.query_one("#answer", Label)
        label.display = bool(text)
        label.update(self._scene.terminal.shown(text))

    def _forget(self) -> None:
        for field in self.query(Input):
            field.value = ""

    def action_give_up(self) -> None:
        """Leave without doing anything."""
        self._forget()
        self.dismiss(False)


def needs_supervisor(reply: Reply) -> bool:
    """Whether the engine refused for want of a supervisor."""
    return not reply.ok and reply.error == SUPERVISOR_NEEDED


SUPERVISOR_NEEDED = "override.supervisor_needed"


def error_text(scene: Scene, reply: Reply) -> str:
    """Return a refusal in words: the locale's where it has them, otherwise the engine's own sentence."""
    error = reply.error or ""
    if scene.texts.has(error):
        return scene.texts.get(error)
    return error or scene.say("no_answer")
