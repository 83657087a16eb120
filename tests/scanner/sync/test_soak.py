"""Long runs: kills by the hundred, lines that break by the hundred, a queue of a million entries."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from keys.cosignature import cosign
from keys.merkle import Tree, leaf_hash
from keys.tree_head import read_head
from scanner.journal.entry import encode_as
from scanner.journal.files import journal_path
from scanner.journal.verify import verify
from scanner.sync.client import HubClient
from scanner.sync.membership import write_membership
from scanner.sync.wire import Receipt, Upload, encode_receipt
from tests.scanner.journal.logs import DEVICE, look, open_journal, passage
from tests.scanner.sync.hub_server import WITNESS, Answer, HonestHub, served
from tests.scanner.sync.test_exchange import make
from tests.scanner.sync.write_and_send import write_and_send

ROUNDS = 300
MILLION = 1_000_000


class LongHub(HonestHub):
    """Goes on from the tree it has, as a hub for long logs must."""

    tree = Tree()
    count = 0

    def take(self, upload: Upload) -> Answer:
        head = read_head(upload.head, self.device)
        skipped = self.count - upload.start
        assert skipped >= 0, "a gap"
        tree = self.tree.copy()
        for entry in upload.entries[skipped:]:
            tree.append(leaf_hash(entry))
        if len(upload.entries) > skipped:
            assert (head.size, head.root) == (tree.size, tree.root())
            self.tree, self.count = tree, tree.size
        self.cosigned = cosign(upload.head, "hub", WITNESS, 1_800_000_000)
        return Answer(200, encode_receipt(Receipt(self.count, self.cosigned, 1)), "application/cbor")


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_killed_and_cut_by_the_hundred_every_entry_arrives_once(tmp_path: Path) -> None:
    draw = random.Random(7)
    open_journal(tmp_path).close()
    hub = HonestHub(DEVICE.public_key)
    context = multiprocessing.get_context("forkserver")  # imports once: most of a round is what is tested
    context.set_forkserver_preload(["tests.scanner.sync.write_and_send"])
    (tmp_path / "written").write_bytes(b"0")
    with served(hub) as line:
        write_membership(tmp_path, line.membership())
        for _ in range(ROUNDS):
            process = context.Process(target=write_and_send, args=(tmp_path, tmp_path / "written"))
            process.start()
            if draw.random() < 0.5:
                line.cut_after = draw.randrange(500)
            time.sleep(draw.uniform(0.02, 0.2))
            process.kill()
            process.join()
        client = HubClient(line.membership(), DEVICE)
        with open_journal(tmp_path) as journal:
            assert journal.size >= int((tmp_path / "written").read_bytes()) > ROUNDS
            exchange = make(tmp_path, journal, client)
            exchange.meet()
            while exchange.send().held < journal.size:
                pass
            size, pruned = journal.size, journal.pruned
        client.close()
    kept = [bytes(body) for (body,) in look(journal_path(tmp_path), "SELECT body FROM entry ORDER BY seq")]  # type: ignore[arg-type]
    assert len(hub.entries) == size
    assert hub.entries[pruned:] == kept
    report = verify(journal_path(tmp_path), DEVICE.public_key)
    assert report.ok
    assert report.pruned == pruned > 0, "and what the hub held was erased on the way"


def long_log(folder: Path, count: int) -> None:
    """Write a log faster than an appliance would: the same bytes, one transaction."""
    open_journal(folder).close()
    path = journal_path(folder)
    connection = sqlite3.connect(path, isolation_level=None)
    start = connection.execute("SELECT count(*) FROM entry").fetchone()[0]
    template = encode_as(passage(0, None), device=DEVICE.id, seq=1 << 30, software="0.1.0", seal=None)
    before, after = template.split(b"\x1a" + (1 << 30).to_bytes(4, "big"))
    tree = Tree()

    def rows() -> list[tuple[int, bytes, bytes]]:
        found = []
        for seq in range(start, min(start + 50_000, count)):
            head = (
                bytes((seq,))
                if seq < 24
                else bytes((24, seq))
                if seq < 256
                else b"\x19" + seq.to_bytes(2, "big")
                if seq < 65_536
                else b"\x1a" + seq.to_bytes(4, "big")
            )
            body = before + head + after
            found.append((seq, body, b"".join(tree.append(leaf_hash(body)))))
        return found

    connection.execute("BEGIN")
    while start < count:
        connection.executemany("INSERT INTO entry (seq, body, nodes) VALUES (?, ?, ?)", rows())
        start = tree.size
    connection.execute("COMMIT")
    connection.close()


@pytest.mark.alone
@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_queue_of_a_million_entries_drains_while_the_lane_goes_on(tmp_path: Path) -> None:
    long_log(tmp_path, MILLION)
    hub = LongHub(DEVICE.public_key)
    slowest = 0.0
    done = threading.Event()
    with served(hub) as line, open_journal(tmp_path) as journal:
        assert journal.size == MILLION

        def lane() -> None:
            nonlocal slowest
            while not done.wait(0.05):
                began = time.monotonic()
                journal.append(passage(0))
                slowest = max(slowest, time.monotonic() - began)

        thread = threading.Thread(target=lane)
        thread.start()
        client = HubClient(line.membership(), DEVICE)
        exchange = make(tmp_path, journal, client)
        exchange.meet()
        began = time.monotonic()
        while exchange.send().held < MILLION:
            pass
        rate = MILLION / (time.monotonic() - began)
        done.set()
        thread.join()
        client.close()
        assert journal.durable >= MILLION
    assert hub.count >= MILLION
    assert slowest < 1.0, "a passage has a second"
    assert rate > 5000, f"{rate:.0f} entries a second"
