"""Clocks that are years wrong, on either side: what was written arrives once with its own time, and nothing is erased.

A log, its keeper and the appliance's clock meet a hub over real sockets; only the walls that both clocks hang on are
the test's.
"""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.storage import appliances
from keys.cosignature import read_cosigned
from scanner.clock import Clock, Evidence, EvidenceKind
from scanner.config.model import RetentionSection
from scanner.journal.database import Erasure
from scanner.journal.device import Device
from scanner.journal.entry import decode
from scanner.journal.store import Journal
from scanner.journal.verify import verify
from scanner.sync.client import HubClient
from scanner.sync.enrolment import join
from scanner.sync.errors import HubUnreachableError
from scanner.sync.keeper import SyncKeeper
from scanner.sync.membership import Membership, write_membership
from scanner.sync.offer import Offer
from scanner.sync.outbox import open_outbox
from scanner.sync.values import Trouble
from scanner.sync.wire import Receipt
from scanner.values import ClockTrust
from tests.hub.serving import Serving
from tests.hub.skewed import write_and_send_by
from tests.scanner.journal.logs import DEVICE, SOFTWARE, open_journal, passage

DAY_S = 86_400
YEAR_S = 365 * DAY_S


@dataclass
class Wall:
    """A clock on a wall, turned by the test."""

    ahead_s: int = 0
    speed: float = 1.0
    began: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.began + (time.time() - self.began) * self.speed + self.ahead_s


@dataclass
class Box:
    """An appliance without a lane: its log, its clock, and the engine's thread for the hub."""

    state: Path
    journal: Journal
    wall: Wall
    clock: Clock
    hub: Serving
    erased: list[Erasure] = field(default_factory=list)
    had: set[Trouble] = field(default_factory=set)
    connect: type[HubClient] = HubClient

    def enrol(self) -> None:
        offer = self.hub.parts.offer
        token = self.hub.invite()
        found = Offer(self.hub.url, offer.pin, offer.root_sha256, token)
        _, membership = join(found, self.journal.device, SOFTWARE, "Asia/Shanghai")
        write_membership(self.state, membership)

    def write(self, many: int) -> None:
        for number in range(many):
            draft = passage(number)
            self.journal.append(replace(draft, time_ms=self.clock.now_ms(), clock=self.clock.trust()))

    def send(self) -> None:
        """Let the keeper work until everything is held and looked through."""
        with self.keeping() as keeper:
            until(lambda: keeper.state.joined and keeper.state.held == self.journal.size)
            until(lambda: keeper._hub_clock.stands is False)
            time.sleep(0.1)  # some turns, in which what is due would go

    @contextmanager
    def keeping(self) -> Iterator[SyncKeeper]:
        """Let the keeper work for the block, as a start of the engine does."""
        stop = threading.Event()
        keeper = SyncKeeper(
            self.state,
            self,
            every_s=0.02,
            retention=RetentionSection(sealed_days=14, entries_days=30),
            now=self.clock.now,
            trusted=lambda: self.clock.trust() is ClockTrust.TRUSTED,
            trouble=lambda which, active, _: self.had.add(which) if active else None,
            erased=self.erased.append,
            exported=lambda _: None,
            changed=lambda: None,
            spread=lambda low, _: low,
            connect=partial(self.connect, silence_s=5.0, grace_s=5.0),
        )
        thread = threading.Thread(target=keeper.run, args=(stop,), daemon=True)
        thread.start()
        try:
            yield keeper
        finally:
            stop.set()
            thread.join()

    def held(self) -> list[bytes]:
        with self.hub.parts.database.read() as session:
            found = appliances.find(session, self.journal.device.id)
            assert found is not None
            assert found.frontier.size == self.journal.size
            return [body for _, body in appliances.bodies(session, found.number, 0, 1 << 60)]


def until(true: Callable[[], object], patience: float = 20.0) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


hub_wall = Wall(speed=30.0)
"""The hub's, of which it is soon seen that it goes: one hub for all of these."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = Serving(tmp_path_factory.mktemp("hub"), clock_ms=lambda: int(hub_wall() * 1000))
    yield made
    made.close()


def hurry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("scanner.sync.schedule.FIRST_S", (0.0, 0.0))
    patch.setattr("scanner.sync.schedule.PRESENCE_S", 0.05)


@pytest.fixture
def box(hub: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    monkeypatch.setattr("scanner.sync.keeper.TURN_S", 0.02)
    hurry(monkeypatch)
    hub_wall.ahead_s = 0
    wall = Wall()
    with open_journal(tmp_path, Device.of(Ed25519PrivateKey.generate())) as journal:
        clock = Clock(tmp_path, wall=wall, probes=[lambda _: Evidence(EvidenceKind.NTP, "test")], build_time=0)
        yield Box(tmp_path, journal, wall, clock, hub)


def leap(box: Box, seconds: int) -> None:
    """Set the appliance's clock, and let something vouch for it all the same."""
    box.wall.ahead_s += seconds
    box.clock.poll()
    assert box.clock.trust() is ClockTrust.TRUSTED


