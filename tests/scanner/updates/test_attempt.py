"""One update from end to end: what is reported of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from keys.update import current_generation
from scanner.clock import Clock
from scanner.config import Configuration, load
from scanner.policy_source import default_policy
from scanner.updates import attempt as attempting
from scanner.updates.attempt import attempt, believes_signed_time
from scanner.updates.report import Result, take
from tests.world import NOW, SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    """A home region and a neighbour, released a minute ago."""
    now = int(time.time())
    world = SmallWorld(tmp_path / "home", "CN-33", now)
    neighbour = SmallWorld(tmp_path / "neighbour", "CN-31", now)
    world.found()
    world.admit(neighbour)
    neighbour.release(now - 70)
    world.release(now - 60)
    return world


@pytest.fixture
def configuration(world: SmallWorld, tmp_path: Path) -> Configuration:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    config = tmp_path / "config.toml"
    trust = f'[trust]\nfolder = "{world.kept}"\nregions = ["CN-33", "CN-31"]\n'
    config.write_text(f'{trust}[state]\nfolder = "{state}"\n')
    return load(config)


def test_what_was_taken_in_is_reported_with_its_signed_time(world: SmallWorld, configuration: Configuration) -> None:
    report, outcome = attempt(configuration, str(world.repository))
    assert (report.result, report.cause, report.signed_time) == (Result.TAKEN_IN, None, world.now - 60)
    assert outcome is not None
    assert {uri for _, uri, _ in outcome.lists} == {"jkm:33/1", "jkm:31/1"}
    assert take(configuration.state.folder) == (report,)


def test_a_policy_that_the_engine_cannot_use_replaces_none(world: SmallWorld, configuration: Configuration) -> None:
    good = f'issuer = "CN-33"\nissued_at = {world.now}\n'.encode() + default_policy()
    world.release(world.now - 50, policy=good)
    attempt(configuration, str(world.repository))
    kept = world.kept / "current" / "targets" / "policy" / "CN-33.toml"
    world.release(world.now - 40, policy=b"format = 1\n")
    report, _ = attempt(configuration, str(world.repository))
    assert (report.result, report.cause) == (Result.REFUSED, "bad_content")
    assert "CN-33" in report.why
    assert kept.read_bytes() == good


def test_a_neighbour_that_is_refused_is_named_and_the_rest_taken_in(
    world: SmallWorld, configuration: Configuration
) -> None:
    attempt(configuration, str(world.repository))
    world.release(world.now - 50)
    (trust,) = (world.repository / "targets" / "trust").glob("*.CN-31.jwks.json")
    trust.write_bytes(b"{}")
    (world.kept / "current" / "targets" / "trust" / "CN-31.jwks.json").unlink()
    report, outcome = attempt(configuration, str(world.repository))
    assert outcome is not None
    assert [one.issuer for one in outcome.refused] == ["CN-31"]
    assert (report.result, report.cause is None) == (Result.TAKEN_IN, False)
    assert report.why.startswith("CN-31: ")


def test_nothing_to_be_reached_is_no_refusal(configuration: Configuration, tmp_path: Path) -> None:
    report, outcome = attempt(configuration, str(tmp_path / "no stick"))
    assert (report.result, outcome) == (Result.UNREACHABLE, None)


def test_an_error_of_our_own_is_said_and_leaves_the_state_before(
    world: SmallWorld, configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt(configuration, str(world.repository))
    before = current_generation(world.kept)

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(attempting, "update", fail)
    report, _ = attempt(configuration, str(world.repository))
    assert (report.result, report.cause) == (Result.REFUSED, "fault")
    assert current_generation(world.kept) == before
    assert take(configuration.state.folder)[-1] == report


def test_only_a_network_or_a_hardware_clock_outweighs_a_signed_time(tmp_path: Path) -> None:
    clock = Clock(tmp_path, wall=lambda: float(NOW), build_time=0)
    assert believes_signed_time(clock)
    clock.confirm("1001")
    assert believes_signed_time(clock)
