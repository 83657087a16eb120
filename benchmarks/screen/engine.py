"""What the screen takes for an engine: greets, answers every command with yes, and says what the benchmark wants said.

Each line is written to the socket at once, so that the time of sending is known; the engine's own server sends at most
twenty views a second.
"""

from __future__ import annotations

import base64
import socket
import threading
from pathlib import Path
from typing import Final

from firmware_bridge.values import Light, LinkState, Method
from keys.reasons import Reason
from keys.verdict import Carrier, Colour, DocumentType
from scanner.control.base import Message
from scanner.control.duty import ShiftView
from scanner.control.messages import (
    COMMAND,
    Hello,
    LaneView,
    Outline,
    OutlineKind,
    PassageView,
    Preview,
    Reply,
    ResultView,
    TemperatureView,
    View,
)
from scanner.values import ClockTrust, GuardStep, Outcome, Role, SiteKind, TemperatureRule

LANE: Final = "main"
START: Final = 1_767_240_000
PREVIEW: Final = (96, 54)
"""Pixels, as the engine sends them."""
_KINDS: Final = (
    (Outcome.PASS, (), GuardStep.NOTHING, "passed", Light.PASS, 3652),
    (Outcome.REFER, (Reason.TEMPERATURE_HIGH,), GuardStep.CONTACT_THERMOMETER, "referred", Light.REFER, 3784),
    (Outcome.STOP, (Reason.COLOUR_RED,), GuardStep.HOLD_AND_REPORT, "stopped", Light.STOP, 3661),
)


class Engine:
    """Serves one screen."""

    def __init__(self, path: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._lock = threading.Lock()
        self._screen = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        """Not connected until the screen has come."""

    def greet(self) -> None:
        """Wait for the screen, greet it, and answer it from now on."""
        self._listener.settimeout(30.0)
        self._screen, _ = self._listener.accept()
        self.say(Hello(software="checkpoint benchmark", device="3fa2b1c4d5e6f708192a3b4c5d6e7f80", language="en"))
        threading.Thread(target=self._answer, args=(self._screen,), name="answers", daemon=True).start()

    def say(self, message: Message) -> None:
        """Write one message; returns when the kernel has taken it."""
        line = message.model_dump_json().encode() + b"\n"
        with self._lock:
            self._screen.sendall(line)

    def close(self) -> None:
        """Hang up."""
        self._screen.close()
        self._listener.close()

    def _answer(self, screen: socket.socket) -> None:
        with screen.makefile("rb") as lines:
            for line in lines:
                self.say(Reply(id=COMMAND.validate_json(line).id, ok=True))


def person(number: int) -> View:
    """Return the view of a decided person, a pass, a referral and a stop in turn; `number` is the entry's."""
    outcome, reasons, step, state, light, centi = _KINDS[number % len(_KINDS)]
    measured = TemperatureView(
        result_centi=centi, why_not=None, raw_centi=centi - 210, ambient_centi=2140, method=Method.INFRARED
    )
    result = ResultView(
        seq=number,
        at=START + number,
        outcome=outcome,
        reasons=reasons,
        guard=step,
        issuer="CN-33",
        colour=Colour.RED if outcome is Outcome.STOP else Colour.GREEN,
        colour_reason=None,
        colour_until=None,
        name=f"{chr(0x4E00 + number % 20_000)}**",
        document_type=DocumentType.RESIDENT_ID,
        document_tail=f"{number % 100:02d}",
        carrier=Carrier.PHONE,
        expires_at=START + 86_400,
        days_left=1,
        temperature=measured,
        countdown_s=3.0 if outcome is Outcome.PASS else None,
    )
    return _view(number, state, light, result, None)


def nobody(number: int, object_centi: int | None = None) -> View:
    """Return the view between two people, with what the thermometer sees."""
    return _view(number, "waiting", Light.IDLE, None, object_centi)


def picture(number: int) -> Preview:
    """Return a camera's picture that is never the same twice, with the outline of a code."""
    width, height = PREVIEW
    grey = bytes((x * 3 + y * 5 + number * 11) % 256 for y in range(height) for x in range(width))
    corners = ((0.4, 0.3), (0.6, 0.3), (0.6, 0.7), (0.4, 0.7))
    outline = Outline(kind=OutlineKind.CODE, corners=corners)
    return Preview(lane=LANE, width=width, height=height, grey=base64.b64encode(grey).decode(), outlines=(outline,))


def _view(number: int, state: str, light: Light, result: ResultView | None, object_centi: int | None) -> View:
    last = tuple(
        PassageView(
            seq=seq,
            at=START + seq,
            outcome=_KINDS[seq % len(_KINDS)][0],
            reasons=_KINDS[seq % len(_KINDS)][1],
            colour=Colour.GREEN,
            temperature_centi=3600 + seq % 90,
        )
        for seq in range(number, max(0, number - 10), -1)
    )
    lane = LaneView(
        name=LANE,
        attended=True,
        state=state,
        light=light,
        result=result,
        hint=None if result else "hint.show_code",
        object_centi=object_centi,
        ambient_centi=2140,
        present=object_centi is not None,
        limit_centi=3730,
        temperature_rule=TemperatureRule.REQUIRED,
        camera=LinkState.UP,
        camera_fps=30.0,
        camera_age_s=0.03,
        thermometer=LinkState.UP,
        gate=LinkState.UP,
        last=last,
        passed=number,
        referred=number // 3,
        stopped=number // 3,
    )
    return View(
        now=START + number,
        clock=ClockTrust.TRUSTED,
        site="East gate",
        site_kind=SiteKind.RESIDENTIAL,
        keys_age=3600,
        lists_age=3600,
        policy_age=3600,
        entries=number,
        waiting=number % 50,
        oldest_waiting=START,
        shift=ShiftView(staff="1001", role=Role.GUARD, since=START),
        degraded=(),
        lanes=(lane,),
    )
