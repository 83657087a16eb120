"""Takes the pictures of the hub's pages that the documents show: `docs/pictures/hub-*.png`.

Run by hand from the project's root when the pages have changed, in the development environment with Chromium:

    python -m docs.make_hub_pictures

The hub is a real one on loopback; what it shows was uploaded to it by made-up gates.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from hub import passwords
from hub.service import wall_clock_ms
from hub.storage import people
from scanner.journal.detail import EntryKind, FaultDetail, OverrideDetail, Updated, UpdateDetail
from scanner.values import Outcome
from tests.hub.browser import Browser, program
from tests.hub.gate import Gate
from tests.hub.serving import Serving

FOLDER = Path(__file__).parent / "pictures"
SITES = ("城西小区 West gate", "高速南口 South exit", "地铁三号口 Metro 3")
PAGES = {
    "fleet": ("/", "zh", False),
    "fleet-en": ("/", "en", False),
    "fleet-dark": ("/", "en", True),
    "passages": ("/passages", "en", False),
    "alarms": ("/alarms", "en", False),
    "overrides": ("/overrides?site=%E5%9F%8E", "zh", False),
}
_HOUR_MS = 3_600_000


def fill(hub: Serving) -> None:
    """Let a dozen gates hand in a day."""
    now = wall_clock_ms()
    chance = random.Random(7)  # noqa: S311 - a picture
    for number in range(12):
        gate = Gate()
        for hour in range(24, 0, -1):
            rush = 3 if hour % 12 in {3, 4} else 1
            for outcome, most in ((Outcome.PASS, 40), (Outcome.REFER, 5), (Outcome.STOP, 3)):
                gate.passes(chance.randint(0, most * rush), time_ms=now - hour * _HOUR_MS, outcome=outcome)
        guard = f"A{chance.randint(10, 14)}"
        gate.write(EntryKind.OVERRIDE, OverrideDetail(admit=True, cause="known_resident"), staff=guard, time_ms=now)
        gate.write(EntryKind.OVERRIDE, OverrideDetail(admit=False, cause="not_the_holder"), staff=guard, time_ms=now)
        age = 5 if number != 4 else 40
        update = UpdateDetail(Updated.REPOSITORY, "12", issued_at=now // 1000 - age * 3600)
        gate.write(EntryKind.UPDATE, update, time_ms=now)
        if number % 5 == 1:
            gate.write(EntryKind.FAULT, FaultDetail("thermometer_lost", began=True), time_ms=now)
            gate.write(EntryKind.FAULT, FaultDetail("policy_default", began=True), time_ms=now, lane="")
        hub.enrol(gate, hub.invite(SITES[number % 3]))
        if number == 8:
            continue
        hub.upload(gate, gate.upload(0, min(len(gate.log), 2000)))
        if number == 3:
            forged = gate.copy()
            forged.log[5] = forged.log[6]
            hub.upload(gate, forged.upload(0, 20))
    with hub.parts.database.write() as session:
        session.run("UPDATE device SET seen_ms = seen_ms - ? WHERE number = 7", 3 * _HOUR_MS)
        people.put(session, "admin", people.Role.ADMINISTRATOR, passwords.stretched("correct horse"))


def main() -> int:
    """Take every picture."""
    chromium = program()
    if chromium is None:
        print("chromium is not installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        hub = Serving(Path(folder))
        fill(hub)
        for name, (path, language, dark) in PAGES.items():
            with hub.parts.database.write() as session:
                people.set_language(session, "admin", language)
                login = people.log_in(session, "admin", wall_clock_ms())
            browser = Browser(chromium, dark=dark)
            browser.open(f"{hub.url}/style.css")
            browser.set_cookie(hub.url, "checkpoint", login)
            browser.open(hub.url + path)
            browser.screenshot(FOLDER / f"hub-{name}.png")
            browser.close()
        hub.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
