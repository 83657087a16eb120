"""A start: `python -m benchmarks.update.start FOLDER NOW` prints the seconds it takes until codes can be judged.

In a process of its own, since loading the libraries is a part of it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path


def main(folder: Path, now: int) -> None:
    """Load the update client and prove everything that is cached."""
    start = time.perf_counter()
    from benchmarks.status.country import ISSUER  # noqa: PLC0415 - loading is measured
    from keys.update import prove  # noqa: PLC0415

    proved = prove(folder, (ISSUER,), now, {})
    taken = time.perf_counter() - start
    if proved.problems or not proved.store.lists:
        raise RuntimeError(f"the benchmark's own lists do not hold: {proved.problems}")
    print(taken)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
