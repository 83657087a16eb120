"""The engine's thread for the hub, with a real log and a hub on a socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.cosignature import cosign
from scanner.config.model import RetentionSection
from scanner.journal.database import Erasure
from scanner.journal.detail import EntryKind, Erased, ErasureDetail
from scanner.journal.entry import EntryDraft
from scanner.journal.store import Journal
from scanner.journal.verify import verify
from scanner.sync.client import HubClient
from scanner.sync.inbox import LeftExport, LeftReceipt, leave
from scanner.sync.keeper import SyncKeeper
from scanner.sync.membership import MembershipError, read_membership, write_membership
from scanner.sync.outbox import open_outbox
from scanner.sync.retirement import Retired
from scanner.sync.values import Trouble
from scanner.values import ClockTrust
from tests.scanner.journal.logs import DEVICE, START, edit, open_journal, passage
from tests.scanner.sync.hub_server import HonestHub, Served, problem, served

DAY = 86_400


@dataclass
class Gate:
    """What the engine would be."""

    state: Path
    journal: Journal | None
    hub: HonestHub
    line: Served
    now: float = START / 1000 + 1000
    trusted: bool = True
    troubles: dict[Trouble, str] = field(default_factory=dict)
    had: set[Trouble] = field(default_factory=set)
    erased: list[Erasure] = field(default_factory=list)
    exported: list[LeftExport] = field(default_factory=list)
    keeper: SyncKeeper | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def trouble(self, which: Trouble, active: bool, words: str) -> None:
        if active:
            self.troubles[which] = words
            self.had.add(which)
        else:
            self.troubles.pop(which, None)

    def start(self) -> None:
        self.keeper = SyncKeeper(
            self.state,
            self,
            every_s=0.05,
            retention=RetentionSection(sealed_days=14, entries_days=30),
            now=lambda: int(self.now),
            trusted=lambda: self.trusted,
            trouble=self.trouble,
            erased=self.erased.append,
            exported=self.exported.append,
            changed=lambda: None,
            spread=lambda low, _: low,
            connect=partial(HubClient, silence_s=1.0, grace_s=1.0),
        )
        threading.Thread(target=self.keeper.run, args=(self.stop,), daemon=True).start()

    def join(self) -> None:
        write_membership(self.state, self.line.membership())

    def write(self, count: int) -> None:
        assert self.journal is not None
        start = self.journal.size
        self.journal.append_all([passage(start + number) for number in range(count)])

    @property
    def all_held(self) -> bool:
        assert self.journal is not None
        return self.journal.durable == self.journal.size == len(self.hub.entries)


def until(true: Callable[[], object], patience: float = 20.0) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setattr("scanner.sync.keeper.TURN_S", 0.02)
    monkeypatch.setattr("scanner.sync.schedule.FIRST_S", (0.0, 0.0))
    monkeypatch.setattr("scanner.sync.schedule.PRESENCE_S", 0.2)
    monkeypatch.setattr(
        "scanner.sync.retention.TICK_S", 0.2
    )  # the hub's clock is the gate's: it goes when the test says so
    hub = HonestHub(DEVICE.public_key)
    with served(hub) as line, open_journal(tmp_path) as journal:
        gate = Gate(tmp_path, journal, hub, line)
        hub.clock = lambda: gate.now
        yield gate
        gate.stop.set()


def test_whoever_joins_a_hub_beside_a_running_engine_sees_the_log_arrive(gate: Gate) -> None:
    gate.write(30)
    gate.start()
    time.sleep(0.1)
    assert gate.hub.questions == 0
    gate.join()
    until(lambda: gate.all_held)
    assert gate.keeper is not None
    until(lambda: gate.keeper and gate.keeper.state.oldest_ms is None)
    assert gate.keeper.state.joined
    gate.write(700)
    until(lambda: gate.all_held)
    assert not gate.had


def test_a_proxy_that_takes_the_date_away_is_told_and_nothing_is_erased_until_it_lets_it_pass(gate: Gate) -> None:
    gate.line.dated = False
    gate.join()
    gate.write(5)
    gate.start()
    until(lambda: gate.all_held)
    gate.now += 40 * DAY
    until(lambda: Trouble.UNDATED in gate.troubles)
    questions = gate.hub.questions
    until(lambda: gate.hub.questions > questions + 3)
    assert "Date" in gate.troubles[Trouble.UNDATED]
    assert gate.journal is not None
    assert (gate.erased, gate.journal.pruned) == ([], 0)
    gate.line.dated = True
    until(lambda: Trouble.UNDATED not in gate.troubles)
    until(lambda: gate.journal and gate.journal.pruned == 5)


def test_while_the_hub_is_gone_the_queue_grows_and_then_drains(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.sync.keeper.UNREACHABLE_S", 0.1)
    gate.join()
    gate.write(3)
    gate.start()
    until(lambda: gate.all_held)
    gate.line.instead = [problem(500, "trouble")] * 40
    gate.write(50)
    until(lambda: Trouble.UNREACHABLE in gate.troubles)
    assert gate.keeper is not None
    assert gate.keeper.state.held == 3
    assert gate.keeper.state.oldest_ms is not None
    until(lambda: gate.all_held)
    until(lambda: not gate.troubles)


def test_a_refusal_is_said_and_not_hurried(gate: Gate) -> None:
    gate.join()
    gate.write(3)
    gate.line.instead = [problem(403, "retired", detail="this appliance was retired")]
    gate.start()
    until(lambda: gate.troubles)
    assert "retired" in gate.troubles[Trouble.REFUSED]
    seen = len(gate.line.seen)
    time.sleep(0.3)
    assert len(gate.line.seen) == seen


def test_a_stolen_hubs_word_erases_nothing(gate: Gate) -> None:
    write_membership(gate.state, gate.line.membership(witness=Ed25519PrivateKey.generate().public_key()))
    gate.write(10)
    gate.start()
    until(lambda: Trouble.DOUBTED in gate.troubles)
    gate.now += 400 * DAY
    time.sleep(0.1)
    assert gate.journal is not None
    assert (gate.journal.durable, gate.journal.pruned, gate.erased) == (0, 0, [])


def test_what_the_hub_holds_is_erased_when_its_time_has_come_and_not_before(gate: Gate) -> None:
    gate.join()
    gate.write(300)
    gate.start()
    until(lambda: gate.all_held)
    gate.stop.set()
    gate.write(5)
    first = (Erased.SEALED, 0, 300, 300)
    then = [(Erased.SEALED, 300, 305, 5), (Erased.ENTRIES, 0, 300, 300)]
    for days, sealed, lines in ((13, 300, []), (15, 0, [first]), (31, 0, [first, *then])):
        gate.stop = threading.Event()
        start, gate.now = gate.now, gate.now + days * DAY
        gate.start()
        until(lambda: gate.all_held)
        until(lambda lines=lines: [(one.what, one.start, one.stop, one.count) for one in gate.erased] == lines)
        time.sleep(0.1)
        assert gate.journal is not None
        assert sum(one.sealed is not None for one in gate.journal.entries(0, 300)) == sealed
        assert gate.journal.pruned == sum(line[2] for line in lines if line[0] is Erased.ENTRIES)
        gate.stop.set()
        gate.now = start
    report = verify(gate.state / "journal.db", DEVICE.public_key)
    assert (report.ok, report.pruned) == (True, 300)


def test_what_an_earlier_hub_has_seen_is_erased_in_time_after_another_was_joined(gate: Gate) -> None:
    gate.write(10)
    assert gate.journal is not None
    earlier, days_ago = Ed25519PrivateKey.generate(), int(gate.now) - 20 * DAY
    head = cosign(gate.journal.head(), "earlier", earlier, days_ago)
    assert gate.journal.keep_cosigned(head, earlier.public_key(), days_ago) == 10
    gate.write(5)
    gate.join()
    gate.start()
    until(lambda: gate.erased)
    assert [(one.what, one.start, one.stop) for one in gate.erased] == [(Erased.SEALED, 0, 10)]


def test_nothing_is_erased_while_nobody_vouches_for_the_time(gate: Gate) -> None:
    gate.trusted = False
    gate.join()
    gate.write(10)
    gate.start()
    until(lambda: gate.all_held)
    gate.now += 400 * DAY
    time.sleep(0.2)
    assert not gate.erased


def test_a_hub_that_forgot_is_told_and_gets_everything_again(gate: Gate) -> None:
    gate.join()
    gate.write(600)
    gate.start()
    until(lambda: gate.all_held)
    with gate.hub.lock:
        gate.hub.entries, gate.hub.sealed, gate.hub.cosigned = gate.hub.entries[:100], gate.hub.sealed[:100], None
    gate.write(1)
    until(lambda: Trouble.DOUBTED in gate.had)
    until(lambda: gate.all_held)
    until(lambda: not gate.troubles)


def test_an_update_waits_for_what_is_being_handed_over_but_not_for_ever(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.join()
    gate.write(600)
    gate.start()
    assert gate.keeper is not None
    held_up = gate.hub.lock
    with held_up:
        until(lambda: gate.keeper and not gate.keeper.clear())
        monkeypatch.setattr("scanner.sync.keeper.PRECEDENCE_S", 0.0)
        assert gate.keeper.clear()
        monkeypatch.setattr("scanner.sync.keeper.PRECEDENCE_S", 60.0)
    until(lambda: gate.all_held)
    until(lambda: gate.keeper and gate.keeper.clear())


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"url": "ftp://x", "pin": null, "hub_key": "A", "site": ""}', "\x00" * 40_000],
)
def test_a_damaged_membership_is_no_membership(tmp_path: Path, text: str) -> None:
    (tmp_path / "hub.json").write_text(text)
    with pytest.raises(MembershipError, match="enrol"):
        read_membership(tmp_path)


def test_a_membership_reads_as_it_was_written(gate: Gate) -> None:
    written = gate.line.membership(pin=bytes(range(32)))
    write_membership(gate.state, written)
    found = read_membership(gate.state)
    assert found is not None
    assert (found.url, found.pin, found.site, found.repository) == (
        written.url,
        written.pin,
        written.site,
        f"{gate.line.url}/repository",
    )
    assert found.witness.public_bytes_raw() == written.witness.public_bytes_raw()


def test_a_receipt_that_came_by_stick_is_kept_and_a_forged_one_is_not(gate: Gate) -> None:
    gate.write(10)
    gate.line.instead = [problem(503, "busy")] * 1000
    assert gate.journal is not None
    with open_outbox(gate.state, DEVICE) as outbox:
        upload = outbox.batch(0, 6).upload
    gate.hub.take(upload)
    assert gate.hub.cosigned is not None
    stranger = cosign(upload.head, "hub", Ed25519PrivateKey.generate(), 1)
    leave(gate.state, LeftReceipt(stranger))
    leave(gate.state, LeftReceipt(gate.hub.cosigned))
    leave(gate.state, LeftExport(0, 6))
    gate.join()
    gate.start()
    until(lambda: gate.exported)
    assert gate.journal.durable == 6
    assert gate.exported == [LeftExport(0, 6)]


@pytest.mark.parametrize("hubs_time", [0, 1 << 40], ids=["1970", "far_ahead"])
def test_a_hub_whose_clock_is_wrong_neither_hastens_nor_stops_erasing(gate: Gate, hubs_time: int) -> None:
    gate.hub.clock = lambda: hubs_time
    gate.join()
    gate.write(30)
    gate.start()
    until(lambda: gate.all_held)
    time.sleep(0.1)
    assert not gate.erased
    gate.stop.set()
    gate.stop = threading.Event()
    gate.now += 15 * DAY
    gate.start()
    until(lambda: gate.erased)


def test_a_hub_that_refuses_what_follows_is_not_said_to_be_well_because_it_answers_questions(gate: Gate) -> None:
    gate.join()
    gate.write(70)
    edit(gate.state / "journal.db", "UPDATE entry SET body = CAST(body || x'00' AS BLOB) WHERE seq = 33")
    gate.start()
    until(lambda: {Trouble.ALTERED, Trouble.REFUSED} <= gate.troubles.keys())
    assert gate.keeper is not None
    gate.keeper._schedule.not_before = gate.keeper._schedule.present_by = 0.0
    seen = len(gate.line.seen)
    until(lambda: len(gate.line.seen) >= seen + 2)
    assert Trouble.REFUSED in gate.troubles
    assert not gate.hub.entries


def test_everything_that_a_hub_forgot_is_sent_again_without_waiting_for_somebody_to_pass(gate: Gate) -> None:
    gate.join()
    for _ in range(3):
        gate.write(700)
    gate.start()
    until(lambda: gate.all_held)
    with gate.hub.lock:
        gate.hub.entries, gate.hub.sealed, gate.hub.cosigned = [], [], None
    assert gate.keeper is not None
    gate.keeper._schedule.present_by = 0.0
    until(lambda: gate.all_held)
    until(lambda: not gate.troubles)
    assert gate.had == {Trouble.DOUBTED}


def test_without_a_hub_nothing_spins(gate: Gate) -> None:
    gate.start()
    assert gate.keeper is not None
    gate.keeper.hurry()
    began = time.thread_time()
    spent = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - spent - (time.thread_time() - began) < 0.2


class Ending:
    """Who ends an appliance, without an engine."""

    def __init__(self) -> None:
        self.retired: list[Retired] = []

    def hushed(self) -> bool:
        return True

    def entry(self, count: int) -> EntryDraft:
        return EntryDraft(
            kind=EntryKind.ERASURE,
            time_ms=START,
            clock=ClockTrust.TRUSTED,
            detail=ErasureDetail(Erased.EVERYTHING, 0, count, count),
        )

    def told(self, retired: Retired) -> None:
        self.retired.append(retired)


def test_an_end_whose_receipt_was_lost_is_gone_on_with_and_nothing_follows_the_last_entry(gate: Gate) -> None:
    gate.join()
    gate.write(40)
    gate.start()
    until(lambda: gate.all_held)
    assert gate.keeper is not None
    gate.hub.take_no_more = True
    gate.keeper.retire(Ending())
    until(lambda: gate.journal and gate.journal.size == 41)
    gate.stop.set()
    gate.hub.take_no_more = False
    ending, gate.stop = Ending(), threading.Event()
    gate.start()
    gate.keeper.retire(ending)
    until(lambda: ending.retired)
    assert len(gate.hub.entries) == 41
    assert ending.retired[0].head == gate.hub.cosigned
    assert gate.journal is not None
    assert gate.journal.pruned == 40


def test_nothing_is_erased_for_an_end_while_the_hub_has_not_all(gate: Gate) -> None:
    gate.join()
    gate.write(40)
    gate.hub.take_no_more = True
    gate.start()
    assert gate.keeper is not None
    gate.keeper.retire(Ending())
    time.sleep(0.3)
    assert gate.journal is not None
    assert (gate.journal.size, gate.journal.pruned) == (40, 0)
