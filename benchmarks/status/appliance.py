"""What an appliance does with a country's status lists, from files to look-ups.

As a process of its own it measures how far its memory grows: `python -m benchmarks.status.appliance FOLDER`.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.status.country import ISSUER, NOW
from keys import cbor, cose
from keys.status_anchor import Anchor, anchor_of
from keys.status_delta import read_delta
from keys.status_list import read_status_list
from keys.status_store import StatusStore
from keys.status_token import OWN_ENTRIES, StatusList
from keys.status_writer import StoreWriter
from keys.trust_list import TrustList, load_trust

TRUST_FILE: Final = f"{ISSUER}.jwks.json"
DAY_FILE: Final = "day.delta"
_LOOKUPS: Final = 100_000
"""A page of the arrays is missed once in ten million."""


class Folder:
    """The files an appliance keeps of one issuer: trust list, full lists, a day's bundle, and arrays made of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trust: TrustList = load_trust([path / TRUST_FILE])
        self.files = sorted(path.glob("*.cwt"), key=lambda file: int(file.stem))

    def lists(self) -> Iterator[StatusList]:
        """Read and verify the full lists, one after the other."""
        for file in self.files:
            yield read_status_list(file.read_bytes(), self.trust, NOW)

    def streams(self) -> list[bytes]:
        """Return the zlib streams inside the full lists."""
        found: list[bytes] = []
        for file in self.files:
            match cbor.decode(cose.read_sign1(file.read_bytes(), limit=1 << 20).payload):
                case {65533: {"lst": bytes(stream)}}:
                    found.append(stream)
        return found

    def first_load(self, name: str) -> StatusStore:
        """Verify the full lists, make the first file of arrays of them, and open it."""
        with StoreWriter(self.path / name, StatusStore.empty()) as writer:
            anchors = [writer.put(status_list) for status_list in self.lists()]
            writer.finish()
        return opened(self.path / name, anchors)

    def start(self, name: str) -> StatusStore:
        """Prove again what lies on the disk: the lists' signatures, and every array against them."""
        return opened(self.path / name, [anchor_of(status_list) for status_list in self.lists()])

    def follow_day(self, previous: StatusStore, name: str) -> StatusStore:
        """Verify the day's bundle, make the next file of arrays with it, and open that."""
        bundle = read_delta((self.path / DAY_FILE).read_bytes(), self.trust, NOW)
        with StoreWriter(self.path / name, previous) as writer:
            misfits = writer.apply([bundle])
            if misfits:
                raise RuntimeError(f"the benchmark's own bundle does not fit: {misfits[0].why}")
            writer.finish()
        return opened(self.path / name, bundle.anchors())


def opened(file: Path, anchors: Sequence[Anchor]) -> StatusStore:
    """Open `file`; every anchored list must be there."""
    store = StatusStore.open(file, anchors)
    if store.problems or len(store.lists) != len(anchors):
        raise RuntimeError("; ".join(store.problems))
    return store


def questions(store: StatusStore, count: int, seed: int = 1) -> Iterator[tuple[str, str, int]]:
    """Draw codes to look up: issuer, uri and index, at random over all lists."""
    draw = random.Random(seed)  # noqa: S311, a benchmark's
    names = [anchor.name for anchor in store.lists]
    return ((*draw.choice(names), draw.randrange(OWN_ENTRIES)) for _ in range(count))


def _resident(field: str) -> float:
    """Return `VmRSS`, what is resident now, or `VmHWM`, the most that ever was, in MB."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"this kernel does not say {field}")


def main(folder: Path) -> None:
    """Load everything, look codes up, follow a day, and look up again; print how far memory grew, in MB."""
    files = Folder(folder)
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak counts from here
    before = _resident("VmRSS")
    store = files.first_load("memory-1.bin")
    for question in questions(store, _LOOKUPS):
        store.lookup(*question)
    following = files.follow_day(store, "memory-2.bin")
    store.close()
    for question in questions(following, _LOOKUPS):
        following.lookup(*question)
    print(json.dumps({"peak": _resident("VmHWM") - before, "after": _resident("VmRSS") - before}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
