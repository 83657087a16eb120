"""An engine that says what a test tells it to, over the real control socket, and remembers what it was asked."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from firmware_bridge.values import Light, LinkState, Method, Unmeasurable
from keys.facts import Kind
from keys.reasons import Reason
from keys.verdict import Carrier, CodeFormat, Colour, DocumentType
from scanner.control.duty import (
    AskReport,
    AskShift,
    BrowseLog,
    Compare,
    Compared,
    ComparedPoint,
    GuardCount,
    HandOver,
    HourCount,
    LogPage,
    LogRow,
    OffsetView,
    ReasonCount,
    Report,
    ShiftView,
    SignOff,
    SignOn,
    SlipIssued,
    Unlock,
    Unlocked,
)
from scanner.control.messages import (
    Command,
    CredentialView,
    DegradationView,
    FactView,
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
from scanner.control.people import ManualEntry, RegisterVisitor, VisitorView, WaitingCode
from scanner.control.server import ControlServer
from scanner.values import ClockTrust, GuardStep, Outcome, Role, SiteKind, TemperatureRule

NOON = 1_767_240_000
"""2026-01-01 12:00:00 in UTC+8."""
DEVICE = "3fa2b1c4d5e6f708192a3b4c5d6e7f80"
NAME = "欧阳**"


class ScriptedEngine:
    """Serves one socket; `answer` decides what each command gets."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commands: list[Command] = []
        self.answer: Callable[[Command], Reply] = lambda command: Reply(id=command.id, ok=True)
        self._server: ControlServer | None = None

    def start(self, first: View | None = None) -> ScriptedEngine:
        hello = Hello(software="checkpoint 0.1.0", device=DEVICE, language="zh_CN")
        self._server = ControlServer(self.path, hello, self._handle)
        self._server.start()
        if first is not None:
            self._server.publish(first)
        return self

    def say(self, message: View | Preview) -> None:
        assert self._server is not None
        if isinstance(message, View):
            self._server.publish(message)
        else:
            self._server.publish_preview(message)

    @property
    def watched(self) -> frozenset[str]:
        assert self._server is not None
        return self._server.watched

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _handle(self, command: Command) -> Reply:
        self.commands.append(command)
        return self.answer(command)


def temperature(centi: int | None, why: Unmeasurable | None = None) -> TemperatureView:
    return TemperatureView(
        result_centi=centi,
        why_not=why,
        raw_centi=None if centi is None else centi - 210,
        ambient_centi=2140,
        method=Method.INFRARED,
    )


def result(
    outcome: Outcome,
    *reasons: Reason,
    guard: GuardStep = GuardStep.NOTHING,
    colour: Colour | None = Colour.GREEN,
    measured: TemperatureView | None = None,
    countdown_s: float | None = None,
    seq: int | None = 128,
    name: str | None = NAME,
    overridden: Reason | None = None,
) -> ResultView:
    proved = colour is not None
    return ResultView(
        seq=seq,
        at=NOON - 1,
        outcome=outcome,
        reasons=reasons,
        guard=guard,
        issuer="CN-33" if proved else None,
        colour=colour,
        colour_reason=2 if colour in {Colour.YELLOW, Colour.RED} else None,
        colour_until=20_467 if colour in {Colour.YELLOW, Colour.RED} else None,
        name=name if proved else None,
        document_type=DocumentType.RESIDENT_ID if proved else None,
        document_tail="3X" if proved else None,
        carrier=Carrier.PHONE if proved else None,
        expires_at=NOON + 86_400 * 12 if proved else None,
        days_left=12 if proved else None,
        temperature=measured,
        countdown_s=countdown_s,
        overridden=overridden,
    )


LAST = (
    PassageView(seq=127, at=NOON - 40, outcome=Outcome.PASS, reasons=(), colour=Colour.GREEN, temperature_centi=3652),
    PassageView(
        seq=126,
        at=NOON - 95,
        outcome=Outcome.REFER,
        reasons=(Reason.TEMPERATURE_HIGH,),
        colour=Colour.GREEN,
        temperature_centi=3791,
    ),
    PassageView(
        seq=125,
        at=NOON - 3700,
        outcome=Outcome.STOP,
        reasons=(Reason.BAD_SIGNATURE,),
        colour=None,
        temperature_centi=None,
    ),
)


