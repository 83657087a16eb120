import io
import sys
from pathlib import Path

import pytest

from cli.main import main
from tests.cli.desk import Done, Run
from tests.world import PASSPHRASE, SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    return SmallWorld.create(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process: nothing differs from `python -m cli.main` but the half second of its start."""

    def run_it(*arguments: object, stdin: str = "", status: int = 0) -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        assert main(["authority", *map(str, arguments)]) == status, capsys.readouterr().err
        done = Done(*capsys.readouterr())
        assert PASSPHRASE.decode() not in done.out + done.err
        return done

    return run_it


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "pass.txt"
    path.write_bytes(PASSPHRASE + b"\n")
    path.chmod(0o600)
    return path
