"""The highway officer's screen: its parts, its keys, and how it follows a vehicle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Key, Paste
from textual.widget import Widget

from scanner.control.messages import Command, LaneView
from scanner.ui.bars import Header, KeyBar, StatusBar
from scanner.ui.dialogs.form import error_text
from scanner.ui.face import Face, Host
from scanner.ui.forgetting import forget_text
from scanner.ui.gauges import LastPassages, TemperatureGauge
from scanner.ui.highway import vehicle
from scanner.ui.highway.console import Console, Stage, answered, follow, press
from scanner.ui.highway.keys import table
from scanner.ui.highway.panel import Moment, VehiclePanel, is_refused
from scanner.ui.highway.seats import Seats, VehicleStrip, rows_wanted
from scanner.ui.highway.typing import PlateTyping
from scanner.ui.keys import HELP
from scanner.ui.keys import Key as GuardKey
from scanner.ui.main_screen import MainScreen, share_out
from scanner.ui.painted import Painted
from scanner.ui.plan import plan
from scanner.ui.scene import Scene
from scanner.ui.viewfinder import Viewfinder

OWN_KEYS: Final = frozenset("jJkKzZxXbB") | {"enter"}
"""Of the vehicle; the guard's keys of these names belong to the guard's screen alone."""
PROMPTS: Final = {
    Stage.DRIVER: "vehicle_which_driver",
    Stage.RESIZE: "vehicle_resize",
    Stage.TURN_AWAY: "vehicle_turn_away",
}
_ROOM_FOR_GAUGES, _MOST_GAUGES = 5, 13
_PANEL_ROWS = ((160, 21), (120, 17), (0, 13))
"""Columns from which a size of letters fits, and the rows of a panel that has it."""


def _staff_bindings(bindings: Sequence[BindingType]) -> list[BindingType]:
    """Return the guard's keys, obeyed only while no plate or number is being typed."""
    out: list[BindingType] = []
    for binding in bindings:
        if isinstance(binding, Binding):
            names = [name for name in binding.key.split(",") if name not in OWN_KEYS]
            if names:
                action = f"staff({binding.action!r})"
                out.append(Binding(",".join(names), action, show=False, priority=True))
    return out


