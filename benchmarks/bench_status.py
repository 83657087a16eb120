"""Status lists of 50 million codes: what is fetched, how long lists take to make, load, change and prove, and look-ups.

The country is made up in `benchmarks.status.country`. Sizes are those of the signed files; what carries them is
measured where they are fetched. The limits are absolute; what each time mostly consists of is measured beside it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from benchmarks.row import Row
from benchmarks.status import appliance, country
from benchmarks.status.appliance import DAY_FILE, TRUST_FILE, Folder
from keys.status_store import StatusStore
from keys.trust_list import write_jwks

FETCH_MB: Final = 2.5
DAY_MB: Final = 0.7
HOUR_KB: Final = 60
BUILD_S: Final = 60
FIRST_LOAD_S: Final = 2
DAY_S: Final = 1
START_S: Final = 1.5
LOOKUP_US: Final = 1
MEMORY_MB: Final = 40
_ROOT: Final = Path(__file__).resolve().parents[1]
_FOLDER: Final = _ROOT / "state"
"""Measured on the disk the appliance writes to: a temporary folder may be memory, which syncs in no time."""
_ROUNDS: Final = 5
_LOOKUPS: Final = 200_000

Result = TypeVar("Result")


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in less than a minute."""
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_FOLDER) as name:
        yield from _published(Path(name))
        yield from _taken_in(Folder(Path(name)))
        yield from _memory(Path(name))


def _published(folder: Path) -> Iterator[Row]:
    """Make and sign everything, and leave it in `folder` for the appliance."""
    made = country.make()
    lists, taken = _timed(lambda: country.sign_lists(made, made.base))
    _, one = _timed(lambda: zlib.compress(made.base.arrays[0], 9))
    bare = one * country.LISTS / country.BUILDERS
    yield _row("status.build.lists", taken, "s", BUILD_S, _beside(taken, bare, "bare zlib on two processors"))
    day, taken = _timed(lambda: country.sign_bundle(made, made.base, made.day_later))
    yield _row("status.build.day", taken, "s")
    hour = country.sign_bundle(made, made.base, made.hour_later)

    yield _row("status.fetch.everything", sum(map(len, lists)) / 1e6, "MB", FETCH_MB, "48 lists, without metadata")
    yield _row("status.fetch.evenly_mixed", _evenly_mixed() / 1e6, "MB", words="the same, no colour more common")
    yield _row("status.fetch.day", len(day) / 1e6, "MB", DAY_MB, "one bundle, without metadata")
    yield _row("status.fetch.hour", len(hour) / 1e3, "kB", HOUR_KB, "one bundle, without metadata")

    (folder / TRUST_FILE).write_bytes(write_jwks([made.trusted]))
    (folder / DAY_FILE).write_bytes(day)
    for number, content in enumerate(lists, start=1):
        (folder / f"{number}.cwt").write_bytes(content)


def _evenly_mixed() -> int:
    """Return the size of 48 lists where each value but green is as common as the others."""
    values = country.population(np.random.default_rng(1), country.EVEN_MIX)
    return len(zlib.compress(country.pack_values(values), 9)) * country.LISTS


def _taken_in(files: Folder) -> Iterator[Row]:
    """Load, follow a day, start again and look up, in turn with what nothing can do without; medians of some rounds."""
    streams = files.streams()
    taken: dict[str, list[float]] = defaultdict(list)

    def measure(what: str, action: Callable[[], Result]) -> Result:
        start = time.perf_counter()
        result = action()
        taken[what].append(time.perf_counter() - start)
        return result

    for turn in range(_ROUNDS):
        arrays = measure("inflate", lambda: [zlib.decompress(stream) for stream in streams])
        measure("hash", partial(_hash, arrays))
        measure("write", partial(_write, files.path / "bare.bin", arrays))
        del arrays
        store = measure("load", partial(files.first_load, f"load-{turn}.bin"))
        following = measure("day", partial(files.follow_day, store, f"day-{turn}.bin"))
        following.close()
        store.close()
        store = measure("start", partial(files.start, f"load-{turn}.bin"))
        if turn == 0:
            yield _lookup(store)
        store.close()

    middle = {what: statistics.median(seconds) for what, seconds in taken.items()}
    for name, what, limit, parts in (
        ("status.first_load", "load", FIRST_LOAD_S, ("inflate", "hash", "write")),
        ("status.follow_day", "day", DAY_S, ("hash", "write")),
        ("status.start", "start", START_S, ("inflate", "hash")),
    ):
        bare = sum(middle[part] for part in parts)
        yield _row(name, middle[what], "s", limit, _beside(middle[what], bare, f"bare {', '.join(parts)}"))


def _hash(arrays: Sequence[bytes]) -> None:
    for array in arrays:
        sha256(array).digest()


def _write(file: Path, arrays: Sequence[bytes]) -> None:
    with file.open("wb") as stream:
        stream.writelines(arrays)
        stream.flush()
        os.fsync(stream.fileno())
    file.unlink()


def _lookup(store: StatusStore) -> Row:
    """Look up codes at random over all lists, whose pages were all touched before.

    The processor's time for this thread, in the best of some rounds: whatever else the machine does only adds to it.
    """
    asked = list(appliance.questions(store, _LOOKUPS))
    lookup = store.lookup
    for question in appliance.questions(store, _LOOKUPS, seed=2):
        lookup(*question)
    taken: list[float] = []
    for _ in range(_ROUNDS):
        start = time.thread_time()
        for issuer, uri, index in asked:
            lookup(issuer, uri, index)
        taken.append((time.thread_time() - start) / _LOOKUPS * 1e6)
    return _row("status.lookup", min(taken), "µs", LOOKUP_US, "through the public API, loop included")


def _memory(folder: Path) -> Iterator[Row]:
    """Measure in a process of its own, whose memory nothing else has used."""
    done = subprocess.run(
        [sys.executable, "-m", appliance.__name__, str(folder)], check=True, capture_output=True, text=True, cwd=_ROOT
    )
    grown = json.loads(done.stdout)
    words = "at its highest: load, look up, follow a day"
    yield _row("status.memory.peak", grown["peak"], "MB", MEMORY_MB, words)
    yield _row("status.memory.after", grown["after"], "MB", MEMORY_MB, "every page of the arrays touched")


def _timed(action: Callable[[], Result]) -> tuple[Result, float]:
    """Return what `action` returns, and the seconds it took."""
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start


def _row(name: str, value: float, unit: str, limit: float | None = None, words: str | None = None) -> Row:
    return Row(name, value, unit, words, None, limit, None if limit is None else value <= limit)


def _beside(seconds: float, bare: float, what: str) -> str:
    return f"{what} {bare:.2f} s: {seconds / bare:.1f} ×"
