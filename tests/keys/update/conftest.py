from __future__ import annotations

from pathlib import Path

import pytest

from tests.keys.update.appliance import Appliance
from tests.keys.update.repository import Repository


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Appliance]:
    """One repository of two regions, and an appliance that has taken it in."""
    parent = tmp_path_factory.mktemp("built")
    repository = Repository.create(parent / "repository")
    return repository, Appliance.founded(parent / "trust", repository)


@pytest.fixture
def repository(_built: tuple[Repository, Appliance], tmp_path: Path) -> Repository:
    """A copy of it, to be changed."""
    return _built[0].copy(tmp_path / "repository")


@pytest.fixture
def appliance(_built: tuple[Repository, Appliance], tmp_path: Path) -> Appliance:
    """An appliance that has taken in the repository as it was built."""
    return _built[1].copy(tmp_path / "trust")