class HighwayScreen(Face, inherit_bindings=False):
    """Paints scenes for an officer, and turns keys into commands about vehicles."""

    BINDINGS: ClassVar[list[BindingType]] = _staff_bindings(MainScreen.BINDINGS)
    CSS = """
    HighwayScreen { layout: vertical; overflow: hidden; }
    Horizontal > * { height: 1fr; }
    """

    def __init__(self, host: Host, province: str = "") -> None:
        """`province`: the character on the plates of the site's own province."""
        super().__init__(Viewfinder())
        self._host = host
        self._lane_before: LaneView | None = None
        self._moment = Moment(Console(plate=PlateTyping(province)))
        self._header, self._strip, self._panel, self._seats = Header(), VehicleStrip(), VehiclePanel(), Seats()
        self._middle = Horizontal()
        self._gauge, self._last = TemperatureGauge(), LastPassages()
        self._status, self._keys = StatusBar(), KeyBar()

    def compose(self) -> ComposeResult:
        """Lay the parts out from top to bottom."""
        yield self._header
        yield self._strip
        yield self._panel
        yield self._seats
        with self._middle:
            yield self._gauge
            yield self._viewfinder
            yield self._last
        yield self._status
        yield self._keys

    @property
    def console(self) -> Console:
        """What is being typed."""
        return self._moment.console

    @property
    def keys(self) -> Sequence[GuardKey]:
        """The officer's keys, as the console stands."""
        return table(self.console, commands=self._letters_are_commands())

    # --- the vehicle ----------------------------------------------------------------------------------------------

    def follow(self, scene: Scene) -> None:
        """Follow what the engine says of the vehicle."""
        lane = scene.lane_now
        before, self._lane_before = self._lane_before, lane
        took = self._moment.took_s
        if lane is not None and lane.party is not None and lane.party.released and scene.now is not None:
            told = before is not None and before.party is not None and before.party.released
            took = took if told else scene.now - lane.party.since
        console = follow(self.console, lane)
        if self.console.plate.begun and not console.plate.begun:
            self.call_after_refresh(forget_text)
        self._moment = Moment(console, took, vehicle.note(self._moment.findings, lane))

    # --- keys -----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let the guard's keys through only where letters are commands; the help always: no plate has its sign."""
        if action != "staff" or parameters == (f"app.{HELP.action}",):
            return super().check_action(action, parameters)
        return self._letters_are_commands()

    async def action_staff(self, action: str) -> None:
        """Do what the key does on the guard's screen."""
        await self.app.run_action(action)

    def _letters_are_commands(self) -> bool:
        lane = self._lane_before
        if lane is None or self.console.stage in {Stage.COMMANDS, Stage.VEHICLE}:
            return True
        refused = bool(lane.waiting) or (lane.result is not None and is_refused(lane.result))
        return self.console.stage is Stage.PLATE and not self.console.plate.begun and refused

    def on_key(self, event: Key) -> None:
        """Take the key for the plate, a number or the vehicle."""
        pressed = press(self.console, event.key, event.character, self._lane_before)
        if pressed is None:
            return
        event.stop()
        scene = self._scene
        self._take(pressed.console)
        if pressed.refusal is not None and scene is not None:
            self._host.notice(scene.say(pressed.refusal))
        if pressed.commands:
            self.run_worker(self._send(pressed.commands), group="commands", exit_on_error=False)

    def on_paste(self, event: Paste) -> None:
        """Take what an input method, or a plate reader that types, gives at once."""
        if self.console.stage is Stage.PLATE:
            for character in event.text[:16]:
                if not character.isspace():
                    self._take(replace(self.console, plate=self.console.plate.typed(character)))

    async def _send(self, commands: Sequence[Command]) -> None:
        for command in commands:
            reply = await self._host.send(command)
            scene = self._scene
            if scene is None:
                break
            if reply is None or not reply.ok:
                self._host.notice(scene.say("no_answer") if reply is None else error_text(scene, reply))
                break
        self._take(answered(self.console))

    def _take(self, console: Console) -> None:
        self._moment = replace(self._moment, console=console)
        self.repaint()

    # --- painting -------------------------------------------------------------------------------------------------

    def paint(self, scene: Scene) -> None:
        """Show `scene` on every part, with what is being typed."""
        parts: tuple[Painted, ...] = (self._header, self._strip, self._panel, self._seats, self._gauge)
        for part in (*parts, self._viewfinder, self._last, self._status):
            part.show(scene)
        self._keys.show(self._asked(scene))

    def _asked(self, scene: Scene) -> Scene:
        """Return the scene with the question that is open in the footer."""
        prompt = PROMPTS.get(self.console.stage)
        if prompt is None or scene.message:
            return scene
        return replace(scene, message=f"{scene.say(prompt)} {self.console.digits or ''}".rstrip())

    def share_rows(self, scene: Scene) -> None:
        """Give each part its rows and columns, the seats before the gauges."""
        self._panel.moment, self._keys.table = self._moment, self.keys
        width, height = self.size
        shares = plan(width, height, StatusBar.wanted_rows(scene, width))
        party = scene.lane.party if scene.lane is not None else None
        strip = 1 if height >= 8 and (party is not None or (scene.lane is not None and scene.lane.aside)) else 0
        free = shares.panel + shares.middle - strip
        most = 1 if height < 20 else max(4, free - 10 if height < 36 else free // 2)
        seats = min(rows_wanted(party, width), most) if party is not None and height >= 8 else 0
        middle = _left_for_gauges(width, free - seats)
        rows: tuple[tuple[Widget, int], ...] = (
            (self._header, shares.header),
            (self._strip, strip),
            (self._panel, max(1, free - seats - middle)),
            (self._seats, seats),
            (self._middle, middle),
            (self._status, shares.status),
            (self._keys, shares.keys),
        )
        columns = ((self._gauge, shares.gauge_columns), (self._viewfinder, shares.viewfinder_columns))
        share_out(rows, columns)


def _left_for_gauges(width: int, room: int) -> int:
    """Return the rows that the panel can spare without smaller letters; 0 where they are too few for a gauge."""
    wanted = next((rows for columns, rows in _PANEL_ROWS if width >= columns and room >= rows + _ROOM_FOR_GAUGES), room)
    return min(_MOST_GAUGES, room - wanted)
