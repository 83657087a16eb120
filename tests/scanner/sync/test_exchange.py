"""One conversation with a hub that is honest, forgetful, lying, slow or gone: nothing is lost and nothing twice."""

from __future__ import annotations

import contextlib
import itertools
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from keys.cosignature import CosignedHead, cosign
from keys.http_line import spki_digest
from keys.merkle import leaf_hash, root
from keys.tree_head import TreeHead, log_origin, sign_head
from scanner.journal.store import Journal
from scanner.sync.client import HubClient
from scanner.sync.errors import HubBusyError, HubDoubtedError, HubRefusedError, HubUnreachableError
from scanner.sync.exchange import BreachError, Exchange
from scanner.sync.history import Breach
from scanner.sync.membership import Membership
from scanner.sync.wire import Receipt, encode_receipt
from tests.keys.update.servers import answering, self_signed
from tests.scanner.journal.logs import DEVICE, OTHER_DEVICE, edit, open_journal, passage
from tests.scanner.journal.mounts import fill, small_disk
from tests.scanner.sync.hub_server import WITNESS, Answer, HonestHub, Served, problem, served


@dataclass
class Desk:
    """A log, a hub, and the line between them."""

    state: Path
    journal: Journal
    hub: HonestHub
    line: Served
    client: HubClient
    exchange: Exchange

    def write(self, count: int) -> None:
        start = self.journal.size
        self.journal.append_all([passage(start + number) for number in range(count)])

    def drain(self) -> None:
        """Go on until the hub has all, and it holds."""
        for _ in range(60):
            try:
                step = self.exchange.send()
            except HubUnreachableError:
                continue
            if step.held == self.journal.size:
                break
        self.check()

    def check(self) -> None:
        """Everything arrived, once, and the hub's word is kept."""
        entries = self.journal.entries(self.journal.pruned, self.journal.size)
        assert self.hub.entries[self.journal.pruned :] == [one.body for one in entries]
        assert self.journal.durable == self.journal.size

    def again(self) -> None:
        """Begin anew, as after a restart."""
        self.exchange = make(self.state, self.journal, self.client)


def make(state: Path, journal: Journal, client: HubClient) -> Exchange:
    def keep(note: str, seen: CosignedHead) -> None:
        journal.keep_cosigned(note, WITNESS.public_key(), seen.seen_at)

    return Exchange(client, state, DEVICE, WITNESS.public_key(), keep)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    hub = HonestHub(DEVICE.public_key)
    with served(hub) as line, open_journal(tmp_path) as journal:
        client = HubClient(line.membership(), DEVICE, silence_s=2.0, grace_s=2.0)
        yield Desk(tmp_path, journal, hub, line, client, make(tmp_path, journal, client))
        client.close()


def test_entries_arrive_with_their_sealed_parts_and_the_hubs_word_is_kept(desk: Desk) -> None:
    desk.write(130)
    desk.drain()
    assert desk.hub.sealed == [one.sealed for one in desk.journal.entries(0, 130)]
    desk.write(1)
    desk.drain()
    assert desk.hub.uploads == 2


def test_a_long_backlog_goes_in_batches_of_what_an_upload_holds(desk: Desk) -> None:
    for _ in range(5):
        desk.write(500)
    desk.drain()
    assert desk.hub.uploads == 2
    assert desk.client.sent < sum(len(one) for one in desk.hub.entries), "compressed"


@pytest.mark.parametrize("cut", [1, 9, 40, 70, 90, 300, 400])
def test_a_line_that_breaks_inside_the_answer_costs_nothing_but_time(desk: Desk, cut: int) -> None:
    desk.write(20)
    desk.exchange.meet()
    desk.line.cut_after = cut
    with pytest.raises(HubUnreachableError):
        desk.exchange.send()
    assert desk.journal.durable == 0
    desk.write(5)
    desk.drain()


def test_a_kept_line_that_the_hub_closed_meanwhile_is_made_anew(desk: Desk) -> None:
    desk.write(20)
    desk.exchange.meet()
    desk.line.cut_after = 0
    assert desk.exchange.send().held == 20
    desk.check()


