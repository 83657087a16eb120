from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from keys.errors import StatusListError
from keys.status_list import OWN_COLOURS, VALUE_OF_COLOUR, StatusEntry, StatusList, StatusLists, load_status, pack
from keys.status_token import MAX_ARRAY_BYTES
from keys.verdict import Colour
from tests.keys.realm import DAY, NOW, Realm

REALM = Realm()


def small(values: dict[int, int], *, iat: int, uri: str = "jkm:33/7", issuer: str = "CN-33") -> StatusList:
    """A list of 100 entries; verified lists of ours have 2^20, and the set does not mind."""
    array = bytearray(100)
    for index, value in values.items():
        array[index] = value
    return StatusList(issuer, uri, iat, iat + DAY, 3600, 4, pack(array, 4))


def test_every_colour_has_one_value_and_back() -> None:
    assert {VALUE_OF_COLOUR[colour] for colour in Colour} == set(OWN_COLOURS)
    assert all(OWN_COLOURS[VALUE_OF_COLOUR[colour]] is colour for colour in Colour)
    assert dict(OWN_COLOURS) == {0: Colour.GREEN, 2: Colour.GREY, 3: Colour.YELLOW, 0xC: Colour.ORANGE, 0xD: Colour.RED}


def test_a_code_is_looked_up_by_issuer_uri_and_index() -> None:
    lists = StatusLists([small({5: 3}, iat=NOW), small({5: 0xD}, iat=NOW, uri="jkm:33/8")])
    assert lists.lookup("CN-33", "jkm:33/7", 5) == StatusEntry(3, NOW, NOW + DAY, own=True)
    assert lists.lookup("CN-33", "jkm:33/8", 5) == StatusEntry(0xD, NOW, NOW + DAY, own=True)
    assert lists.lookup("CN-33", "jkm:33/9", 5) is None
    assert lists.lookup("CN-11", "jkm:33/7", 5) is None
    assert lists.lookup("CN-33", "jkm:33/7", 99) is not None
    assert lists.lookup("CN-33", "jkm:33/7", 100) is None
    assert lists.lookup("CN-33", "jkm:33/7", 1 << 40) is None


def test_the_newest_list_speaks_in_whatever_order_they_come() -> None:
    old, new = small({5: 0xD}, iat=NOW - 9), small({5: 3}, iat=NOW)
    for order in ([old, new], [new, old]):
        assert StatusLists(order).lookup("CN-33", "jkm:33/7", 5) == StatusEntry(3, NOW, NOW + DAY, own=True)
        assert StatusLists(order).lists == (new,)


def test_revoked_in_an_older_list_stays_revoked_and_that_list_is_the_evidence() -> None:
    old, new = small({5: 1}, iat=NOW - 9), small({5: 0}, iat=NOW)
    for order in ([old, new], [new, old]):
        assert StatusLists(order).lookup("CN-33", "jkm:33/7", 5) == StatusEntry(1, NOW - 9, NOW - 9 + DAY, own=True)
    assert StatusLists([old, new]).lookup("CN-33", "jkm:33/7", 6) == StatusEntry(0, NOW, NOW + DAY, own=True)


def test_revoked_stays_revoked_through_many_updates() -> None:
    lists = StatusLists([small({5: 1}, iat=NOW)])
    for age in range(1, 6):
        lists = lists.joined(StatusLists([small({6 + age: 1}, iat=NOW + age)]))
    for index in (5, 7, 8, 9, 10, 11):
        entry = lists.lookup("CN-33", "jkm:33/7", index)
        assert entry is not None
        assert entry.value == 1
    assert [each.iat for each in lists.lists] == [NOW + 5]


def test_older_lists_that_add_nothing_are_not_kept() -> None:
    lists = StatusLists([small({5: 1}, iat=NOW + age) for age in range(50)])
    kept = lists.joined(StatusLists([small({5: 1, 6: 1}, iat=NOW + 60)]))
    assert sum(len(versions) for versions in kept._by_uri.values()) == 1


