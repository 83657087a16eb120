"""What an engine says at a lane that nobody attends."""

from __future__ import annotations

from firmware_bridge.values import LinkState
from keys.reasons import Reason
from keys.verdict import Colour
from scanner.control.messages import LaneView, ResultView, View
from scanner.values import GuardStep, Outcome, SiteKind
from tests.scanner.ui import scripted_engine as says


def lane(state: str = "waiting", shown: ResultView | None = None, hint: str | None = "hint.show_code") -> LaneView:
    return says.lane(state, shown, attended=False, hint=hint)


def view(one: LaneView, degraded: tuple[str, ...] = (), now: int = says.NOON) -> View:
    shown = says.view(one, degraded=degraded, now=now)
    return shown.model_copy(update={"site": "人民广场站", "site_kind": SiteKind.SUBWAY, "shift": None})


IDLE = view(lane())
MEASURING = view(lane("measuring", hint="hint.measure"))
CLOSER = view(lane(hint="hint.closer"))
PASS = view(
    lane("passed", says.result(Outcome.PASS, measured=says.temperature(3652), countdown_s=2.6, seq=128), hint=None)
)
NEXT_PASS = view(
    lane("passed", says.result(Outcome.PASS, measured=says.temperature(3641), countdown_s=2.9, seq=129), hint=None)
)
STOP = view(
    lane(
        "stopped",
        says.result(
            Outcome.STOP, Reason.COLOUR_YELLOW, guard=GuardStep.STAFFED_LANE, colour=Colour.YELLOW, countdown_s=8.2
        ),
        hint=None,
    )
)
PAUSED = view(lane("out_of_service", hint=None))
BLIND = view(
    lane(hint=None).model_copy(update={"camera": LinkState.LOST, "camera_fps": 0.0}), degraded=("camera_lost",)
)
