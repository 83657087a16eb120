"""What somebody tries who has an appliance's key, a login, or nothing but a line to the hub; on either storage."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from hub import passwords, server, stick
from hub.api import EACH_UNDER_WAY, UNDER_WAY, _body, _Gate
from hub.errors import RefusalError
from hub.pages import visitor
from hub.service import wall_clock_ms
from hub.storage import alarms, appliances, guesses, people
from hub.storage.guesses import Source
from hub.storage.people import Role
from hub.storage.session import integer
from hub.values import AlarmKind, Scope, Standing
from keys import cbor
from keys.cosignature import read_cosigned
from keys.tree_head import read_head
from scanner.journal.detail import EntryKind, FaultDetail, OverrideDetail, Updated, UpdateDetail
from tests.hub.desk import PASSWORD, Desk, staffed_hub
from tests.hub.gate import Gate, framed
from tests.hub.serving import Serving

if TYPE_CHECKING:
    from fastapi import Request

UINT_MAX = (1 << 63) - 1


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    setting = "sqlite" if request.param == "sqlite" else request.getfixturevalue("cluster").new_database()
    with staffed_hub(tmp_path_factory.mktemp("hub"), setting) as made:
        yield made


@pytest.fixture
def gate(hub: Serving) -> Gate:
    made = Gate().passes(4, time_ms=wall_clock_ms())
    assert hub.enrol(made).status == 201
    return made


def number_of(hub: Serving, gate: Gate) -> int:
    with hub.parts.database.read() as session:
        found = appliances.find(session, gate.id)
    assert found is not None
    return found.number


def with_junk(note: str) -> str:
    """The same signed head, behind lines of the same name by other keys, more than evidence has room for."""
    text, _, tail = note.rpartition("\n\n")
    junk = "".join(f"— {text.splitlines()[0]} {b64encode(bytes([n]) * 68).decode()}\n" for n in range(1, 60))
    return f"{text}\n\n{junk}{tail}"


def test_junk_signatures_spoil_neither_the_receipt_nor_the_evidence_of_a_fork(hub: Serving, gate: Gate) -> None:
    receipt = hub.upload(gate, gate.upload(head=with_junk(gate.head()))).cbor()
    read_cosigned(str(receipt[2]), gate.key.public_key(), hub.parts.cosigner.public_key)
    forged = gate.copy()
    forged.log[1] = forged.log[2]
    assert hub.upload(gate, forged.upload(head=with_junk(forged.head()))).status == 409
    with hub.parts.database.read() as session:
        (rang,) = session.rows("SELECT evidence FROM alarm WHERE device = ?", number_of(hub, gate))
    assert isinstance(rang[0], bytes)
    assert read_head(rang[0].decode(), gate.key.public_key()).root == forged.root()


def test_a_stolen_key_that_was_revoked_learns_nothing_and_rings(hub: Serving, gate: Gate) -> None:
    hub.upload(gate, gate.upload())
    with hub.parts.database.write() as session:
        appliances.set_standing(session, gate.id, Standing.REVOKED)
    path = f"/v1/devices/{gate.id.hex()}/head"
    assert hub.ask("GET", path, headers={"Checkpoint-Proof": Gate().request_proof("GET", path)}).status == 401
    with hub.parts.database.read() as session:
        assert session.rows("SELECT 1 FROM alarm WHERE device = ?", number_of(hub, gate)) == [], "anybody could ring"
    answer = hub.ask("GET", path, headers={"Checkpoint-Proof": gate.request_proof("GET", path)})
    assert answer.problem()["type"] == "urn:checkpoint:problem:retired"
    assert hub.upload(gate, gate.upload()).status == 403
    with hub.parts.database.read() as session:
        rows = session.rows("SELECT kind, many FROM alarm WHERE device = ?", number_of(hub, gate))
    assert rows == [(AlarmKind.REFUSED_KEY, 2)]


@pytest.mark.parametrize("seconds", [0, 1, 4_000_000_000, 10**15])
def test_an_appliance_that_does_not_know_the_time_is_answered(hub: Serving, gate: Gate, seconds: int) -> None:
    path = f"/v1/devices/{gate.id.hex()}/head"
    answer = hub.ask("GET", path, headers={"Checkpoint-Proof": gate.request_proof("GET", path, seconds)})
    assert answer.cbor()[1] == 0


def test_a_time_beyond_every_calendar_blocks_neither_the_log_nor_a_page(hub: Serving, boss: Desk) -> None:
    gate = Gate()
    gate.write(EntryKind.UPDATE, UpdateDetail(Updated.LISTS, "1", issued_at=UINT_MAX), time_ms=UINT_MAX)
    gate.passes(1, time_ms=UINT_MAX - 5)
    hub.enrol(gate)
    assert hub.upload(gate, gate.upload()).status == 200
    assert boss.get(f"/appliance/{gate.id.hex()}").status == 200
    with hub.parts.database.read() as session:
        found = appliances.find(session, gate.id)
    assert found is not None
    assert found.lists_ms is None, "lists signed in years to come would look fresh for ever"


def test_no_appliance_invents_rows_in_the_counts(hub: Serving) -> None:
    gate = Gate().passes(300)
    for seq, body in enumerate(gate.log):
        fields = cbor.decode(body)
        assert isinstance(fields, dict)
        names = [f"MADE_UP_{chr(65 + seq % 26)}{chr(65 + seq // 26)}_{chr(65 + n)}" for n in range(20)]
        gate.log[seq] = cbor.encode(fields | {4: seq * 3_600_000, 10: names})
    hub.enrol(gate)
    with hub.parts.database.read() as session:
        (before,) = session.rows("SELECT count(*) FROM tally")[0]
    assert hub.upload(gate, gate.upload()).status == 200
    with hub.parts.database.read() as session:
        (after,) = session.rows("SELECT count(*) FROM tally")[0]
        other = session.rows(
            "SELECT CAST(sum(many) AS bigint) FROM tally WHERE scope = ? AND measure = 'reason/OTHER'", int(Scope.SITE)
        )
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert after - before < 20
    assert other == [(6000,)]


def test_no_appliance_invents_guards_and_causes_without_end(hub: Serving) -> None:
    gate, now_ms = Gate(), wall_clock_ms()
    for number in range(400):
        gate.write(
            EntryKind.OVERRIDE, OverrideDetail(admit=number % 2 == 0, cause=f"made.up.{number}"), staff=f"X{number}",
            time_ms=now_ms,
        )  # fmt: skip
    hub.enrol(gate, hub.invite("Site of inventions"))

    def counted() -> dict[str, tuple[int, int]]:
        query = """SELECT count(*), CAST(coalesce(sum(many), 0) AS bigint) FROM tally
            WHERE scope = ? AND measure >= ? AND measure < ?"""
        with hub.parts.database.read() as session:
            found = {
                kind: session.rows(query, int(Scope.SITE), f"{kind}/", f"{kind}/~")[0] for kind in ("guard", "cause")
            }
        return {kind: (integer(rows), integer(many)) for kind, (rows, many) in found.items()}

    before = counted()
    for first in range(0, 400, 50):
        assert hub.upload(gate, gate.upload(first, first + 50)).status == 200
    for kind, (rows, many) in counted().items():
        assert rows - before[kind][0] <= appliances.NAMES_AN_HOUR + 2
        assert many - before[kind][1] == 400, "and every one is counted"


def test_an_appliance_degraded_in_a_thousand_ways_does_not_fill_the_page(hub: Serving, boss: Desk) -> None:
    gate = Gate()
    now_ms = wall_clock_ms()
    for number in range(1000):
        gate.write(EntryKind.FAULT, FaultDetail(f"made.up.{number}", began=True), time_ms=now_ms)
    hub.enrol(gate)
    assert hub.upload(gate, gate.upload()).status == 200
    with hub.parts.database.read() as session:
        assert len(appliances.troubles(session, [number_of(hub, gate)])) == appliances.TROUBLES
    gate.write(EntryKind.FAULT, FaultDetail("camera_lost", began=True), time_ms=now_ms + 1)
    gate.write(EntryKind.FAULT, FaultDetail("camera_lost", began=False), time_ms=now_ms + 2)
    assert hub.upload(gate, gate.upload(1000)).status == 200
    assert "camera_lost" not in boss.get(f"/appliance/{gate.id.hex()}").content.decode()


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\x1b[2J", "\r\nSet-Cookie: x=y"])
def test_control_characters_in_forms_are_refused_before_any_storage(
    hub: Serving, gate: Gate, boss: Desk, text: str
) -> None:
    assert Desk(hub).log_in(text).status == 422
    assert boss.post(f"/appliance/{gate.id.hex()}/retire", reason=text).status == 422
    assert boss.post("/people", name=text, role="VIEWER", password=PASSWORD, again=PASSWORD).status == 422
    assert boss.post("/enrolment", site=text, lanes="gate-1").status == 422
    for path in ("/people/%00/remove", "/appliance/%00/retire", "/first/%00"):
        assert boss.post(path, reason="x", name="x", password=PASSWORD, again=PASSWORD).status == 404
    for path in ("/?site=%00", "/passages?site=%00", "/overrides?site=%1b"):
        assert boss.get(path).status == 200
    assert boss.get("/appliance/%00").status == 404


@pytest.mark.parametrize("number", ["-1", str(1 << 63), "9" * 40])
def test_numbers_beyond_a_column_are_refused(boss: Desk, number: str) -> None:
    assert boss.post(f"/alarms/{number}").status == 422
    assert boss.get(f"/audit?before={number}").status == 422
    assert boss.get(f"/?page={number}").status == 422


def test_a_burst_of_guesses_is_judged_one_by_one(hub: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty at once all find the name free; the right one among them, coming after five wrong ones, counts not."""
    with hub.parts.database.write() as session:
        people.put(session, "burst", Role.VIEWER, passwords.stretched(PASSWORD))
    now_ms, source = wall_clock_ms(), Source("address 127.0.0.1", known=False)
    results: list[bool] = []
    start = threading.Barrier(30)

    def guess(right: bool) -> None:
        start.wait()
        with hub.parts.database.write() as session:
            results.append(guesses.try_now(session, "burst", source, now_ms, right=right))

    threads = [threading.Thread(target=guess, args=(False,)) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(True) == guesses.FREE_FAILURES
    assert Desk(hub).log_in("burst").status == 401
    with hub.parts.database.read() as session:
        many = session.rows("SELECT count(*) FROM audit WHERE person = 'burst'")
    assert many == [(0,)], "guesses at a blocked name fill no log"


@dataclass
class Knocks:
    """People at the login whose passwords take until they are released."""

    port: int
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    released: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def scrypt(self, *_: object, **__: object) -> bytes:
        self.begun.release()
        self.released.wait(20)
        return bytes(32)

    def knock(self, address: str, many: int) -> list[int]:
        """Log in from an address at once so many times; returns the list that the statuses come into."""
        statuses: list[int] = []
        form = f"name=x&password=y&form={passwords.form_token('')}".encode()
        kind = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{kind}Content-Length: {len(form)}\r\n\r\n"

        def once() -> None:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(address, 0)) as line:
                line.sendall(head.encode() + form)
                statuses.append(int(line.recv(4096).split()[1]))

        began = [threading.Thread(target=once) for _ in range(many)]
        for thread in began:
            thread.start()
        self.threads += began
        return statuses

    def end(self) -> None:
        self.released.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture
def knocks(hub: Serving, monkeypatch: pytest.MonkeyPatch) -> Iterator[Knocks]:
    made = Knocks(hub.port)
    monkeypatch.setattr(passwords, "scrypt", made.scrypt)
    yield made
    made.end()


def test_strangers_at_the_login_hold_no_upload_up(hub: Serving, gate: Gate, knocks: Knocks) -> None:
    statuses = knocks.knock("127.0.0.1", 60)
    assert knocks.begun.acquire(timeout=10)
    begun_at = time.monotonic()
    assert hub.upload(gate, gate.upload()).status == 200
    assert time.monotonic() - begun_at < 5
    until = time.monotonic() + 10
    while statuses.count(503) < 50:  # those who came first are still being judged
        assert time.monotonic() < until
        time.sleep(0.01)
    knocks.end()
    assert set(statuses) <= {401, 503}


def test_whoever_knocks_without_end_keeps_nobody_else_from_the_login(knocks: Knocks) -> None:
    strangers = knocks.knock("127.0.0.2", 20)
    until = time.monotonic() + 10
    while len(strangers) < 20 - passwords.EACH_WAITING:
        assert time.monotonic() < until
        time.sleep(0.01)
    person = knocks.knock("127.0.0.3", 1)
    knocks.end()
    assert person == [401], "judged, and not sent away"
    assert strangers.count(503) == 20 - passwords.EACH_WAITING
    assert not passwords._askers