def test_the_oldest_of_the_newest_lists_gives_the_age() -> None:
    lists = StatusLists(
        [
            small({}, iat=NOW - 50),
            small({}, iat=NOW - 5),
            small({}, iat=NOW - 7, uri="jkm:33/8"),
            small({}, iat=NOW - 99, uri="jkm:11/1", issuer="CN-11"),
        ]
    )
    assert lists.oldest_iat(["CN-33"]) == NOW - 7
    assert lists.oldest_iat(["CN-33", "CN-11"]) == NOW - 99
    assert lists.oldest_iat(["CN-33", "CN-44"]) is None
    assert lists.oldest_iat([]) is None


def test_lists_are_loaded_from_files_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "status" / "CN-33"
    folder.mkdir(parents=True)
    (folder / "7.cwt").write_bytes(REALM.list_bytes({5: 1}))
    (folder / "1-2.delta").write_bytes(b"not a list")
    for path in (tmp_path, folder / "7.cwt"):
        lists = load_status([path], REALM.trust, NOW)
        entry = lists.lookup("CN-33", "jkm:33/7", 5)
        assert entry is not None
        assert entry.value == 1
        assert lists.problems == ()


def test_a_list_at_another_issuers_place_is_refused(tmp_path: Path) -> None:
    for place in ("CN-11/7.cwt", "CN-33/8.cwt"):
        file = tmp_path / place
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(REALM.list_bytes())
        with pytest.raises(StatusListError, match="does not belong at"):
            load_status([file], REALM.trust, NOW)


def test_a_bad_list_in_a_folder_is_named_and_never_read_as_an_empty_one(tmp_path: Path) -> None:
    good, bad = tmp_path / "CN-33" / "7.cwt", tmp_path / "CN-33" / "8.cwt"
    good.parent.mkdir()
    good.write_bytes(REALM.list_bytes())
    bad.write_bytes(REALM.list_bytes()[:-1])
    lists = load_status([tmp_path], REALM.trust, NOW)
    assert [each.uri for each in lists.lists] == ["jkm:33/7"]
    assert len(lists.problems) == 1
    assert str(bad) in lists.problems[0]
    assert lists.lookup("CN-33", "jkm:33/8", 5) is None
    with pytest.raises(StatusListError, match=str(bad)):
        load_status([bad], REALM.trust, NOW)


def test_a_missing_file_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(StatusListError, match="cannot be read: No such file"):
        load_status([tmp_path / "none.cwt"], REALM.trust, NOW)


def test_a_rollback_on_disk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "7.cwt").write_bytes(REALM.list_bytes())
    lists = load_status([tmp_path], REALM.trust, NOW, seen={"jkm:33/7": NOW})
    assert lists.lists == ()
    assert "rollback" in lists.problems[0]


def test_a_list_of_a_key_that_was_taken_out_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "7.cwt").write_bytes(REALM.list_bytes())
    realm = Realm(status_key=REALM.status_key)
    realm.trusted[1] = replace(realm.trusted[1], revoked_at=NOW, revoked_reason="lost")
    lists = load_status([tmp_path], realm.trust, NOW)
    assert lists.lists == ()
    assert "revoked" in lists.problems[0]


def test_a_list_that_revokes_everybody_is_joined_in_little_memory() -> None:
    """33 million revoked entries, in two versions that are compared."""
    everybody = b"\xff" * MAX_ARRAY_BYTES
    versions = [StatusList("CN-33", "https://x.test/1", NOW + age, None, None, 1, everybody) for age in (0, 1)]
    tracemalloc.start()
    try:
        lists = StatusLists(versions)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lists.lookup("CN-33", "https://x.test/1", 33_000_000) == StatusEntry(1, NOW + 1, None, own=False)
    assert peak < 512 * 1024 * 1024
