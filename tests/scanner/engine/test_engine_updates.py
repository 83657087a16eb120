"""How news reach a running appliance: by network, by command, by stick; and what does not prove itself."""

from __future__ import annotations

import shutil
import socketserver
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from keys.update.source import STICK_FOLDER
from scanner.journal.detail import EntryKind, Updated, UpdateDetail
from tests.appliance import Appliance
from tests.world import DAY, ORDER, SmallWorld


def updates(appliance: Appliance) -> list[UpdateDetail]:
    """What the log says of whole publications, in order."""
    details = [entry.detail for entry in appliance.entries() if entry.kind is EntryKind.UPDATE]
    return [one for one in details if isinstance(one, UpdateDetail) and one.what is Updated.REPOSITORY]


def wait_update(appliance: Appliance, number: int = 0) -> UpdateDetail:
    """Wait for the log's entry `number` of a publication."""
    return appliance.wait_for(lambda: found[number] if len(found := updates(appliance)) > number else None)


def come_into_force(appliance: Appliance) -> None:
    """Wait until the lists of now are those that people are judged by: they have then been proved once more."""
    guard = appliance.guard
    assert guard is not None

    def issued() -> bool | None:
        view = guard.view
        # Those of the start are a minute older.
        return (view.lists_age is not None and view.now - view.lists_age > appliance.world.now - 30) or None

    appliance.wait_for(issued)


def decided(appliance: Appliance, text: str, number: int = 0) -> str:
    """What becomes of a code that is shown now: the outcome and its reasons."""
    appliance.show(None)
    appliance.thermometer.nobody()
    appliance.wait_lane(lambda lane: lane.state == "waiting" and not lane.present)
    appliance.thermometer.person(3650)
    appliance.show(text)
    report = appliance.report(number)
    return f"{report['outcome']} {report['reasons']}"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing: a test's output is for what went wrong."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The repository over HTTP on loopback."""

    def handler(*arguments: object) -> socketserver.BaseRequestHandler:
        return QuietHandler(*arguments, directory=str(tmp_path / "repository"))  # type: ignore[arg-type]

    served = ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()


@pytest.mark.soak  # it waits for the schedule's first moment, up to a minute
@pytest.mark.timeout(240)
def test_the_engine_fetches_news_by_itself(tmp_path: Path, server: str) -> None:
    with Appliance(tmp_path, extra=f'[update]\nsource = "{server}"\nevery_minutes = 5\n') as appliance:
        code = appliance.world.code()
        appliance.world.authority.revoke(code.identity, ORDER, appliance.world.now)
        appliance.world.release()
        appliance.start()
        taken_in = appliance.wait_for(lambda: found[0] if (found := updates(appliance)) else None, timeout=90)
        assert (taken_in.refused, taken_in.source) == (None, server)
        assert taken_in.issued_at == appliance.world.now
        come_into_force(appliance)
        assert "REVOKED" in decided(appliance, code.text)


@pytest.mark.soak
def test_a_command_in_a_terminal_reaches_the_running_engine_and_its_log(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        code = appliance.world.code()
        appliance.start()
        appliance.world.authority.revoke(code.identity, ORDER, appliance.world.now)
        appliance.world.release()
        done = appliance.update(appliance.world.repository)
        assert done.returncode == 0, done.stderr
        assert wait_update(appliance).source == str(appliance.world.repository)
        come_into_force(appliance)
        assert "REVOKED" in decided(appliance, code.text)


@pytest.mark.soak
def test_a_stick_is_offered_on_the_screen_and_taken_in_by_a_key(tmp_path: Path) -> None:
    media = tmp_path / "media"
    with Appliance(tmp_path, extra=f'[update]\nsticks = ["{media}/*"]\n') as appliance:
        appliance.start()
        guard = appliance.guard
        assert guard is not None
        reply = guard.take_stick()
        assert (reply.ok, reply.error) == (False, "command.no_stick")
        appliance.world.release()
        shutil.copytree(appliance.world.repository, media / "KEYS" / STICK_FOLDER)
        appliance.wait_for(lambda: guard.view.update.stick == "KEYS" or None)
        assert guard.take_stick().ok
        assert wait_update(appliance).refused is None
        appliance.wait_for(lambda: guard.view.update.result == "taken_in" or None)
        appliance.wait_for(lambda: guard.view.update.stick is None or None)


@pytest.mark.soak
def test_a_stick_of_another_authority_is_refused_in_words_and_by_an_entry(tmp_path: Path) -> None:
    media = tmp_path / "media"
    with Appliance(tmp_path, extra=f'[update]\nsticks = ["{media}/*"]\n') as appliance:
        other = SmallWorld(tmp_path / "other", "CN-33", appliance.world.now)
        other.found(appliance.world.now - DAY)
        other.release()
        shutil.copytree(other.repository, media / "KEYS" / STICK_FOLDER)
        appliance.start()
        guard = appliance.guard
        assert guard is not None
        appliance.wait_for(lambda: guard.view.update.stick)
        assert guard.take_stick().ok
        refused = wait_update(appliance)
        assert refused.refused is not None
        assert refused.why
        appliance.wait_degraded("update_refused")
        assert "pass" in decided(appliance, appliance.world.code().text)


@pytest.mark.soak
def test_a_box_switched_off_for_a_month_refers_people_and_recovers_on_the_first_update(tmp_path: Path) -> None:
    with Appliance(tmp_path, published_ago_s=31 * DAY) as appliance:
        appliance.start()
        appliance.wait_degraded("lists_stale")
        code, another = appliance.world.code(), appliance.world.code()
        assert "refer" in (said := decided(appliance, code.text))
        assert "DATA_STALE" in said
        appliance.world.release()
        assert appliance.update(appliance.world.repository).returncode == 0
        appliance.wait_degraded("lists_stale", active=False)
        assert appliance.guard is not None
        assert appliance.guard.acknowledge().ok
        assert "pass" in decided(appliance, another.text, 1)
