"""What hubs and databases survive, with nothing lost and nothing twice: real processes, sockets and servers."""

from __future__ import annotations

import random
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.service import wall_clock_ms
from hub.storage import appliances
from tests.hub.conftest import Place
from tests.hub.gate import Gate, packed
from tests.hub.hubs import Hubs, settings_in
from tests.hub.sender import LostError, Sender
from tests.hub.serving import Serving

soak = pytest.mark.soak
KILLS, KILL_SECONDS = 150, 50.0
"""As many as that, or as a busy machine manages in that time."""


def check(place: Place, gates: list[Gate]) -> None:
    """Everything is there, once, in order, and counted once."""
    total = 0
    for gate in gates:
        assert place.stored(gate) == gate.log
        total += len(gate.log)
    assert place.tallies(0)["people"] == total


@pytest.fixture
def setting() -> str:
    return "sqlite"  # hubs on PostgreSQL are killed together with it, in test_killed


@pytest.fixture
def senders(setting: str, open_place: Callable[[str], Place]) -> tuple[Place, list[Sender]]:
    place = open_place(setting)
    place.database.prepare_day(wall_clock_ms() // 86_400_000)
    found = []
    for number in range(3):
        gate = Gate().passes(300, time_ms=wall_clock_ms() - 3_600_000)
        place.enrol(gate)
        found.append(Sender(gate, place.cosigner.public_key, random.Random(number)))
    return place, found


@soak
@pytest.mark.timeout(300)
def test_hubs_killed_at_any_instant_lose_nothing_and_store_nothing_twice(
    tmp_path: Path, setting: str, senders: tuple[Place, list[Sender]]
) -> None:
    place, found = senders
    hubs = Hubs(settings_in(tmp_path, setting), 1 if setting == "sqlite" else 2)
    chance, ended, faults, kills = random.Random(5), threading.Event(), [], 0

    def send(sender: Sender) -> None:
        try:
            while not ended.is_set():
                if sender.attempt(hubs.urls.copy(), 40) is None:
                    time.sleep(0.02)
                if sender.acknowledged == len(sender.gate.log):
                    sender.gate.passes(20, time_ms=wall_clock_ms())
                    time.sleep(0.005)
        except (AssertionError, LostError) as error:
            faults.append(error)

    threads = [threading.Thread(target=send, args=(sender,)) for sender in found]
    for thread in threads:
        thread.start()
    try:
        enough = time.monotonic() + KILL_SECONDS
        while kills < KILLS and (time.monotonic() < enough or kills < 20):
            time.sleep(chance.uniform(0.0, 0.15))
            hubs.kill(kills % len(hubs.urls))
            kills += 1
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    try:
        assert faults == []
        for sender in found:
            sender.deliver(hubs.urls)
        check(place, [sender.gate for sender in found])
    finally:
        hubs.close()


def test_a_connection_cut_at_every_point_leaves_all_or_nothing(tmp_path: Path) -> None:
    hub = Serving(tmp_path)
    gate = Gate().passes(40)
    try:
        hub.enrol(gate)
        request = _request(gate, packed(gate.upload()))
        for cut in [*range(0, len(request), 61), len(request)]:
            with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
                line.sendall(request[:cut])
        with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
            line.sendall(request)
            line.recv(1)  # cut inside the answer: stored, and the appliance does not know
        assert hub.upload(gate, gate.upload()).cbor()[1] == 40
        with hub.parts.database.read() as session:
            assert session.rows("SELECT count(*) FROM entry") == [(40,)]
    finally:
        hub.close()


def _request(gate: Gate, body: bytes) -> bytes:
    return (
        f"POST /v1/devices/{gate.id.hex()}/log HTTP/1.1\r\nHost: hub\r\nContent-Type: application/cbor\r\n"
        f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def test_slow_and_half_open_connections_keep_nobody_else_waiting(tmp_path: Path) -> None:
    hub = Serving(tmp_path)
    gate = Gate().passes(5)
    lines = []
    try:
        hub.enrol(gate)
        request = _request(gate, b"x" * 1000)
        for _ in range(50):
            line = socket.create_connection(("127.0.0.1", hub.port), timeout=10)
            line.sendall(request[:-900])
            lines.append(line)
        begun = time.monotonic()
        assert hub.upload(gate, gate.upload()).status == 200
        assert time.monotonic() - begun < 5
    finally:
        for line in lines:
            line.close()
        hub.close()


def test_when_all_places_are_taken_the_others_are_told_when_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.api.UNDER_WAY", 1)
    hub = Serving(tmp_path)
    gate = Gate().passes(5)
    try:
        hub.enrol(gate)
        deadline = time.monotonic() + 20
        while True:  # until the half request was there first: it is sent away itself where it comes second
            with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as line:
                line.sendall(_request(gate, b"x" * 1000)[:-900])
                time.sleep(0.1)
                answer = hub.upload(gate, gate.upload())
            if answer.status == 503:
                break
            assert time.monotonic() < deadline
        assert answer.problem()["type"] == "urn:checkpoint:problem:busy"
        assert 5 <= int(answer.headers["retry-after"]) <= 30
        while hub.upload(gate, gate.upload()).status != 200:
            assert time.monotonic() < deadline
    finally:
        hub.close()


def test_a_hub_restored_from_an_old_backup_is_noticed_and_gets_everything_again(tmp_path: Path) -> None:
    gate = Gate().passes(30)
    first = Serving(tmp_path)
    first.enrol(gate)
    sender = Sender(gate, first.parts.cosigner.public_key, random.Random(1))
    first.upload(gate, gate.upload(0, 10))
    first.close()
    shutil.copytree(tmp_path / "hub", tmp_path / "backup")
    second = Serving(tmp_path)
    sender.deliver([second.url])
    second.close()
    shutil.rmtree(tmp_path / "hub")
    (tmp_path / "backup").rename(tmp_path / "hub")
    third = Serving(tmp_path)
    try:
        gate.passes(5)
        with pytest.raises(LostError, match="10 after 30"):
            sender.deliver([third.url])
        sender.acknowledged = 10
        sender.deliver([third.url])
        with third.parts.database.read() as session:
            assert [body for _, body in appliances.bodies(session, 1, 0, 100)] == gate.log
    finally:
        third.close()


@soak
def test_a_full_disk_stores_nothing_and_says_so(tmp_path: Path, open_place: Callable[[str], Place]) -> None:
    """The hub's process may not let any file grow further: SQLite sees a disk that is full."""
    gate = Gate().passes(4000)
    place = open_place("sqlite")
    place.enrol(gate)
    sender = Sender(gate, place.cosigner.public_key, random.Random(2))
    settings = settings_in(tmp_path, "sqlite")
    full = Hubs(settings, 1, most_bytes=1_500_000)
    try:
        statuses = [sender.attempt(full.urls, 600) for _ in range(20)]
    finally:
        full.close()
    assert (statuses[0], statuses[-1]) == (200, 503)
    assert sender.acknowledged < len(gate.log)
    again = Hubs(settings, 1)
    try:
        sender.deliver(again.urls)
    finally:
        again.close()
    check(place, [gate])
