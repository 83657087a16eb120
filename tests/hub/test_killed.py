"""Appliances, hubs and PostgreSQL killed at random instants, hundreds of times, all at once; then everything is there.

Nothing is imitated: appliances write their log and hand it over as they do in an engine, two hubs share one PostgreSQL
that syncs its disk, and a third hand sends pieces of the same logs again, to either hub, whenever it likes.
"""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import urllib3
from urllib3.exceptions import HTTPError

from benchmarks.hub.cluster import Cluster, programs
from hub.service import wall_clock_ms
from hub.storage import appliances
from hub.values import Invitation, Scope
from keys.merkle import Tree, leaf_hash
from scanner.journal.device import Device
from scanner.journal.errors import JournalError
from scanner.journal.files import journal_path
from scanner.journal.verify import verify
from scanner.sync.client import HubClient
from scanner.sync.errors import HubUnreachableError
from scanner.sync.exchange import Exchange
from scanner.sync.membership import Membership, write_membership
from scanner.sync.outbox import open_outbox
from scanner.sync.wire import encode_upload
from tests.hub.conftest import Place
from tests.hub.hubs import Hubs, settings_in
from tests.hub.serving import CBOR
from tests.scanner.journal.logs import DEVICE, OTHER_DEVICE, open_journal
from tests.scanner.sync.write_and_send import write_and_send

SECONDS = 90.0
ROUNDS = {"postgresql": 50, "hub": 80, "appliance": 120}
"""As many as these, or as a busy machine manages in that time; of each, a fifth at the least."""


class Killer(threading.Thread):
    """Does one kind of thing, again and again; what it raises is kept."""

    def __init__(self, name: str, strike: Callable[[], None], pause_s: float, ended: threading.Event) -> None:
        super().__init__(name=name)
        self._strike = strike
        self._pause_s = pause_s
        self._ended = ended
        self._draw = random.Random(name)
        self.rounds = 0
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._ended.wait(self._draw.uniform(0.0, self._pause_s)):
                self._strike()
                self.rounds += 1
        except BaseException as error:
            self.fault = error


@pytest.fixture
def durable_cluster() -> Iterator[Cluster]:
    found = programs()
    if found is None:
        pytest.skip("postgresql is not installed (apt-get install postgresql)")
    made = Cluster(
        found, fsync=True, settings=["recovery_init_sync_method=syncfs"]
    )  # and not a thousand files each time
    yield made
    made.close()


def enrol(place: Place, device: Device, site: str) -> None:
    invitation = Invitation(sha256(site.encode()).digest(), site, ("main",), wall_clock_ms() + 600_000, "test")
    key = device.public_key.public_bytes_raw()
    with place.database.write() as session:
        appliances.invite(session, invitation)
        appliances.enrol(session, device.id, key, invitation, software="0", now_ms=wall_clock_ms())