def lane(
    state: str = "waiting",
    shown: ResultView | None = None,
    *,
    name: str = "main",
    attended: bool = True,
    hint: str | None = None,
    object_centi: int | None = None,
    links: LinkState = LinkState.UP,
    last: tuple[PassageView, ...] = LAST,
) -> LaneView:
    lights = {"waiting": Light.IDLE, "measuring": Light.MEASURING, "out_of_service": Light.OUT_OF_SERVICE}
    light = lights.get(state, Light.IDLE)
    if shown is not None:
        light = {Outcome.PASS: Light.PASS, Outcome.REFER: Light.REFER, Outcome.STOP: Light.STOP}[shown.outcome]
    return LaneView(
        name=name,
        attended=attended,
        state=state,
        light=light,
        result=shown,
        hint=hint,
        object_centi=object_centi,
        ambient_centi=2140,
        present=object_centi is not None,
        limit_centi=3730,
        temperature_rule=TemperatureRule.REQUIRED,
        camera=links,
        camera_fps=29.8 if links is LinkState.UP else 0.0,
        camera_age_s=0.03 if links is LinkState.UP else 41.0,
        thermometer=links,
        gate=links,
        last=last,
        passed=120,
        referred=3,
        stopped=1,
        offset=OffsetView(centi=31, taken="2025-11-03", expires="2026-05-02"),
    )


def view(*lanes: LaneView, degraded: tuple[str, ...] = (), untrusted: bool = False, now: int = NOON) -> View:
    return View(
        now=now,
        clock=ClockTrust.UNTRUSTED if untrusted else ClockTrust.TRUSTED,
        site="翠苑小区东门",
        site_kind=SiteKind.RESIDENTIAL,
        keys_age=86_400 * 3,
        lists_age=7_300,
        policy_age=86_400 * 9,
        entries=128,
        waiting=46,
        oldest_waiting=NOON - 10_900,
        shift=ShiftView(staff="0017", role=Role.GUARD, since=NOON - 3600),
        degraded=tuple(DegradationView(code=code, lane=None, detail="", since=NOON - 60) for code in degraded),
        lanes=lanes or (lane(),),
    )


