"""The demo's files: a folder with authority, trust, configuration and staff, as an installer would leave them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from demo.guard import GUARD, LANE, PINS, ROLES
from demo.issuing import HOME, Issuing, site_zone
from demo.scripts import Scenario
from keys.update import FolderSource, pin_root_file, update
from scanner.staff import Staff

MEASURE_TIMEOUT_S = 4.0
"""Shorter than at a real gate: the person from the frost need not keep everybody waiting."""

HAND_OVER_S = 2
"""Sooner than at a real gate: whoever looks at the hub's pages sees people arrive."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where everything lies in the demo's folder."""

    folder: Path

    @property
    def config(self) -> Path:
        """The appliance's configuration."""
        return self.folder / "config.toml"

    @property
    def state(self) -> Path:
        """The appliance's state: log, device key, staff."""
        return self.folder / "state"

    @property
    def trust(self) -> Path:
        """What the appliance believes, and the root by which it does."""
        return self.folder / "trust"

    @property
    def repository(self) -> Path:
        """What the authority publishes."""
        return self.folder / "repository"

    @property
    def hub(self) -> Path:
        """The hub's own folder, where there is one."""
        return self.folder / "hub"

    @property
    def socket(self) -> Path:
        """The engine's control socket."""
        return self.folder / "control.sock"

    @property
    def camera(self) -> Path:
        """The FIFO that the camera's pictures come through."""
        return self.folder / "camera.mjpeg"

    @property
    def thermometer(self) -> Path:
        """The emulated thermometer's port."""
        return self.folder / "thermometer"

    @property
    def gate(self) -> Path:
        """The emulated gate controller's port."""
        return self.folder / "gate"


def prepare(folder: Path, now: int, language: str, scenario: Scenario) -> tuple[Site, Issuing]:
    """Fill `folder` (0700, empty). Raises AuthorityError, StaffError or OSError when it cannot be used."""
    site = Site(folder)
    zone = site_zone(now)
    issuing = Issuing(folder / "authority", site.repository, now, zone, scenario.people)
    site.trust.mkdir(mode=0o700)
    pin_root_file(site.trust, issuing.root)
    site.state.mkdir(mode=0o700)
    os.mkfifo(site.camera, 0o600)
    staff = Staff.open(site.state)
    for number, role in ROLES.items():
        staff.add(number, role, PINS[number])
    site.config.write_text(_config(site, zone, language, scenario), encoding="utf-8")
    return site, issuing


def bring_up_to_date(site: Site, now: int) -> None:
    """Let the appliance take in what was released, at once: its own schedule would come to it later.

    Raises UpdateError.
    """
    source = FolderSource(site.repository)
    update(site.trust, source, (HOME,), now, seen={}, believe_signed_time=True)


def _config(site: Site, zone: str, language: str, scenario: Scenario) -> str:
    def quoted(value: Path | str) -> str:
        return json.dumps(str(value))

    return f"""# Made by: checkpoint demo
[site]
name = {quoted(f"Demo gate (guard {GUARD}, PIN {PINS[GUARD]})")}
kind = "{scenario.site}"
region = "330110"
timezone = {quoted(zone)}
language = {quoted(language)}

[trust]
folder = {quoted(site.trust)}
regions = ["{HOME}"]

[update]
source = {quoted(site.repository)}
sticks = []

[sync]
every_seconds = {HAND_OVER_S}

[state]
folder = {quoted(site.state)}

[control]
socket = {quoted(site.socket)}

[[lane]]
name = "{LANE}"
mode = "{"attended" if scenario.attended else "unattended"}"
direction = "entry"

[lane.camera]
source = {quoted(site.camera)}

[lane.thermometer]
driver = "gy-mcu90614"
port = {quoted(site.thermometer)}
name = "emulated"
timeout_s = {MEASURE_TIMEOUT_S}

[lane.gate]
driver = "controller"
port = {quoted(site.gate)}
"""
