"""What it costs to look at a fleet: the first page, over real sockets, of fleets that grow."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from urllib3 import PoolManager

from benchmarks.hub.service import HubProcess
from benchmarks.row import Row
from hub.storage import open_database, people
from hub.storage.session import SqlRow
from hub.values import FLEET_SHARDS, Scope
from keys.merkle import EMPTY_ROOT

APPLIANCES = 10_000
SITES = 2_500
DAYS = 30
PEOPLE_A_DAY = 340
"""At one appliance: 100 million in the fleet in 30 days."""
_MEASURES = ("people", "outcome/pass", "outcome/refer", "outcome/stop", "colour/green", "reason/EXPIRED")
_LIMIT_MS = 300.0
_LOOKS = 15


def fleet_rows(folder: Path) -> Iterator[Row]:
    """Measure pages of a quarter of the fleet, and of the whole."""
    with ExitStack() as running:
        fleets = [_fleet(folder, APPLIANCES // part, running) for part in (4, 1)]
        fleet = _in_turn(fleets, "/")
        passages = _in_turn(fleets, "/passages")
    for one, page, counts in zip(fleets, fleet, passages, strict=True):
        words = f"{one.people / 1e6:.0f} million people counted"
        middle = median(page)
        yield Row(f"hub.fleet_page.{one.size}", middle, "ms", words, None, _LIMIT_MS, middle <= _LIMIT_MS)
        yield Row(f"hub.passages_page.{one.size}", median(counts), "ms", words)
    growth = median(large / small for small, large in zip(*fleet, strict=True))
    yield Row("hub.fleet_page.growth", growth, "×", "a fleet four times as large", None, 4.0, growth <= 4.0)


@dataclass(frozen=True, slots=True)
class _Fleet:
    """A hub that runs, and who looks at its pages."""

    size: int
    people: int
    hub: HubProcess
    login: str


def _fleet(folder: Path, size: int, running: ExitStack) -> _Fleet:
    below = folder / f"fleet{size}"
    (below / "hub").mkdir(parents=True)
    login, people_counted = _generate(below, size)
    hub = HubProcess(below)
    running.callback(hub.close)
    return _Fleet(size, people_counted, hub, login)


def _in_turn(fleets: Sequence[_Fleet], path: str) -> tuple[list[float], ...]:
    """Milliseconds of a page of each fleet, in turn: the machine's speed changes meanwhile."""
    taken: tuple[list[float], ...] = tuple([] for _ in fleets)
    with ExitStack() as lines:
        pools = [lines.enter_context(PoolManager(retries=False, timeout=30.0)) for _ in fleets]
        for _ in range(_LOOKS):
            for one, pool, times in zip(fleets, pools, taken, strict=True):
                times.append(_page(one, pool, path))
    return taken


def _generate(folder: Path, appliances: int) -> tuple[str, int]:
    """Write a fleet and its counts as ingest would have; returns a login, and how many people are counted."""
    storage = open_database("sqlite", folder / "hub")
    now_ms = time.time_ns() // 1_000_000
    hour = now_ms // 3_600_000
    sites = appliances * SITES // APPLIANCES
    devices: list[SqlRow] = [
        (
            number, os.urandom(16), bytes(32), number % sites + 1, '["gate-1"]', "active", "0.1.0", now_ms,
            now_ms - number * 9, 1_000, b"", EMPTY_ROOT, "", now_ms, now_ms - number * 11_000,
        )
        for number in range(1, appliances + 1)
    ]  # fmt: skip
    with storage.write() as session:
        session.many("INSERT INTO site (number, name) VALUES (?, ?)", [(n, f"site {n}") for n in range(1, sites + 1)])
        session.many(
            """INSERT INTO device (number, id, public_key, site, lanes, standing, software, enrolled_ms, seen_ms, size,
                frontier, root, head, entry_ms, lists_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            devices,
        )
        session.many(
            "INSERT INTO degraded VALUES (?, '', 'thermometer_lost', ?)",
            [(n, now_ms) for n in range(1, appliances, 20)],
        )
    counted = 0
    insert = "INSERT INTO tally (scope, owner, hour, measure, many) VALUES (?, ?, ?, ?, ?)"
    for day in range(DAYS):
        fleet_hourly = appliances * PEOPLE_A_DAY // 24 // FLEET_SHARDS
        site_hourly = appliances * PEOPLE_A_DAY // 24 // sites
        hours = range(hour - 24 * day - 23, hour - 24 * day + 1)
        rows: list[SqlRow] = [
            (int(Scope.FLEET), shard, each, measure, fleet_hourly)
            for shard in range(FLEET_SHARDS) for each in hours for measure in _MEASURES
        ]  # fmt: skip
        if day == 0:  # older days of sites are read by no page of one day, and lie elsewhere in the index
            rows += [
                (int(Scope.SITE), site, each, measure, site_hourly)
                for site in range(1, sites + 1) for each in hours for measure in _MEASURES
            ]  # fmt: skip
        counted += fleet_hourly * FLEET_SHARDS * 24
        with storage.write() as session:
            session.many(insert, rows)
    with storage.write() as session:
        people.put(session, "viewer", people.Role.VIEWER, "")
        login = people.log_in(session, "viewer", now_ms)
    storage.close()
    return login, counted


def _page(one: _Fleet, pool: PoolManager, path: str) -> float:
    """Milliseconds of a page."""
    headers = {"Cookie": f"checkpoint={one.login}"}
    begun = time.perf_counter()
    answer = pool.request("GET", one.hub.url + path, headers=headers, redirect=False)
    taken = (time.perf_counter() - begun) * 1000
    if answer.status != 200:
        raise RuntimeError(f"the hub does not show {path}: {answer.status}")
    return taken
