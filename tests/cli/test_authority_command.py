import os
import pty
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import cv2
import pytest
import zxingcpp
from typer.core import TyperGroup as Group
from typer.main import get_command

from cli.cmd_authority import app
from keys.reasons import Reason
from keys.status_list import load_status
from keys.trust_list import load_trust
from keys.verdict import Colour, Verdict
from keys.verifier import Verifier
from scanner.journal.device import Device
from scanner.journal.personal import Personal
from scanner.journal.store import Journal
from tests.authority.test_unsealing import PEOPLE, passage
from tests.cli.desk import Run
from tests.world import NOW, PASSPHRASE, SmallWorld

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "cli.main", "authority"]
PERSON = ["--name", "张小三", "--document", "11010519491231002X"]
ORDER = ["--by", "Officer Li", "--reason", "contact of a case"]


def test_a_code_proves_at_once_then_turns_red_then_is_revoked(
    world: SmallWorld, run: Run, passphrase_file: Path, tmp_path: Path
) -> None:
    desk, out = world.authority.folder, tmp_path / "out"
    unlock = ["--passphrase-file", passphrase_file]
    text = run("issue", desk, *PERSON, "--png", tmp_path / "code.png", *unlock).out.removesuffix("\n")
    assert stat.S_IMODE((tmp_path / "code.png").stat().st_mode) == 0o600
    (found,) = zxingcpp.read_barcodes(cv2.imread(str(tmp_path / "code.png"), cv2.IMREAD_GRAYSCALE))
    assert found.bytes.decode() == text
    run("publish", desk, "--to", out, "--plain", *unlock)
    verdict = judge(out, text)
    assert (verdict.reason, verdict.colour, verdict.name) == (None, Colour.GREEN, "张**")
    assert verdict.identity is not None
    run("set-colour", desk, verdict.identity, "red", *ORDER, *unlock)
    run("lists", desk, "--to", out, "--plain", *unlock)
    assert judge(out, text).colour is Colour.RED
    run("revoke", desk, f"1/{verdict.identity.index}", *ORDER, *unlock)
    run("publish", desk, "--to", out, "--plain", *unlock)
    assert judge(out, text).reason is Reason.REVOKED


