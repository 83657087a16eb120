"""Pages that show how things stand say when, and renew themselves where somebody asks for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub import passwords
from hub.storage import people
from hub.storage.people import IDLE_MS, Role
from tests.hub.serving import Serving
from tests.hub.test_pages import PASSWORD, Desk

STATE = ["/", "/?pick=silent&page=1", "/passages", "/overrides", "/alarms"]
REFRESH = b'<meta http-equiv="refresh" content="60">'


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serving:
    monkeypatch.setattr(passwords, "STRETCH_LOG2", 4)
    made = Serving(tmp_path)
    with made.parts.database.write() as session:
        people.put(session, "viewer", Role.VIEWER, passwords.stretched(PASSWORD))
    return made


def test_what_shows_how_things_stand_says_when_and_renews_itself_on_demand_alone(hub: Serving) -> None:
    try:
        desk = Desk(hub)
        desk.log_in("viewer")
        for path in STATE:
            page = desk.get(path).content
            assert re.search(rb"As of \d{4}-\d\d-\d\d \d\d:\d\d", page), path
            assert REFRESH not in page
            other = re.search(rb'<a href="([^"]+)">Renew every minute', page)
            assert other is not None
            renewing = desk.get(other[1].decode().replace("&amp;", "&")).content
            assert REFRESH in renewing
            if path != "/alarms":
                assert b'name="renew" value="1"' in renewing, "choosing among appliances goes on renewing"
            back = re.search(rb'<a href="([^"]+)">Stop renewing', renewing)
            assert back is not None
            assert REFRESH not in desk.get(back[1].decode().replace("&amp;", "&")).content
        assert REFRESH not in Desk(hub).get("/login?renew=1").content
    finally:
        hub.close()


def test_a_page_that_only_renews_itself_keeps_no_login_alive(hub: Serving) -> None:
    def passes(milliseconds: int) -> None:
        with hub.parts.database.write() as session:
            session.run("UPDATE login SET seen_ms = seen_ms - ?", milliseconds)

    try:
        desk = Desk(hub)
        desk.log_in("viewer")
        for _ in range(2):
            passes(IDLE_MS // 2 - 60_000)
            assert desk.get("/?renew=1").status == 200
        passes(120_000)
        assert desk.get("/?renew=1").status == 303
        desk = Desk(hub)
        desk.log_in("viewer")
        for _ in range(2):
            passes(IDLE_MS - 60_000)
            assert desk.get("/").status == 200, "somebody looks"
    finally:
        hub.close()
