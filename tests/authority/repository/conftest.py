from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.authority.repository.nation import Nation


@pytest.fixture
def nation(tmp_path: Path) -> Iterator[Nation]:
    made = Nation.create(tmp_path)
    yield made
    made.federation.close()
