"""A folder for tests that start programs of ours which keep sockets in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of its own with a short path: the system's names for sockets are short."""
    with TemporaryDirectory(prefix="short-") as name:
        yield Path(name)
