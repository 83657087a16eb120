from pathlib import Path

import pytest

from tests.world import SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    return SmallWorld.create(tmp_path)
