from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.keys.update.appliance import Appliance
from tests.keys.update.repository import Repository


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Path]:
    """One repository of two regions, and the folder of an appliance that has taken it in."""
    parent = tmp_path_factory.mktemp("built")
    repository = Repository.create(parent / "repository")
    Appliance.founded(parent / "trust", repository)
    return repository, parent / "trust"


@pytest.fixture
def repository(_built: tuple[Repository, Path], tmp_path: Path) -> Repository:
    """A copy of it, to be changed."""
    return _built[0].copy(tmp_path / "repository")


@pytest.fixture
def appliance(_built: tuple[Repository, Path], tmp_path: Path) -> Appliance:
    """An appliance that has taken in the repository as it was built."""
    folder = tmp_path / "trust"
    shutil.copytree(_built[1], folder, symlinks=True, copy_function=shutil.copy)
    appliance = Appliance(folder)
    with appliance.proved() as found:
        appliance.seen = {anchor.uri: anchor.iat for anchor in found.store.lists}
    return appliance
