"""The verified state: what fails its check stays as it was last proved, and takes nothing else with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.config import load_document
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.trust import Trust
from tests.world import NOW, SmallWorld

NEIGHBOUR = "CN-31"


class Carried:
    """A home region and a neighbour in one trust folder, and an appliance that carries both."""

    def __init__(self, folder: Path) -> None:
        self.home = SmallWorld.create(folder / "home")
        self.neighbour = SmallWorld.create(folder / "neighbour", issuer=NEIGHBOUR)
        self.folder = self.home.trust_folder
        self.keys_file = self.folder / "trust" / f"{NEIGHBOUR}.jwks.json"
        self.publish()
        config = folder / "config.toml"
        config.write_text(
            f'[trust]\nfolder = "{self.folder}"\nregions = ["CN-33", "{NEIGHBOUR}"]\n'
            f'[state]\nfolder = "{folder / "state"}"\n',
            "utf-8",
        )
        self.degradations = Degradations(lambda: NOW, lambda change, active: None)
        self.trust = Trust(load_document(config), lambda: NOW, self.degradations)

    def publish(self) -> None:
        self.neighbour.publish()
        for path in self.neighbour.trust_folder.rglob("*"):
            if path.is_file() and path.suffix in {".json", ".cwt"}:
                target = self.folder / path.relative_to(self.neighbour.trust_folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())


@pytest.fixture
def carried(tmp_path: Path) -> Carried:
    return Carried(tmp_path)


def test_both_regions_are_read(carried: Carried) -> None:
    assert carried.trust.load()
    assert carried.trust.problem is None


def test_a_neighbours_bad_key_list_does_not_close_the_home_regions_gates_at_a_start(carried: Carried) -> None:
    carried.keys_file.write_bytes(b"{")
    assert carried.trust.load()
    assert carried.trust.verified.trust.issuers == {"CN-33"}
    assert carried.trust.problem is not None
    assert NEIGHBOUR in carried.trust.problem
    assert Cause.KEYS_MISSING not in {one.cause for one in carried.degradations.active()}


def test_a_neighbours_bad_key_list_leaves_its_last_keys_in_force_and_takes_in_the_home_regions(
    carried: Carried,
) -> None:
    carried.trust.load()
    carried.keys_file.write_bytes(b"{")
    carried.home.publish(NOW - 5)
    assert carried.trust.load()
    assert carried.trust.verified.trust.issuers == {"CN-33", NEIGHBOUR}
    assert carried.trust.verified.lists.oldest_iat(("CN-33",)) == NOW - 5


def test_a_bad_policy_leaves_the_last_one_in_force_and_keeps_no_list_out(carried: Carried) -> None:
    carried.trust.load()
    before = carried.trust.verified.policy
    policy = carried.folder / "policy" / "CN-33.toml"
    policy.parent.mkdir(exist_ok=True)
    policy.write_text("format = 1\n", "utf-8")
    carried.home.publish(NOW - 5)
    assert carried.trust.load()
    assert carried.trust.verified.policy is before
    assert carried.trust.problem is not None
    assert "CN-33.toml" in carried.trust.problem
    assert carried.trust.verified.lists.oldest_iat(("CN-33",)) == NOW - 5