def echo(states: dict[Path, Device], hubs: Hubs, draw: random.Random) -> None:
    """Send a piece of somebody's log, as it is kept there still, to one of the hubs; twice, sometimes."""
    state = draw.choice(list(states))
    try:
        with open_outbox(state, states[state]) as outbox:
            if outbox.pruned >= outbox.size:
                return
            batch = outbox.batch(draw.randrange(outbox.pruned, outbox.size), draw.choice((1, 5, 40, 400)))
    except JournalError:
        return  # its process is beginning, or was ended in the middle of it
    path = f"/v1/devices/{states[state].id.hex()}/log"
    for _ in range(draw.choice((1, 2))):
        with urllib3.PoolManager(retries=False, timeout=10.0) as line:
            try:
                url = draw.choice(hubs.urls)
                answer = line.request("POST", url + path, body=encode_upload(batch.upload), headers=CBOR)
            except HTTPError:
                continue
        gap = answer.status == 409 and b"problem:gap" in answer.data
        assert answer.status in {200, 503} or gap, answer.data


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_whatever_is_killed_whenever_every_entry_is_there_once(
    tmp_path: Path, durable_cluster: Cluster, open_place: Callable[[str], Place]
) -> None:
    setting = durable_cluster.new_database()
    place = open_place(setting)
    place.database.prepare_day(wall_clock_ms() // 86_400_000)
    hubs = Hubs(settings_in(tmp_path, setting), 2)
    states = {tmp_path / "east": DEVICE, tmp_path / "west": OTHER_DEVICE}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.hub.test_killed"])
    for number, (state, device) in enumerate(states.items()):
        enrol(place, device, state.name)
        open_journal(state, device).close()
        (state / "written").write_bytes(b"0")
        write_membership(state, Membership(hubs.urls[number], None, place.cosigner.public_key, state.name))
    running: dict[Path, multiprocessing.process.BaseProcess] = {}
    draws = [random.Random(number) for number in range(3)]

    def begin(state: Path) -> None:
        seed = list(states).index(state)
        running[state] = context.Process(target=write_and_send, args=(state, state / "written", seed, 0.05, 0.05))
        running[state].start()

    def kill_appliance() -> None:
        state = draws[0].choice(list(states))
        running[state].kill()
        running[state].join()
        begin(state)

    def kill_postgresql() -> None:
        durable_cluster.kill()
        durable_cluster.start()

    for state in states:
        begin(state)
    ended = threading.Event()
    killers = [
        Killer("postgresql", kill_postgresql, 2.0, ended),
        Killer("hub", lambda: hubs.kill(draws[1].randrange(2)), 1.2, ended),
        Killer("appliance", kill_appliance, 1.2, ended),
    ]
    third_hand = Killer("echo", lambda: echo(states, hubs, draws[2]), 0.2, ended)
    try:
        for killer in (*killers, third_hand):
            killer.start()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and any(one.rounds < ROUNDS[one.name] for one in killers):
            time.sleep(0.2)
        ended.set()
        for killer in (*killers, third_hand):
            killer.join()
        for process in running.values():
            process.kill()
            process.join()
        assert [killer.fault for killer in (*killers, third_hand)] == [None] * 4
        print({one.name: one.rounds for one in (*killers, third_hand)})  # shown by -rP
        assert all(one.rounds >= ROUNDS[one.name] // 5 for one in killers), [one.rounds for one in killers]
        hubs.wait()
        for number, (state, device) in enumerate(states.items()):
            deliver(state, device, place, hubs.urls[1 - number])
    finally:
        ended.set()
        hubs.close()
    check(place, states)


def deliver(state: Path, device: Device, place: Place, url: str) -> None:
    """Hand over what is left, with nobody killed any more."""
    witness = place.cosigner.public_key
    client = HubClient(Membership(url, None, witness, ""), device)
    with open_journal(state, device) as journal:
        exchange = Exchange(
            client,
            state,
            device,
            witness,
            lambda note, seen: journal.keep_cosigned(note, witness, seen.seen_at) and None,
        )
        until = time.monotonic() + 60
        while journal.durable < journal.size:
            assert time.monotonic() < until
            try:
                exchange.send()
            except HubUnreachableError:
                time.sleep(0.05)
        assert journal.size >= int((state / "written").read_bytes())
    client.close()


def check(place: Place, states: dict[Path, Device]) -> None:
    people = 0
    for state, device in states.items():
        with place.database.read() as session:
            found = appliances.find(session, device.id)
            assert found is not None
            bodies = appliances.bodies(session, found.number, 0, 1 << 60)
        assert [seq for seq, _ in bodies] == list(range(found.frontier.size))
        tree = Tree()
        for _, body in bodies:
            tree.append(leaf_hash(body))
        with open_outbox(state, device) as outbox:
            assert (found.frontier.size, tree.root()) == (outbox.size, outbox.root(outbox.size))
            assert outbox.pruned > 0, "what the hub held was erased on the way"
        assert verify(journal_path(state), device.public_key).ok
        people += len(bodies)
    assert place.tallies(Scope.FLEET)["people"] == people
    with place.database.read() as session:
        assert session.rows("SELECT count(*) FROM alarm") == [(0,)]
