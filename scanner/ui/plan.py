"""How the rows and columns of a terminal are shared out: one pure function for every size from 20×5 upwards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows of each part from top to bottom, and columns of the parts in the middle. 0: not shown."""

    header: int
    panel: int
    middle: int
    status: int
    keys: int
    gauge_columns: int
    viewfinder_columns: int


def plan(width: int, height: int, status_wanted: int) -> Plan:
    """Share out `width` × `height` cells. The panel comes first; then the status, without which nobody is safe.

    Args:
        width: columns of the terminal.
        height: rows of the terminal.
        status_wanted: rows in which the status bar could show everything at once.

    """
    header = 1 if height >= 4 else 0
    keys = 1 if height >= 10 else 0
    status = (
        1
        if height < 14
        else min(2 if height < 20 else 3 if height < 24 else 4 if height < 36 else 5, max(2, status_wanted))
    )
    free = height - header - keys - status
    middle = 0 if height < 22 or width < 60 else 5 if height < 36 else min(13, height - 32)
    panel = max(1, free - middle)
    if width < 100:
        gauge, viewfinder = width * 2 // 5, min(18, width // 4)
    else:
        gauge, viewfinder = width * 3 // 10, min(width // 4, 2 * middle * 16 // 9)
    return Plan(header, panel, middle, status, keys, gauge, viewfinder)
