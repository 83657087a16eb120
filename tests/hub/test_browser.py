"""The pages in a real browser: logged in, walked through by keyboard, the code on the page read as a camera would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from hub import passwords
from hub.service import wall_clock_ms
from hub.storage import people
from tests.hub.browser import Browser, program
from tests.hub.gate import Gate
from tests.hub.serving import Serving

pytestmark = pytest.mark.soak


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    monkeypatch.setattr(passwords, "STRETCH_LOG2", 4)
    made = Serving(tmp_path)
    yield made
    made.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    found = program()
    if found is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    made = Browser(found)
    yield made
    made.close()


def test_a_newcomer_makes_an_administrator_enrols_an_appliance_and_sees_people_arrive(
    hub: Serving, browser: Browser, tmp_path: Path
) -> None:
    with hub.parts.database.write() as session:
        token = people.first_token(session, wall_clock_ms())
    browser.open(f"{hub.url}/first/{token}")
    browser.run("document.querySelector('[name=name]').value = 'root'")
    for name in ("password", "again"):
        browser.run(f"document.querySelector('[name={name}]').value = 'correct horse'")
    browser.submit("document.querySelector('form.stack button').click()")
    assert browser.run("location.pathname") == "/"

    browser.open(f"{hub.url}/enrolment")
    browser.run("document.querySelector('[name=site]').value = 'West gate'")
    browser.submit("document.querySelector('form.stack button').click()")
    picture = tmp_path / "code.png"
    browser.screenshot(picture)
    codes = zxingcpp.read_barcodes(cv2.imdecode(np.fromfile(picture, np.uint8), cv2.IMREAD_COLOR))
    assert [code.text for code in codes] == [browser.run("document.querySelector('pre').textContent")]
    assert codes[0].text.startswith("JKE1:")

    gate = Gate().passes(12, time_ms=wall_clock_ms())
    assert hub.enrol(gate).status == 201
    hub.upload(gate, gate.upload())
    browser.open(hub.url)
    assert "12" in browser.run("document.querySelector('a[href=\"/passages\"].tile').textContent")
    browser.submit("document.querySelector('a[href=\"/passages\"].tile').click()")
    assert browser.run("document.querySelectorAll('svg rect.part.pass').length") >= 2
    assert browser.console == []


def test_the_pages_are_walked_through_by_keyboard_and_named_for_screen_readers(hub: Serving, browser: Browser) -> None:
    with hub.parts.database.write() as session:
        people.put(session, "root", people.Role.ADMINISTRATOR, passwords.stretched("correct horse"))
        login = people.log_in(session, "root", wall_clock_ms())
    browser.open(f"{hub.url}/login")
    browser.set_cookie(hub.url, "checkpoint", login)
    for path in ("/", "/passages", "/overrides", "/alarms", "/enrolment", "/retention", "/audit", "/people"):
        browser.open(hub.url + path)
        browser.press("Tab")
        assert browser.run("document.activeElement.className") == "skip"
        nameless = browser.run(
            "[...document.querySelectorAll('input:not([type=hidden]), select, button, a, svg[role=img]')].filter("
            "e => !(e.textContent.trim() || e.labels?.length || e.getAttribute('aria-label'))).length"
        )
        assert (path, nameless) == (path, 0)
        for width in (1200, 360):
            browser.resize(width)
            assert browser.run("document.documentElement.scrollWidth <= innerWidth"), (path, width)
    assert browser.console == []