def test_headers_that_drip_after_a_first_request_end_the_connection(
    hub: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SILENT_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
        line.sendall(b"GET /style.css HTTP/1.1\r\nHost: hub\r\n\r\n")
        while not line.recv(65_536).endswith(b"}\n"):
            pass
        line.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(OSError, match=r"reset|[Bb]roken"):  # noqa: PT012 - when it notices is the system's affair
            until = time.monotonic() + 5
            while time.monotonic() < until:
                line.sendall(b"X: y\r\n")
                time.sleep(0.05)


def test_whoever_asks_for_much_and_reads_nothing_is_left(hub: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each of four thousand strangers would have a copy of the largest file held for him, for ever."""
    monkeypatch.setattr(server, "UNREAD_SECONDS", 0.5)
    large = Path(hub.parts.settings.repository) / "targets" / "large.cwt"
    large.write_bytes(os.urandom(24 << 20))
    before, most = memory_of(os.getpid()), 0
    lines = []
    try:
        for _ in range(8):
            line = socket.create_connection(("127.0.0.1", hub.port), timeout=10)
            lines.append(line)
            line.sendall(b"GET /repository/targets/large.cwt HTTP/1.1\r\nHost: hub\r\n\r\n")
            assert line.recv(15).startswith(b"HTTP/1.1 200")
            most = max(most, memory_of(os.getpid()))
        assert most - before < 100 << 20
        time.sleep(1.0)
        for line in lines:
            found = 0
            with suppress(ConnectionResetError):
                while piece := line.recv(1 << 20):
                    found += len(piece)
            assert found < 24 << 20
        whole = hub.ask("GET", "/repository/targets/large.cwt")
        assert whole.content == large.read_bytes()
    finally:
        for line in lines:
            line.close()
        large.unlink()


def test_one_known_id_takes_two_places_and_keeps_nobody_out(hub: Serving, gate: Gate) -> None:
    other = Gate().passes(3)
    hub.enrol(other)
    path = f"/v1/devices/{gate.id.hex()}/log"
    head = f"POST {path} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/cbor\r\nContent-Length: 1000\r\n"
    proved = f"Checkpoint-Proof: {gate.request_proof('POST', path)}\r\n"
    lines = [socket.create_connection(("127.0.0.1", hub.port), timeout=10) for _ in range(71)]
    try:
        lines[0].sendall(f"{head}{proved}\r\nx".encode())
        time.sleep(0.1)
        for line in lines[1:]:
            line.sendall(f"{head}\r\nx".encode())
            line.setblocking(False)
        answers: list[bytes] = []
        until = time.monotonic() + 10
        while len(answers) < 68 and time.monotonic() < until:
            answers = []
            for line in lines[1:]:
                with suppress(BlockingIOError):
                    answers.append(line.recv(12, socket.MSG_PEEK))
        assert len(answers) == 68
        assert set(answers) <= {b"HTTP/1.1 408", b"HTTP/1.1 503"}
        lines[0].setblocking(False)
        with pytest.raises(BlockingIOError):
            lines[0].recv(12)  # what proves to be the gate's own is waited for still
        assert hub.upload(other, other.upload()).status == 200
        assert hub.upload(gate, gate.upload()).status == 200
    finally:
        for line in lines:
            line.close()


def test_many_bodies_of_one_sender_that_begin_in_one_moment_take_no_more_places_than_one_after_another() -> None:
    """What is given up frees its place at once, and not when its own turn comes to end."""
    gate, sender = _Gate(UNDER_WAY), (b"one", False)

    async def wait() -> None:
        async with gate.passed(proved=False) as place, asyncio.timeout(60) as patience:
            with gate.waiting(sender, patience, place):
                await asyncio.Event().wait()

    async def moment() -> None:
        bodies = [asyncio.create_task(wait()) for _ in range(10 * UNDER_WAY)]
        await asyncio.sleep(0)
        assert gate.room == UNDER_WAY - EACH_UNDER_WAY
        await asyncio.sleep(0.1)
        assert sum(not body.done() for body in bodies) == EACH_UNDER_WAY
        assert {type(body.exception()) for body in bodies if body.done()} == {TimeoutError}
        for body in bodies:
            body.cancel()
        await asyncio.gather(*bodies, return_exceptions=True)
        assert gate.room == UNDER_WAY, "each place is given back once"

    asyncio.run(moment())


def test_a_body_that_is_given_up_as_its_last_piece_comes_is_not_taken_without_a_place() -> None:
    gate, sender = _Gate(UNDER_WAY), (b"one", False)

    async def moment() -> None:
        async with gate.passed(proved=False) as place:

            async def pieces() -> AsyncIterator[bytes]:
                yield b"all of it"
                place.give_back()

            request = SimpleNamespace(headers={}, stream=pieces)
            with pytest.raises(RefusalError, match="others of the same appliance") as refused:
                await _body(cast("Request", request), gate, sender, place)
            assert refused.value.answer.status == 408
        assert gate.room == UNDER_WAY

    asyncio.run(moment())


def test_whoever_knows_many_ids_leaves_room_for_those_who_prove_theirs(hub: Serving, gate: Gate) -> None:
    """Ids are no secret: the public repository names who has orders."""
    known = [Gate() for _ in range(UNDER_WAY)]
    lines = []
    try:
        for one in known:
            hub.enrol(one)
            lines.append(socket.create_connection(("127.0.0.1", hub.port), timeout=10))
            head = f"POST /v1/devices/{one.id.hex()}/log HTTP/1.1\r\nHost: hub\r\nContent-Type: application/cbor\r\n"
            lines[-1].sendall(f"{head}Content-Length: 1000\r\n\r\nx".encode())
        until = time.monotonic() + 10
        while hub.upload(gate, gate.upload()).status != 503:
            assert time.monotonic() < until, "they have not taken every place that they can"
        proof = gate.request_proof("POST", f"/v1/devices/{gate.id.hex()}/log")
        assert hub.upload(gate, gate.upload(), proof=proof).status == 200
    finally:
        for line in lines:
            line.close()


def memory_of(process: int) -> int:
    """Bytes that a process has in memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_two_administrators_who_remove_each_other_do_not_both_go(hub: Serving) -> None:
    for round_ in range(5):
        names = [f"one{round_}", f"two{round_}"]
        with hub.parts.database.write() as session:
            session.run("UPDATE person SET role = 'VIEWER' WHERE role = 'ADMINISTRATOR'")
            for name in names:
                people.put(session, name, Role.ADMINISTRATOR, "")
        start = threading.Barrier(2)

        def remove(name: str, start: threading.Barrier = start) -> None:
            start.wait()
            with hub.parts.database.write() as session:
                if not people.is_last_administrator(session, name):
                    people.remove(session, name)

        threads = [threading.Thread(target=remove, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with hub.parts.database.read() as session:
            left = [one for one in people.everybody(session) if one.role is Role.ADMINISTRATOR]
        assert len(left) == 1
    with hub.parts.database.write() as session:
        people.put(session, "administrator", Role.ADMINISTRATOR, passwords.stretched(PASSWORD))


def test_two_hubs_that_meet_the_same_fork_raise_one_alarm(hub: Serving, gate: Gate) -> None:
    number = number_of(hub, gate)
    start = threading.Barrier(6)

    def ring() -> None:
        start.wait()
        with hub.parts.database.write() as session:
            alarms.ring(session, number, AlarmKind.FORKED, 1, detail="x")

    threads = [threading.Thread(target=ring) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with hub.parts.database.read() as session:
        assert session.rows("SELECT many FROM alarm WHERE device = ?", number) == [(6,)]


GETS = {
    "/": Role.VIEWER, "/passages?site=West": Role.VIEWER, "/overrides?site=West": Role.VIEWER,
    "/alarms": Role.VIEWER, "/retention": Role.VIEWER, "/enrolment": Role.OPERATOR, "/audit": Role.ADMINISTRATOR,
    "/people": Role.ADMINISTRATOR, "/appliance/{device}": Role.VIEWER, "/openapi.json": Role.VIEWER,
    "/?pick=degraded&site=West": Role.VIEWER, "/?pick=old_lists": Role.VIEWER, "/?pick=gone": Role.VIEWER,
    "/?pick=silent": Role.VIEWER, "/?pick=late": Role.VIEWER, "/passages?period=days_30": Role.VIEWER,
}  # fmt: skip
POSTS = {
    "/enrolment": Role.OPERATOR, "/alarms/987654": Role.OPERATOR, "/people": Role.ADMINISTRATOR,
    "/people/nobody/remove": Role.ADMINISTRATOR, "/appliance/{device}/retire": Role.ADMINISTRATOR,
    "/appliance/{device}/revoke": Role.ADMINISTRATOR,
}  # fmt: skip


def test_every_page_and_deed_is_for_its_roles_alone(hub: Serving, gate: Gate) -> None:
    hub.upload(gate, gate.upload())
    fields = {"site": "West", "lanes": "gate-1", "name": "new", "role": "VIEWER", "password": PASSWORD}
    for role in (None, *Role):
        desk = Desk(hub)
        if role is not None:
            assert desk.log_in(role.name.lower()).status == 303
        for path, least in GETS.items():
            status = desk.get(path.format(device=gate.id.hex())).status
            wanted = {303, 404} if role is None else {200} if role >= least else {403}
            assert status in wanted, (role, path)
        for path, least in POSTS.items():
            status = desk.post(path.format(device=gate.id.hex()), again=PASSWORD, reason="test", **fields).status
            wanted = {303} if role is None else {200, 303} if role >= least else {403}
            assert status in wanted, (role, path)
    with hub.parts.database.read() as session:
        found = appliances.find(session, gate.id)
    assert found is not None
    assert found.standing is Standing.REVOKED, "and only the administrator did it"


def test_a_login_begins_with_a_token_of_its_own_under_a_strict_cookie(hub: Serving) -> None:
    desk = Desk(hub)
    desk.cookie = "checkpoint=fixed-by-somebody-else"
    answer = desk.post("/login", token=passwords.form_token(""), name="viewer", password=PASSWORD)
    assert answer.status == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert "fixed-by-somebody-else" not in cookie
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert visitor.cookie_name(secure=True).startswith("__Host-")


@pytest.mark.parametrize(
    ("request_line", "headers", "statuses"),
    [
        ("HEAD /repository/metadata/timestamp.json", "", {200, 405}),
        ("OPTIONS /", "Origin: https://evil.example\r\n", {405}),
        ("TRACE /", "", {405}),
        ("GET /repository/metadata/1.root.json", "Range: bytes=0-9999999999999999999999\r\n", {200}),
        ("GET /", "X: " + "y" * 200_000 + "\r\n", {400, 431}),
        ("GET /" + "a" * 200_000, "", {400, 414, 431}),
        ("GET /style.css", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", {200, 400, 411}),
        ("POST /login", "Content-Length: -5\r\n", {400, 413}),
        ("POST /login", "Content-Length: 99999999999999999999\r\n", {400, 413}),
        ("GET /login", "Accept-Language: " + "zh;q=1e999," * 50 + "\r\n", {200}),
        ("GET /", "Cookie: checkpoint=" + "%00\x80" * 30 + "\r\n", {303}),
    ],
    ids=[
        "head",
        "options",
        "trace",
        "range",
        "headers",
        "path",
        "both_lengths",
        "minus",
        "endless",
        "tongues",
        "cookie",
    ],
)
def test_odd_requests_get_a_plain_answer(hub: Serving, request_line: str, headers: str, statuses: set[int]) -> None:
    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
        line.sendall(f"{request_line} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n{headers}\r\n".encode("latin-1"))
        answer = line.recv(65_536)
    assert int(answer.split()[1]) in statuses
    assert b"Traceback" not in answer
    assert b"access-control-allow" not in answer.lower()


def test_a_stick_full_of_links_leads_no_write_astray(hub: Serving, gate: Gate, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    folder = tmp_path / "stick" / "checkpoint-log"
    folder.mkdir(parents=True)
    (folder / f"{gate.id.hex()}-0-4.log").write_bytes(framed(gate.upload()))
    (folder / f".{gate.id.hex()}.receipt.{os.getpid()}").symlink_to(treasure)
    (folder / f"{gate.id.hex()}.receipt").symlink_to(treasure)
    found = list(stick.bring_in(tmp_path / "stick", hub.parts.ingest))
    stick.write_receipts(tmp_path / "stick", found, hub.parts.ingest)
    assert treasure.read_text() == "mine"
    note = (folder / f"{gate.id.hex()}.receipt").read_text("utf-8")
    assert read_cosigned(note, gate.key.public_key(), hub.parts.cosigner.public_key).head.size == 4
    other = tmp_path / "other"
    other.mkdir()
    (other / "checkpoint-log").symlink_to(folder)
    assert list(stick.bring_in(other, hub.parts.ingest)) == []


def test_a_hub_whose_clock_leaps_takes_logs_in_all_the_same(
    hub: Serving, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = wall_clock_ms() + 40 * 86_400_000
    monkeypatch.setattr(hub.parts.ingest, "_clock_ms", lambda: ahead)
    assert hub.upload(gate, gate.upload(0, 2)).status == 200
    monkeypatch.setattr(hub.parts.ingest, "_clock_ms", lambda: ahead - 400 * 86_400_000)
    assert hub.upload(gate, gate.upload(2, 4)).cbor()[1] == 4
