"""Who is on shift: the sheet that one guard hands to the next, and number and PIN of who comes, or of who goes home."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget
from textual.widgets import Label

from scanner.control.duty import AskShift, HandOver, SignOff, SignOn
from scanner.control.messages import Reply
from scanner.ui import qr, sheets
from scanner.ui.dialogs.fields import STAFF_LENGTH, Field, SecretInput, SwitchInput
from scanner.ui.dialogs.form import Ask, Form
from scanner.ui.scene import Scene

SHEET_COLUMNS = 58
"""Of the sheet's lines, where the terminal is wide enough."""
DARK_ON_LIGHT = ("#000000", "#ffffff")
"""What phones read codes in, whatever the theme."""
_MARGIN = 2


class SignOnForm(Form[Reply]):
    """Come on shift; with somebody on it, take over from them. Up and down: leave, with nobody coming."""

    def __init__(self, scene: Scene, ask: Ask, why: str = "") -> None:
        labels = [scene.say("sign_on_staff")]
        if scene.view is not None and scene.view.shift is not None:
            labels = [scene.say("hand_over_staff"), scene.say("sign_off_staff")]
        self._ask = ask
        self._who = SwitchInput(STAFF_LENGTH, labels)
        self._staff = Field(scene.say("dialog_staff"), self._who)
        self._pin = Field(scene.say("dialog_pin"), SecretInput())
        title = scene.say("hand_over" if len(labels) > 1 else "sign_on")
        super().__init__(scene, title, why, (self._staff, self._pin), keys="sheet_keys")
        self._hand_over: HandOver | None = None
        self._sheet = Label("", markup=False)
        self._code = Label("", classes="code", markup=False)

    def below(self) -> Sequence[Widget]:
        """Return the sheet and the code of the log's signed head."""
        return self._sheet, self._code

    def on_mount(self) -> None:
        """Ask for the sheet; whoever is in a hurry types meanwhile."""
        self._sheet.display = self._code.display = False
        self._code.styles.width = "auto"
        self.run_worker(self._fetch(), exit_on_error=False)

    async def _fetch(self) -> None:
        reply = await self._ask(AskShift(id=0))
        if reply is not None and isinstance(reply.answer, HandOver) and self.is_attached:
            self._hand_over = reply.answer
            self.lay_out()

    def lay_out(self) -> None:
        """Set the sheet to the width there is, with the head as a code where that fits."""
        sheet = self._hand_over
        if sheet is None:
            return
        width, height = self.size
        lines = sheets.hand_over(self.scene, sheet, min(SHEET_COLUMNS, width - 2 * _MARGIN))
        code = qr.draw(sheet.head, width - 2 * _MARGIN, height, ascii_only=not self.scene.terminal.wide)
        if not code:
            lines += sheets.head(self.scene, sheet, min(SHEET_COLUMNS, width - 2 * _MARGIN))
        self._sheet.update(self.scene.terminal.shown("\n".join(lines)))
        self._sheet.display = True
        self._code.styles.color, self._code.styles.background = DARK_ON_LIGHT
        self._code.update("\n".join(code))
        self._code.display = bool(code)

    async def submit(self) -> Reply | None:
        """Sign on, or off."""
        staff, pin = self._staff.text, self._pin.text
        kind = SignOff if self._who.chosen else SignOn
        return await self._ask(kind(id=0, staff=staff, pin=pin))

    def accepted(self, reply: Reply) -> Reply:
        """Return the engine's reply."""
        return reply

    def refused(self, reply: Reply) -> Field:
        """Ask for the PIN again, or for another number."""
        if isinstance(self._pin.widget, SecretInput):
            self._pin.widget.value = ""
        return self._staff if reply.error == "shift.same" else self._pin
