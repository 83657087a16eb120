"""The authority's process beside a real hub: logs come in, a tracer asks through its socket, a stranger cannot."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.authority_tracing import _quoted
from hub.handover import make_credential
from keys.printable import printable
from keys.verdict import Colour
from tests.authority.tracing.sealing_gate import SealingGate, activated_at_the_gate, person
from tests.cli.calling import ROOT, Done, call
from tests.hub.serving import Serving
from tests.world import PASSPHRASE, SmallWorld


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Serving]:
    made = Serving(tmp_path)
    yield made
    made.close()


def private(path: Path, content: str) -> str:
    path.write_text(content)
    path.chmod(0o600)
    return str(path)


@pytest.mark.soak
def test_a_tracer_asks_the_serving_process(hub: Serving, tmp_path: Path) -> None:
    world = SmallWorld.create(tmp_path / "world")
    gate = SealingGate(world)
    hub.enrol(gate)
    for number in (7, 8):
        gate.sees(person(number))
    hub.upload(gate, gate.upload())
    store = tmp_path / "tracing" / "index.db"
    password = private(tmp_path / "password", "correct horse\n")
    names = ("--by", "Data office", "--reason", "on duty")
    done = call("authority", "tracer", "li", "--store", str(store), "--password-file", password, *names)
    assert done.status == 0, done.err
    command = [
        *(sys.executable, "-m", "cli.main", "authority", "serve", str(world.authority.folder), "--store", str(store)),
        *("--hub", hub.url, "--credential", private(tmp_path / "credential", make_credential(hub.parts, "authority"))),
        *("--passphrase-file", private(tmp_path / "passphrase", PASSPHRASE.decode()), "--keep-days", "3650", "--json"),
        *("--every", "1"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["entries"] == 2
        with contextlib.closing(sqlite3.connect(store)) as strange:  # a round that cannot be is said; the next one is
            strange.execute("ALTER TABLE turn RENAME TO turned")
            time.sleep(1.5)
            strange.execute("ALTER TABLE turned RENAME TO turn")
        assert json.loads(process.stdout.readline())["entries"] == 0

        def trace(*more: str) -> Done:
            asked = ("--store", str(store), "--as", "li", "--reason", "case 12", "--password-file", password)
            return call("authority", "trace", *asked, *more)

        deadline = time.monotonic() + 20
        while (done := trace("--code", "1/7", "--json")).status != 0:
            assert time.monotonic() < deadline, done.err
            time.sleep(0.1)
        assert [json.loads(one)["seq"] for one in done.out.splitlines()] == [0]
        table = tmp_path / "list.csv"
        assert trace("--site", "West gate", "--csv", str(table)).status == 0
        assert len(table.read_text("utf-8-sig").splitlines()) == 3
        assert table.stat().st_mode & 0o777 == 0o600
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "no such table: turn" in said
    assert "Traceback" not in said
    asked = call("authority", "questions", "--store", str(store)).out.decode()
    assert "tracer li may ask (on duty)" in asked
    assert asked.count("case 12") == 2
    assert b"authority serve" in trace("--code", "1/7").err


def test_activations_wait_until_somebody_vouches_for_the_gate(hub: Serving, tmp_path: Path) -> None:
    world = SmallWorld.create(tmp_path / "world")
    gate = SealingGate(world)
    hub.enrol(gate)
    grey = activated_at_the_gate(hub, gate, world)
    store = ("--store", str(tmp_path / "tracing" / "index.db"))
    order = ("--by", "Li", "--reason", "set up")
    serve = [
        *("authority", "serve", str(world.authority.folder), *store, "--hub", hub.url, "--once"),
        *("--credential", private(tmp_path / "credential", make_credential(hub.parts, "authority"))),
        *("--passphrase-file", private(tmp_path / "passphrase", PASSPHRASE.decode()), "--keep-days", "3650"),
    ]
    done = call(*serve)
    assert done.status == 0
    assert b"activations of 1 appliances that nobody vouches for wait: 1" in done.err
    (listed,) = map(json.loads, call("authority", "gates", *store, "--json").out.splitlines())
    assert listed == {
        "device": gate.id.hex(),
        "site": "West gate",
        "vouched": False,
        "proved": 1,
        "waiting": 1,
        "trouble": None,
    }
    told = "nobody vouches for it  entries: 1  activations waiting: 1  the hub calls its place: West gate"
    assert call("authority", "gates", *store).out.decode() == f"{gate.id.hex()}  {told}\n"
    many = tmp_path / "gates.csv"
    many.write_text(f"device,site\n{gate.id.hex()},East gate\n", "utf-8")
    done = call("authority", "vouch", *store, "--from", str(many), *order)
    assert done.status == 0
    assert b"waited for this, and count now: 1" in done.err
    done = call(*serve, "--json")
    assert json.loads(done.out)["activated"] == 1
    assert json.loads(done.out)["held"] == {"appliances": 0, "activations": 0}
    assert world.authority.code(grey).colour is Colour.GREEN
    assert call("authority", "vouch", *store, "--device", gate.id.hex(), "--remove", *order).status == 0
    assert b"nobody vouches" in call("authority", "gates", *store).out
    said = call("authority", "questions", *store).out.decode()
    assert f"Li: appliance {gate.id.hex()} is vouched for at East gate (set up)" in said


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--device", "00" * 16),
        ("--site", "East gate"),
        ("--device", "00" * 16, "--site", "East gate", "--remove"),
        ("--from", "gates.csv", "--site", "East gate"),
        ("--from", "gates.csv", "--remove"),
        ("--remove",),
    ],
)
def test_what_does_not_go_together_vouches_for_nobody(tmp_path: Path, options: tuple[str, ...]) -> None:
    store = ("--store", str(tmp_path / "tracing" / "index.db"))
    done = call("authority", "vouch", *store, "--by", "Li", "--reason", "set up", *options)
    assert done.status == 2
    assert b"--device and --site, or --from" in done.err
    assert call("authority", "gates", *store).out == b""


def test_who_says_no_reason_is_told_so(tmp_path: Path) -> None:
    store = ("--store", str(tmp_path / "tracing" / "index.db"))
    password = private(tmp_path / "password", "correct horse\n")
    for what in (
        ("vouch", *store, "--device", "00" * 16, "--site", "East gate"),
        ("tracer", "li", *store, "--password-file", password),
    ):
        done = call("authority", *what, "--by", "Li", "--reason", " ")
        assert done.status == 1
        assert b"must be given, in one line" in done.err
        assert b"Traceback" not in done.err


@pytest.mark.parametrize("site", ["East gate  vouched: True  device: 00", 'a" vouched: "b', "x\x1b[2J", "\u202eeurT"])
def test_a_name_that_a_hub_gives_cannot_be_taken_for_another_field(site: str) -> None:
    quoted = _quoted(site)
    assert json.loads(quoted) == printable(site)
    assert printable(quoted) == quoted


@pytest.mark.parametrize("plain", ["2026-03-04T05:00:00Z", "True", "17", "CN-33/jkm:33/1/7", "passage", "张三"])
def test_what_needs_no_quotes_has_none(plain: str) -> None:
    assert _quoted(plain) == plain