@pytest.mark.parametrize("hub_years", [-40, 0, 30], ids=["hub_behind", "hub_right", "hub_ahead"])
@pytest.mark.parametrize("years", [-30, -3, 40], ids=["far_behind", "behind", "ahead"])
def test_entries_arrive_once_with_the_time_they_were_written_at_and_nothing_is_erased(
    box: Box, years: int, hub_years: int
) -> None:
    box.wall.ahead_s, hub_wall.ahead_s = years * YEAR_S, hub_years * YEAR_S
    box.clock.poll()
    box.enrol()
    box.write(5)
    box.send()
    box.wall.ahead_s = 0  # somebody sets it right
    hub_wall.ahead_s += 60
    box.clock.poll()
    box.write(5)
    box.send()
    held = box.held()
    assert held == [entry.body for entry in box.journal.entries(0, 10)]
    times = [decode(body).time_ms // 1000 - time.time() for body in held]
    assert [round(ahead / YEAR_S) for ahead in times] == [years] * 5 + [0] * 5
    assert not box.erased
    assert not box.had
    with open_outbox(box.state, box.journal.device) as outbox:
        note = outbox.cosigned()
    assert note is not None
    seen = read_cosigned(note, box.journal.device.public_key, box.hub.parts.cosigner.public_key)
    assert seen.head.size == 10
    assert round((seen.seen_at - time.time()) / YEAR_S) == hub_years
    assert verify(box.state / "journal.db", box.journal.device.public_key).ok


def test_entries_of_a_clock_that_nobody_vouched_for_are_not_said_to_have_waited_for_years(box: Box) -> None:
    """Here they wait for a minute, and then for two days."""
    box.wall.ahead_s = -30 * YEAR_S  # not noticed yet: untrusted
    box.write(3)
    box.wall.ahead_s = 0
    box.clock.poll()
    box.write(3)
    with open_outbox(box.state, box.journal.device) as outbox:
        written = outbox.written_by(0)
    assert written is not None
    assert abs(written // 1000 - time.time()) < 60
    write_membership(box.state, Membership("http://127.0.0.1:9", None, box.journal.device.public_key, "West gate"))
    for days, troubles in ((0, set()), (2, {Trouble.WAITING})):
        leap(box, days * DAY_S)
        with box.keeping() as keeper:
            until(lambda keeper=keeper: keeper.state.oldest_ms is not None)
            time.sleep(0.1)
        assert box.had == troubles


@pytest.mark.parametrize("hub_years", [-40, 0, 30], ids=["hub_behind", "hub_right", "hub_ahead"])
def test_a_leap_that_somebody_vouches_for_erases_nothing_and_days_that_both_have_counted_do(
    box: Box, hub_years: int
) -> None:
    hub_wall.ahead_s = hub_years * YEAR_S
    box.enrol()
    box.write(5)
    box.send()
    hub_wall.ahead_s += 60
    leap(box, 10 * YEAR_S)
    box.send()
    assert not box.erased
    leap(box, -10 * YEAR_S)
    hub_wall.ahead_s += 10 * YEAR_S
    box.write(1)
    box.send()
    assert not box.erased
    leap(box, 40 * DAY_S)
    hub_wall.ahead_s += 40 * DAY_S
    box.write(1)  # the hub is heard again
    box.send()
    assert [(one.start, one.stop) for one in box.erased] == [(0, 6), (0, 6)]
    assert box.journal.pruned == 6


def test_a_leap_in_the_middle_of_a_batch_erases_nothing_before_anybody_has_noticed_it(box: Box) -> None:
    """The engine looks at its clock once a second; until then it would still be believed."""

    class Leaping(HubClient):
        def upload(self, body: bytes) -> Receipt:
            box.wall.ahead_s = hub_wall.ahead_s = 10 * YEAR_S
            return super().upload(body)

    box.enrol()
    box.write(5)
    box.send()
    box.connect = Leaping
    box.write(5)
    box.send()
    assert box.clock.trust() is ClockTrust.UNTRUSTED
    assert not box.erased
    box.wall.ahead_s = hub_wall.ahead_s = 0
    assert box.journal.durable_since(int(time.time()) + 60) == 5, "nor did it say when the hub was heard"
    assert len(box.held()) == 10


def test_a_log_that_waited_in_the_wrong_decade_is_not_asked_for_in_years(box: Box) -> None:
    class Away(HubClient):
        asked = 0

        def upload(self, body: bytes) -> Receipt:
            Away.asked += 1
            if Away.asked < 4:  # each time that the hub is not there, the clock is somewhere else
                box.wall.ahead_s = (-20, 40, -30)[Away.asked - 1] * YEAR_S
                self._line.close()
                raise HubUnreachableError("nobody there")
            return super().upload(body)

    box.enrol()
    box.write(5)
    box.connect = Away
    began = time.monotonic()
    box.send()
    assert Away.asked == 4
    assert time.monotonic() - began < 10
    assert len(box.held()) == 5


@pytest.mark.soak
@pytest.mark.timeout(120)
def test_an_appliance_that_is_killed_while_its_clock_is_set_by_years_loses_erases_and_repeats_nothing(
    hub: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    draw = random.Random(11)
    hub_wall.ahead_s = -20 * YEAR_S
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.hub.skewed"])
    ahead_s = context.Value("q", 0)
    with open_journal(tmp_path) as journal:
        Box(tmp_path, journal, Wall(), Clock(tmp_path, build_time=0), hub).enrol()
    for number in range(25):
        process = context.Process(target=write_and_send_by, args=(ahead_s, tmp_path, f"boot {number // 3}"))
        process.start()
        for _ in range(4):
            time.sleep(draw.uniform(0.02, 0.1))
            ahead_s.value = draw.choice((-30, -3, 0, 0, 10, 60)) * YEAR_S
        process.kill()
        process.join()
    with open_journal(tmp_path) as journal:
        box = Box(tmp_path, journal, Wall(), Clock(tmp_path, build_time=0), hub)
        box.send()
        assert journal.size > 200
        assert box.held() == [entry.body for entry in journal.entries(0, journal.size)]
        assert (journal.pruned, box.erased) == (0, [])
    years = {round((decode(body).time_ms / 1000 - time.time()) / YEAR_S) for body in box.held()}
    assert years >= {-30, 0, 10}
    assert verify(tmp_path / "journal.db", DEVICE.public_key).ok
