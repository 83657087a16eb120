"""One lane on a bench: time is the test's own, the loop is turned by hand, the log answers when the test lets it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from firmware_bridge.measurement import PresenceBegan, PresenceEnded, Settled
from firmware_bridge.values import Light, LinkState, Measurement, Method, Unmeasurable
from keys.verdict import Carrier, CodeFormat, CodeIdentity, Colour, Verdict
from scanner.control.duty import OffsetView
from scanner.control.messages import LaneView
from scanner.engine.degradations import Cause
from scanner.engine.inputs import Ask, AskedCommand, DeviceState, Reaction
from scanner.engine.lane_loop import LaneLoop
from scanner.engine.records import Stamp
from scanner.engine.report import PassageReport
from scanner.engine.vision import CodeSeen
from scanner.engine.visitors import Visitors
from scanner.journal.detail import EntryKind
from scanner.journal.entry import EntryDraft
from scanner.journal.errors import JournalError
from scanner.journal.store import Receipt
from scanner.memory import Opened
from scanner.policy import Rules, Site, read_rules
from scanner.policy_source import default_policy
from scanner.values import ClockTrust, Direction, Freshness, SiteKind

NOW = 1_800_000_000
FRESH = Freshness(keys_age=60, lists_age=60, policy_age=60, clock=ClockTrust.TRUSTED)


@dataclass
class Devices:
    """What the lane told its devices."""

    site: Site
    name: str = "main"
    measure_timeout_s: float = 8.0
    parts: tuple[str, ...] = ("camera", "thermometer", "gate")
    opened: list[int] = field(default_factory=list)
    lights: list[Light] = field(default_factory=list)
    armed: int = 0

    def measure_again(self) -> None:
        self.armed += 1

    def no_measurement(self, why: Unmeasurable, at: float) -> Measurement | None:
        return measurement(None, presence=-1, at=at, why=why)

    def open_gate(self, seq: int) -> None:
        self.opened.append(seq)

    def light(self, light: Light) -> None:
        self.lights.append(light)

    def offset(self) -> OffsetView | None:
        return None

    def camera_fps(self) -> float:
        return 30.0

    def camera_age(self) -> float | None:
        return 0.03


class Services:
    """The engine round the lane; the log answers in `answer`."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.fresh = FRESH
        self.drafts: list[EntryDraft] = []
        self.actions: list[EntryDraft] = []
        self.reserved: list[bool] = []
        self.waiting: list[Callable[[Receipt | JournalError], None]] = []
        self.reports: list[PassageReport] = []
        self.degraded: list[tuple[Cause, bool]] = []
        self.seq = 100
        self.proofs: dict[str, Verdict] = {}

    def now(self) -> int:
        return NOW

    def rules(self) -> Rules:
        return self._rules

    def freshness(self, issuer: str | None) -> Freshness:
        return self.fresh

    def verify(self, text: str) -> Verdict:
        return self.proofs[text]

    def stamp(self, lane: str) -> Stamp:
        return Stamp(NOW * 1000, ClockTrust.TRUSTED, lane)

    def record(self, draft: EntryDraft, done: Callable[[Receipt | JournalError], None], *, reserve: bool) -> None:
        if draft.kind is EntryKind.ACTION:  # nobody waits for these
            self.actions.append(draft)
            return
        self.drafts.append(draft)
        self.reserved.append(reserve)
        self.waiting.append(done)

    def report(self, report: PassageReport) -> None:
        self.reports.append(report)

    def device_changed(self, lane: str, device: str, state: LinkState, detail: str) -> None:
        pass

    def lane_degraded(self, lane: str, cause: Cause, active: bool) -> None:
        self.degraded.append((cause, active))

    def on_duty(self) -> str | None:
        return "0017"

    def view_changed(self) -> None:
        pass

    def answer(self, error: JournalError | None = None) -> None:
        done = self.waiting.pop(0)
        self.seq += 1
        done(error or Receipt(self.seq, bytes(32)))


class Bench:
    """A lane, turned by hand."""

    def __init__(
        self,
        *,
        attended: bool = True,
        kind: SiteKind = SiteKind.RESIDENTIAL,
        direction: Direction = Direction.ENTRY,
        opened: Opened | None = None,
        rules: Rules | None = None,
    ) -> None:
        self.at = 1000.0
        site = Site(kind, "330110", "Asia/Shanghai", attended, direction, "CN-33")
        self.devices = Devices(site)
        self.services = Services(rules or read_rules(default_policy(), "built in"))
        self.visitors = Visitors()
        self.loop = LaneLoop(
            self.devices,
            self.services,
            opened=opened or Opened(),
            visitors=self.visitors,
            clock=lambda: self.at,
        )
        for device in ("camera", "thermometer", "gate"):
            self.post(DeviceState(device, LinkState.UP, ""))
        self.presence = 0

    @property
    def view(self) -> LaneView:
        return self.loop.view

    def post(self, *items: object) -> None:
        for item in items:
            self.loop.post(item)  # type: ignore[arg-type]
            self.loop.turn(0)
        self.turn()

    def turn(self) -> None:
        for _ in range(4):
            self.loop.turn(0)

    def wait(self, seconds: float) -> None:
        end = self.at + seconds
        while self.at < end - 1e-9:
            self.at = min(end, self.at + 0.25)
            self.turn()

    def show(self, verdict: Verdict, text: str = "", *, by_reader: bool = False) -> None:
        who = text or f"JKM1:{verdict.identity}{verdict.presented_at}"
        self.services.proofs[who] = verdict
        self.post(CodeSeen(who, verdict, self.at, self.at, by_reader=by_reader))

    def step_up(self, centi: int | None = 3650, why: Unmeasurable | None = None) -> None:
        self.presence += 1
        self.post(PresenceBegan(self.presence, self.at))
        self.measured(centi, why)

    def measured(self, centi: int | None, why: Unmeasurable | None = None) -> None:
        self.post(Settled(measurement(centi, presence=self.presence, at=self.at, why=why)))

    def step_away(self) -> None:
        self.post(PresenceEnded(self.presence, self.at))

    def recorded(self, error: JournalError | None = None) -> None:
        self.services.answer(error)
        self.turn()

    @property
    def degraded(self) -> set[Cause]:
        standing: set[Cause] = set()
        for cause, active in self.services.degraded:
            standing = standing | {cause} if active else standing - {cause}
        return standing

    def ask(self, command: AskedCommand, staff: str | None = None) -> Future[Reaction]:
        answer: Future[Reaction] = Future()
        self.post(Ask(command, answer, staff))
        return answer


def measurement(centi: int | None, *, presence: int, at: float, why: Unmeasurable | None = None) -> Measurement:
    return Measurement(centi, why, centi, 2400, 0, 0, 4, Method.INFRARED, "t", at, presence)


def code(number: int = 1, colour: Colour = Colour.GREEN, *, live: int | None = None, **changes: object) -> Verdict:
    fields: dict[str, object] = {
        "reason": None,
        "format": CodeFormat.JKM1,
        "issuer": "CN-33",
        "kid": bytes(8),
        "identity": CodeIdentity("CN-33", "jkm:33/7", number),
        "colour": colour,
        "name": "张**",
        "carrier": Carrier.PHONE,
        "issued_at": NOW - 60,
        "expires_at": NOW + 3600,
        "presented_at": live,
    }
    return Verdict(**{**fields, **changes})  # type: ignore[arg-type]
