"""Who may ask, what is answered, and what is written down of it."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from authority.errors import HubLineError, RequestError
from authority.tracing import tracers
from authority.tracing.counter import Answer, Counter, Question, _asker, ask
from authority.tracing.index import Index, Sighting
from authority.tracing.intake import tag_of
from keys.seal import journal_info, seal
from keys.verdict import CodeIdentity
from scanner.journal import entry as wire
from scanner.journal import personal as personal_wire
from scanner.journal.detail import EntryKind, PassageDetail
from scanner.journal.entry import Entry, Seal
from scanner.journal.personal import Personal
from scanner.values import ClockTrust, Direction
from tests.world import NOW, ORDER, SmallWorld

DEVICE = bytes(range(16))
SEEN = CodeIdentity("CN-33", "jkm:33/1", 7)
PASSWORD = "correct horse"


class Clock:
    def __init__(self) -> None:
        self.seconds = NOW

    def __call__(self) -> int:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "tracing" / "index.db"


@pytest.fixture
def counter(world: SmallWorld, store: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """One person was seen three times at West gate; `li` may ask."""
    monkeypatch.setattr(tracers, "STRETCH_LOG2", 4)
    index = Index.open(store)
    with index.transaction():
        gate = index.gate(DEVICE, "West gate")
        index.put(gate.number, 3, b"", [sighting(world, gate.number, seq) for seq in range(3)], NOW * 1000)
        index.prove(gate.number)
    tracers.Tracers(index).put("li", PASSWORD, ORDER, NOW)
    made = Counter(store, world.authority, index, clock)
    yield made
    made.close()
    index.close()


def sighting(world: SmallWorld, gate: int, seq: int) -> Sighting:
    key = world.seal_key
    personal = Personal(SEEN, "张**", text="=1+1")
    part = seal(key.public_key, journal_info(DEVICE, seq), personal_wire.encode(personal))
    entry = Entry(
        device=DEVICE,
        seq=seq,
        time_ms=NOW * 1000 + seq,
        clock=ClockTrust.TRUSTED,
        lane="gate-1",
        kind=EntryKind.PASSAGE,
        staff=None,
        detail=PassageDetail(Direction.ENTRY),
        software="0.1.0",
        seal=Seal(key.kid, sha256(part).digest()),
    )
    tag = tag_of(world.authority.tracing_key(), SEEN)
    return Sighting(gate, seq, entry.time_ms, int(entry.kind), wire.encode(entry), part, tag)


def put(counter: Counter, asker: int = 1000, **changes: object) -> Answer:
    asked = {"name": "li", "password": PASSWORD, "reason": "case 12", "site": "West gate", "last_ms": 1 << 60}
    return counter.answer(json.dumps(asked | changes).encode(), asker)


def test_a_tracer_is_answered_page_by_page(counter: Counter) -> None:
    first = put(counter, limit=2)
    rest = put(counter, limit=2, after=first.after)
    assert [one.seq for one in (*first.seen, *rest.seen)] == [0, 1, 2]
    assert (first.seen[0].name, first.seen[0].code_id) == ("张**", str(SEEN))
    assert [one.seq for one in put(counter, site=None, code="1/7").seen] == [0, 1, 2]
    assert put(counter, site=None, code="1/8").seen == []


def test_every_question_is_written_down_with_person_and_reason(counter: Counter, store: Path) -> None:
    put(counter)
    put(counter, reason="")
    put(counter, password="wrong password")
    index = Index.open(store)
    asked = [(one.order.by, one.order.reason) for one in index.asked()]
    index.close()
    assert asked[1:] == [("li", "case 12")], "a question without a reason, or by nobody, is not answered at all"


def test_without_reason_or_password_nothing_is_answered(counter: Counter) -> None:
    for answer in (put(counter, reason=" "), put(counter, password="wrong password"), put(counter, name="wang")):
        assert answer.error
        assert answer.seen == []


def test_a_name_is_blocked_after_wrong_passwords_and_time_frees_it(counter: Counter, clock: Clock) -> None:
    for _ in range(tracers.MISTAKES):
        assert put(counter, password="wrong password").error
    assert put(counter).error
    clock.seconds += tracers.BLOCK_S + 1
    assert put(counter).error is None


def test_nobody_keeps_anybody_elses_name_blocked(counter: Counter, clock: Clock) -> None:
    for _ in range(tracers.MISTAKES):
        put(counter, asker=1001, password="wrong password")
    assert put(counter, asker=1001).error
    assert put(counter, asker=1000).error is None


def test_a_clock_that_was_ahead_blocks_nobody_for_years(counter: Counter, clock: Clock) -> None:
    clock.seconds += 10**9
    for _ in range(tracers.MISTAKES):
        put(counter, password="wrong password")
    clock.seconds -= 10**9
    assert put(counter).error is None


def test_who_asks_is_the_system_user_at_the_other_end() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert _asker(ours) == os.getuid()


@pytest.mark.parametrize("asked", [b"", b"{}", b"[1]", b'{"name": 1}', b"\xff" * 100])
def test_what_is_no_question_is_told_so(counter: Counter, asked: bytes) -> None:
    assert counter.answer(asked, 1000).error == "This is no question."


def test_a_tracer_who_left_is_not_answered(counter: Counter, store: Path) -> None:
    index = Index.open(store)
    people = tracers.Tracers(index)
    people.remove("li", ORDER, NOW)
    with pytest.raises(RequestError, match="no tracer"):
        people.remove("li", ORDER, NOW)
    index.close()
    assert put(counter).error


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("li\n", PASSWORD), ("li", "short")])
def test_a_bad_name_or_password_is_refused(counter: Counter, store: Path, name: str, password: str) -> None:
    index = Index.open(store)
    with pytest.raises(RequestError):
        tracers.Tracers(index).put(name, password, ORDER, NOW)
    index.close()


def test_nobody_at_the_counter_is_said_in_words(tmp_path: Path) -> None:
    question = Question(name="li", password=PASSWORD, reason="case", site="x", last_ms=1)
    with pytest.raises(HubLineError, match="authority serve"):
        ask(tmp_path / "none.db", question)


def test_a_question_that_drips_keeps_nobody_else_waiting(
    counter: Counter, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authority.tracing.counter.SILENCE_S", 0.3)
    ended = threading.Event()
    with socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(store.with_name("index.db.socket")))

        def drip() -> None:
            with suppress(OSError):
                while not ended.wait(0.02):
                    slow.sendall(b" ")

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        assert counter.serve(5)
        assert time.monotonic() - began < 3
        ended.set()
        thread.join()


@pytest.mark.parametrize("field", ["name", "password", "reason", "site", "code"])
def test_texts_that_no_storage_takes_are_answered_in_words(counter: Counter, field: str) -> None:
    for text in ('"\\ud800"', '"a\\u0000b"', '"' + "x" * 5000 + '"'):
        asked = {"name": "li", "password": PASSWORD, "reason": "case", "site": "x", "last_ms": 1, field: "MARK"}
        counter.answer(
            json.dumps(asked).replace('"MARK"', text).encode(), 1000
        )  # an answer of whatever kind, never an error


def test_the_socket_is_for_owner_and_group_alone(counter: Counter, store: Path) -> None:
    path = store.with_name("index.db.socket")
    assert path.stat().st_mode & 0o777 == 0o660
    assert not counter.serve(0.01)
