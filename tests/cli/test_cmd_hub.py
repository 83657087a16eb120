"""`checkpoint hub`: what it refuses to start as, and what is done at its machine."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from hashlib import sha256
from pathlib import Path

import pytest

from hub.service import Parts, open_parts
from hub.settings import Settings
from hub.storage import people
from keys import base45, cbor
from tests.cli.calling import call
from tests.hub.gate import Gate, framed
from tests.hub.serving import repository


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    return ["hub", "--folder", str(tmp_path / "hub"), "--repository", str(repository(tmp_path))]


def parts(folder: Path) -> Parts:
    return open_parts(Settings(folder=str(folder / "hub"), repository=str(repository(folder))))


def test_it_does_not_listen_beyond_this_machine_without_tls(options: list[str]) -> None:
    done = call(*options, "--listen", "0.0.0.0:8600")
    assert done.status == 1
    assert b"TLS only" in done.err
    assert call(*options, "--listen", "nowhere").status == 2


def test_it_says_what_is_missing_without_a_trust_repository(tmp_path: Path) -> None:
    done = call("hub", "--folder", str(tmp_path / "hub"), "--repository", str(tmp_path / "none"))
    assert done.status == 1
    assert b"checkpoint authority found" in done.err


def test_sqlite_serves_one_process(options: list[str]) -> None:
    done = call(*options, "--processes", "2")
    assert done.status == 2
    assert b"PostgreSQL" in done.err


@pytest.mark.parametrize("address", ["postgres//hub:sekret@db/hub", "postgresql://hub:sek ret@db/hub", "sekret bad"])
def test_an_address_that_was_mistyped_does_not_bring_its_password_into_the_logs(
    options: list[str], address: str
) -> None:
    done = call(*options, "--database", address)
    assert done.status == 1
    assert b"postgresql://hub@" in done.err
    assert b"sek" not in done.err


def test_an_invitation_is_the_code_that_the_page_shows(options: list[str], tmp_path: Path) -> None:
    found = json.loads(call(*options, "invite", "West gate", "gate-1", "--json").out)
    fields = cbor.decode(base45.decode(found["qr"].removeprefix("JKE1:")))
    root = (repository(tmp_path) / "metadata" / "1.root.json").read_bytes()
    token = urlsafe_b64decode(found["token"] + "==")
    assert fields == {1: "http://127.0.0.1:8600", 3: sha256(root).digest(), 4: token}
    assert call(*options, "invite", "West gate", "Gate!").status == 1


def test_what_is_done_at_the_hubs_machine_is_in_the_audit_log(options: list[str], tmp_path: Path) -> None:
    gate = Gate()
    call(*options, "invite", "West gate", "gate-1", "--json")
    call(*options, "credential", "authority")
    assert call(*options, "credential", "first administrator").status == 1
    hub = parts(tmp_path)
    request = gate.enrolment(hub.enrolment.invite("West gate", ("gate-1",), "test"))
    hub.enrolment.redeem(request["token"], request["public_key"], request["software"], request["proof"])
    hub.close()
    assert call(*options, "retire", gate.id.hex(), "--revoke").status == 0
    assert call(*options, "import", str(tmp_path)).status == 1
    hub = parts(tmp_path)
    with hub.database.read() as session:
        deeds = [(one.person, one.deed, one.subject) for one in people.deeds(session, 1 << 62, 10)]
    hub.close()
    terminal = people.TERMINAL
    assert deeds == [
        (terminal, "import", str(tmp_path)), (terminal, "revoke", gate.id.hex()), ("test", "enrol", gate.id.hex()),
        (terminal, "credential", "authority"), (terminal, "invite", "West gate"),
    ]  # fmt: skip


def test_an_import_says_what_became_of_each_file_and_writes_receipts(options: list[str], tmp_path: Path) -> None:
    gate, stick = Gate().passes(6), tmp_path / "stick" / "checkpoint-log"
    stick.mkdir(parents=True)
    hub = parts(tmp_path)
    request = gate.enrolment(hub.enrolment.invite("West gate", ("gate-1",), "test"))
    hub.enrolment.redeem(request["token"], request["public_key"], request["software"], request["proof"])
    hub.close()
    (stick / f"{gate.id.hex()}-3-6.log").write_bytes(framed(gate.upload(3, 6)))
    waiting = call(*options, "import", str(stick.parent), "--json")
    assert (waiting.status, json.loads(waiting.out)["taken"]) == (1, "waiting")
    (stick / f"{gate.id.hex()}-0-3.log").write_bytes(framed(gate.upload(0, 3)))
    done = call(*options, "import", str(stick.parent), "--json")
    assert (done.status, [json.loads(line)["durable_to"] for line in done.out.splitlines()]) == (0, [3, 6])
    assert (stick / f"{gate.id.hex()}.receipt").read_text("utf-8").startswith(f"checkpoint/{gate.id.hex()}\n6\n")
    assert call(*options, "import", str(tmp_path / "trust")).status == 1


def test_a_revoked_appliance_is_refused_from_then_on(options: list[str], tmp_path: Path) -> None:
    gate = Gate().passes(1)
    hub = parts(tmp_path)
    request = gate.enrolment(hub.enrolment.invite("West gate", ("gate-1",), "test"))
    hub.enrolment.redeem(request["token"], request["public_key"], request["software"], request["proof"])
    hub.close()
    assert call(*options, "retire", gate.id.hex(), "--revoke").status == 0
    assert call(*options, "retire", "00" * 16).status == 1
    again = call(*options, "retire", gate.id.hex())
    assert (again.status, b"was revoked: that stays" in again.err) == (1, True)
    hub = parts(tmp_path)
    assert hub.ingest.admit(gate.id).standing.value == "revoked"
    hub.close()


def test_the_document_of_the_api_is_printed(options: list[str]) -> None:
    assert "/v1/devices/{device}/log" in json.loads(call("hub", "openapi").out)["paths"]
