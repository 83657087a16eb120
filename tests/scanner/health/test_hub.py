"""What the doctor says of the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from keys.key_file import write_device_key
from scanner.config import Configuration
from scanner.config.model import StateSection
from scanner.health.finding import Grade
from scanner.health.hub import check_hub
from scanner.sync.client import HubClient
from scanner.sync.membership import write_membership
from tests.scanner.journal.logs import DEVICE, make_log, open_journal
from tests.scanner.sync.hub_server import HonestHub, problem, served
from tests.scanner.sync.test_exchange import make


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    make_log(tmp_path, 5)
    write_device_key(tmp_path / "device.key", DEVICE.key)
    return Configuration(state=StateSection(folder=tmp_path))


def grade(configuration: Configuration) -> tuple[Grade, str]:
    (finding,) = check_hub(configuration)
    assert finding.advice or finding.grade is Grade.GOOD
    return finding.grade, finding.sentence


def test_an_appliance_without_a_hub_is_told_so(configuration: Configuration) -> None:
    assert grade(configuration)[0] is Grade.WARNING


def test_a_hub_that_answers_is_good_and_one_that_lost_entries_or_refuses_is_not(configuration: Configuration) -> None:
    state = configuration.state.folder
    hub = HonestHub(DEVICE.public_key)
    with served(hub) as line:
        write_membership(state, line.membership())
        assert grade(configuration) == (Grade.GOOD, f"{line.url} holds 0 of 5 entries")
        with open_journal(state) as journal:
            client = HubClient(line.membership(), DEVICE)
            exchange = make(state, journal, client)
            exchange.meet()
            exchange.send()
            client.close()
        assert "5 of 5" in grade(configuration)[1]
        line.dated = False
        found, sentence = grade(configuration)
        assert found is Grade.WARNING
        assert "Date" in sentence
        line.dated = True
        hub.entries.pop()
        assert grade(configuration)[0] is Grade.FAILED
        line.instead = [problem(401, "unknown key")]
        assert grade(configuration)[0] is Grade.FAILED
        line.instead = [problem(500, "trouble")]
        assert grade(configuration)[0] is Grade.WARNING


def test_a_damaged_membership_is_told(configuration: Configuration) -> None:
    (configuration.state.folder / "hub.json").write_text("{")
    assert grade(configuration)[0] is Grade.FAILED
