"""A supervisor's number and PIN, typed with a finger. Closes by itself; what was typed goes with it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key, MouseDown
from textual.screen import ModalScreen

from scanner.control.duty import Unlock, Unlocked
from scanner.control.messages import Reply
from scanner.ui.dialogs.fields import PIN_LENGTH, STAFF_LENGTH
from scanner.ui.dialogs.form import error_text
from scanner.ui.face import Host
from scanner.ui.kiosk.buttons import Buttons
from scanner.ui.kiosk.touch import Grid
from scanner.ui.scene import Scene

CLOSES_S = 20.0
"""Without a touch."""
STAYS_S = 120.0
"""However often it is touched: a visitor's finger keeps no kiosk from the others."""
_TICK_S = 0.5
_HEAD_ROWS = 3
ERASE, ACCEPT, CLOSE = "erase", "accept", "close"


class Keypad(ModalScreen[Unlocked | None], inherit_bindings=False):
    """Asks for a number, then for a PIN. Dismissed with what the engine gave, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", show=False, priority=True),
        Binding("enter", "accept", show=False, priority=True),
        Binding("backspace", "erase", show=False, priority=True),
    ]
    CSS: ClassVar[str] = "Keypad { layout: vertical; overflow: hidden; }"

    def __init__(self, host: Host, scene: Scene) -> None:
        super().__init__()
        self._host = host
        self._scene = scene
        self._typed = ["", ""]
        self._field = 0
        self._answer = ""
        self._sending = False
        self._opened_at = self._touched_at = host.clock()
        self._buttons = Buttons(self._heading, self._grid)

    def compose(self) -> list[Buttons]:
        """Fill the screen with keys, below two lines."""
        return [self._buttons]

    def on_mount(self) -> None:
        """Draw the keys, and watch the time."""
        self.call_after_refresh(self._paint)
        self.set_interval(_TICK_S, self._watch)

    def follow(self, scene: Scene) -> None:
        """Keep up with the scene: one that is kept would name somebody who has gone."""
        self._scene = scene

    def _grid(self, width: int, height: int) -> Grid:
        scene = self._scene
        rows = [[(digit, digit) for digit in row] for row in ("123", "456", "789")]
        rows.append([(ERASE, scene.say("keypad_erase")), ("0", "0"), (ACCEPT, scene.say("keypad_ok"))])
        rows.append([(CLOSE, scene.say("keypad_close"))])
        head = min(_HEAD_ROWS, max(1, height - len(rows)))
        wide = min(width, max(24, 4 * height))
        return Grid(rows, (width - wide) // 2, head, wide, height - head)

    def _heading(self, width: int) -> list[str]:
        scene, hidden = self._scene, self._field == 1
        label = scene.say("keypad_pin" if hidden else "keypad_staff")
        shown = "*" * len(self._typed[1]) if hidden else self._typed[0]
        wide = min(width, 60)
        return [f"{label}: {shown}_"[:wide], self._answer]

    def _paint(self) -> None:
        self._buttons.show(self._scene)

    def _watch(self) -> None:
        now = self._host.clock()
        if now - self._touched_at >= CLOSES_S or now - self._opened_at >= STAYS_S:
            self.action_give_up()

    # --- keys -----------------------------------------------------------------------------------------------------

    def on_mouse_down(self, event: MouseDown) -> None:
        """Press the key touched."""
        event.stop()
        self._touched_at = self._host.clock()
        name = self._buttons.hit(event.screen_x, event.screen_y)
        match name:
            case None:
                return
            case "erase":
                self.action_erase()
            case "accept":
                self.action_accept()
            case "close":
                self.action_give_up()
            case digit:
                self._type(digit)

    def on_key(self, event: Key) -> None:
        """Take characters from a keyboard too, where one has been plugged in: staff numbers may have letters."""
        event.stop()
        self._touched_at = self._host.clock()
        if event.character is not None and (event.character.isalnum() or event.character == "-"):
            self._type(event.character)

    def _type(self, character: str) -> None:
        if self._sending or not self.is_current:
            return
        self._answer = ""
        most = (STAFF_LENGTH, PIN_LENGTH)[self._field]
        self._typed[self._field] = (self._typed[self._field] + character)[:most]
        self._paint()

    def action_erase(self) -> None:
        """Take back a character; from an empty PIN back to the number."""
        self._touched_at = self._host.clock()
        if self._sending:
            return
        if not self._typed[self._field]:
            self._field = 0
        self._typed[self._field] = self._typed[self._field][:-1]
        self._paint()

    def action_accept(self) -> None:
        """Go on to the PIN, and then ask the engine."""
        self._touched_at = self._host.clock()
        if self._sending or not self._typed[self._field]:
            return
        if self._field == 0:
            self._field = 1
            self._paint()
            return
        self._sending = True
        self._answer = self._scene.say("sending")
        staff, pin = self._typed
        self._typed[1] = ""
        self._paint()
        self.run_worker(self._ask(Unlock(id=0, staff=staff, pin=pin)), exit_on_error=False)

    async def _ask(self, unlock: Unlock) -> None:
        reply = await self._host.send(unlock)
        self._sending = False
        if not self.is_current:
            return
        if reply is not None and reply.ok and isinstance(reply.answer, Unlocked):
            self._forget()
            self.dismiss(reply.answer)
            return
        self._answer = error_text(self._scene, reply or Reply(id=0, ok=False))
        self._paint()

    def action_give_up(self) -> None:
        """Leave, forgetting what was typed."""
        self._forget()
        if self.is_current:
            self.dismiss(None)

    def _forget(self) -> None:
        self._typed = ["", ""]
