"""Puts the appliance together, keeps watch over its threads, and tells the screens how things stand.

The engine comes up whatever is missing, says what is degraded, and takes up each part when its cause has gone. It
ends by itself only when a lane's own thread hangs: then it exits, and whoever started it starts it again.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from zoneinfo import ZoneInfo

from firmware_bridge.values import LinkState
from keys.verdict import Verdict
from scanner.clock import Clock
from scanner.config.model import Configuration, SiteSection
from scanner.config.reader import Document
from scanner.control.messages import Hello, View
from scanner.decoder.process import Health
from scanner.engine import records
from scanner.engine.comparing import Comparing
from scanner.engine.degradations import Cause, Degradation, Degradations
from scanner.engine.duty import Duty
from scanner.engine.folding import Folding
from scanner.engine.hand_over import HandOver
from scanner.engine.inputs import Midnight
from scanner.engine.lane_loop import LaneLoop
from scanner.engine.lane_parts import LaneParts
from scanner.engine.log import Log
from scanner.engine.renewal import Renewal
from scanner.engine.report import PassageReport, Reporter
from scanner.engine.reports import Reading, last_slip, recent
from scanner.engine.retirement import Retirement
from scanner.engine.screens import Screens
from scanner.engine.staff_desk import StaffDesk
from scanner.engine.supervision import notify_systemd
from scanner.engine.timekeeping import Timekeeping
from scanner.engine.trust import Trust
from scanner.engine.views import engine_view, update_view
from scanner.engine.visitors import Visitors
from scanner.journal.entry import EntryDraft
from scanner.journal.errors import JournalError
from scanner.journal.store import Receipt
from scanner.memory import Opened
from scanner.policy import Rules
from scanner.staff import Staff
from scanner.values import ClockTrust, Freshness

log = logging.getLogger(__name__)

PRESENTATION_GUARD_S = 30
"""A presentation must be this much newer than the memory of codes: what was consumed before is forgotten."""
VIEW_INTERVAL_S = 0.05
HOUSEKEEPING_S = 1.0
STOP_CHECK_S = 0.25
WRITE_S = 5.0
"""How long somebody who comes on shift waits for the log."""

_DEVICE_CAUSES = {
    "camera": Cause.CAMERA_LOST,
    "reader": Cause.READER_LOST,
    "thermometer": Cause.THERMOMETER_LOST,
    "gate": Cause.GATE_LOST,
}


class Engine:
    """The appliance's one process. `run` blocks until `stopping` is set."""

    def __init__(
        self,
        document: Document[Configuration],
        clock: Clock,
        *,
        software: str,
        report: Callable[[PassageReport], None],
    ) -> None:
        """`report` is told of each passage in a thread of its own, where it may wait."""
        configuration = self.configuration = document.model
        self.stopping = threading.Event()
        self._asked_to_stop = False
        self._clock = clock
        self._software = software
        self._reporter = Reporter(report)
        self._zone = ZoneInfo(configuration.site.timezone)
        self._view_wanted = threading.Event()
        self._started_at = self._remembers_since = time.monotonic()
        """When the lanes' memory of codes began: it dies at the start and at midnight."""
        self._folding = Folding(self._record, self.stamp, time.monotonic)
        self.degradations = Degradations(clock.now, self._degradation_changed)
        self.trust = Trust(document, lambda: max(clock.now(), clock.floor), self.degradations)
        self._time = Timekeeping(clock, self.trust, self.degradations, self._record, lambda: self.stamp(None))
        self._log = Log(
            configuration.state.folder,
            reserve_mb=configuration.journal.reserve_mb,
            software=software,
            trust=self.trust,
            degradations=self.degradations,
            written=self._time.written,
        )
        self._hand_over = HandOver(
            configuration,
            self._log,
            self.degradations,
            now=clock.now,
            trusted=lambda: clock.trust() is ClockTrust.TRUSTED,
            erased=lambda line: self._record(records.erased(line, self.stamp(None))),
            exported=lambda left: self._record(records.exported(left, self.stamp(None))),
            changed=self._view_wanted.set,
        )
        self._retirement = Retirement(self._log, lambda: self.stamp(None), self.ask_to_stop)
        self._renewal = Renewal(
            document,
            self.degradations,
            now=clock.now,
            changed=self._view_wanted.set,
            clear=self._hand_over.keeper.clear,
        )
        staff = Staff(configuration.state.folder)
        self.visitors = Visitors()
        self._duty = Duty(
            staff,
            now=clock.now,
            stamp=lambda: self.stamp(None),
            written=self._write_and_wait,
            matters=self._open_matters,
            head=self._head,
        )
        self.opened = Opened()
        desk = StaffDesk(
            staff,
            clock,
            self._loop_of,
            self._time.confirmed,
            self._renewal.keeper.take_stick,
            comparing=self._comparing,
            duty=self._duty,
            reports=Reading(configuration.state.folder, clock.now, self._different_codes),
        )
        self.screens = Screens(configuration.control.socket, self._hello, desk.handle, self._view, self.degradations)
        self._lanes = [LaneParts(section, self) for section in configuration.lane]
        self._day = self.today()
        self._housekeeping_at = 0.0

    # --- life -----------------------------------------------------------------------------------------------------

    def ask_to_stop(self) -> None:
        """Let `run` end soon. Only sets a flag: a signal handler may call it whatever the thread was doing."""
        self._asked_to_stop = True

    def prove(self) -> None:
        """Prove what is kept of keys, lists and policy; what does not hold is a degradation."""
        self.trust.load()

    def run(self) -> None:
        """Serve the lanes until `stopping` is set, after `prove`. Raises LaneHungError: only a new process can help."""
        opened = self._log.open()
        self._retirement.resume(self.trust.verified.order)
        self._time.raise_floor()
        if opened:
            self._on_log_opened()
        self.screens.open()
        self._reporter.start()
        for lane in self._lanes:
            lane.start()
        self._renewal.start()
        self._hand_over.start()
        self._obey()
        notify_systemd("READY=1")
        try:
            while not (self._asked_to_stop or self.stopping.is_set()):
                self._view_wanted.wait(STOP_CHECK_S)
                self._view_wanted.clear()
                self._keep_house()
                self.screens.publish()
                self.stopping.wait(VIEW_INTERVAL_S)
        finally:
            self._end()

    def _end(self) -> None:
        notify_systemd("STOPPING=1")
        self.stopping.set()
        self._renewal.stop()
        self._hand_over.stop()
        for lane in self._lanes:
            lane.stop()
        if self._retirement.retired is None:
            self._folding.tell_rest()
            self._record(records.run(started=False, stamp=self.stamp(None)))
        self._log.close()
        self.screens.stop()
        self._reporter.stop()
        self._retirement.wipe(self.configuration)

    def _keep_house(self) -> None:
        for lane in () if self._retirement.begun else self._lanes:
            lane.watch()
        now = time.monotonic()
        if now < self._housekeeping_at:
            return
        self._housekeeping_at = now + HOUSEKEEPING_S
        self._folding.poll()
        self._time.poll()
        passback = self.trust.verified.rules.times.already_passed_s
        self.degradations.set(Cause.MEMORY_LOST, now - self._started_at < passback, detail=f"{passback} s")
        if self.trust.poll():
            self._obey()
            self._time.raise_floor()
            self._log.use_seal_key()
            self._record_news()
        self.trust.judge()
        self._renewal.watch()
        self._hand_over.watch()
        if self._log.is_open:
            for report in self._renewal.take_notable():
                self.trust.prove_again()
                self._record(records.update(report, self.trust.home, self.stamp(None)))
        if self._log.poll():
            self._on_log_opened()
        self.screens.watch()
        today = self.today()
        for lane in self._lanes:
            over = lane.devices.offset_expired(today)
            self.degradations.set(Cause.OFFSET_EXPIRED, bool(over), lane=lane.section.name, detail=over or "")
        if today != self._day:
            self._day = today
            self._remembers_since = now
            for lane in self._lanes:
                lane.loop.post(Midnight())
        notify_systemd("WATCHDOG=1")

    def _on_log_opened(self) -> None:
        """Write down what went before, now that there is a log: the start, what is degraded, the lists in force."""
        self._recall_visitors()
        self.screens.greet()
        self._record(records.run(started=True, stamp=self.stamp(None)))
        self._folding.tell_standing(self.degradations.active())
        self._record_news()

    def _record_news(self) -> None:
        if not self._log.is_open:
            return
        for issuer, uri, issued_at in self.trust.take_news():
            self._record(records.list_taken_in(issuer, uri, issued_at, self.stamp(None)))

    def _obey(self) -> None:
        """Do what the authority orders of this appliance."""
        order = self.trust.verified.order
        self._hand_over.obey(order)
        if self._retirement.ordered(order):
            for lane in self._lanes:
                lane.stop()
            self.degradations.set(Cause.RETIRED, True)
            self._record(records.retiring(self.stamp(None)))
            self._hand_over.keeper.retire(self._retirement)

    def today(self) -> dt.date:
        """Return the date at the site."""
        return dt.datetime.fromtimestamp(self._clock.now(), self._zone).date()

    # --- what lanes share (scanner.engine.ports.Services) ---------------------------------------------------------

    def now(self) -> int:
        """Return seconds since 1970 UTC."""
        return self._clock.now()

    def rules(self) -> Rules:
        """Return the policy in force."""
        return self.trust.verified.rules

    def freshness(self, issuer: str | None) -> Freshness:
        """Return how old the verified state of an issuer is; of the home issuer for None or a stranger."""
        return self.trust.freshness(issuer, self._clock.trust())

    def stamp(self, lane: str | None) -> records.Stamp:
        """Return the time, clock state and lane for an entry."""
        return records.Stamp(self._clock.now_ms(), self._clock.trust(), lane or "")

    def verify(self, text: str) -> Verdict:
        """Prove one text now."""
        now = self._clock.now()
        # Counted back from now, so that a step of the clock neither opens a gap nor refuses live codes for its length.
        forgotten_until = now - int(time.monotonic() - self._remembers_since)
        return self.trust.verified.verifier.verify(text, now, presentations_from=forgotten_until + PRESENTATION_GUARD_S)

    def record(self, draft: EntryDraft, done: Callable[[Receipt | JournalError], None], *, reserve: bool) -> None:
        """Append to the log; `done` is called from another thread once it is durable or has failed."""
        self._log.record(draft, done, reserve=reserve)

    def report(self, report: PassageReport) -> None:
        """Tell whoever started the engine about a passage."""
        self._duty.count(report)
        self._reporter.report(report)

    def device_changed(self, lane: str, device: str, state: LinkState, detail: str) -> None:
        """Note that a device's line went up or down."""
        self.degradations.set(_DEVICE_CAUSES[device], state is LinkState.LOST, lane=lane, detail=detail)
        if device == "camera":
            poor = state is LinkState.UP and bool(detail)
            self.degradations.set(Cause.CAMERA_POOR, poor, lane=lane, detail=detail)

    def lane_degraded(self, lane: str, cause: Cause, active: bool) -> None:
        """Note that something at a lane is not as it should be, or is again."""
        self.degradations.set(cause, active, lane=lane)

    def decoder_changed(self, lane: str, health: Health) -> None:
        """Note that a lane's decoder keeps dying, or lives again."""
        self.degradations.set(Cause.DECODER_FAILING, health.failing, lane=lane, detail=health.detail)

    def on_duty(self) -> str | None:
        """Return the staff number of whoever is on shift."""
        return self._duty.number

    def view_changed(self) -> None:
        """Note that a lane's view is a new one."""
        self._view_wanted.set()

    def _record(self, draft: EntryDraft) -> None:
        self._log.record(draft, lambda _: None)

    # --- shifts ---------------------------------------------------------------------------------------------------

    def _write_and_wait(self, draft: EntryDraft) -> bool:
        written: Future[bool] = Future()
        self._log.record(draft, lambda result: written.set_result(isinstance(result, Receipt)), reserve=True)
        try:
            return written.result(WRITE_S)
        except FutureTimeoutError:
            return False

    def _open_matters(self) -> tuple[str, ...]:
        _, inside = self.visitors.inside()
        aside = sum(len(lane.loop.view.aside) for lane in self._lanes)
        counts = (("visitors_inside", inside), ("vehicles_aside", aside))
        return tuple(f"{name}:{count}" for name, count in counts if count)

    def _head(self) -> str:
        try:
            return self._log.head()
        except JournalError as error:
            log.warning("the log's head cannot be signed: %s", error)
            return ""

    def _different_codes(self) -> tuple[int, int]:
        return self.opened.different, self._clock.now() - int(time.monotonic() - self._remembers_since)

    def _recall_visitors(self) -> None:
        try:
            folder = self.configuration.state.folder
            self.visitors.recall(recent(folder, self._clock.now()))
            self.visitors.number_after(last_slip(folder))
        except JournalError as error:
            log.warning("the slips of visitors cannot be read from the log: %s", error)

    def _degradation_changed(self, change: Degradation, active: bool) -> None:
        self._view_wanted.set()
        self._folding.changed(change, active)

    # --- the control socket ---------------------------------------------------------------------------------------

    def _hello(self) -> Hello:
        device = self._log.device
        return Hello(
            software=self._software,
            device=device.id.hex() if device else "",
            language=self.configuration.site.language,
        )

    def _comparing(self, name: str) -> Comparing | None:
        return next((lane.devices.comparing for lane in self._lanes if lane.section.name == name), None)

    def _loop_of(self, name: str) -> LaneLoop | None:
        return next((lane.loop for lane in self._lanes if lane.section.name == name), None)

    def _site(self) -> SiteSection:
        """Return the place as it is configured, under the name that the authority may have given it."""
        order, site = self.trust.verified.order, self.configuration.site
        return site if order is None or order.site is None else site.model_copy(update={"name": order.site})

    def _view(self) -> View:
        entries, hub = self._log.size, self._hand_over.keeper.state
        return engine_view(
            self._site(),
            now=self._clock.now(),
            freshness=self.trust.freshness(None, self._clock.trust()),
            entries=entries,
            waiting=entries - min(hub.held, entries),
            oldest_ms=hub.oldest_ms if hub.joined or hub.held else self._log.first_ms,
            degraded=self.degradations.active(),
            lanes=tuple(lane.loop.view for lane in self._lanes),
            update=update_view(self._renewal.keeper.state, self._renewal.last),
            shift=self._duty.shift,
            visitors=self.visitors,
        )
