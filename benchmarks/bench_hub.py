"""What the hub takes in, over real sockets, with the gates on the same cores; what it costs to look at the fleet."""

from __future__ import annotations

import asyncio
import gzip
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
from urllib3 import HTTPConnectionPool

from benchmarks.hub.cluster import Cluster, programs
from benchmarks.hub.fleet import fleet_rows
from benchmarks.hub.gates import SEALED, BusyGate
from benchmarks.hub.returning import come_back
from benchmarks.hub.service import HubProcess, enrol, stored_entries
from benchmarks.row import Row
from hub import counting, upload
from hub.values import EMPTY_FRONTIER, Appliance, Site, Standing, StoredEntry
from keys.merkle import EMPTY_ROOT, Tree, leaf_hash

BATCH = 2_000
GATES = 8
BATCHES = 4
"""Per gate and measurement."""
RETURNING = 1_000
BACKLOG = 500
ENTRY_COLUMNS = "(device, seq, day, time_ms, kind, body) FROM STDIN (FORMAT binary)"
SEALED_COLUMNS = "(device, seq, day, part) FROM STDIN (FORMAT binary)"
_US = 1e6


def rows() -> Iterator[Row]:
    """Yield every row."""
    yield _reading()
    with _folder() as folder:
        yield from _sqlite(folder)
    found = programs()
    if found is not None:
        cluster = Cluster(found, fsync=True)
        try:
            yield from _postgresql(cluster)
        finally:
            cluster.close()
    with _folder() as folder:
        yield from _return(folder)
    with _folder() as folder:
        yield from fleet_rows(folder)


