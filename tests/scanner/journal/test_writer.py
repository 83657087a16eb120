from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from scanner.journal.errors import (
    EntryError,
    JournalClosedError,
    JournalError,
    JournalFailedError,
    JournalFullError,
)
from scanner.journal.files import journal_path
from scanner.journal.store import Journal, Receipt
from scanner.journal.verify import verify
from scanner.journal.writer import JournalWriter

from .logs import DEVICE, open_journal, override, passage
from .mounts import fill, small_disk

Answer = Receipt | JournalError


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(tmp_path / "state") as journal:
        yield journal


@pytest.fixture
def running() -> Iterator[Callable[[JournalWriter], JournalWriter]]:
    started: list[JournalWriter] = []

    def start(writer: JournalWriter) -> JournalWriter:
        writer.start()
        started.append(writer)
        return writer

    yield start
    for writer in started:
        writer.stop()


Start = Callable[[JournalWriter], JournalWriter]


def test_a_draft_becomes_a_receipt_on_the_writers_thread(journal: Journal, running: Start) -> None:
    answers: Queue[tuple[Answer, str]] = Queue()
    writer = running(JournalWriter(journal))
    writer.submit(passage(0), lambda answer: answers.put((answer, threading.current_thread().name)))
    answer, thread = answers.get(timeout=5)
    assert isinstance(answer, Receipt)
    assert (answer.seq, thread) == (0, "journal")
    assert journal.size == 1


def test_everything_that_waits_is_answered_in_order(journal: Journal, running: Start) -> None:
    answers: Queue[Answer] = Queue()
    writer = JournalWriter(journal)
    running(writer)
    for number in range(100):
        writer.submit(passage(number), answers.put)
    received = [answers.get(timeout=10) for _ in range(100)]
    assert [one.seq for one in received if isinstance(one, Receipt)] == list(range(100))


def test_one_bad_draft_harms_no_other_in_its_commit(journal: Journal, running: Start) -> None:
    answers: Queue[Answer] = Queue()
    writer = JournalWriter(journal)
    hold, held = threading.Event(), threading.Event()

    def slow(_: Answer) -> None:
        held.set()
        hold.wait(5)

    running(writer)
    writer.submit(passage(0), slow)
    held.wait(5)
    for draft in (passage(1), override(2, -5), passage(3)):
        writer.submit(draft, answers.put)
    assert writer.waiting() == 3
    hold.set()
    kinds = [type(answers.get(timeout=5)) for _ in range(3)]
    assert kinds == [Receipt, EntryError, Receipt]
    assert journal.size == 3


def test_stopping_writes_what_waits_and_then_refuses(journal: Journal) -> None:
    answers: Queue[Answer] = Queue()
    writer = JournalWriter(journal)
    writer.start()
    for number in range(30):
        writer.submit(passage(number), answers.put)
    assert writer.stop()
    assert journal.size == 30
    writer.submit(passage(30), answers.put)
    assert isinstance([answers.get_nowait() for _ in range(31)][-1], JournalClosedError)


def test_a_writer_that_was_never_started_stops_and_refuses(journal: Journal) -> None:
    answers: Queue[Answer] = Queue()
    writer = JournalWriter(journal)
    assert writer.stop()
    writer.submit(passage(0), answers.put)
    assert isinstance(answers.get_nowait(), JournalClosedError)


def test_a_receiver_that_fails_does_not_end_the_writer(journal: Journal, running: Start) -> None:
    answers: Queue[Answer] = Queue()
    writer = running(JournalWriter(journal))

    def broken(_: Answer) -> None:
        raise RuntimeError("a bug of the caller's")

    writer.submit(passage(0), broken)
    writer.submit(passage(1), answers.put)
    answer = answers.get(timeout=5)
    assert isinstance(answer, Receipt | JournalFailedError)
    writer.submit(passage(2), answers.put)
    assert isinstance(answers.get(timeout=5), Receipt)
    assert journal.size == 3


def test_the_age_tells_how_long_the_current_commit_takes(journal: Journal, running: Start) -> None:
    writer = running(JournalWriter(journal))
    assert writer.age() == 0.0
    held, hold = threading.Event(), threading.Event()

    def slow(_: Answer) -> None:
        held.set()
        hold.wait(5)

    writer.submit(passage(0), slow)
    held.wait(5)
    time.sleep(0.05)
    assert writer.age() >= 0.05
    hold.set()


def test_a_full_disk_is_told_once_and_its_end_too_without_anybody_passing(tmp_path: Path, running: Start) -> None:
    states: Queue[JournalError | None] = Queue()
    answers: Queue[Answer] = Queue()
    with small_disk(tmp_path / "disk", 16) as folder, open_journal(folder / "state") as journal:
        writer = JournalWriter(journal, states.put)
        writer.start()
        ballast = fill(folder)
        for number in range(3):
            writer.submit(passage(number), answers.put)
        assert all(isinstance(answers.get(timeout=5), JournalFullError) for _ in range(3))
        assert isinstance(states.get(timeout=5), JournalFullError)
        writer.submit(override(1, 0), answers.put, reserve=True)
        assert isinstance(answers.get(timeout=5), Receipt)
        assert states.empty()
        ballast.unlink()
        assert states.get(timeout=5) is None
        writer.submit(passage(2), answers.put)
        assert isinstance(answers.get(timeout=5), Receipt)
        assert states.empty()
        writer.stop()
        assert verify(journal_path(folder / "state"), DEVICE.public_key).entries == 2
