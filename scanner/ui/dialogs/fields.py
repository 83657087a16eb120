"""The fields of a form: a line of text, a secret, a line with a choice beside it, a list, and a question to tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

STAFF_LENGTH, PIN_LENGTH = 16, 32


@dataclass(slots=True, eq=False)
class Field:
    """One question of a form."""

    label: str
    widget: Widget
    required: bool = True
    later: bool = False
    """Hidden until the form asks for it."""

    @property
    def text(self) -> str:
        """What was typed, without blanks round it; empty for what is not typed."""
        return self.widget.value.strip() if isinstance(self.widget, Input) else ""


class TextInput(Input):
    """A line of text. Nothing of it can be copied: a clipboard would keep it when the form has forgotten it."""

    def __init__(self, length: int, *, secret: bool = False) -> None:
        super().__init__(max_length=length, password=secret, select_on_focus=False)

    def action_copy(self) -> None:
        """Copy nothing."""

    def action_cut(self) -> None:
        """Remove what is marked, and copy nothing."""
        self.delete_selection()


class SecretInput(TextInput):
    """A field whose value shows as stars: Textual's own bullets are beyond a text console."""

    def __init__(self, length: int = PIN_LENGTH) -> None:
        super().__init__(length, secret=True)

    @property
    def _value(self) -> Text:
        return Text("*" * len(self.value), no_wrap=True, overflow="ignore", end="")


class SwitchInput(TextInput):
    """A line of text and, beside it, one of a few words, changed with the up and down keys without leaving the line."""

    class Switched(Message):
        """Another word holds."""

    def __init__(self, length: int, labels: Sequence[str], chosen: int = 0) -> None:
        super().__init__(length)
        self._labels = tuple(labels)
        self.chosen = chosen

    @property
    def chosen_label(self) -> str:
        """The label with the word that holds."""
        return self._labels[self.chosen]

    # Methods and no bindings: a binding is looked up after the keys that follow have been taken in.

    def key_up(self, event: events.Key) -> None:
        """Go back to the word before."""
        self._switch(event, -1)

    def key_down(self, event: events.Key) -> None:
        """Go on to the next word."""
        self._switch(event, 1)

    def _switch(self, event: events.Key, step: int) -> None:
        event.stop()
        self.chosen = (self.chosen + step) % len(self._labels)
        self.post_message(self.Switched())


class MarkedList(OptionList):
    """A list with a mark at the chosen line: colour alone would tell it nobody without colours."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._prompts = tuple(lines)
        super().__init__(*(Option(self._prompt(index, 0), id=str(index)) for index in range(len(lines))), markup=False)

    def _prompt(self, index: int, chosen: int | None) -> str:
        return f"{'>' if index == chosen else ' '} {self._prompts[index]}"

    @property
    def chosen(self) -> int:
        """Place of the chosen line."""
        return self.highlighted or 0

    def on_mount(self) -> None:
        """Begin at the first line."""
        self.highlighted = 0 if self._prompts else None

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Move the mark."""
        event.stop()
        for index in range(len(self._prompts)):
            self.replace_option_prompt(str(index), self._prompt(index, event.option_index))


class TickLine(Static, can_focus=True):
    """A question that is answered with yes by ticking it. Several wordings may be switched with up and down."""

    def __init__(self, wordings: Sequence[str], chosen: int = 0) -> None:
        super().__init__("", markup=False)
        self._wordings = tuple(wordings)
        self.chosen = chosen
        self.ticked = False

    def on_mount(self) -> None:
        """Show the question."""
        self._show()

    def key_up(self, event: events.Key) -> None:
        """Go back to the wording before."""
        self._switch(event, -1)

    def key_down(self, event: events.Key) -> None:
        """Go on to the next wording."""
        self._switch(event, 1)

    def _switch(self, event: events.Key, step: int) -> None:
        # What was ticked was another wording.
        event.stop()
        self.chosen = (self.chosen + step) % len(self._wordings)
        self.ticked = False
        self._show()

    def tick(self) -> None:
        """Answer with yes."""
        self.ticked = True
        self._show()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show whether this question is being asked."""
        super().watch_has_focus(has_focus)
        self._show()

    def _show(self) -> None:
        mark = "x" if self.ticked else " "
        self.update(f"{'>' if self.has_focus else ' '} [{mark}] {self._wordings[self.chosen]}")
