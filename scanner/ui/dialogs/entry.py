"""People without a readable code: six fields at most, and the name is masked as soon as they have been sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from keys.verdict import DocumentType
from scanner.control.duty import SlipIssued
from scanner.control.messages import Reply
from scanner.control.people import ManualEntry
from scanner.masking import masked_name
from scanner.ui.dialogs.fields import Field, SwitchInput, TextInput
from scanner.ui.dialogs.form import Ask, Form
from scanner.ui.readings import read_centi
from scanner.ui.scene import Scene

NOT_NOW = "command.not_now"
"""The engine's answer while another person's result stands before the lane."""
_DOCUMENTS = tuple(DocumentType)
_NAME, _DOCUMENT, _TYPED, _READING = 40, 30, 60, 8


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that had to make way for somebody else's result, as far as it was filled in."""

    visitor: bool
    kind: int
    typed: tuple[str, ...] = field(repr=False)


class ManualForm(Form[SlipIssued | str | Draft]):
    """Name, document, contact, from, to, reading; for a visitor, host and purpose instead of from and to.

    Comes to the slip of a visitor, or to the masked name; to a draft when it is left while somebody else's result
    stands before the lane, since that cannot be finished behind a form.
    """

    def __init__(self, scene: Scene, ask: Ask, lane: str, *, visitor: bool = False, draft: Draft | None = None) -> None:
        self._draft = draft
        self._making_way = False
        self._ask = ask
        self._lane = lane
        self._visitor = visitor
        self._shown = "*"
        self._who = Field(scene.say("entry_name"), TextInput(_NAME))
        labels = [
            scene.say("entry_document", document=scene.say(f"document_{kind.name.lower()}")) for kind in _DOCUMENTS
        ]
        kind = _DOCUMENTS.index(DocumentType.RESIDENT_ID) if draft is None else draft.kind
        self._kind = SwitchInput(_DOCUMENT, labels, kind)
        self._document = Field(labels[self._kind.chosen], self._kind)
        self._contact = Field(scene.say("entry_contact"), TextInput(_TYPED), required=False)
        where = ("visitor_host", "visitor_purpose") if visitor else ("entry_origin", "entry_destination")
        self._first = Field(scene.say(where[0]), TextInput(_TYPED), required=visitor)
        self._second = Field(scene.say(where[1]), TextInput(_TYPED), required=False)
        self._reading = Field(scene.say("entry_reading"), TextInput(_READING), required=False)
        fields = (self._who, self._document, self._contact, self._first, self._second, self._reading)
        super().__init__(scene, scene.say("visitor_by_hand" if visitor else "entry_title"), "", fields)

    def on_mount(self) -> None:
        """Take up what was typed before."""
        if self._draft is not None:
            for line, text in zip(self._lines(), self._draft.typed, strict=True):
                line.value = text
            self._draft = None

    def _lines(self) -> tuple[TextInput, ...]:
        return tuple(one.widget for one in self._fields if isinstance(one.widget, TextInput))

    def action_give_up(self) -> None:
        """Leave; what was typed is kept only where the form must make way."""
        if self._making_way and not self._sending:
            self.leave(Draft(self._visitor, self._kind.chosen, tuple(line.value for line in self._lines())))
        else:
            super().action_give_up()

    async def submit(self) -> Reply | None:
        """Send the entry, with the name masked on the screen from now on."""
        typed = self._reading.text
        reading = read_centi(typed) if typed else None
        if typed and reading is None:
            return Reply(id=0, ok=False, error="entry.temperature")
        if len(self._document.text) < 2:
            return Reply(id=0, ok=False, error="entry.document")
        self._shown = masked_name(self._who.text)
        self.cover(self._shown)
        first, second = self._first.text, self._second.text
        reply = await self._ask(
            ManualEntry(
                id=0,
                lane=self._lane,
                name=self._who.text,
                document_type=_DOCUMENTS[self._kind.chosen],
                document=self._document.text,
                contact=self._contact.text,
                origin="" if self._visitor else first,
                destination="" if self._visitor else second,
                host=first if self._visitor else "",
                purpose=second if self._visitor else "",
                temperature_centi=reading,
            )
        )
        self._making_way = reply is not None and reply.error == NOT_NOW
        if reply is not None and self._making_way:
            return reply.model_copy(update={"error": "screen.entry_wait"})
        return reply

    def accepted(self, reply: Reply) -> SlipIssued | str:
        """Return the visitor's slip, or the masked name of whoever was registered."""
        return reply.answer if isinstance(reply.answer, SlipIssued) else self._shown

    def refused(self, reply: Reply) -> Field | None:
        """Return the field that was wrong, where it was one."""
        wrong = {"entry.no_name": self._who, "entry.document": self._document, "entry.temperature": self._reading}
        return wrong.get(reply.error or "")
