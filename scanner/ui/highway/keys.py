"""The highway screen's footer: the keys that do something at this moment."""

from __future__ import annotations

from scanner.ui.bars import KeyBar
from scanner.ui.highway.console import Stage
from scanner.ui.highway.panel import Moment
from scanner.ui.scene import Scene

ESCAPE = "Esc"
Offered = list[tuple[str, str]]


class HighwayKeys(KeyBar):
    """What the officer can press now."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = Moment()

    def offered(self, scene: Scene) -> Offered:
        """Return the keys with what each does now, the most needed first."""
        lane, staff = scene.lane if scene.outage is None else None, super().offered(scene)
        if lane is None:
            return staff
        enter, console = scene.say("key_enter"), self.moment.console
        take_up: Offered = [("X", scene.say("key_take_up"))] if lane.aside else []
        number: Offered = [("1–9" if scene.terminal.wide else "1-9", ""), (ESCAPE, scene.say("key_cancel"))]
        match console.stage:
            case Stage.PLATE:
                known: Offered = [(enter, scene.say("key_continue"))] if console.plate.possible else []
                leave = scene.say("key_cancel" if console.plate.begun else "key_commands")
                return [*known, (scene.say("key_space"), scene.say("key_pick")), (ESCAPE, leave)]
            case Stage.PEOPLE:
                return [(number[0][0], scene.say("key_people")), number[1]]
            case Stage.COMMANDS:
                return [(enter, scene.say("key_next_vehicle")), *take_up, *staff]
            case Stage.VEHICLE:
                return [
                    *[pair for pair in staff if pair[0] == scene.say("key_space")],
                    ("J", scene.say("key_driver")),
                    ("K", scene.say("key_people")),
                    ("Z", scene.say("key_aside")),
                    *take_up,
                    ("B", scene.say("key_turn_away")),
                    *[pair for pair in staff if pair[0] != scene.say("key_space")],
                ]
            case Stage.TURN_AWAY:
                return [(enter, scene.say("key_confirm")), (ESCAPE, scene.say("key_cancel"))]
            case Stage.DRIVER | Stage.RESIZE | Stage.ASIDE:
                return number