def test_a_hub_restored_from_an_old_backup_gets_everything_from_there_again(desk: Desk) -> None:
    desk.write(30)
    desk.drain()
    entries, sealed, cosigned = list(desk.hub.entries), list(desk.hub.sealed), desk.hub.cosigned
    desk.write(30)
    desk.drain()
    desk.hub.entries, desk.hub.sealed, desk.hub.cosigned = entries, sealed, cosigned
    desk.write(4)
    step = desk.exchange.send()
    assert (step.held, step.forgotten) == (30, 30)
    desk.drain()


def test_a_hub_that_acknowledges_and_forgets_is_found_out_at_the_next_head(desk: Desk) -> None:
    desk.write(30)
    desk.drain()
    desk.hub.entries, desk.hub.sealed, desk.hub.cosigned = [], [], None
    step = desk.exchange.meet()
    assert (step.held, step.forgotten) == (0, 30)


def test_a_hub_that_forgot_what_was_erased_here_is_a_breach(desk: Desk) -> None:
    desk.write(30)
    desk.drain()
    desk.journal.prune(20)
    desk.hub.entries, desk.hub.sealed, desk.hub.cosigned = [], [], None
    with pytest.raises(BreachError) as caught:
        desk.exchange.meet()
    assert caught.value.breach is Breach.LOST
    assert desk.exchange.held is None


