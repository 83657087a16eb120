"""What hub tests share: a storage of each kind, a hub on it, appliances that are enrolled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from benchmarks.hub.cluster import Cluster, programs
from hub.cosigner import Cosigner
from hub.ingest import Ingest
from hub.storage import appliances, open_database
from hub.storage.session import Database
from hub.values import Appliance, Invitation
from tests.hub.desk import Desk
from tests.hub.gate import NOON, Gate
from tests.hub.serving import Serving


class Clock:
    """The hub's clock, set by the test."""

    def __init__(self) -> None:
        self.ms = NOON + 60_000

    def __call__(self) -> int:
        return self.ms


@dataclass
class Place:
    """A hub's inner parts on one storage."""

    setting: str
    folder: Path
    database: Database
    cosigner: Cosigner
    clock: Clock
    ingest: Ingest

    def enrol(self, gate: Gate, site: str = "west", timezone: str | None = None) -> Appliance:
        token_hash = sha256(gate.id + site.encode()).digest()
        invitation = Invitation(token_hash, site, ("gate-1",), self.clock.ms + 600_000, "test")
        with self.database.write() as session:
            appliances.invite(session, invitation)
            return appliances.enrol(
                session,
                gate.id,
                gate.public_key,
                invitation,
                software="0.1.0",
                now_ms=self.clock.ms,
                timezone=timezone,
            )

    def appliance(self, gate: Gate) -> Appliance:
        with self.database.read() as session:
            found = appliances.find(session, gate.id)
        assert found is not None
        return found

    def stored(self, gate: Gate) -> list[bytes]:
        number = self.appliance(gate).number
        with self.database.read() as session:
            return [body for _, body in appliances.bodies(session, number, 0, 1 << 60)]

    def degraded(self, gate: Gate) -> list[tuple[str, str]]:
        number = self.appliance(gate).number
        with self.database.read() as session:
            return [(one.lane, one.code) for one in appliances.troubles(session, [number])]

    def tallies(self, scope: int) -> dict[str, int]:
        with self.database.read() as session:
            rows = session.rows(
                "SELECT measure, CAST(sum(many) AS bigint) FROM tally WHERE scope = ? GROUP BY measure", scope
            )
        return {str(measure): int(many) for measure, many in rows if isinstance(many, int)}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    found = programs()
    if found is None:
        pytest.skip("postgresql is not installed (apt-get install postgresql)")
    made = Cluster(found, fsync=False)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def setting(request: pytest.FixtureRequest) -> str:
    """What `--database` is set to: each kind of storage in turn."""
    if request.param == "sqlite":
        return "sqlite"
    made: Cluster = request.getfixturevalue("cluster")
    return made.emptied_database()


@pytest.fixture
def open_place(tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """Opens a hub's parts; twice on one setting is two hub processes' worth of them."""
    opened: list[Database] = []
    clock = Clock()

    def make(setting: str) -> Place:
        database = open_database(setting, tmp_path)
        opened.append(database)
        database.prepare_day(clock.ms // 86_400_000)
        cosigner = Cosigner.load_or_create(tmp_path)
        return Place(setting, tmp_path, database, cosigner, clock, Ingest(database, cosigner, clock))

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def boss(hub: Serving) -> Desk:
    """An administrator who is logged in at the module's hub."""
    desk = Desk(hub)
    assert desk.log_in("administrator").status == 303
    return desk


@pytest.fixture
def place(setting: str, open_place: Callable[[str], Place]) -> Place:
    return open_place(setting)
