"""Files what was filed ahead under today, in a process that is killed: see `test_refiling`."""

from __future__ import annotations

import sys
from pathlib import Path

from hub import refiling
from hub.storage import open_database

if __name__ == "__main__":
    setting, folder, now_ms = sys.argv[1:4]
    refiling.SLICE = 3  # type: ignore[misc]
    database = open_database(setting, Path(folder))
    print("begins", flush=True)
    refiling.refile(database, int(now_ms), lambda: False)
    print("done", flush=True)
