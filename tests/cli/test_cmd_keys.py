"""`checkpoint keys` as a user runs it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cli.cmd_keys import describe
from cli.main import main
from keys.status_list import read_status_list
from keys.status_store import StatusStore, anchor_of
from keys.status_writer import StoreWriter
from keys.trust_list import TrustList, Use
from keys.update import Proved
from tests.keys.realm import NOW, Realm, new_key, trusted
from tests.world import SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    world = SmallWorld(tmp_path, "CN-33", int(time.time()))
    world.found()
    world.publish(world.now - 7200)
    configure(world, "CN-33")
    return world


def configure(world: SmallWorld, *regions: str) -> None:
    trust = f'[trust]\nfolder = "{world.kept}"\nregions = {json.dumps(regions)}\n'
    (world.root / "config.toml").write_text(f'{trust}[state]\nfolder = "{world.root / "state"}"\n')


def keys(world: SmallWorld, *more: str) -> int:
    return main(["keys", "--config", str(world.root / "config.toml"), *more])


def test_issuers_keys_lists_and_policy_are_shown_with_their_age(
    world: SmallWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys(world) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0] == "CN-33"
    assert lines[1] == "  published 2 hours ago"
    assert lines[2].startswith(f"  key {world.trust.keys[0].kid.hex()}  for code  in force, from ")
    assert lines[2].endswith("60 days old")
    assert "  list jkm:33/1  1048576 entries, 2 hours old" in lines
    assert lines[-1].startswith("  policy ")
    assert "built in" in lines[-1]
    assert shown.err == ""


def test_json_is_one_object_a_line(world: SmallWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert keys(world, "--json") == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["kind"] for each in objects] == ["publication", "key", "key", "key", "list", "policy"]
    assert {each["issuer"] for each in objects} == {"CN-33"}
    assert (objects[1]["uses"], objects[1]["state"]) == (["code"], "in force")
    assert (objects[4]["uri"], 7200 <= objects[4]["age"] < 7300) == ("jkm:33/1", True)


def test_what_does_not_hold_is_named_and_the_status_is_not_zero(
    world: SmallWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    file = world.kept / "current" / "status.bin"
    damaged = bytearray(file.read_bytes())
    damaged[600_000] ^= 1
    file.chmod(0o600)
    file.write_bytes(damaged)
    assert keys(world) == 1
    shown = capsys.readouterr()
    assert "no status list" in shown.out
    assert "not believed: " in shown.err
    assert "jkm:33/1" in shown.err


def test_an_issuer_without_keys_and_lists_is_shown_as_missing(
    world: SmallWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(world, "CN-33", "CN-11")
    assert keys(world) == 1
    out = capsys.readouterr().out
    assert "no key for codes" in out.split("CN-11")[1]
    assert "no status list" in out.split("CN-11")[1]


def test_nothing_taken_in_yet_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[trust]\nfolder = "{tmp_path / "none"}"\n')
    assert main(["keys", "--config", str(config)]) == 1
    assert "nobody is trusted: " in capsys.readouterr().err


def test_a_faulty_configuration_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[trust]\nfoldr = 1\n")
    assert main(["keys", "--config", str(config)]) == 1
    assert "foldr" in capsys.readouterr().err


def test_revoked_expired_and_future_keys_are_called_so(tmp_path: Path) -> None:
    realm = Realm()
    trust = TrustList(
        [
            replace(trusted(new_key(), Use.CODE), revoked_at=NOW, revoked_reason="key_compromise"),
            replace(trusted(new_key(), Use.CODE), exp=NOW),
            replace(trusted(new_key(), Use.CODE), nbf=NOW + 1),
            realm.trusted[1],
        ]
    )
    status_list = read_status_list(realm.list_bytes(exp=NOW), trust, NOW)
    with StoreWriter(tmp_path / "status.bin", StatusStore.empty()) as writer:
        writer.put(status_list)
        writer.finish()
    store = StatusStore.open(tmp_path / "status.bin", [anchor_of(status_list)])
    kept = Proved("1", trust, store, None, None, {}, NOW, NOW, None, ())
    lines = list(describe(("CN-33",), kept, NOW))
    assert "revoked (key_compromise)" in lines[0].words
    assert "  expired, " in lines[1].words
    assert "not yet in force" in lines[2].words
    assert lines[4].words.endswith("EXPIRED")
    assert lines[5].words.startswith("no key for codes")
    assert dict(lines[0].values)["revoked_at"] == NOW