def test_a_log_that_was_cut_is_a_breach(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    desk.write(30)
    desk.drain()
    other = tmp_path_factory.mktemp("rolled-back")
    with open_journal(other) as short:
        short.append_all([passage(number) for number in range(20)])
        with pytest.raises(BreachError) as caught:
            make(other, short, desk.client).meet()
    assert caught.value.breach is Breach.CUT


def test_a_log_that_was_written_anew_with_the_devices_own_key_is_a_breach(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    desk.write(30)
    desk.drain()
    other = tmp_path_factory.mktemp("forked")
    with open_journal(other) as forked:
        forked.append_all([passage(number + 1) for number in range(40)])
        with pytest.raises(BreachError) as caught:
            make(other, forked, desk.client).meet()
    assert caught.value.breach is Breach.FORKED


def test_one_edited_byte_is_told_here_and_refused_there(desk: Desk) -> None:
    desk.write(70)
    desk.exchange.meet()
    body = desk.journal.entries(33, 34)[0].body
    edit(desk.state / "journal.db", "UPDATE entry SET body = ? WHERE seq = 33", body[:-1] + bytes([body[-1] ^ 1]))
    with pytest.raises(BreachError) as caught:
        desk.exchange.send()
    assert caught.value.breach is Breach.NOT_TAKEN
    assert "answers 409: the entries do not give the head" in str(caught.value)
    assert desk.exchange.altered == 33
    assert desk.hub.entries == []


def test_an_entry_rewritten_with_all_its_hashes_is_told_by_the_signed_head(desk: Desk) -> None:
    desk.write(64)  # a head is signed here
    bodies = [one.body for one in desk.journal.entries(0, 64)]
    forged = [*bodies[:50], bodies[50][:-1] + bytes([bodies[50][-1] ^ 1]), *bodies[51:]]
    from keys.merkle import Tree  # noqa: PLC0415

    tree = Tree()
    for seq, body in enumerate(forged):
        nodes = b"".join(tree.append(leaf_hash(body)))
        edit(desk.state / "journal.db", "UPDATE entry SET body = ?, nodes = ? WHERE seq = ?", body, nodes, seq)
    desk.exchange.meet()
    desk.exchange.send()
    assert desk.exchange.altered is not None


LIES: dict[str, Callable[[Desk], Answer]] = {
    "a_cosignature_by_a_stranger": lambda desk: receipt(desk, Ed25519PrivateKey.generate()),
    "a_cosignature_on_another_history": lambda desk: receipt(desk, WITNESS, root_hash=bytes(32)),
    "a_cosignature_on_fewer_entries": lambda desk: receipt(desk, WITNESS, size=3),
    "less_durable_than_sent": lambda desk: receipt(desk, WITNESS, durable=3),
    "no_cbor": lambda desk: Answer(200, b"ok", "text/plain"),
    "a_redirect": lambda desk: Answer(302, b"", headers={"Location": "http://127.0.0.1:1/"}),
    "another_device": lambda desk: receipt(desk, WITNESS, other=True),
}


def receipt(
    desk: Desk,
    witness: Ed25519PrivateKey,
    *,
    size: int | None = None,
    root_hash: bytes | None = None,
    durable: int | None = None,
    other: bool = False,
) -> Answer:
    """A receipt as somebody would write it who wants entries to be erased that he does not have."""
    size = desk.journal.size if size is None else size
    found = root([leaf_hash(one.body) for one in desk.journal.entries(0, size)])
    device = OTHER_DEVICE if other else DEVICE
    head = sign_head(TreeHead(log_origin(device.id), size, root_hash or found), device.key)
    note = cosign(head, "hub", witness, 1_700_000_000)
    body = encode_receipt(Receipt(desk.journal.size if durable is None else durable, note, 1))
    return Answer(200, body, "application/cbor")


@pytest.mark.parametrize("lie", LIES)
def test_a_receipt_that_does_not_hold_is_not_believed(desk: Desk, lie: str) -> None:
    desk.write(10)
    desk.exchange.meet()
    desk.line.instead = [LIES[lie](desk)]
    with pytest.raises(HubDoubtedError):
        desk.exchange.send()
    assert desk.journal.durable == 0
    desk.drain()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(401, "unknown key"), HubRefusedError),
        (problem(403, "retired"), HubRefusedError),
        (problem(500, "trouble"), HubUnreachableError),
        (Answer(502, b"<html>" * 10), HubUnreachableError),
        (Answer(409, b"{}"), HubRefusedError),
        (Answer(409, b"[" * 5000), HubRefusedError),
        (Answer(200, bytes(200_000), "application/cbor"), HubUnreachableError),
    ],
)
def test_every_no_is_told_apart(desk: Desk, answer: Answer, error: type[Exception]) -> None:
    desk.write(1)
    desk.exchange.meet()
    desk.line.instead = [answer]
    with pytest.raises(error):
        desk.exchange.send()
    desk.drain()


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("-1", 0.0), ("soon", 0.0), ("9" * 12, 0.0)])
def test_the_hub_says_when_to_come_back(desk: Desk, status: int, value: str, seconds: float) -> None:
    desk.line.instead = [Answer(status, b"", headers={"Retry-After": value})]
    with pytest.raises(HubBusyError) as caught:
        desk.exchange.meet()
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize("year", [1971, 2026, 2090])
def test_a_date_to_come_back_at_is_of_the_hubs_clock_however_wrong_either_is(desk: Desk, year: int) -> None:
    dated = {"Date": f"Thu, 01 Jan {year} 00:00:00 GMT", "Retry-After": f"Thu, 01 Jan {year} 00:02:00 GMT"}
    desk.line.instead = [Answer(503, b"", headers=dated)]
    with pytest.raises(HubBusyError) as caught:
        desk.exchange.meet()
    assert caught.value.retry_after_s == 120.0


@pytest.mark.parametrize("name", ["Date", "Retry-After"])
@pytest.mark.parametrize(
    "value",
    [
        "Fri, 31 Dec 9999 23:59:59 +99999999999999",
        "1 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2001 00:00:00 +9999",
    ],
    ids=["offset", "year", "a_week_off"],
)
def test_a_date_that_no_calendar_has_is_no_date(desk: Desk, name: str, value: str) -> None:
    desk.line.instead = [Answer(503, b"", headers={name: value})]
    with pytest.raises(HubBusyError) as caught:
        desk.exchange.meet()
    assert caught.value.retry_after_s == 0.0


def test_a_hub_that_takes_small_batches_only_gets_small_ones(desk: Desk) -> None:
    desk.write(40)
    desk.exchange.meet()
    desk.line.instead = [problem(413, "too large"), problem(413, "too large")]
    desk.drain()
    assert desk.hub.uploads > 1


def test_one_entry_that_the_hub_cannot_bear_is_found_and_told(desk: Desk) -> None:
    desk.write(4)
    desk.exchange.meet()
    desk.line.instead = [problem(422, "cannot be read")] * 3
    desk.exchange.send()
    desk.exchange.send()
    with pytest.raises(HubRefusedError):
        desk.exchange.send()


