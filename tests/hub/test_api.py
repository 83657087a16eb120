"""The API over a real socket: what comes in, what is refused, and how."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator

import pytest

from hub import api, server, upload
from hub.enrolment import TOKEN_MS
from keys.cosignature import read_cosigned
from tests.hub.gate import Gate
from tests.hub.serving import CBOR, Serving


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = Serving(tmp_path_factory.mktemp("hub"))
    yield made
    made.close()


@pytest.fixture
def gate(hub: Serving) -> Gate:
    made = Gate().passes(4)
    assert hub.enrol(made).status == 201
    return made


def test_an_appliance_enrols_uploads_and_asks_where_it_stands(hub: Serving) -> None:
    gate = Gate().passes(6)
    told = json.loads(hub.enrol(gate).content)
    assert told["device"] == gate.id.hex()
    assert (told["site"], told["lanes"], told["repository"]) == ("West gate", ["gate-1"], "/repository/")
    assert told["root_sha256"] == hub.parts.repository.root_sha256().hex()
    for body, end in ((gate.upload(0, 2), 2), (gate.upload(2, 6), 6)):
        receipt = hub.upload(gate, body, gzip=end == 6).cbor()
        assert receipt[1] == end
        assert read_cosigned(str(receipt[2]), gate.key.public_key(), hub.parts.cosigner.public_key).head.size == end
    path = f"/v1/devices/{gate.id.hex()}/head"
    head = hub.ask("GET", path, headers={"Checkpoint-Proof": gate.request_proof("GET", path)}).cbor()
    assert (head[1], head[2]) == (6, receipt[2])


def test_a_lost_answer_to_an_enrolment_may_be_asked_for_again(hub: Serving) -> None:
    gate, other, token = Gate(), Gate(), hub.invite()
    assert hub.enrol(gate, token).content == hub.enrol(gate, token).content
    assert hub.enrol(other, token).status == 410


def test_a_token_does_not_outlive_ten_minutes(hub: Serving) -> None:
    token = hub.invite()
    with hub.parts.database.write() as session:
        session.run("UPDATE invitation SET expires_ms = expires_ms - ? WHERE used_by IS NULL", TOKEN_MS)
    assert hub.enrol(Gate(), token).problem()["type"] == "urn:checkpoint:problem:token-spent"
    assert hub.enrol(Gate(), b"never a token 16").status == 410


def test_nobody_enrols_a_key_that_is_not_theirs(hub: Serving) -> None:
    thief, owner = Gate(), Gate()
    request = thief.enrolment(hub.invite()) | {"public_key": owner.enrolment(b"x" * 16)["public_key"]}
    answer = hub.ask("POST", "/v1/enrolments", json.dumps(request).encode(), {"Content-Type": "application/json"})
    assert answer.status == 401


def test_the_head_is_told_to_its_own_appliance_only(hub: Serving, gate: Gate) -> None:
    path = f"/v1/devices/{gate.id.hex()}/head"
    other = Gate()
    for proof in (None, "", "5:short", other.request_proof("GET", path), gate.request_proof("POST", path)):
        headers = {} if proof is None else {"Checkpoint-Proof": proof}
        assert hub.ask("GET", path, headers=headers).problem()["type"] == "urn:checkpoint:problem:unknown-key"
    assert hub.ask("GET", f"/v1/devices/{other.id.hex()}/head").status == 401


def test_a_spent_allowance_says_when_to_come_back(hub: Serving, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.parts.ingest, "_entries_a_day", len(gate.log) - 1)
    answer = hub.upload(gate, gate.upload())
    assert (answer.status, answer.problem()["type"]) == (429, "urn:checkpoint:problem:allowance")
    assert 60 <= int(answer.headers["retry-after"]) <= 3_600
    monkeypatch.undo()
    assert hub.upload(gate, gate.upload()).cbor()[1] == len(gate.log)


def test_a_conflict_tells_what_the_hub_knows(hub: Serving, gate: Gate) -> None:
    hub.upload(gate, gate.upload())
    gate.passes(4)
    found = hub.upload(gate, gate.upload(6, 8)).problem()
    assert (found["known_size"], found["known_root"]) == (4, gate.root(4).hex())


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", CBOR, 400),
        (b"\xa5", CBOR, 400),
        (b"\xa5\x01\x00\x02\x9b\xff\xff\xff\xff\xff\xff\xff\xff", CBOR, 413),
        (b"\xa5\x01\x00\x02\x81\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", CBOR, 413),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"x", CBOR | {"Content-Encoding": "br"}, 415),
        (b"x", CBOR | {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"\x00" * (upload.MAX_BODY + 1), mtime=0), CBOR | {"Content-Encoding": "gzip"}, 413),
        (gzip.compress(b"\xa5", mtime=0)[:-2], CBOR | {"Content-Encoding": "gzip"}, 400),
    ],
)
def test_a_body_that_is_no_upload_is_refused(
    hub: Serving, gate: Gate, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = hub.ask("POST", f"/v1/devices/{gate.id.hex()}/log", body, headers)
    assert answer.problem()["status"] == status


def test_a_strangers_body_is_not_even_read(hub: Serving) -> None:
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
        line.sendall(
            b"POST /v1/devices/" + b"0" * 32 + b"/log HTTP/1.1\r\nHost: hub\r\nContent-Type: application/cbor\r\n"
            b"Content-Length: 4000000\r\n\r\n"
        )
        assert line.recv(4096).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/devices/xyz/head", 422),
        ("PUT", "/v1/enrolments", 405),
        ("POST", "/v1/enrolments", 422),
        ("GET", "/v1/nothing", 404),
        ("GET", "/docs", 404),
    ],
)
def test_what_is_not_there_is_refused_in_the_same_form(hub: Serving, method: str, path: str, status: int) -> None:
    assert hub.ask(method, path).problem()["status"] == status


def test_a_small_request_has_no_large_body(hub: Serving) -> None:
    answer = hub.ask("POST", "/v1/enrolments", b"{" + b" " * 70_000 + b"}", {"Content-Type": "application/json"})
    assert answer.problem()["type"] == "urn:checkpoint:problem:too-large"


def test_a_connection_that_says_nothing_is_closed(hub: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SILENT_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
        line.sendall(b"POST /v1/enrolments HTTP/1.1\r\nHost: ")
        assert line.recv(100) == b""


def test_a_body_that_does_not_come_is_given_up(hub: Serving, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "BODY_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
        line.sendall(
            f"POST /v1/devices/{gate.id.hex()}/log HTTP/1.1\r\nHost: hub\r\nContent-Type: application/cbor\r\n"
            "Content-Length: 400\r\n\r\nab".encode()
        )
        assert line.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_trust_is_handed_on_with_what_caches_need(hub: Serving) -> None:
    stamp = hub.ask("GET", "/repository/metadata/timestamp.json")
    root = hub.ask("GET", "/repository/metadata/1.root.json", headers={"Accept-Encoding": "gzip"})
    assert stamp.headers["cache-control"] == "public, no-cache"
    assert "immutable" in root.headers["cache-control"]
    assert gzip.decompress(root.content) == (hub.parts.repository._folder / "metadata/1.root.json").read_bytes()
    again = hub.ask("GET", "/repository/metadata/timestamp.json", headers={"If-None-Match": stamp.headers["etag"]})
    assert (again.status, again.content) == (304, b"")
    assert hub.ask("GET", "/repository/targets/fleet/ab12.gate.toml").content == b'site = "west"\n'


def test_a_file_that_changed_is_another_file(hub: Serving) -> None:
    path = hub.parts.repository._folder / "metadata" / "timestamp.json"
    before = hub.ask("GET", "/repository/metadata/timestamp.json")
    path.write_text('{"signed": {"version": 8}}')
    after = hub.ask("GET", "/repository/metadata/timestamp.json", headers={"If-None-Match": before.headers["etag"]})
    assert (after.status, after.content) == (200, b'{"signed": {"version": 8}}')


@pytest.mark.parametrize(
    "path",
    [
        "../hub/cosigner.key",
        "metadata/../../hub/cosigner.key",
        "metadata/%2e%2e/1.root.json",
        "metadata",
        "metadata/link.json",
        "metadata/.hidden",
        "metadata//1.root.json",
        "metadata/nothing.json",
        "secret",
        "targets/fleet",
    ],
)
def test_nothing_beside_the_repository_can_be_fetched(hub: Serving, path: str) -> None:
    folder = hub.parts.repository._folder
    (folder / "secret").write_text("secret")
    (folder / "metadata" / ".hidden").write_text("secret")
    link = folder / "metadata" / "link.json"
    if not link.is_symlink():
        link.symlink_to(folder / "secret")
    assert hub.ask("GET", f"/repository/{path}").problem()["status"] == 404


def test_the_document_describes_every_route_of_the_api(hub: Serving) -> None:
    document = api.document()
    paths = document["paths"]
    assert isinstance(paths, dict)
    assert {"/v1/enrolments", "/v1/devices/{device}/log", "/v1/devices/{device}/head"} <= paths.keys()
