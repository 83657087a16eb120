"""The officer's keys at one moment: those of plate and vehicle, then the guard's. Footer and help are made from it."""

from __future__ import annotations

from collections.abc import Callable

from scanner.control.messages import LaneView
from scanner.ui import keys
from scanner.ui.highway.console import Console, Stage, checking, numbers
from scanner.ui.keys import Key
from scanner.ui.scene import Scene

_ENTER = {Stage.PLATE: "key_continue", Stage.TURN_AWAY: "key_confirm"}
_NUMBER = {Stage.DRIVER: "key_driver", Stage.ASIDE: "key_take_up", Stage.PLATE: "key_take_up"}


def table(console: Console, *, commands: bool) -> tuple[Key, ...]:
    """Return every key there is, the most needed first.

    Args:
        console: what is being typed.
        commands: whether the guard's keys are obeyed now, or typed into a plate or a number.

    """
    stage = console.stage
    acknowledge, *others = keys.KEYS
    return (
        _own("key_enter", _ENTER.get(stage, "key_next_vehicle"), "help_plate", _when(_goes_on(console))),
        _own("1-9", _NUMBER.get(stage, "key_people"), "help_numbers", _when(True, lambda lane: _counts(console, lane))),
        _own("key_space", "key_pick", "help_pick", _when(stage is Stage.PLATE and not commands)),
        _own("Esc", _escape(console), "help_escape", _when(stage not in {Stage.COMMANDS, Stage.VEHICLE})),
        _staff(acknowledge, commands=commands),
        _own("J", "key_driver", "help_driver", _when(stage is Stage.VEHICLE, lambda lane: bool(_seats(lane)))),
        _own("K", "key_people", "help_people", _when(stage is Stage.VEHICLE)),
        _own("Z", "key_aside", "help_aside", _when(stage is Stage.VEHICLE)),
        _own(
            "X",
            "key_take_up",
            "help_take_up",
            _when(stage in {Stage.VEHICLE, Stage.COMMANDS}, lambda lane: bool(lane.aside)),
        ),
        _own("B", "key_turn_away", "help_turn_away", _when(stage is Stage.VEHICLE)),
        *(_staff(key, commands=commands or key is keys.HELP) for key in others),
    )


def _goes_on(console: Console) -> bool:
    return console.stage in {Stage.COMMANDS, Stage.TURN_AWAY} or (
        console.stage is Stage.PLATE and console.plate.possible
    )


def _counts(console: Console, lane: LaneView) -> bool:
    """Whether a digit is a number now, and no part of a plate."""
    return numbers(console.stage) or (console.stage is Stage.PLATE and not console.plate.begun and bool(lane.aside))


def _escape(console: Console) -> str:
    return "key_commands" if console.stage is Stage.PLATE and not console.plate.begun else "key_cancel"


def _seats(lane: LaneView) -> int:
    party = checking(lane)
    return 0 if party is None else len(party.seats)


def _own(shown: str, word: str, note: str, now: Callable[[Scene], bool]) -> Key:
    return Key("", shown, "", lambda _scene: word, now, note)


def _staff(key: Key, *, commands: bool) -> Key:
    return Key(key.pressed, key.shown, key.action, key.word, lambda scene: commands and key.now(scene), key.note)


def _when(stage_fits: bool, here: Callable[[LaneView], bool] = lambda _lane: True) -> Callable[[Scene], bool]:
    """Return whether there is a lane of which `here` holds, at a stage that fits."""

    def now(scene: Scene) -> bool:
        lane = scene.lane_now
        return stage_fits and lane is not None and here(lane)

    return now
