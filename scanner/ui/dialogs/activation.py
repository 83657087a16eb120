"""A grey code: two questions, was the document compared and is the temperature normal; and the temperature as typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from keys.verdict import DocumentType
from scanner.control.messages import Reply, ResultView
from scanner.ui import words
from scanner.ui.dialogs.fields import Field, TextInput, TickLine
from scanner.ui.dialogs.form import Form
from scanner.ui.readings import read_centi
from scanner.ui.scene import Scene

_DOCUMENTS = tuple(DocumentType)
_READING = 8

SendReading = Callable[[int], Awaitable[Reply | None]]
"""Sends what the contact thermometer reads, in hundredths of °C."""
SendActivation = Callable[[DocumentType, int | None], Awaitable[Reply | None]]
"""Sends which document was compared, and what was read off the contact thermometer, if anything was."""


class TemperatureForm(Form[int]):
    """What the contact thermometer reads. Comes to hundredths of °C."""

    def __init__(self, scene: Scene, about: str, send: SendReading) -> None:
        self._to = send
        self._centi = 0
        self._reading = Field(scene.say("reading"), TextInput(_READING))
        super().__init__(scene, scene.say("reading_title"), about, (self._reading,))

    async def submit(self) -> Reply | None:
        """Send the reading."""
        centi = read_centi(self._reading.text)
        if centi is None:
            return Reply(id=0, ok=False, error="entry.temperature")
        self._centi = centi
        return await self._to(centi)

    def accepted(self, reply: Reply) -> int:  # noqa: ARG002
        """Return the reading."""
        return self._centi


class ActivationForm(Form[Reply]):
    """The two questions. A temperature that was measured is shown; one that was not is typed."""

    def __init__(self, scene: Scene, result: ResultView, limit_centi: int, send: SendActivation) -> None:
        self._to = send
        shown = scene.terminal.shown
        wordings = [
            shown(scene.say("activate_document", document=scene.say(f"document_{kind.name.lower()}")))
            for kind in _DOCUMENTS
        ]
        kind = result.document_type or DocumentType.RESIDENT_ID
        self._tick = TickLine(wordings, _DOCUMENTS.index(kind))
        self._document = Field("", self._tick)
        measured = result.temperature.result_centi if result.temperature is not None else None
        self._reading: Field | None = None
        if measured is not None and measured < limit_centi:
            second = Field("", TickLine([shown(scene.say("activate_normal", value=words.degrees(measured)))]))
        else:
            second = self._reading = Field(scene.say("activate_reading"), TextInput(_READING))
        super().__init__(scene, scene.say("activate_title"), words.identity(scene, result), (self._document, second))

    async def submit(self) -> Reply | None:
        """Send both answers."""
        reading = read_centi(self._reading.text) if self._reading is not None else None
        if self._reading is not None and reading is None:
            return Reply(id=0, ok=False, error="entry.temperature")
        return await self._to(_DOCUMENTS[self._tick.chosen], reading)

    def accepted(self, reply: Reply) -> Reply:
        """Return the engine's reply."""
        return reply
