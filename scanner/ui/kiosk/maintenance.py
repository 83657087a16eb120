"""What a supervisor finds behind the kiosk's screen: how things are, and the few switches that a finger needs."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import MouseDown
from textual.screen import ModalScreen

from scanner.control.duty import Lock, Unlocked
from scanner.control.messages import Command, Pause, TakeStick
from scanner.ui import words
from scanner.ui.dialogs.form import error_text
from scanner.ui.face import Host
from scanner.ui.kiosk.buttons import Buttons
from scanner.ui.kiosk.touch import Grid
from scanner.ui.painted import wrap
from scanner.ui.scene import Scene

CLOSES_S = 60.0
"""Without a touch; sooner when the engine's token ends."""
_TICK_S = 0.5
_BUTTON_ROWS = 4
PAUSE, UPDATE, CLOSE = "pause", "update", "close"


class Maintenance(ModalScreen[None], inherit_bindings=False):
    """Open as long as the token counts and somebody touches it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False, priority=True)]
    CSS: ClassVar[str] = "Maintenance { layout: vertical; overflow: hidden; }"

    def __init__(self, host: Host, scene: Scene, unlocked: Unlocked) -> None:
        super().__init__()
        self._host = host
        self._scene = scene
        self._unlocked = unlocked
        self._answer = ""
        self._touched_at = host.clock()
        self._buttons = Buttons(self._heading, self._grid)

    def compose(self) -> list[Buttons]:
        """Lay out words above and switches below."""
        return [self._buttons]

    def on_mount(self) -> None:
        """Draw, and watch the time."""
        self.call_after_refresh(self._paint)
        self.set_interval(_TICK_S, self._watch)

    def show(self, scene: Scene) -> None:
        """Show how things are now."""
        self._scene = scene
        if self.is_mounted:
            self._paint()

    def _paint(self) -> None:
        self._buttons.show(self._scene)

    def _watch(self) -> None:
        now = self._scene.now
        ended = self._scene.outage is not None or (now is not None and now >= self._unlocked.until)
        if ended or self._host.clock() - self._touched_at >= CLOSES_S:
            self.action_close()

    def _heading(self, width: int) -> list[str]:
        scene, view, lane = self._scene, self._scene.view, self._scene.lane
        facts = [scene.say("maintenance"), self._answer or words.state(scene), *words.degradations(scene)]
        if view is not None:
            facts += words.standing(scene, view)
        if lane is not None:
            facts += words.devices(scene, lane)
        return [line for fact in facts if fact for line in wrap(fact, width - 2)]

    def _grid(self, width: int, height: int) -> Grid:
        scene, lane, view = self._scene, self._scene.lane, self._scene.view
        paused = lane is not None and lane.state == "out_of_service"
        row = [(PAUSE, scene.say("maintenance_resume" if paused else "maintenance_pause"))]
        if view is not None and view.update.stick is not None:
            row.append((UPDATE, scene.say("maintenance_update")))
        row.append((CLOSE, scene.say("keypad_close")))
        tall = min(_BUTTON_ROWS, max(1, height // 3))
        return Grid([row], 0, height - tall, width, tall)

    def on_mouse_down(self, event: MouseDown) -> None:
        """Do what the key touched says."""
        event.stop()
        self._touched_at = self._host.clock()
        lane = self._scene.lane
        match self._buttons.hit(event.screen_x, event.screen_y):
            case "pause" if lane is not None:
                self._tell(Pause(id=0, lane=lane.name, paused=lane.state != "out_of_service"))
            case "update":
                self._tell(TakeStick(id=0))
            case "close":
                self.action_close()
            case _:
                pass

    def _tell(self, command: Command) -> None:
        async def deliver() -> None:
            reply = await self._host.send(command)
            scene = self._scene
            self._answer = scene.say("no_answer") if reply is None else "" if reply.ok else error_text(scene, reply)
            self._paint()

        self.run_worker(deliver(), exit_on_error=False)

    def action_close(self) -> None:
        """Give the token back and leave."""
        if not self.is_current:
            return
        self.app.run_worker(self._lock(), exit_on_error=False)
        self.dismiss(None)

    async def _lock(self) -> None:
        await self._host.send(Lock(id=0, token=self._unlocked.token))
