from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of its own with a short path: scripts keep sockets in it, and the system's names for those are short."""
    with TemporaryDirectory(prefix="docs-") as name:
        yield Path(name)
