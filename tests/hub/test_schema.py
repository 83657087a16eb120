"""Tables of an earlier hub are brought up to date with what lies in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.storage import open_database, schema


def test_what_an_earlier_hub_knew_to_be_degraded_is_carried_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        database = open_database("sqlite", tmp_path)
        with database.write() as session:
            session.run("INSERT INTO trouble (device, code, since_ms) VALUES (7, 'camera_lost', 5)")
        database.close()
    database = open_database("sqlite", tmp_path)
    with database.read() as session:
        assert session.rows("SELECT device, lane, code, since_ms FROM degraded") == [(7, "", "camera_lost", 5)]
        assert session.rows("SELECT name FROM sqlite_master WHERE name = 'trouble'") == []
    database.close()
