"""Overruling a decision with number, PIN and cause; a supervisor's word on the time; a supervisor's own screens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from scanner.control.messages import Reply
from scanner.ui.dialogs.fields import STAFF_LENGTH, Field, MarkedList, SecretInput, TextInput
from scanner.ui.dialogs.form import Form
from scanner.ui.scene import Scene

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


class StaffDialog(Form[Reply]):
    """Number and PIN, where asked for a cause, and a supervisor's number and PIN when the engine wants them besides."""

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
        who, secret = (
            ("dialog_supervisor", "dialog_supervisor_pin") if supervisor_only else ("dialog_staff", "dialog_pin")
        )
        self._causes = tuple(causes)
        self._to = submit
        self._staff = Field(scene.say(who), TextInput(STAFF_LENGTH))
        self._pin = Field(scene.say(secret), SecretInput())
        shown = scene.terminal.shown
        self._list = MarkedList([shown(scene.texts.get(f"cause.{cause}")) for cause in self._causes])
        self._cause = Field(scene.say("dialog_cause"), self._list)
        self._second = Field(scene.say("dialog_supervisor"), TextInput(STAFF_LENGTH), later=True)
        self._second_pin = Field(scene.say("dialog_supervisor_pin"), SecretInput(), later=True)
        fields = [self._staff, self._pin, *([self._cause] if causes else []), self._second, self._second_pin]
        super().__init__(scene, title, about, fields)

    async def submit(self) -> Reply | None:
        """Hand the credentials to whoever asked for them."""
        supervised = not self._second.later
        return await self._to(
            Credentials(
                self._staff.text,
                self._pin.text,
                self._causes[self._list.chosen] if self._causes else "",
                self._second.text if supervised else None,
                self._second_pin.text if supervised else None,
            )
        )

    def accepted(self, reply: Reply) -> Reply:
        """Return the engine's reply."""
        return reply

    def refused(self, reply: Reply) -> Field:
        """Ask for a supervisor where one is wanted; otherwise for the PIN again."""
        if reply.error == SUPERVISOR_NEEDED and self._second.later:
            self.reveal(self._second, self._second_pin)
            return self._second
        wrong = self._pin if self._second.later else self._second_pin
        if isinstance(wrong.widget, SecretInput):
            wrong.widget.value = ""
        return wrong
