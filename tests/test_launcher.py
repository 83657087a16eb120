"""The launcher's decisions, in a folder of its own, with stand-ins for Python and apt-get: nothing is installed."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).resolve().parent.parent / "checkpoint"

# Says what it is asked to do; `-m venv` copies it, `-m pip` does as told by the file `pip` in the tree.
PYTHON = r"""#!/bin/sh
case "$1 ${2-}" in
"--version "*) echo Python 3.VERSION ;;
"-c "*"maxsize"*) exit 0 ;;
"-c "*"realpath"*) [ VERSION -ge 11 ] || exit 1; echo "$0" ;;
"-c "*) exit 0 ;;
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip") . "$TREE/pip" ;;
"-m cli.main") shift 2; printf '%s\n' "in $PWD" "path $PYTHONPATH" "safe $PYTHONSAFEPATH" "mask $(umask)" "told $*" ;;
esac
"""
GOOD = "echo Collecting a; echo Installing collected packages: a; umask >$TREE/mask"
NO_NETWORK = "echo Collecting a; echo 'ERROR: no network' >&2; exit 1"
CUT_OFF = "echo Installing collected packages: a; echo 'ERROR: No space left' >&2; exit 1"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree in a folder with blanks and Chinese in its name, and the commands of a machine beside it."""
    root = tmp_path / "门 口 gate"
    (root / "requirements").mkdir(parents=True)
    shutil.copy(LAUNCHER, root / "checkpoint")
    (root / "requirements/appliance.lock").write_text("a==1\n")
    (root / "requirements/hub.lock").write_text("a==1\nh==1\n")
    (root / "requirements/dev.lock").write_text("a==1\nb==1\nh==1\n")
    (root / "pip").write_text(GOOD)
    machine(root)
    return root


def machine(tree: Path, version: int = 11) -> None:
    programs = {"python3": PYTHON.replace("VERSION", str(version)), "apt-get": "#!/bin/sh\nexit 1\n"}
    (tree.parent / "bin").mkdir(exist_ok=True)
    for name, text in programs.items():
        (tree.parent / "bin" / name).write_text(text)
        (tree.parent / "bin" / name).chmod(0o755)


def environment(tree: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{tree.parent / 'bin'}:{os.environ['PATH']}", "TREE": str(tree), "PYTHONPATH": "/x"}


def start(tree: Path, *words: str, by: Path | None = None, user: int | None = None) -> subprocess.CompletedProcess[str]:
    call = [str(by or tree / "checkpoint"), *words]
    return subprocess.run(
        call,
        check=False,
        env=environment(tree),
        cwd=tree.parent,
        capture_output=True,
        text=True,
        timeout=30,
        umask=0o077,
        user=user,
    )


def make(tree: Path, lock: str = "appliance") -> Path:
    """Make an environment as a finished start leaves it."""
    venv = tree / ".venv"
    (venv / "bin").mkdir(parents=True)
    shutil.copy(tree.parent / "bin/python3", venv / "bin/python")
    shutil.copy(tree / f"requirements/{lock}.lock", venv / ".ready")
    (venv / ".machine").write_text(platform.machine() + "\n")
    return venv


def test_a_ready_command_runs_where_the_user_stands_and_says_nothing(tree: Path) -> None:
    make(tree)
    link = tree.parent / "c"
    link.symlink_to(tree / "checkpoint")
    done = start(tree, "verify", "--at", "a b", by=link)
    assert done.stdout.splitlines() == [
        f"in {tree.parent}",
        f"path {tree}",
        "safe 1",
        "mask 0077",
        "told verify --at a b",
    ]
    assert done.stderr == ""


def test_the_environment_of_the_tests_serves_every_command(tree: Path) -> None:
    make(tree, "dev")
    assert [start(tree, name).stderr for name in ("verify", "test", "bench", "hub")] == [""] * 4


def test_the_hub_gets_what_it_needs_and_then_the_appliance_needs_nothing_more(tree: Path) -> None:
    make(tree)
    assert "installing 2 packages" in start(tree, "hub").stderr
    assert [start(tree, name).stderr for name in ("hub", "verify")] == ["", ""]
    assert "installing 3 packages" in start(tree, "test").stderr


def test_only_a_demo_with_a_hub_gets_what_the_hub_needs(tree: Path) -> None:
    make(tree)
    assert start(tree, "demo", "--headless").stderr == ""
    assert "installing 2 packages" in start(tree, "demo", "--hub", "--headless").stderr


def test_a_first_start_makes_the_environment_for_all_users_and_the_second_does_not(tree: Path) -> None:
    first = start(tree, "verify")
    assert first.stdout.endswith("mask 0077\ntold verify\n")
    assert "making the environment" in first.stderr
    assert first.stderr.endswith("checkpoint: ready\n")
    assert (tree / "mask").read_text() == "0022\n"
    assert (tree / ".venv/.ready").read_text() == "a==1\n"
    assert start(tree, "verify").stderr == ""


def test_an_update_that_finds_no_network_leaves_the_old_environment_usable(tree: Path) -> None:
    venv = make(tree)
    (tree / "requirements/appliance.lock").write_text("a==2\n")
    (tree / "pip").write_text(NO_NETWORK)
    failed = start(tree, "verify")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "ERROR: no network\ncheckpoint: installing failed" in failed.stderr
    assert venv.joinpath(".ready").exists()
    (tree / "requirements/appliance.lock").write_text("a==1\n")
    assert start(tree, "verify").stderr == ""


def test_an_environment_cut_off_while_it_was_changed_is_made_anew(tree: Path) -> None:
    venv = make(tree)
    (venv / "half-written").touch()
    (venv / ".installing").write_text("Collecting a\nInstalling collected packages: a\n")
    assert "making the environment" in start(tree, "verify").stderr
    assert not (venv / "half-written").exists()


def test_a_download_that_was_cut_off_has_changed_nothing(tree: Path) -> None:
    venv = make(tree)
    (venv / ".installing").write_text("Collecting a\n")
    assert start(tree, "verify").stderr == ""
    assert not (venv / ".installing").exists()


def test_an_environment_from_another_kind_of_machine_is_made_anew(tree: Path) -> None:
    (make(tree) / ".machine").write_text("vax\n")
    assert "making the environment" in start(tree, "verify").stderr


def test_an_old_python_is_named(tree: Path) -> None:
    machine(tree, version=10)
    text = (tree / "checkpoint").read_text().replace("/usr/bin/python3 ", "").replace(" python3.", " nowhere3.")
    (tree / "checkpoint").write_text(text)
    done = start(tree, "verify")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed, and this machine has Python 3.10" in done.stderr


def test_a_folder_of_somebody_else_is_refused_in_a_sentence(tree: Path) -> None:
    tree.chmod(0o555)
    for folder in tree.parents[:4]:
        if folder.stat().st_mode & 0o777 == 0o700:
            folder.chmod(0o755)
    # Root may write everywhere, so somebody else starts it.
    done = start(tree, "verify", user=65534 if os.geteuid() == 0 else None)
    assert done.returncode == 1
    assert "you cannot write there" in done.stderr


def test_ctrl_c_ends_the_installation_and_says_so(tree: Path) -> None:
    (tree / "pip").write_text('touch "$TREE/begun"; exec sleep 60')
    child = subprocess.Popen(
        ["env", "--default-signal=INT", tree / "checkpoint"],
        env=environment(tree),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 10
    while not (tree / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=10)
    assert child.returncode == 130
    assert said.endswith("checkpoint: interrupted; start again to go on\n")