def _reading() -> Row:
    """Measure what every entry costs before it is stored, in processor time: reading, hashing, its place, counting."""
    gate = BusyGate(_hours_ago(2))
    body = gate.upload(BATCH)
    appliance = Appliance(
        number=1,
        id=gate.id,
        public_key=gate.public_key,
        site=Site(1, "site"),
        lanes=("gate-1",),
        standing=Standing.ACTIVE,
        software="",
        enrolled_ms=0,
        seen_ms=None,
        frontier=EMPTY_FRONTIER,
        root=EMPTY_ROOT,
        head="",
        entry_ms=None,
        lists_ms=None,
    )
    best = 1.0
    for _ in range(5):
        begun = time.process_time()
        batch = upload.read(body)
        tree = Tree()
        for leaf in map(leaf_hash, batch.entries):
            tree.append(leaf)
        counting.find(appliance, 0, batch.entries, time.time_ns() // 1_000_000)
        counting.sealed_parts(0, batch.entries, batch.sealed)
        best = min(best, time.process_time() - begun)
    each = best / BATCH * _US
    return Row("hub.read_and_hash", each, "µs/entry", limit=25.0, ok=each <= 25.0)


def _sqlite(folder: Path) -> Iterator[Row]:
    gates = [BusyGate(_hours_ago(4)) for _ in range(GATES)]
    enrol(folder, "sqlite", gates)
    bodies = [[gate.upload(BATCH) for _ in range(BATCHES)] for gate in gates]
    hub = HubProcess(folder)
    try:
        each = _send(hub, gates, bodies) * _US
        yield Row("hub.ingest.sqlite", each, "µs/entry", "30,000 entries a second", each / 33.3, 1.0, each <= 33.3)
        before = stored_entries(folder, "sqlite")
        again = _send(hub, gates, bodies) * _US
        same = stored_entries(folder, "sqlite") == before == (GATES * BATCHES * BATCH,) * 2
        yield Row("hub.replay.sqlite", again, "µs/entry", "the first time", again / each, 1.0, same and again <= each)
    finally:
        hub.close()


def _postgresql(cluster: Cluster) -> Iterator[Row]:
    url = cluster.new_database()
    with _folder() as folder:
        gates = [BusyGate(_hours_ago(4)) for _ in range(GATES)]
        enrol(folder, url, gates)
        bodies = [[gate.upload(BATCH) for _ in range(BATCHES)] for gate in gates]
        bare = min(_bare_copy(url) for _ in range(3)) * _US
        hub = HubProcess(folder, url)
        try:
            each = _send(hub, gates, bodies) * _US
        finally:
            hub.close()
        yield Row("hub.ingest.postgresql", each, "µs/entry", "bare binary COPY", each / bare, 5.0, each <= 5 * bare)
    url = cluster.new_database()
    with _folder() as folder:
        gates = [BusyGate(_hours_ago(4)) for _ in range(GATES)]
        enrol(folder, url, gates)
        bodies = [[gate.upload(BATCH) for _ in range(BATCHES)] for gate in gates]
        hub = HubProcess(folder, url, processes=2)
        try:
            two = _send(hub, gates, bodies) * _US
        finally:
            hub.close()
        yield Row("hub.ingest.postgresql.two_processes", two, "µs/entry", "one hub process", two / each)


def _bare_copy(url: str) -> float:
    """Seconds an entry of a plain binary COPY of the same rows into tables of the same columns and indexes."""
    gate = BusyGate(_hours_ago(4))
    many = GATES * BATCH
    entries = [StoredEntry(seq, 0, 1, body) for seq, body in enumerate(gate.entries(many))]
    with psycopg.connect(url) as connection:
        for table in ("entry", "sealed"):
            connection.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        connection.commit()
        begun = time.perf_counter()
        for first in range(0, many, BATCH):
            some = entries[first : first + BATCH]
            with connection.cursor() as cursor:
                with cursor.copy(f"COPY bare_entry {ENTRY_COLUMNS}") as copy:
                    copy.set_types(["int8", "int8", "int8", "int8", "int8", "bytea"])
                    for one in some:
                        copy.write_row((1, one.seq, 0, one.time_ms, one.kind, one.body))
                with cursor.copy(f"COPY bare_sealed {SEALED_COLUMNS}") as copy:
                    copy.set_types(["int8", "int8", "int8", "bytea"])
                    for one in some:
                        copy.write_row((1, one.seq, 0, SEALED))
            connection.commit()
        passed = time.perf_counter() - begun
        connection.execute("DROP TABLE bare_entry, bare_sealed")
    return passed / many


def _return(folder: Path) -> Iterator[Row]:
    gates = [BusyGate(_hours_ago(4)) for _ in range(RETURNING)]
    enrol(folder, "sqlite", gates)
    hub = HubProcess(folder)
    try:
        begun = time.perf_counter()
        account = asyncio.run(come_back(hub.port, gates, BACKLOG))
        passed = time.perf_counter() - begun
        memory = hub.most_memory() / 1e6
    finally:
        hub.close()
    every = RETURNING * BACKLOG
    well = account.acknowledged == RETURNING and stored_entries(folder, "sqlite") == (every, every)
    yield Row("hub.return.durable_once", passed, "s", f"{RETURNING} gates, {BACKLOG} entries each", ok=well)
    yield Row("hub.return.memory", memory, "MB", limit=500.0, ok=memory <= 500.0)


def _send(hub: HubProcess, gates: Sequence[BusyGate], bodies: Sequence[Sequence[bytes]]) -> float:
    """Seconds an entry, with every gate on a connection of its own."""
    packed = [[gzip.compress(body, 1) for body in of_one] for of_one in bodies]
    headers = {"Content-Type": "application/cbor", "Content-Encoding": "gzip"}

    def hand_in(number: int) -> None:
        line = HTTPConnectionPool("127.0.0.1", hub.port, maxsize=1, retries=False, timeout=60.0)
        for body in packed[number]:
            answer = line.request("POST", f"/v1/devices/{gates[number].id.hex()}/log", body=body, headers=headers)
            if answer.status != 200:
                raise RuntimeError(f"the hub refuses a gate: {answer.data[:400]!r}")
        line.close()

    with ThreadPoolExecutor(4) as threads:
        begun = time.perf_counter()
        list(threads.map(hand_in, range(len(gates))))
        passed = time.perf_counter() - begun
    return passed / sum(BATCH * len(of_one) for of_one in bodies)


def _hours_ago(hours: int) -> int:
    return time.time_ns() // 1_000_000 - hours * 3_600_000


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="checkpoint-bench-") as name:
        yield Path(name)
