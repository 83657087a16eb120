"""What gates make of regions that are expelled or get another key: the product's own update client, on real lists."""

from pathlib import Path

import pytest

from authority.repository.release import Released
from keys.errors import UpdateCause
from keys.update import FolderSource, prove, update
from tests.world import NOW, ORDER, SmallWorld

HOME, OTHER = "CN-33", "CN-44"


class Country:
    """Two regions in one federation, and a gate of the first that carries both."""

    def __init__(self, root: Path) -> None:
        self.home = SmallWorld(root, HOME, NOW)
        self.home.found()
        (root / OTHER).mkdir()
        self.other = SmallWorld(root / OTHER, OTHER, NOW)
        self.home.admit(self.other)
        assert self.home.federation is not None
        self.federation = self.home.federation
        self.at = NOW
        self.publish(self.other)
        self.home.release(self.at)
        self.carried = [HOME, OTHER]
        assert self.gate() == ((), {HOME, OTHER})

    def publish(self, world: SmallWorld) -> None:
        world.authority.region().publish(self.home.repository, world.authority.publication(self.at))

    def release(self) -> Released:
        """Let the home region publish a minute later, and the federation release."""
        self.at += 60
        self.publish(self.home)
        return self.federation.release(self.home.repository, self.at)

    def gate(self) -> tuple[tuple[tuple[str, UpdateCause], ...], set[str]]:
        """Update the gate: whom it refuses and why, and whose lists hold in it, offline."""
        kept, source = self.home.kept, FolderSource(self.home.repository)
        outcome = update(kept, source, self.carried, self.at, seen={}, believe_signed_time=False)
        with prove(kept, self.carried, self.at, seen={}).store as store:
            return tuple((each.issuer, each.cause) for each in outcome.refused), {each.issuer for each in store.lists}


@pytest.fixture
def country(tmp_path: Path) -> Country:
    return Country(tmp_path)


def test_an_expelled_region_is_dropped_by_gates_that_carry_it_and_taken_in_again_when_readmitted(
    country: Country,
) -> None:
    country.federation.expel(OTHER, country.at, order=ORDER)
    assert country.release().regions == {HOME: 2}
    assert country.gate() == (((OTHER, UpdateCause.NOT_ADMITTED),), {HOME})
    assert country.release().regions == {HOME: 3}
    assert country.gate()[1] == {HOME}
    # Its own publications count for nothing now, and its number goes on where it was.
    country.publish(country.other)
    assert country.release().regions == {HOME: 4}
    country.federation.admit(OTHER, country.other.authority.region().key(), country.at, order=ORDER)
    assert country.release().regions == {HOME: 5, OTHER: 2}
    assert country.gate() == ((), {HOME, OTHER})


def test_a_gate_of_an_expelled_region_alone_drops_it_too_and_trusts_nobody(country: Country) -> None:
    country.carried = [OTHER]
    assert country.gate() == ((), {OTHER})
    country.federation.expel(OTHER, country.at, order=ORDER)
    country.release()
    assert country.gate() == (((OTHER, UpdateCause.NOT_ADMITTED),), set())


def test_a_rotated_region_that_stays_silent_is_kept_by_gates_and_the_others_go_on(country: Country) -> None:
    region = country.other.authority.region()
    country.federation.rotate(OTHER, country.at, order=ORDER, keys=[region.add_key(country.at, order=ORDER)])
    assert country.release().regions == {HOME: 2, OTHER: 1}
    assert country.gate() == ((), {HOME, OTHER})
    country.publish(country.other)
    assert country.release().regions == {HOME: 3, OTHER: 2}
    assert country.gate() == ((), {HOME, OTHER})


def test_a_stolen_key_that_is_taken_away_at_once_drops_its_region_at_gates_until_it_publishes(
    country: Country,
) -> None:
    region = country.other.authority.region()
    new = region.add_key(country.at, order=ORDER)
    country.federation.rotate(OTHER, country.at, order=ORDER, keys=[new], at_once=True)
    released = country.release()
    assert released.regions == {HOME: 2}
    assert "CN-44 is out of force" in released.notes[0]
    assert country.gate() == (((OTHER, UpdateCause.TOO_FEW_SIGNATURES),), {HOME})
    country.publish(country.other)
    assert country.release().regions == {HOME: 3, OTHER: 2}
    assert country.gate() == ((), {HOME, OTHER})
