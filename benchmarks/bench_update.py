"""Updates of a country of 50 million codes over HTTP on loopback, and a start with everything cached.

`benchmarks.update` publishes it as an authority does, metadata and all. Bytes are those the server sends, headers too;
it compresses the metadata, which are JSON. Times are on the disk that the appliance writes to.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.row import Row
from benchmarks.status import country
from benchmarks.status.country import ISSUER
from benchmarks.update import start
from benchmarks.update.publisher import Publisher
from benchmarks.update.server import CountingServer, serving
from keys.update import Outcome, pin_root_file, update
from keys.update.http_source import HttpSource

NO_CHANGE_REQUESTS: Final = 2
FIRST_S: Final = 1
START_S: Final = 1.5
EVERYTHING_MB: Final = 2.5
DAY_MB: Final = 0.7
HOUR_KB: Final = 60
_ROOT: Final = Path(__file__).resolve().parents[1]
_FOLDER: Final = _ROOT / "state"
"""Measured on the disk the appliance writes to: a temporary folder may be memory, which syncs in no time."""
_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class _Taken:
    """One update."""

    outcome: Outcome
    seconds: float
    sent: int
    """Bytes, by the server."""


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in less than a minute."""
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_FOLDER) as name:
        folder = Path(name)
        made = country.make()
        publisher = Publisher(folder, made)
        with serving(publisher.repository) as server:
            publisher.publish(made.base)
            yield from _first(folder, publisher, server, made.base.iat)
            yield from _start(folder / "held", made.base.iat)
            publisher.publish(made.hour_later, made.base)
            hour = _update(_copy(folder), server, made.hour_later.iat)
            yield _row("update.wire.hour", hour.sent / 1e3, "kB", HOUR_KB, _in_requests(hour))
            yield _row("update.hour", hour.seconds, "s")
            server.compresses = False
            plain = _update(_copy(folder), server, made.hour_later.iat)
            yield _row("update.wire.hour_plain", plain.sent / 1e3, "kB", words="from a server that compresses nothing")
            server.compresses = True
            publisher.publish(made.day_later, made.base)
            day = _update(_copy(folder), server, made.day_later.iat)
            yield _row("update.wire.day", day.sent / 1e6, "MB", DAY_MB, _in_requests(day))
            yield _row("update.day", day.seconds, "s")


def _first(folder: Path, publisher: Publisher, server: CountingServer, now: int) -> Iterator[Row]:
    """Fill empty appliances, and let the last one look once more; it stays in `held`."""
    taken: list[_Taken] = []
    for _ in range(_ROUNDS):
        shutil.rmtree(folder / "held", ignore_errors=True)
        pin_root_file(folder / "held", publisher.root)
        taken.append(_update(folder / "held", server, now))
    first = taken[-1]
    yield _row("update.wire.everything", first.sent / 1e6, "MB", EVERYTHING_MB, _in_requests(first))
    targets = sum(1 for path in (folder / "held/current/targets").rglob("*") if path.is_file())
    seconds = statistics.median(each.seconds for each in taken)
    yield _row("update.first", seconds, "s", FIRST_S, f"{targets} targets, {country.LISTS} lists among them")
    looked = [_update(folder / "held", server, now) for _ in range(_ROUNDS)]
    if looked[0].outcome.changed:
        raise RuntimeError("the benchmark's own repository has news that nobody published")
    yield _row("update.no_change.requests", looked[0].outcome.requests, "", NO_CHANGE_REQUESTS)
    yield _row("update.no_change", statistics.median(each.seconds for each in looked), "s")


def _start(folder: Path, now: int) -> Iterator[Row]:
    """Start in a process of its own, as after the plug was pulled."""
    taken: list[float] = []
    for _ in range(_ROUNDS):
        call = [sys.executable, "-m", start.__name__, str(folder), str(now)]
        done = subprocess.run(call, check=True, capture_output=True, text=True, cwd=_ROOT)
        taken.append(float(done.stdout))
    words = "every signature, hash and array, loading the libraries"
    yield _row("update.start", statistics.median(taken), "s", START_S, words)


def _copy(folder: Path) -> Path:
    """Return another appliance that holds the country's first publication."""
    shutil.rmtree(folder / "copy", ignore_errors=True)
    return Path(shutil.copytree(folder / "held", folder / "copy", symlinks=True))


def _update(folder: Path, server: CountingServer, now: int) -> _Taken:
    before, begin = server.sent, time.perf_counter()
    with closing(HttpSource(server.url)) as source:
        outcome = update(folder, source, (ISSUER,), now, seen={}, believe_signed_time=False)
    if outcome.refused:
        raise RuntimeError(f"the benchmark's own publication is refused: {outcome.refused[0]}")
    return _Taken(outcome, time.perf_counter() - begin, server.sent - before)


def _in_requests(taken: _Taken) -> str:
    return f"{taken.outcome.requests} requests, metadata and headers"


def _row(name: str, value: float, unit: str, limit: float | None = None, words: str | None = None) -> Row:
    return Row(name, value, unit, words, None, limit, None if limit is None else value <= limit)
