"""The guard's keys: one table, from which bindings, footer and help page are made. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.ui.scene import Scene
from scanner.values import GuardStep, TemperatureRule


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the guard's screen."""

    pressed: str
    """As Textual names it, several with commas between."""
    shown: str
    """As it stands in the footer; in lower case, a word of the locale."""
    action: str
    """What the application is asked to do."""
    word: Callable[[Scene], str]
    """Key of its word in the footer, without `screen.`."""
    now: Callable[[Scene], bool]
    """Whether it does something at this moment."""
    note: str
    """Key of its sentence on the help page, without `screen.`."""

    def name(self, scene: Scene) -> str:
        """Return how the key is called."""
        return scene.say(self.shown) if self.shown.islower() else self.shown


def _connected(scene: Scene) -> bool:
    return scene.outage is None and scene.view is not None


def _staffed(scene: Scene) -> bool:
    """Whether the lane shown is one at which staff stand, and in service."""
    lane = scene.lane_now
    return lane is not None and lane.attended and lane.state != "out_of_service"


def _judged(scene: Scene) -> bool:
    lane = scene.lane_now
    return lane is not None and lane.result is not None


def _staff_judge(scene: Scene) -> bool:
    lane = scene.lane_now
    return lane is not None and lane.attended and lane.result is not None


def activable(scene: Scene) -> bool:
    """Whether the person before the lane has a grey code that waits to be activated."""
    lane = scene.lane_now
    if lane is None or not lane.attended or lane.result is None:
        return False
    return lane.result.guard is GuardStep.ACTIVATE and lane.result.overridden is None


def _measured(scene: Scene) -> bool:
    lane = scene.lane_now
    return _staff_judge(scene) and lane is not None and lane.temperature_rule is not TemperatureRule.OFF


def _several_codes(scene: Scene) -> bool:
    lane = scene.lane_now
    return lane is not None and bool(lane.waiting)


def _several_lanes(scene: Scene) -> bool:
    return _connected(scene) and scene.view is not None and len(scene.view.lanes) > 1


def _somebody_inside(scene: Scene) -> bool:
    return _staffed(scene) and scene.view is not None and scene.view.visitors_inside > 0


def _clock_unsure(scene: Scene) -> bool:
    return _connected(scene) and scene.view is not None and bool(scene.view.clock.value)


def _stick(scene: Scene) -> bool:
    return _connected(scene) and scene.view is not None and scene.view.update.stick is not None


def _pause_word(scene: Scene) -> str:
    return "key_resume" if scene.lane is not None and scene.lane.state == "out_of_service" else "key_pause"


def _shift_word(scene: Scene) -> str:
    return "key_sign_on" if scene.view is None or scene.view.shift is None else "key_hand_over"


def _word(key: str) -> Callable[[Scene], str]:
    return lambda _scene: key


def _always(scene: Scene) -> bool:  # noqa: ARG001
    return True


def _leavable(scene: Scene) -> bool:
    return scene.allow_quit


def _lane_there(scene: Scene) -> bool:
    return scene.lane_now is not None


_DIGITS: Final = tuple(
    Key(str(n), "1-9", f"choose({n})", _word("key_choose"), _several_codes, "help_choose") for n in range(1, 10)
)
KEYS: Final = (
    Key("space,enter", "key_space", "acknowledge", _word("key_acknowledge"), _judged, "help_acknowledge"),
    *_DIGITS,
    Key("g,G", "G", "duty('activate')", _word("key_activate"), activable, "help_activate"),
    Key("a,A", "A", "overrule(True)", _word("key_admit"), _staff_judge, "help_admit"),
    Key("r,R", "R", "overrule(False)", _word("key_refuse"), _staff_judge, "help_refuse"),
    Key("m,M", "M", "duty('remeasure')", _word("key_remeasure"), _staff_judge, "help_remeasure"),
    Key("d,D", "D", "duty('temperature')", _word("key_temperature"), _measured, "help_temperature"),
    Key("n,N", "N", "duty('entry')", _word("key_entry"), _staffed, "help_entry"),
    Key("v,V", "V", "duty('visitor')", _word("key_visitor"), _staffed, "help_visitor"),
    Key("w,W", "W", "duty('leaves')", _word("key_leaves"), _somebody_inside, "help_leaves"),
    Key("h,H", "H", "duty('call')", _word("key_call"), _lane_there, "help_call"),
    Key("s,S", "S", "duty('shift')", _shift_word, _connected, "help_shift"),
    Key("p,P", "P", "duty('pause')", _pause_word, _lane_there, "help_pause"),
    Key("tab,right", "Tab", "next_lane(1)", _word("key_lane"), _several_lanes, "help_lane"),
    Key("c,C", "C", "duty('time')", _word("key_time"), _clock_unsure, "help_time"),
    Key("u,U", "U", "duty('stick')", _word("key_update"), _stick, "help_update"),
    Key("l,L", "L", "next_language", _word("key_language"), _always, "help_language"),
    Key("q,Q", "Q", "leave", _word("key_quit"), _leavable, "help_quit"),
    Key("t,T", "T", "next_theme", _word("key_theme"), _always, "help_theme"),
    Key("f,F", "F", "duty('supervise')", _word("key_supervise"), _connected, "help_supervise"),
    Key("question_mark", "?", "duty('help')", _word("key_help"), _always, "help_help"),
)
"""The most needed first."""
HELP: Final = KEYS[-1]


def now(scene: Scene, table: Sequence[Key] = KEYS) -> list[Key]:
    """Return the keys of a table that do something at this moment, each name once, the most needed first."""
    found: dict[str, Key] = {}
    for key in table:
        if key.shown not in found and key.now(scene):
            found[key.shown] = key
    return list(found.values())
