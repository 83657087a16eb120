"""docs/citus.sql on a real PostgreSQL, with stand-ins that refuse what Citus' documentation says that Citus refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from benchmarks.hub.cluster import Cluster
from hub.storage import appliances
from hub.storage.schema import MIGRATIONS
from tests.hub import test_enrolment, test_ingest, test_overlaps, test_retention
from tests.hub.conftest import Place
from tests.hub.gate import Gate

DDL = Path(__file__).resolve().parents[2] / "docs" / "citus.sql"
EXTENSION = "CREATE EXTENSION IF NOT EXISTS citus;"
RULES = Path(__file__).with_name("citus_rules.sql")


def ours() -> str:
    """The file, without the one line that a plain PostgreSQL cannot run."""
    text = DDL.read_text("utf-8")
    assert text.count(EXTENSION) == 1
    return text.replace(EXTENSION, "")


@pytest.fixture
def setting(cluster: Cluster) -> str:
    return cluster.emptied_database()


@pytest.fixture
def bare(setting: str, open_place: Callable[[str], Place]) -> str:
    """The hub's own tables as its first start leaves them, and the stand-ins."""
    open_place(setting)
    with psycopg.connect(setting, autocommit=True) as connection:
        connection.execute(RULES.read_bytes())
    return setting


def run(setting: str, statements: str) -> None:
    with psycopg.connect(setting, autocommit=True) as connection:
        connection.execute(statements.encode())


@pytest.fixture
def place(bare: str, open_place: Callable[[str], Place]) -> Place:
    run(bare, ours())
    return open_place(bare)


def test_every_table_is_distributed_and_the_log_lies_with_its_appliance(place: Place) -> None:
    with place.database.read() as session:
        rows = session.rows("SELECT CAST(relation AS text), distribution_column, colocation FROM stand_in")
    found = {str(name): (column, group) for name, column, group in rows}
    tables = {table.split()[2] for migration in MIGRATIONS for table in migration.tables}
    tables -= {one.split()[2] for migration in MIGRATIONS for one in migration.then if one.startswith("DROP TABLE ")}
    assert found.keys() == tables | {"migration"}
    together = {name for name, (_, group) in found.items() if group == found["device"][1]}
    assert together == {"device", "entry", "sealed", "mark", "degraded"}
    assert found["tally"][0] == "owner"


@pytest.mark.parametrize(
    ("left_out", "why"),
    [
        ("ALTER TABLE device DROP CONSTRAINT device_id_key;", "does not hold the distribution column"),
        ("SELECT create_distributed_table('device', 'number');", "do not match"),
    ],
    ids=["a_unique_id", "nothing_to_lie_with"],
)
def test_the_stand_ins_refuse_what_citus_would(bare: str, left_out: str, why: str) -> None:
    assert left_out in ours()
    with pytest.raises(psycopg.errors.RaiseException, match=why):
        run(bare, ours().replace(left_out, ""))


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("ALTER TABLE mark ADD FOREIGN KEY (device) REFERENCES device (number)", None),
        ("ALTER TABLE device ADD FOREIGN KEY (site) REFERENCES site (number)", "foreign key"),
        ("ALTER TABLE alarm ADD FOREIGN KEY (device) REFERENCES device (number)", "foreign key"),
        ("ALTER TABLE tally ADD FOREIGN KEY (owner) REFERENCES device (number)", "foreign key"),
        ("CREATE UNIQUE INDEX ON degraded (code)", "does not hold the distribution column"),
        ("ALTER TABLE tally ADD EXCLUDE (hour WITH =)", "does not hold the distribution column"),
    ],
    ids=["together", "reference_too_late", "reference_to_distributed", "apart", "unique", "exclusion"],
)
def test_keys_that_citus_could_not_hold_are_noticed(bare: str, before: str, why: str | None) -> None:
    run(bare, before)
    if why is None:
        run(bare, ours())
        return
    with pytest.raises(psycopg.errors.RaiseException, match=why):
        run(bare, ours())


CONTRACT: list[Callable[[Place], None]] = [
    test_ingest.test_a_batch_is_durable_and_its_head_cosigned,
    test_ingest.test_batches_follow_each_other,
    test_ingest.test_a_replayed_batch_changes_nothing_and_gets_the_same_cosignature,
    test_ingest.test_a_late_older_batch_is_acknowledged_with_all_that_is_known,
    test_ingest.test_an_overlap_goes_on_whatever_tree_its_proof_begins_with,
    test_ingest.test_a_forked_log_is_refused_and_rings,
    test_ingest.test_a_stolen_key_is_refused_once_revoked_and_rings,
    test_ingest.test_an_entry_that_cannot_be_read_is_stored_and_blocks_nothing,
    test_ingest.test_what_entries_tell_is_counted_once_by_their_own_hour,
    test_enrolment.test_an_appliance_that_moves_keeps_its_log,
    test_enrolment.test_a_revoked_key_does_not_enrol_again,
    test_retention.test_housekeeping_makes_room_for_days_to_come,
    test_overlaps.test_every_cut_of_a_short_log,
]


@pytest.mark.parametrize("law", CONTRACT, ids=lambda law: law.__name__.removeprefix("test_"))
def test_the_hubs_laws_hold_on_tables_distributed_like_this(place: Place, law: Callable[[Place], None]) -> None:
    law(place)


def test_an_appliance_that_enrols_twice_at_once_is_one(bare: str, open_place: Callable[[str], Place]) -> None:
    """Its id is not unique to the database any more: it must be to the hub."""
    run(bare, ours())
    places = [open_place(bare), open_place(bare)]
    gate = Gate()
    test_enrolment.at_once(lambda number: places[number % 2].enrol(gate, f"site {number}"), 6)
    with places[0].database.read() as session:
        assert session.rows("SELECT count(*) FROM device WHERE id = ?", gate.id) == [(1,)]
        assert appliances.find(session, gate.id) is not None