def test_the_command_runs_by_itself_under_a_loose_umask(world: SmallWorld, passphrase_file: Path) -> None:
    script = ["sh", "-c", 'umask 000; exec "$@" 3< "$0"', str(passphrase_file), *COMMAND]
    done = subprocess.run(
        [*script, "issue", str(world.authority.folder), *PERSON, "--passphrase-fd", "3"],
        cwd=ROOT,
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.startswith(b"JKM1:")
    assert done.stdout.count(b"\n") == 1
    assert PASSPHRASE not in done.stdout + done.stderr
    assert {stat.S_IMODE(path.stat().st_mode) for path in world.authority.folder.glob("register*")} == {0o600}


def test_a_phones_code_is_presented_with_its_own_key(
    world: SmallWorld, run: Run, passphrase_file: Path, tmp_path: Path
) -> None:
    phone = tmp_path / "phone.pem"
    (issued,) = run(
        *("issue", world.authority.folder, *PERSON, "--make-holder-key", phone, "--json"),
        *("--holder-passphrase-file", passphrase_file, "--passphrase-file", passphrase_file),
    ).objects
    assert stat.S_IMODE(phone.stat().st_mode) == 0o600
    assert b"ENCRYPTED" in phone.read_bytes()
    (presentation,) = run(
        *("present", "-", "--holder-key", phone, "--at", "2030-01-02T03:04:05+08:00", "--json"),
        *("--passphrase-file", passphrase_file),
        stdin=f"{issued['code']}\n",
    ).objects
    assert str(presentation["presentation"]).startswith("JKP1:")
    assert presentation["presented_at"] == 1893524645


def test_no_key_is_left_behind_when_the_code_is_refused(
    world: SmallWorld, run: Run, passphrase_file: Path, tmp_path: Path
) -> None:
    done = run(
        *("issue", world.authority.folder, "--name", "张三", "--document", "110105194912310021"),
        *("--make-holder-key", tmp_path / "phone.pem", "--holder-passphrase-file", passphrase_file),
        *("--passphrase-file", passphrase_file),
        status=1,
    )
    assert "mistyped" in done.err
    assert not (tmp_path / "phone.pem").exists()


@pytest.mark.parametrize("variable", ["PASSPHRASE", "CHECKPOINT_PASSPHRASE", "AUTHORITY_PASSPHRASE"])
def test_the_environment_is_no_place_for_a_passphrase(
    world: SmallWorld, run: Run, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, PASSPHRASE.decode())
    done = run("issue", world.authority.folder, *PERSON, status=1)
    assert "passphrase file" in done.err


def test_a_passphrase_is_never_an_argument(world: SmallWorld, run: Run) -> None:
    done = run("issue", world.authority.folder, *PERSON, "--passphrase", "whatever", status=2)
    assert "No such option" in done.err


def test_a_wrong_passphrase_is_one_sentence(world: SmallWorld, run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("something else")
    wrong.chmod(0o600)
    done = run("publish", world.authority.folder, "--to", tmp_path / "out", "--passphrase-file", wrong, status=1)
    assert done.err.startswith("checkpoint authority: ")
    assert "wrong passphrase" in done.err
    assert "something else" not in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_on_a_terminal_the_passphrase_is_asked_twice_and_never_echoed(tmp_path: Path) -> None:
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [*COMMAND, "new", str(tmp_path / "desk"), "--issuer", "CN-33", "--json"])
    seen = b""
    for _ in range(2):
        while not seen.rstrip().endswith(b":"):
            seen += os.read(terminal, 1024)
        os.write(terminal, PASSPHRASE + b"\n")
        seen += b"|"
    with suppress(OSError):  # Linux ends a terminal whose process has gone with EIO.
        while chunk := os.read(terminal, 4096):
            seen += chunk
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert b"again" in seen
    assert PASSPHRASE not in seen
    assert (tmp_path / "desk" / "register.sqlite").is_file()


def test_a_colour_change_without_who_and_why_is_not_taken(world: SmallWorld, run: Run, passphrase_file: Path) -> None:
    code = world.code()
    given = ["set-colour", world.authority.folder, code.identity, "red", "--passphrase-file", passphrase_file]
    assert "--by" in run(*given, status=2).err
    assert "--reason" in run(*given, "--by", "Officer Li", status=2).err
    run(*given, "--by", "Officer Li", "--reason", " ", status=1)
    assert world.authority.code(code.identity).colour is Colour.GREEN


def test_show_tells_keys_lists_codes_and_the_audit_without_a_passphrase(world: SmallWorld, run: Run) -> None:
    code = world.code(colour=Colour.YELLOW)
    records = run("show", world.authority.folder, "--json").objects
    assert records[0] == {"issuer": "CN-33", "timezone": "Asia/Shanghai"}
    assert [record["use"] for record in records[1:4]] == ["code", "status", "seal"]
    assert records[4] == {"list": 1, "issued": 1, "of": 1 << 20, "published_at": NOW - 60}
    (shown,) = run("show", world.authority.folder, "--code", code.identity, "--json").objects
    assert (shown["code_id"], shown["colour"], shown["carrier"]) == (str(code.identity), "yellow", "phone")
    audit = run("show", world.authority.folder, "--audit", "--json").objects
    assert audit[-1]["by"] == "Officer Li"
    assert "2026-03-04T05:00:00Z" in run("show", world.authority.folder, "--audit").out


def test_keys_are_added_and_revoked(world: SmallWorld, run: Run, passphrase_file: Path) -> None:
    unlock = ["--passphrase-file", passphrase_file, "--json"]
    (made,) = run(
        "add-key", world.authority.folder, "--algorithm", "eddsa", "--region", "3301", *ORDER, *unlock
    ).objects
    assert (made["algorithm"], made["regions"]) == ("EDDSA", ["3301"])
    (revoked,) = run("revoke-key", world.authority.folder, made["kid"], *ORDER, *unlock).objects
    assert revoked["reason"] == "contact of a case"
    run("revoke-key", world.authority.folder, "nonsense", *ORDER, *unlock, status=2)


def test_unseal_opens_a_gates_log(world: SmallWorld, run: Run, passphrase_file: Path) -> None:
    state = world.root / "state"
    with Journal.open(state, Device.load_or_create(state), world.seal_key, "0.1.0", reserve_mb=1) as journal:
        for personal in PEOPLE:
            journal.append(passage(personal))
    given = ["unseal", world.authority.folder, "--state", state, *ORDER, "--passphrase-file", passphrase_file]
    first, second = run(*given, "--json").objects
    assert (first["code_id"], first["name"], first["document"]) == ("CN-33/jkm:33/1/7", "张**", "resident_id …2X")
    assert (second["plate"], second["text"]) == ("浙A·12345", "138 0013 8000")
    (closed,) = run(*given, "--entry", "1", "--json", status=1).objects
    assert closed == {"seq": 1, "problem": "it has no sealed part"}
    assert "no log here" in run(*given[:3], world.root / "nowhere.db", *given[4:], status=1).err


def test_what_a_box_has_sealed_cannot_steer_the_authoritys_terminal(
    world: SmallWorld, run: Run, passphrase_file: Path
) -> None:
    """Whoever holds a stolen box seals what he likes to the authority."""
    state = world.root / "state"
    with Journal.open(state, Device.load_or_create(state), world.seal_key, "0.1.0", reserve_mb=1) as journal:
        journal.append(passage(Personal(text="\x1b[2J\nseq: 7")))
    given = ["unseal", world.authority.folder, "--state", state, *ORDER, "--passphrase-file", passphrase_file]
    shown = run(*given).out
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 1


WORDS = """new issue present set-colour revoke set-status revoke-key add-key publish lists unseal show
trust-foreign hash-list found role-key admit expel release rotate renew export ceremony fleet serve
gates vouch tracer trace questions"""
COMMANDS = WORDS.split()


def test_there_is_no_command_without_a_line_below() -> None:
    assert isinstance(commands := get_command(app), Group)
    assert sorted(commands.commands) == sorted(COMMANDS)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_help_ends_with_an_example(command: str, run: Run) -> None:
    prose = run(*command.split(), "--help").out.split("Arguments:")[0].split("Options:")[0]
    assert prose.strip().split("\n\n")[-1].strip().startswith(f"Example: checkpoint authority {command}".strip())


def judge(out: Path, text: str) -> Verdict:
    now = int(time.time()) + 2
    trust = load_trust([out])
    return Verifier(trust, load_status([out], trust, now)).verify(text, now)
