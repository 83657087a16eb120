import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from authority.errors import JournalFileError
from authority.records import Act
from authority.unsealing import ClosedEntry, OpenedEntry
from keys.verdict import CodeIdentity, Document, DocumentType
from scanner.journal.detail import EntryKind, PassageDetail
from scanner.journal.device import Device
from scanner.journal.entry import EntryDraft
from scanner.journal.files import journal_path
from scanner.journal.personal import Personal
from scanner.journal.store import Journal
from scanner.values import ClockTrust, Direction
from tests.world import NOW, ORDER, SmallWorld

PEOPLE = [
    Personal(CodeIdentity("CN-33", "jkm:33/1", 7), "张**", Document(DocumentType.RESIDENT_ID, "2X")),
    None,
    Personal(plate="浙A·12345", text="138 0013 8000"),
]


def passage(personal: Personal | None) -> EntryDraft:
    return EntryDraft(
        kind=EntryKind.PASSAGE,
        time_ms=NOW * 1000,
        clock=ClockTrust.TRUSTED,
        detail=PassageDetail(direction=Direction.ENTRY),
        personal=personal,
    )


@pytest.fixture
def state(world: SmallWorld) -> Iterator[Path]:
    """The state folder of a gate that has logged three passages, the second without a person."""
    folder = world.root / "state"
    with Journal.open(folder, Device.load_or_create(folder), world.seal_key, "0.1.0", reserve_mb=1) as journal:
        for personal in PEOPLE:
            journal.append(passage(personal))
        yield folder


def opened(world: SmallWorld, path: Path, *entries: int) -> list[OpenedEntry | ClosedEntry]:
    return list(world.authority.open_journal(path, ORDER, NOW, entries=entries))


def test_the_people_of_a_log_are_read_beside_the_running_gate(world: SmallWorld, state: Path) -> None:
    found = opened(world, state)
    assert [each.personal for each in found if isinstance(each, OpenedEntry)] == [PEOPLE[0], PEOPLE[2]]
    assert [each.entry.seq for each in found if isinstance(each, OpenedEntry)] == [0, 2]


def test_a_copy_of_the_journal_file_is_as_good_as_the_folder(world: SmallWorld, state: Path) -> None:
    assert opened(world, journal_path(state)) == opened(world, state)


def test_only_the_entries_asked_for_are_opened(world: SmallWorld, state: Path) -> None:
    (found,) = opened(world, state, 2)
    assert isinstance(found, OpenedEntry)
    assert found.personal == PEOPLE[2]


def test_an_entry_without_a_person_and_one_that_is_not_there_are_named(world: SmallWorld, state: Path) -> None:
    assert opened(world, state, 1, 99) == [
        ClosedEntry(1, "it has no sealed part"),
        ClosedEntry(99, "there is no such entry in this log"),
    ]


def test_every_opening_stands_in_the_audit_with_who_and_why(world: SmallWorld, state: Path) -> None:
    opened(world, state)
    opened(world, state, 2, 0)
    lines = [line for line in world.authority.audit() if line.act is Act.UNSEAL]
    assert [(line.subject, line.after, line.order) for line in lines] == [
        (str(state), "all", ORDER),
        (str(state), "0,2", ORDER),
    ]


def test_another_authority_opens_nothing_and_says_why(world: SmallWorld, state: Path, tmp_path: Path) -> None:
    other = SmallWorld(tmp_path / "other", "CN-44", NOW)
    found = opened(other, state)
    assert [type(each) for each in found] == [ClosedEntry, ClosedEntry]
    assert all(isinstance(each, ClosedEntry) and "no key" in each.why for each in found)


def test_swapped_altered_and_erased_parts_are_told_apart_and_hide_nothing_else(world: SmallWorld, state: Path) -> None:
    journal = sqlite3.connect(journal_path(state))
    ((first,), (third,)) = journal.execute("SELECT sealed FROM entry WHERE sealed IS NOT NULL ORDER BY seq").fetchall()
    journal.execute("UPDATE entry SET sealed = ? WHERE seq = 2", (first,))
    journal.commit()
    good, swapped = opened(world, state)
    assert isinstance(good, OpenedEntry)
    assert swapped == ClosedEntry(2, "its sealed part is not the one the entry was written with")
    journal.execute("UPDATE entry SET sealed = ? WHERE seq = 2", (third,))
    journal.execute("UPDATE entry SET sealed = NULL WHERE seq = 0")
    journal.commit()
    assert opened(world, state, 0, 2)[0] == ClosedEntry(0, "its sealed part has been erased by retention")
    (left,) = opened(world, state)
    assert isinstance(left, OpenedEntry)


@pytest.mark.parametrize("content", [None, b"", b"this is a text and no log" * 100])
def test_a_file_that_is_no_log_is_named(world: SmallWorld, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "journal.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JournalFileError):
        opened(world, path)
