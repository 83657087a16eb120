"""Makes the drawing libraries forget texts: their caches would keep a masked name long after its result."""

from __future__ import annotations

from rich.cells import cached_cell_len
from rich.segment import Segment


def forget_text() -> None:
    """Empty every cache that is keyed by texts drawn."""
    cached_cell_len.cache_clear()
    Segment._split_cells.cache_clear()
