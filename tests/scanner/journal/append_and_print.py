"""A process to be killed or watched: appends entries, and tells of each only when it is durable.

Arguments: the state folder, the number of entries, `FULL` or `OFF`, and for watching a file descriptor that stands
for the gate. Without one, receipts are printed as `seq hash`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scanner.journal.store import Journal

from .logs import DEVICE, SEAL_KEY, SOFTWARE, passage


class CarelessJournal(Journal):
    """What must never be sold: commits that are not waited for."""

    _SYNCHRONOUS = "OFF"


def main(folder: str, entries: str, synchronous: str, gate: str = "") -> None:
    """Append, then tell."""
    kind = {"FULL": Journal, "OFF": CarelessJournal}[synchronous]
    journal = kind.open(Path(folder), DEVICE, SEAL_KEY, SOFTWARE, reserve_mb=1)
    for number in range(int(entries)):
        receipt = journal.append(passage(number))
        if gate:
            os.write(int(gate), b"OPEN %d\n" % receipt.seq)
        else:
            os.write(1, b"%d %s\n" % (receipt.seq, receipt.entry_hash.hex().encode()))


if __name__ == "__main__":
    main(*sys.argv[1:])
