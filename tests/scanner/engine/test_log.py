"""The engine's hold on the journal, beside faults that must not hold a lane up or keep the appliance from starting."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from scanner.engine import records
from scanner.engine.degradations import Degradations
from scanner.engine.log import Log
from scanner.engine.trust import Trust
from scanner.journal.entry import EntryDraft
from scanner.journal.errors import JournalError
from scanner.journal.store import Journal, Receipt
from scanner.values import ClockTrust

STAMP = records.Stamp(1_800_000_000_000, ClockTrust.TRUSTED, "")


class Place:
    """A state folder with a log in it, and what the log was heard to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.heard: list[str] = []
        self.degradations = Degradations(lambda: 0, lambda change, active: None)

    def log(self) -> Log:
        return Log(
            self.folder,
            reserve_mb=1,
            software="test",
            trust=cast(Trust, SimpleNamespace(seal_key=lambda: None)),
            degradations=self.degradations,
            written=lambda draft: self.heard.append("written"),
        )

    def record(self, log: Log, draft: EntryDraft | None = None) -> Receipt | JournalError:
        answers: list[Receipt | JournalError] = []
        answered = threading.Event()

        def done(result: Receipt | JournalError) -> None:
            self.heard.append("done")
            answers.append(result)
            answered.set()

        log.record(draft or records.run(started=True, stamp=STAMP), done)
        assert answered.wait(5)
        return answers[0]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "state")


@pytest.fixture
def opened(place: Place) -> Iterator[Log]:
    log = place.log()
    assert log.open()
    yield log
    log.close()


def test_a_lane_hears_of_its_entry_before_anything_else_is_done_with_it(place: Place, opened: Log) -> None:
    assert isinstance(place.record(opened), Receipt)
    opened.close()
    assert place.heard == ["done", "written"]


def test_a_damaged_first_entry_does_not_keep_the_appliance_from_starting(place: Place) -> None:
    log = place.log()
    assert log.open()
    for _ in range(70):  # two signed heads: what lies before them is not read again at a start
        place.record(log)
    log.close()
    log = place.log()
    assert log.open()
    for _ in range(70):
        place.record(log)
    log.close()
    with sqlite3.connect(place.folder / "journal.db") as connection:
        connection.execute("UPDATE entry SET body = x'00' WHERE seq = 0")
    connection.close()
    log = place.log()
    assert log.open()
    assert log.first_ms is None
    assert isinstance(place.record(log), Receipt)
    log.close()


def test_a_new_sealing_key_waits_for_no_commit(place: Place, opened: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    commit = Journal.append_all

    def slow(self: Journal, drafts: tuple[EntryDraft, ...], *, reserve: bool = False) -> tuple[Receipt, ...]:
        with self._mutex:
            begun.set()
            assert go_on.wait(10)
            return commit(self, drafts, reserve=reserve)

    monkeypatch.setattr(Journal, "append_all", slow)
    writing = threading.Thread(target=place.record, args=(opened,))
    writing.start()
    assert begun.wait(5)
    changing = threading.Thread(target=opened.use_seal_key, daemon=True)
    changing.start()
    changing.join(timeout=5)
    done_at_once = not changing.is_alive()
    go_on.set()
    writing.join()
    assert done_at_once


def test_a_commit_that_never_ends_does_not_keep_the_engine_from_ending(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = place.log()
    assert log.open()
    begun, go_on = threading.Event(), threading.Event()

    def stuck(self: Journal, drafts: tuple[EntryDraft, ...], *, reserve: bool = False) -> tuple[Receipt, ...]:
        with self._mutex:
            begun.set()
            go_on.wait(30)
            raise JournalError("at last")

    monkeypatch.setattr(Journal, "append_all", stuck)
    monkeypatch.setattr("scanner.engine.log.STOP_S", 0.2)
    log.record(records.run(started=True, stamp=STAMP), lambda result: None)
    assert begun.wait(5)
    ending = threading.Thread(target=log.close, daemon=True)
    ending.start()
    ending.join(timeout=5)
    ended = not ending.is_alive()
    go_on.set()
    assert ended


def test_a_log_that_could_not_be_opened_says_when_it_has_been(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.engine.log.RETRY_S", 0.0)
    place.folder.mkdir(parents=True)
    (place.folder / "journal.db").mkdir()
    log = place.log()
    assert not log.open()
    assert not log.is_open
    assert not log.poll()
    (place.folder / "journal.db").rmdir()
    assert log.poll()
    assert log.is_open
    assert not log.poll()
    log.close()
