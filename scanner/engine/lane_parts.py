"""One lane with everything that belongs to it: its devices, its eyes, its loop, and the watch over them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from firmware_bridge.values import Scan
from keys.card_reading import CardReading
from scanner.config.model import LaneSection
from scanner.engine.devices import LaneDevices
from scanner.engine.inputs import DeviceState
from scanner.engine.lane_loop import LaneLoop
from scanner.engine.supervision import SupervisedThread
from scanner.engine.vision import CodeSeen, Reports, Vision
from scanner.policy import Site, is_ignored
from scanner.values import Direction

if TYPE_CHECKING:
    from scanner.engine.engine import Engine

LANE_HUNG_S = 5.0
"""A lane whose thread works on one input for so long ends the engine."""
VISION_HUNG_S = 2.0
"""A decode that takes longer is abandoned and another thread begins."""


class LaneHungError(Exception):
    """A lane's thread no longer answers; the process must be started again."""


class LaneParts:
    """One lane of an engine."""

    def __init__(self, section: LaneSection, engine: Engine) -> None:
        site_section = engine.configuration.site
        site = Site(
            kind=site_section.kind,
            region=site_section.region,
            timezone=site_section.timezone,
            attended=section.mode == "attended",
            direction=Direction(section.direction),
            home=engine.trust.home,
        )
        self.section = section
        self._site = site
        self.devices = LaneDevices(
            section,
            site,
            on_measurement=lambda event: self.loop.post(event),  # noqa: PLW0108 - the loop is made after its devices
            on_sample=lambda sample: self.loop.sample(sample),  # noqa: PLW0108
            on_gate=lambda event: self.loop.post(event),  # noqa: PLW0108
            on_report=lambda report: self.loop.post(report),  # noqa: PLW0108
            on_scan=self._scanned,
            wanted=lambda: self.loop.wants_codes,
            on_state=lambda device, state, detail: self.loop.post(DeviceState(device, state, detail)),
            state=engine.configuration.state.folder,
            today=engine.today,
        )
        self.loop = LaneLoop(self.devices, engine, opened=engine.opened, visitors=engine.visitors)
        self._engine = engine
        self._cards, self._cards_lock = CardReading(), threading.Lock()
        self._vision: SupervisedThread | None = None
        if self.devices.capture is not None:
            self._vision = SupervisedThread(f"{section.name}-vision", self._new_vision, VISION_HUNG_S)
        self._thread = threading.Thread(
            target=self.loop.run, args=(engine.stopping,), name=f"lane-{section.name}", daemon=True
        )

    def _new_vision(self) -> Vision:
        capture = self.devices.capture
        if capture is None:
            raise ValueError(f"lane {self.section.name} has no camera to look through")
        engine, name = self._engine, self.section.name
        reports = Reports(
            verify=engine.verify,
            foreign=lambda verdict: is_ignored(verdict, self._site, engine.rules()),
            seen=self.loop.post,
            preview=engine.screens.preview,
            watched=lambda: engine.screens.watches(name),
            health=lambda health: engine.decoder_changed(name, health),
            whole=self._whole,
        )
        return Vision(name, capture, reports, region=self.section.camera.region)

    def _scanned(self, scan: Scan) -> None:
        """Prove what the reader read, in its thread, and hand it to the lane as what the camera sees is."""
        text = self._whole(scan.text)
        verdict = self._engine.verify(text)
        self.loop.post(CodeSeen(text, verdict, scan.at, time.monotonic(), by_reader=True))

    def _whole(self, text: str) -> str:
        """Return the whole card that a text completes, else the text itself. Several threads look at this lane."""
        with self._cards_lock:
            return self._cards.whole(text, int(time.monotonic()))

    def start(self) -> None:
        """Start every thread."""
        self._thread.start()
        self.devices.start()
        if self._vision is not None:
            self._vision.start()

    def stop(self) -> None:
        """End every thread."""
        if self._vision is not None:
            self._vision.stop()
        self.devices.stop()
        self._thread.join(timeout=2)

    def watch(self) -> None:
        """Raise LaneHungError when the lane's own thread hangs or died; renew its vision when that hangs."""
        if self._engine.stopping.is_set():
            return
        busy = self.loop.busy_for()
        if busy > LANE_HUNG_S or not self._thread.is_alive():
            raise LaneHungError(f"lane {self.section.name} has not answered for {busy:.0f} s")
        stalled = self.devices.stalled()
        if stalled is not None:
            raise LaneHungError(stalled)
        if self._vision is not None:
            self._vision.watch()
