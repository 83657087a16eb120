"""The verified state: what does not hold stays as it was last proved, and takes nothing else with it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from keys.update import FolderSource, update
from scanner.clock import Clock
from scanner.config import load_document
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.trust import Trust
from scanner.policy_source import default_policy
from scanner.updates.attempt import believes_signed_time
from scanner.values import ClockTrust
from tests.world import DAY, NOW, SmallWorld

HOME, NEIGHBOUR = "CN-33", "CN-31"


class Carried:
    """A home region and a neighbour in one repository, and an appliance that carries both."""

    def __init__(self, folder: Path) -> None:
        self.home = SmallWorld(folder / "home", HOME, NOW)
        self.neighbour = SmallWorld(folder / "neighbour", NEIGHBOUR, NOW)
        self.home.found()
        self.home.admit(self.neighbour)
        self.neighbour.release(NOW - 100)
        self.home.publish(NOW - 90)
        self.folder = self.home.kept
        config = folder / "config.toml"
        config.write_text(
            f'[trust]\nfolder = "{self.folder}"\nregions = ["{HOME}", "{NEIGHBOUR}"]\n'
            f'[state]\nfolder = "{folder / "state"}"\n',
            "utf-8",
        )
        self.degradations = Degradations(lambda: NOW, lambda change, active: None)
        self.trust = Trust(load_document(config), lambda: NOW, self.degradations)

    @property
    def current(self) -> Path:
        return (self.folder / "current").resolve()

    def causes(self) -> set[Cause]:
        return {one.cause for one in self.degradations.active()}

    def poll(self) -> bool:
        """Let the engine notice, prove and take over what was switched to."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            self.trust._poll_at = 0.0
            if self.trust.poll():
                return True
            if self.trust._proving is None and self.trust.problem is not None:
                return False
            time.sleep(0.01)
        return False


@pytest.fixture
def carried(tmp_path: Path) -> Carried:
    return Carried(tmp_path)


def test_both_regions_are_believed_each_at_its_own_age(carried: Carried) -> None:
    assert carried.trust.load()
    assert carried.trust.problem is None
    assert carried.trust.verified.trust.issuers == {HOME, NEIGHBOUR}
    assert carried.trust.freshness(HOME, ClockTrust.TRUSTED).keys_age == 90
    assert carried.trust.freshness(NEIGHBOUR, ClockTrust.TRUSTED).keys_age == 100
    assert carried.trust.freshness("CN-65", ClockTrust.TRUSTED).keys_age == 90


def test_a_neighbours_damaged_file_does_not_close_the_home_regions_gates(carried: Carried) -> None:
    (carried.current / "targets" / "trust" / f"{NEIGHBOUR}.jwks.json").write_bytes(b"{")
    assert carried.trust.load()
    assert carried.trust.verified.trust.issuers == {HOME}
    assert carried.trust.problem is not None
    assert NEIGHBOUR in carried.trust.problem
    assert Cause.TRUST_REFUSED in carried.causes()
    assert Cause.KEYS_MISSING not in carried.causes()


def test_an_update_is_noticed_proved_and_taken_over(carried: Carried) -> None:
    carried.trust.load()
    carried.home.publish(NOW - 5)
    assert carried.poll()
    assert carried.trust.verified.lists.oldest_iat((HOME,)) == NOW - 5
    assert [uri for _, uri, _ in carried.trust.take_news()].count("jkm:33/1") == 2


def test_without_anything_kept_nobody_is_believed_and_the_words_say_what_to_do(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("", "utf-8")
    degradations = Degradations(lambda: NOW, lambda change, active: None)
    trust = Trust(load_document(config), lambda: NOW, degradations)
    assert not trust.load()
    assert trust.problem is not None
    assert "pin its root" in trust.problem
    assert {Cause.KEYS_MISSING, Cause.LISTS_MISSING} <= {one.cause for one in degradations.active()}


def test_a_bad_policy_leaves_the_last_one_in_force_and_keeps_no_list_out(carried: Carried) -> None:
    good = f'issuer = "{HOME}"\nissued_at = {NOW - 80}\n'.encode() + default_policy()
    carried.home.publish(NOW - 80, policy=good)
    carried.trust.load()
    before = carried.trust.verified.policy
    assert not before.built_in
    carried.home.publish(NOW - 5, policy=b"format = 1\n")
    assert carried.poll()
    assert carried.trust.verified.policy is before
    assert carried.trust.problem is not None
    assert f"{HOME}.toml" in carried.trust.problem
    assert carried.trust.verified.lists.oldest_iat((HOME,)) == NOW - 5


def test_a_published_policy_that_is_damaged_here_refers_everybody_and_is_never_taken_for_none(carried: Carried) -> None:
    """The region may be stricter than the built-in rules; nobody can tell any more."""
    good = f'issuer = "{HOME}"\nissued_at = {NOW - 80}\n'.encode() + default_policy()
    carried.home.publish(NOW - 80, policy=good)
    file = carried.current / "targets" / "policy" / f"{HOME}.toml"
    file.chmod(0o600)
    file.write_bytes(good[:-1] + b"#")
    assert carried.trust.load()
    assert carried.trust.verified.policy.built_in
    assert not carried.trust.freshness(HOME, ClockTrust.TRUSTED).policy_known
    assert Cause.TRUST_REFUSED in carried.causes()


def test_what_did_not_hold_is_proved_again_when_the_clock_has_changed(carried: Carried) -> None:
    hidden = carried.current.with_name("hidden")
    carried.current.rename(hidden)
    assert not carried.trust.load()
    hidden.rename(carried.current)
    carried.trust.prove_again()
    assert carried.poll()
    assert carried.trust.problem is None


def test_a_state_put_back_is_not_believed_again(carried: Carried) -> None:
    """A rollback on our own disk: what the appliance has seen is remembered elsewhere."""
    older = carried.current
    carried.trust.load()
    carried.home.publish(NOW - 5)
    assert carried.poll()
    link = carried.folder / "current"
    link.unlink()
    link.symlink_to(Path("generations") / older.name)
    assert not carried.poll() or carried.trust.verified.lists.oldest_iat((HOME,)) is None
    assert carried.trust.problem is not None


def test_a_clock_that_resumes_at_its_shutdown_time_is_put_right_by_the_first_update(
    carried: Carried, tmp_path: Path
) -> None:
    """Thirty days in a cupboard, no clock battery, no network: a stick is all there is."""
    state = tmp_path / "state"
    state.mkdir(exist_ok=True)
    asleep_for = 30 * DAY
    clock = Clock(state, wall=lambda: float(NOW), build_time=0)
    trust = Trust(load_document(tmp_path / "config.toml"), lambda: max(clock.now(), clock.floor), carried.degradations)
    trust.load()
    for signed in trust.signed_times():
        clock.accept_signed_time(*signed)
    assert clock.trust() is ClockTrust.UNTRUSTED
    carried.neighbour.release(NOW + asleep_for - 20)
    carried.home.release(NOW + asleep_for)
    assert believes_signed_time(clock)
    source = FolderSource(carried.home.repository)
    outcome = update(carried.folder, source, (HOME, NEIGHBOUR), clock.now(), seen={}, believe_signed_time=True)
    assert outcome.signed_time == NOW + asleep_for
    assert trust.load()
    for signed in trust.signed_times():
        assert clock.accept_signed_time(*signed)
    assert (clock.trust(), clock.now()) == (ClockTrust.TRUSTED, NOW + asleep_for)
    assert trust.freshness(HOME, clock.trust()).lists_age == 0
    assert Cause.LISTS_STALE not in carried.causes()
