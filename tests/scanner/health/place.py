"""A whole appliance's files for the doctor to look at: configuration, trust, log, staff, clock."""

from __future__ import annotations

import time
from pathlib import Path

from firmware_bridge.values import Light, LinkState
from scanner.clock import Clock
from scanner.clock_probes import boot_id
from scanner.config import Configuration, Document, load_document
from scanner.control.messages import DegradationView, LaneView, View
from scanner.staff import Role, Staff
from scanner.values import ClockTrust, SiteKind, TemperatureRule
from tests.world import SmallWorld


class Place:
    """An appliance under `root`; `write` makes its configuration anew."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = int(time.time())
        self.config = root / "config.toml"
        self.state = root / "state"
        self.trust = root / "kept"
        self.extra = ""
        self.lane = '[[lane]]\nname = "main"\n'
        self.write()

    def write(self) -> Document[Configuration]:
        """Write the configuration and read it back."""
        self.config.write_text(
            f'[trust]\nfolder = "{self.trust}"\nregions = ["CN-33"]\n[state]\nfolder = "{self.state}"\n'
            f'[control]\nsocket = "{self.root / "c.sock"}"\n{self.extra}\n{self.lane}',
            encoding="utf-8",
        )
        return load_document(self.config)

    def publish(self, age_s: int = 60) -> SmallWorld:
        """Let an authority publish everything as of `age_s` seconds ago."""
        world = SmallWorld(self.root, "CN-33", self.now)
        world.found()
        world.publish(self.now - age_s)
        return world

    def employ(self, *roles: Role) -> None:
        """Make the state folder and put people on the list of staff."""
        self.state.mkdir(mode=0o700, exist_ok=True)
        staff = Staff.open(self.state)
        for number, role in enumerate(roles, 1001):
            staff.add(str(number), role, "7391")

    def confirm_clock(self) -> None:
        """Let a supervisor vouch for the time."""
        self.state.mkdir(mode=0o700, exist_ok=True)
        Clock(self.state, boot=boot_id()).confirm("1001")


def lane_view(camera: LinkState = LinkState.UP) -> LaneView:
    """What an engine says of a lane."""
    return LaneView(
        name="main",
        attended=True,
        state="idle",
        light=Light.IDLE,
        result=None,
        hint=None,
        object_centi=None,
        ambient_centi=None,
        present=False,
        limit_centi=3730,
        temperature_rule=TemperatureRule.REQUIRED,
        camera=camera,
        camera_fps=30.0,
        camera_age_s=0.1,
        thermometer=LinkState.UP,
        gate=LinkState.CONNECTING,
        last=(),
        passed=0,
        referred=0,
        stopped=0,
    )


def view(
    now: int,
    *,
    clock: ClockTrust = ClockTrust.TRUSTED,
    lanes: tuple[LaneView, ...] = (),
    degraded: tuple[DegradationView, ...] = (),
) -> View:
    """What an engine says of itself."""
    return View(
        now=now,
        clock=clock,
        site="East gate",
        site_kind=SiteKind.RESIDENTIAL,
        keys_age=1,
        lists_age=1,
        policy_age=None,
        entries=12,
        waiting=12,
        oldest_waiting=None,
        shift=None,
        degraded=degraded,
        lanes=lanes,
    )
