"""`checkpoint update` as a user runs it."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from pathlib import Path

import pytest

from cli.main import main
from keys.update import current_generation
from scanner.updates.report import Result, take
from tests.world import SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    """A released repository, and an appliance that trusts nobody yet."""
    world = SmallWorld(tmp_path, "CN-33", int(time.time()))
    world.found()
    world.release(world.now - 60)
    shutil.rmtree(world.kept)
    text = f'[trust]\nfolder = "{world.kept}"\n[state]\nfolder = "{tmp_path / "state"}"\n'
    (tmp_path / "config.toml").write_text(text)
    (tmp_path / "state").mkdir(mode=0o700)
    return world


def update(world: SmallWorld, *more: str) -> int:
    return main(["update", "--config", str(world.root / "config.toml"), "--from", str(world.repository), *more])


def digest(world: SmallWorld) -> str:
    assert world.federation is not None
    return hashlib.sha256(world.federation.roots[0]).hexdigest()


def test_without_a_root_nobody_is_believed_and_the_words_say_what_to_ask_for(
    world: SmallWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update(world) == 1
    assert "--root-sha256" in capsys.readouterr().err
    assert current_generation(world.kept) is None


def test_the_first_update_pins_the_root_by_its_digest(world: SmallWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert update(world, "--root-sha256", digest(world)) == 0
    assert "1 newer status list" in capsys.readouterr().out
    assert current_generation(world.kept) is not None
    assert update(world) == 0
    assert "nothing newer" in capsys.readouterr().out


def test_a_root_may_come_as_a_file(world: SmallWorld) -> None:
    assert update(world, "--root", str(world.repository / "metadata" / "1.root.json")) == 0


@pytest.mark.parametrize("wrong", ["00" * 32, "abc", "zz" * 32])
def test_another_digest_pins_nothing(world: SmallWorld, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert update(world, "--root-sha256", wrong) != 0
    assert "SHA-256" in capsys.readouterr().err
    assert update(world) == 1


def test_machines_get_one_object_and_the_engine_a_report(world: SmallWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert update(world, "--root-sha256", digest(world), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["result"], found["lists"][0]["uri"]) == ("taken_in", "jkm:33/1")
    (report,) = take(world.root / "state")
    assert (report.result, report.signed_time) == (Result.TAKEN_IN, world.now - 60)


def test_what_does_not_prove_itself_is_refused_in_words(world: SmallWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert update(world, "--root-sha256", digest(world)) == 0
    before = current_generation(world.kept)
    world.release()
    (world.repository / "metadata" / "timestamp.json").write_text("<html>captive portal</html>")
    assert update(world) == 1
    assert "refused" in capsys.readouterr().out
    assert current_generation(world.kept) == before
    assert take(world.root / "state")[-1].result is Result.REFUSED


def test_a_folder_that_is_not_there_is_said_to_be_out_of_reach(
    world: SmallWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert update(world, "--root-sha256", digest(world)) == 0
    shutil.rmtree(world.repository)
    assert update(world) == 1
    assert "could not be reached" in capsys.readouterr().out