SHIFT = ShiftView(staff="0017", role=Role.GUARD, since=NOON - 3600)
HEAD = """example.cn/checkpoint/3fa2b1c4d5e6f708
128
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— 3fa2b1c4d5e6f708 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""
HAND_OVER = HandOver(
    shift=SHIFT,
    now=NOON,
    passed=120,
    referred=3,
    stopped=1,
    overrides=2,
    by_hand=4,
    open=("visitors_inside:3", "vehicles_aside:1"),
    head=HEAD,
)
COMPARED = Compared(
    points=(
        ComparedPoint(known_centi=3400, read_centi=3362, spread_centi=4),
        ComparedPoint(known_centi=3800, read_centi=3771, spread_centi=6),
    ),
    offset_centi=33,
    worst_centi=5,
)
UNLOCKED = Unlocked(token="t" * 32, until=NOON + 600)
REPORT = Report(
    since=NOON - 86_400,
    until=NOON,
    hours=tuple(
        HourCount(at=NOON - 86_400 + 3600 * hour, passed=passed, referred=passed // 20, stopped=passed // 90)
        for hour, passed in enumerate(
            (0, 0, 0, 0, 3, 9, 40, 180, 220, 96, 60, 41, 70, 84, 61, 52, 66, 140, 190, 88, 30, 9, 2, 0)
        )
    ),
    reasons=(
        ReasonCount(reason=Reason.TEMPERATURE_HIGH, count=21),
        ReasonCount(reason=Reason.COLOUR_YELLOW, count=9),
        ReasonCount(reason=Reason.BAD_SIGNATURE, count=1),
    ),
    guards=(
        GuardCount(staff="0017", admitted=5, refused=1, activated=2, by_hand=4),
        GuardCount(staff="0018", admitted=0, refused=0, activated=0, by_hand=1),
    ),
    distinct_codes=911,
    distinct_since=NOON - 43_200,
)


def log_page(before: int | None, count: int, newest: int = 128) -> LogPage:
    """A log of passages, with somebody registered by hand at every tenth."""
    first = min(newest, (before or newest + 1) - 1)
    rows = tuple(
        LogRow(
            seq=seq,
            at=NOON - 40 * (newest - seq),
            lane="main",
            kind="manual_entry" if seq % 10 == 0 else "passage",
            staff="0017" if seq % 10 == 0 else None,
            outcome=Outcome.PASS if seq % 7 else Outcome.REFER,
            reasons=() if seq % 7 else (Reason.TEMPERATURE_HIGH,),
            colour=None if seq % 10 == 0 else Colour.GREEN,
            temperature_centi=3652,
            refers_to=None,
            detail="direction=entry",
        )
        for seq in range(first, max(0, first - count), -1)
    )
    return LogPage(rows=rows, more=first - count > 0)


def on_duty(command: Command) -> Reply:
    """Answer as an engine does that refuses nothing."""
    match command:
        case AskShift() | SignOn() | SignOff():
            return Reply(id=command.id, ok=True, answer=HAND_OVER)
        case Unlock():
            return Reply(id=command.id, ok=True, answer=UNLOCKED)
        case AskReport():
            return Reply(id=command.id, ok=True, answer=REPORT)
        case BrowseLog():
            return Reply(id=command.id, ok=True, answer=log_page(command.before, command.count))
        case Compare():
            return Reply(id=command.id, ok=True, answer=COMPARED)
        case RegisterVisitor():
            return Reply(id=command.id, ok=True, answer=SlipIssued(slip=41))
        case ManualEntry() if command.host:
            return Reply(id=command.id, ok=True, answer=SlipIssued(slip=42))
    return Reply(id=command.id, ok=True)


WAITING = view(lane("waiting", hint="hint.show_code"))
MEASURING = view(lane("measuring", hint="hint.measure", object_centi=3310))
PASS = view(lane("passed", result(Outcome.PASS, measured=temperature(3652), countdown_s=2.6)))
PASS_WITH_NOTICE = view(
    lane(
        "passed",
        result(
            Outcome.PASS,
            Reason.COLOUR_YELLOW,
            guard=GuardStep.GIVE_NOTICE,
            colour=Colour.YELLOW,
            measured=temperature(3668),
            countdown_s=2.6,
        ),
    )
)
REFER = view(
    lane(
        "referred",
        result(
            Outcome.REFER,
            Reason.TEMPERATURE_UNMEASURABLE,
            Reason.DATA_STALE,
            guard=GuardStep.CONTACT_THERMOMETER,
            measured=temperature(None, Unmeasurable.TOO_LOW),
        ),
    )
)
FEVER = view(
    lane(
        "referred",
        result(Outcome.REFER, Reason.TEMPERATURE_HIGH, guard=GuardStep.CONTACT_THERMOMETER, measured=temperature(3784)),
    )
)
STOP = view(
    lane(
        "stopped",
        result(
            Outcome.STOP,
            Reason.COLOUR_RED,
            guard=GuardStep.HOLD_AND_REPORT,
            colour=Colour.RED,
            measured=temperature(3661),
        ),
    )
)
FORGED = view(lane("stopped", result(Outcome.STOP, Reason.BAD_SIGNATURE, guard=GuardStep.REFUSE, colour=None)))


def foreign(shown: ResultView, issuer: str, name: str, credential: CredentialView) -> ResultView:
    """A result about a credential of another issuer, which has no colour and no document of ours."""
    return shown.model_copy(
        update={
            "issuer": issuer,
            "name": name,
            "credential": credential,
            "colour": None,
            "document_type": None,
            "document_tail": None,
            "carrier": None,
            "expires_at": NOON + 86_400 * 12,
            "days_left": 12,
        }
    )


def dose(day: str, number: int, of: int | None) -> FactView:
    """A vaccination."""
    return FactView(kind=Kind.VACCINATION, on=day, dose=number, doses=of, positive=None)


FOREIGN_PASS = view(
    lane(
        "passed",
        foreign(
            result(Outcome.PASS, measured=temperature(3652), countdown_s=2.6),
            "JPN",
            "SUZUKI *",
            CredentialView(
                format=CodeFormat.VDS_NC,
                facts=(dose("2026-01-15", 2, None), dose("2025-12-15", 1, None)),
                rule=None,
                rule_words=(),
            ),
        ),
    )
)
FOREIGN_CARD = view(
    lane(
        "passed",
        foreign(
            result(Outcome.PASS, measured=temperature(3652), countdown_s=2.6),
            "https://california.example/issuer",
            "Rivera *",
            CredentialView(
                format=CodeFormat.SHC,
                facts=tuple(
                    FactView(kind=Kind.VACCINATION, on=day, dose=None, doses=None, positive=None)
                    for day in ("2025-12-15", "2026-01-15")
                ),
                rule=None,
                rule_words=(),
            ),
        ),
    )
)
FOREIGN_REFER = view(
    lane(
        "referred",
        foreign(
            result(Outcome.REFER, Reason.RULE_NOT_MET, guard=GuardStep.DECIDE, measured=temperature(3652)),
            "FR",
            "Martin *",
            CredentialView(
                format=CodeFormat.HC1,
                facts=(dose("2026-01-15", 1, 2),),
                rule="VR-CN-0001",
                rule_words=(
                    ("en", "Two doses, the last at least 14 days ago."),
                    ("zh-cn", "须接种两剂，最后一剂至少在14天前。"),
                    ("zh-tw", "須接種兩劑，最後一劑至少在14天前。"),
                ),
            ),
        ),
    )
)
FOREIGN_STOP = view(
    lane(
        "stopped",
        foreign(
            result(Outcome.STOP, Reason.REVOKED, guard=GuardStep.REFUSE, measured=temperature(3652)),
            "https://california.example/issuer",
            "Rivera *",
            CredentialView(
                format=CodeFormat.SHC,
                facts=(FactView(kind=Kind.TEST, on="2026-01-15", dose=None, doses=None, positive=False),),
                rule=None,
                rule_words=(),
            ),
        ),
    )
)
GREY = view(
    lane(
        "referred",
        result(
            Outcome.REFER,
            Reason.NOT_ACTIVATED,
            guard=GuardStep.ACTIVATE,
            colour=Colour.GREY,
            measured=temperature(3652),
        ),
    )
)
GREY_UNMEASURED = view(
    lane(
        "referred",
        result(
            Outcome.REFER,
            Reason.NOT_ACTIVATED,
            Reason.TEMPERATURE_UNMEASURABLE,
            guard=GuardStep.ACTIVATE,
            colour=Colour.GREY,
            measured=temperature(None, Unmeasurable.TOO_LOW),
        ),
    )
)
FAMILY = view(
    lane("waiting", hint="hint.one_code").model_copy(
        update={
            "waiting": (
                WaitingCode(handle=4, name="王**", document_tail="1X", colour=Colour.GREEN),
                WaitingCode(handle=5, name="王*", document_tail="27", colour=Colour.YELLOW),
                WaitingCode(handle=7, name=None, document_tail=None, colour=None),
            )
        }
    )
)
INSIDE = view(lane("waiting")).model_copy(
    update={
        "inside": (VisitorView(slip=38, since=NOON - 9000), VisitorView(slip=41, since=NOON - 1500)),
        "visitors_inside": 2,
    }
)
NOBODY = view(lane("waiting")).model_copy(update={"shift": None})
EVERY_DEGRADATION = (
    "camera_lost",
    "thermometer_lost",
    "gate_lost",
    "journal_full",
    "journal_readonly",
    "journal_failed",
    "lists_stale",
    "lists_old",
    "lists_missing",
    "keys_missing",
    "policy_default",
    "clock_untrusted",
    "offset_expired",
    "seal_key_missing",
    "memory_lost",
    "control_unavailable",
)
DEGRADED = view(lane("waiting", links=LinkState.LOST, last=()), degraded=EVERY_DEGRADATION, untrusted=True)


def preview(name: str = "main", width: int = 64, height: int = 36, kind: OutlineKind = OutlineKind.CODE) -> Preview:
    """A grey ramp with a bright square in the middle, and the outline of a code around it."""
    rows = []
    for y in range(height):
        for x in range(width):
            inside = abs(x - width / 2) < height / 5 and abs(y - height / 2) < height / 5
            rows.append(250 if inside else 30 + 120 * x // width)
    corners = ((0.38, 0.28), (0.62, 0.28), (0.62, 0.72), (0.38, 0.72))
    outline = Outline(kind=kind, corners=corners)
    return Preview(
        lane=name, width=width, height=height, grey=base64.b64encode(bytes(rows)).decode(), outlines=(outline,)
    )
