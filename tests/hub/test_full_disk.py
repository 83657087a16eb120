"""A disk that is full under PostgreSQL: what is acknowledged is durable, and all goes on with room again."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import urllib3

from benchmarks.hub.cluster import Cluster, programs
from hub.service import wall_clock_ms
from tests.hub.conftest import Place
from tests.hub.gate import Gate
from tests.hub.hubs import Hubs, settings_in
from tests.hub.sender import Sender
from tests.hub.serving import CBOR
from tests.hub.test_faults import check
from tests.scanner.journal.mounts import fill, small_disk

MEGABYTES = 160


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small one, that PostgreSQL's user can enter."""
    with tempfile.TemporaryDirectory(prefix="checkpoint-disk-") as name:
        Path(name).chmod(0o711)
        with small_disk(Path(name) / "disk", MEGABYTES) as made:
            made.chmod(0o711)
            yield made


@pytest.fixture
def cluster_there(disk: Path) -> Iterator[Cluster]:
    found = programs()
    if found is None:
        pytest.skip("postgresql is not installed (apt-get install postgresql)")
    made = Cluster(found, fsync=True, below=disk, settings=["max_wal_size=32MB", "min_wal_size=32MB"])
    yield made
    made.close()


@pytest.mark.soak
def test_a_full_disk_under_postgresql_stores_nothing_and_says_so(
    tmp_path: Path, disk: Path, cluster_there: Cluster, open_place: Callable[[str], Place]
) -> None:
    setting = cluster_there.new_database()
    place = open_place(setting)
    place.database.prepare_day(wall_clock_ms() // 86_400_000)
    gate = Gate().passes(6000, time_ms=wall_clock_ms() - 3_600_000)
    place.enrol(gate)
    sender = Sender(gate, place.cosigner.public_key, random.Random(4))
    hubs = Hubs(settings_in(tmp_path, setting), 1)
    try:
        assert sender.attempt(hubs.urls, 200) == 200
        ballast = fill(disk)
        statuses = [sender.attempt(hubs.urls, 400) for _ in range(30)]
        assert set(statuses[-5:]) == {503}
        assert sender.acknowledged < len(gate.log)
        said = urllib3.request(
            "POST",
            f"{hubs.urls[0]}/v1/devices/{gate.id.hex()}/log",
            body=gate.upload(sender.acknowledged, sender.acknowledged + 100),
            headers=CBOR,
            retries=False,
            timeout=20.0,
        )
        assert (said.status, said.headers["content-type"]) == (503, "application/problem+json")
        assert said.json()["type"] in {"urn:checkpoint:problem:no-room", "urn:checkpoint:problem:busy"}
        assert int(said.headers["retry-after"]) > 0
        ballast.unlink()
        revive(cluster_there, setting)
        with psycopg.connect(setting) as connection:
            held = connection.execute("SELECT size FROM device").fetchone()
        assert held is not None
        assert held[0] >= sender.acknowledged, "what was acknowledged is there"
        sender.deliver(hubs.urls)
    finally:
        hubs.close()
    check(place, [gate])


def revive(cluster: Cluster, setting: str) -> None:
    """Start the server again where the full disk has ended it, as whoever made room would."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            psycopg.connect(setting, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.2)
    cluster.kill()
    cluster.start()