def test_a_hub_that_keeps_correcting_itself_is_not_followed_for_ever(desk: Desk) -> None:
    desk.write(30)
    desk.exchange.meet()
    bodies = [one.body for one in desk.journal.entries(0, 30)]

    def correction(size: int) -> Answer:
        return problem(409, "no", known_size=size, known_root=root([leaf_hash(one) for one in bodies[:size]]).hex())

    desk.line.instead = [correction(size) for size in (5, 9, 3, 8, 2, 7)]
    for _ in range(4):
        desk.exchange.send()
    with pytest.raises(HubDoubtedError, match="contradicts"):
        desk.exchange.send()


def test_what_came_by_stick_meanwhile_is_not_sent_again(desk: Desk) -> None:
    desk.write(50)
    desk.exchange.meet()
    bodies = [one.body for one in desk.journal.entries(0, 20)]
    desk.hub.entries, desk.hub.sealed = bodies, [b""] * 20
    desk.write(1)
    desk.exchange.meet()
    desk.drain()
    assert len(desk.hub.entries) == 51


def test_a_lost_receipt_is_made_good_by_asking(desk: Desk) -> None:
    desk.write(10)
    desk.exchange.meet()
    desk.line.cut_after = 30
    with pytest.raises(HubUnreachableError):
        desk.exchange.send()
    assert desk.exchange.meet().held == 10
    assert desk.journal.durable == 10


def test_requests_prove_who_asks(desk: Desk) -> None:
    desk.exchange.meet()
    method, path, headers = desk.line.seen[0]
    seconds, _, signature = headers["Checkpoint-Proof"].partition(":")
    from base64 import urlsafe_b64decode  # noqa: PLC0415

    text = f"checkpoint request\n{method}\n{path}\n{seconds}".encode()
    DEVICE.public_key.verify(urlsafe_b64decode(signature + "=="), text)
    assert path == f"/v1/devices/{DEVICE.id.hex()}/head"


def test_a_full_disk_loses_nothing_and_is_made_good_when_there_is_room(tmp_path: Path) -> None:
    hub = HonestHub(DEVICE.public_key)
    with small_disk(tmp_path / "disk", 24) as disk, served(hub) as line, open_journal(disk / "state") as journal:
        client = HubClient(line.membership(), DEVICE)
        desk = Desk(disk / "state", journal, hub, line, client, make(disk / "state", journal, client))
        desk.write(500)
        desk.exchange.meet()
        ballast = fill(disk)
        step = desk.exchange.send()
        assert step.held == 500, "the hub's word fits the reserve, or the next line raises"
        ballast.unlink()
        desk.write(20)
        desk.drain()
        client.close()


def drip(connection: socket.socket, _: str) -> None:
    """Answer a byte now and then, for ever: no single wait is long."""
    with contextlib.suppress(OSError):
        for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\nX: "):
            connection.sendall(bytes((byte,)))
            time.sleep(0.05)


@pytest.mark.parametrize("answer", [drip, lambda *_: time.sleep(5)], ids=["dripping", "half_open"])
def test_a_hub_that_keeps_the_line_is_left_after_its_time(tmp_path: Path, answer: Callable[..., None]) -> None:
    with answering(answer) as url:
        client = HubClient(Membership(url, None, WITNESS.public_key(), ""), DEVICE, silence_s=0.5, grace_s=0.6)
        began = time.monotonic()
        with pytest.raises(HubUnreachableError):
            client.known()
        assert time.monotonic() - began < 3
        client.close()


def test_over_tls_only_the_pinned_key_gets_anything(tmp_path: Path) -> None:
    pem = self_signed(tmp_path)
    der = x509.load_pem_x509_certificate(pem.read_bytes()).public_bytes(Encoding.DER)
    with served(HonestHub(DEVICE.public_key), pem) as line:
        for pin, taken in ((spki_digest(der), True), (bytes(32), False), (None, False)):
            client = HubClient(line.membership(pin), DEVICE, silence_s=2.0, grace_s=2.0)
            if taken:
                assert client.known().size == 0
            else:
                with pytest.raises(HubUnreachableError):
                    client.known()
            client.close()
        assert len(line.seen) == 1
