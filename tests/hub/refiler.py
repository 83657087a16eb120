"""Files what was filed ahead under today, in a process that is killed in the middle of it: see `test_refiling`.

The kernel ends it, by a timer that the process sets after so many steps: a killer from without may come too late.
"""

from __future__ import annotations

import itertools
import signal
import sys
from pathlib import Path

from hub import refiling
from hub.storage import open_database

if __name__ == "__main__":
    setting, folder, now_ms, steps, seconds = sys.argv[1:6]
    refiling.SLICE = 3  # type: ignore[misc]
    database = open_database(setting, Path(folder))
    taken = itertools.count(1)

    def step() -> bool:
        if next(taken) == int(steps):
            signal.setitimer(signal.ITIMER_REAL, float(seconds))
        return False

    refiling.refile(database, int(now_ms), step)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("done", flush=True)
