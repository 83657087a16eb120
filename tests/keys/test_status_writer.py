from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import status_writer
from keys.errors import StatusListError
from keys.status_anchor import anchor_of
from keys.status_delta import DeltaBundle, ListChange, diff
from keys.status_file import ALIGNMENT, INDEX_BYTES
from keys.status_list import StatusEntry, StatusList, StatusLists, pack
from keys.status_store import StatusStore
from keys.status_token import OWN_ARRAY_BYTES, OWN_ENTRIES
from keys.status_writer import Misfit, StoreWriter
from tests.keys.bomb import zip_bomb
from tests.keys.realm import DAY, NOW
from tests.keys.test_status_store import ISSUER, foreign, said, store_of

GREEN = bytes(OWN_ARRAY_BYTES)
HOUR = 3600


def own(values: dict[int, int], *, number: int = 7, iat: int = NOW) -> StatusList:
    array = bytearray(GREEN)
    for index, value in values.items():
        array[index // 2] |= value << 4 * (index % 2)
    return StatusList(ISSUER, f"jkm:33/{number}", iat, iat + DAY, 3600, 4, bytes(array))


def change(base: StatusList, new: StatusList) -> ListChange:
    digests = sha256(base.packed).digest(), sha256(new.packed).digest()
    changes = diff(base.packed, new.packed)
    return ListChange(base.uri, base.iat, digests[0], new.iat, new.iat + DAY, 3600, digests[1], changes)


def bundle(*changes: ListChange) -> DeltaBundle:
    return DeltaBundle(ISSUER, changes)


def chain(versions: Sequence[StatusList]) -> list[DeltaBundle]:
    return [bundle(change(base, new)) for base, new in pairwise(versions)]


@contextmanager
def following(file: Path, previous: StatusStore, bundles: Sequence[DeltaBundle]) -> Iterator[StatusStore]:
    """The store that `bundles` lead to from `previous`."""
    with StoreWriter(file, previous) as writer:
        assert writer.apply(bundles) == ()
        writer.finish()
    with StatusStore.open(file, bundles[-1].anchors()) as store:
        assert store.problems == ()
        yield store


def entry(store: StatusStore, index: int, uri: str = "jkm:33/7") -> StatusEntry | None:
    return store.lookup(ISSUER, uri, index)


# Chains of bundles


def test_a_chain_of_bundles_leads_to_what_was_signed_last(tmp_path: Path) -> None:
    last = OWN_ENTRIES - 1
    hours = [{5: 3}, {5: 3, 6: 0xD}, {6: 0xC, last: 2}, {6: 0xC, last: 2}, {last: 3, 0: 0xF}]
    versions = [own(values, iat=NOW + HOUR * hour) for hour, values in enumerate(hours)]
    with store_of(tmp_path / "0.bin", versions[0]) as first:
        for start in (0, 3):
            with following(tmp_path / f"{start + 1}.bin", first, chain(versions[: 5 - start])) as store:
                newest = versions[4 - start]
                assert store.lists == (anchor_of(newest),)
                array = store.array(ISSUER, newest.uri)
                assert array is not None
                assert array == newest.packed
                array.release()


def test_a_chain_begins_where_each_list_stands(tmp_path: Path) -> None:
    """One list was fetched whole an hour later than the other, a third is newer than the whole chain."""
    early, late, ahead = (
        [own({number: value}, number=number, iat=NOW + HOUR * hour) for hour, value in enumerate((2, 3, 0xD))]
        for number in (7, 8, 9)
    )
    newer = own({9: 3}, number=9, iat=NOW + HOUR * 4)
    bundles = [bundle(*(change(each[at], each[at + 1]) for each in (early, late, ahead))) for at in (0, 1)]
    anchors = [*bundles[-1].anchors()[:2], anchor_of(newer)]
    held = early[0], late[1], newer
    with store_of(tmp_path / "0.bin", *held) as first, StoreWriter(tmp_path / "1.bin", first) as writer:
        assert writer.apply(bundles) == ()
        writer.finish()
    with StatusStore.open(tmp_path / "1.bin", anchors) as store:
        assert store.problems == ()
        found = [entry(store, number, f"jkm:33/{number}") for number in (7, 8, 9)]
        there = [(each.value, each.issued_at - NOW) for each in found if each]
        assert there == [(0xD, 2 * HOUR), (0xD, 2 * HOUR), (3, 4 * HOUR)]


BASE, NEXT, AFTER = own({5: 3}), own({6: 3}, iat=NOW + HOUR), own({7: 3}, iat=NOW + 2 * HOUR)
STEP, STEP_AFTER = change(BASE, NEXT), change(NEXT, AFTER)
MISFITS = {
    "wrong base": ([bundle(replace(STEP, base_sha256=sha256(b"x").digest()))], "from another list"),
    "a base of another time": ([bundle(replace(STEP, base_iat=NOW - 1))], "from another list"),
    "wrong resulting hash": ([bundle(replace(STEP, sha256=sha256(b"x").digest()))], "not the list that was signed"),
    "wrong resulting hash later": ([bundle(STEP), bundle(replace(STEP_AFTER, sha256=bytes(32)))], "not the list"),
    "a link missing in the chain": ([bundle(STEP_AFTER)], "from another list"),
    "a chain out of order": ([bundle(STEP_AFTER), bundle(STEP)], "from another list"),
    "zip bomb in a delta": ([bundle(replace(STEP, changes=zip_bomb(64)))], "more than"),
    "an index out of range": (
        [bundle(replace(STEP, changes=diff(GREEN + bytes(1), GREEN + b"\x01")))],
        "entry 1048576, the list has 1048576",
    ),
    "no zlib": ([bundle(replace(STEP, changes=b"nothing"))], "does not inflate"),
    "a list that is not in force here": ([bundle(replace(STEP, uri="jkm:33/8"))], "not in force"),
    "another region's list of the same name": ([DeltaBundle("CN-11", (STEP,))], "not in force"),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatusStore]:
    with store_of(tmp_path_factory.mktemp("base") / "status.bin", BASE, foreign(1)) as store:
        yield store


@pytest.mark.parametrize("case", MISFITS)
def test_a_bundle_that_does_not_fit_is_named_and_the_full_list_still_fits_in(
    tmp_path: Path, base: StatusStore, case: str
) -> None:
    bundles, words = MISFITS[case]
    full = own({8: 3}, iat=NOW + 9 * HOUR)
    with StoreWriter(tmp_path / "status.bin", base) as writer:
        misfits = writer.apply(bundles)
        assert [each.uri for each in misfits] == [bundles[0].changes[0].uri]
        assert words in misfits[0].why
        writer.put(full)
        writer.finish()
    with StatusStore.open(tmp_path / "status.bin", [anchor_of(full)]) as store:
        assert store.problems == ()
        assert entry(store, 8) == StatusEntry(3, NOW + 9 * HOUR, NOW + 9 * HOUR + DAY, own=True)


def test_one_misfit_leaves_the_other_lists_of_the_bundle(tmp_path: Path) -> None:
    other, other_next = own({1: 3}, number=8), own({1: 2}, number=8, iat=NOW + HOUR)
    wrong = bundle(replace(STEP, sha256=bytes(32)), change(other, other_next))
    with store_of(tmp_path / "0.bin", BASE, other) as first, StoreWriter(tmp_path / "1.bin", first) as writer:
        assert [each.uri for each in writer.apply([wrong])] == ["jkm:33/7"]
        writer.keep(ISSUER, "jkm:33/7")
        writer.finish()
    with StatusStore.open(tmp_path / "1.bin", [anchor_of(BASE), anchor_of(other_next)]) as store:
        assert [each.value for each in (entry(store, 5), entry(store, 1, "jkm:33/8")) if each] == [3, 2]


def test_a_foreign_list_of_our_width_takes_no_changes(tmp_path: Path) -> None:
    short = replace(BASE, packed=BASE.packed[:100])
    step = replace(STEP, base_sha256=sha256(short.packed).digest())
    with store_of(tmp_path / "0.bin", short) as first, StoreWriter(tmp_path / "1.bin", first) as writer:
        assert writer.apply([bundle(step)]) == (Misfit("jkm:33/7", "it is none of our lists"),)


def test_bundles_of_two_issuers_are_no_chain(tmp_path: Path, base: StatusStore) -> None:
    with StoreWriter(tmp_path / "status.bin", base) as writer:
        with pytest.raises(ValueError, match="CN-11, CN-33"):
            writer.apply([bundle(STEP), DeltaBundle("CN-11", ())])
        assert writer.apply([]) == ()


# What is refused, and what is kept


def test_a_list_older_than_the_one_in_force_is_refused_as_a_rollback(tmp_path: Path, base: StatusStore) -> None:
    with StoreWriter(tmp_path / "status.bin", base) as writer:
        with pytest.raises(StatusListError, match="rollback"):
            writer.put(own({9: 3}, iat=NOW - 1))
        writer.keep(ISSUER, "jkm:33/7")
        writer.finish()
    with StatusStore.open(tmp_path / "status.bin", [anchor_of(BASE)]) as store:
        assert entry(store, 5) == entry(base, 5)


def test_of_two_lists_of_the_same_time_the_one_in_force_stays(tmp_path: Path, base: StatusStore) -> None:
    with StoreWriter(tmp_path / "status.bin", base) as writer:
        with pytest.raises(StatusListError, match="two of iat"):
            writer.put(own({9: 3}))
        writer.put(BASE)
        with pytest.raises(StatusListError, match="two of iat"):
            writer.put(foreign(1, [1, 1, 1, 1]))


def test_a_list_is_written_once(tmp_path: Path, base: StatusStore) -> None:
    with StoreWriter(tmp_path / "status.bin", base) as writer:
        writer.keep(ISSUER, "jkm:33/7")
        for again in (lambda: writer.keep(ISSUER, "jkm:33/7"), lambda: writer.put(AFTER)):
            with pytest.raises(ValueError, match="written already"):
                again()
        with pytest.raises(ValueError, match="no list jkm:33/8"):
            writer.keep(ISSUER, "jkm:33/8")


def test_an_issuer_with_too_many_lists_does_not_take_anothers_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_writer, "MAX_LISTS", 2)
    monkeypatch.setattr(status_writer, "MAX_BYTES", 4 * ALIGNMENT)
    large = foreign(9, [1] * (5 * ALIGNMENT), bits=8, issuer="CN-11")
    good = [foreign(1), foreign(2), foreign(1, issuer="CN-11")]
    with StoreWriter(tmp_path / "status.bin", StatusStore.empty()) as writer:
        for each in good[:2]:
            writer.put(each)
        for refused in (foreign(3), large):
            with pytest.raises(StatusListError, match="has more lists than are carried"):
                writer.put(refused)
        writer.put(good[2])
        writer.finish()
    with StatusStore.open(tmp_path / "status.bin", [anchor_of(each) for each in good]) as store:
        assert store.problems == ()
        assert len(store.lists) == 3


def test_an_index_never_grows_beyond_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_writer, "MAX_ENTRY_BYTES", 100)
    with StoreWriter(tmp_path / "status.bin", StatusStore.empty()) as writer:
        for number in (1, 2):
            writer.put(foreign(number))
        with pytest.raises(StatusListError, match="more lists than one file holds"):
            writer.put(foreign(3))
        writer.finish()


# REVOKED stays revoked


def test_revoked_stays_revoked_when_a_full_list_takes_it_back(tmp_path: Path) -> None:
    old, new = own({5: 1, 6: 1, 7: 3}), own({6: 1}, iat=NOW + HOUR)
    with store_of(tmp_path / "0.bin", old) as first, store_of(tmp_path / "1.bin", new, previous=first) as store:
        assert entry(store, 5) == StatusEntry(1, NOW, None, own=True)
        assert entry(store, 6) == StatusEntry(1, NOW + HOUR, NOW + HOUR + DAY, own=True)
        assert entry(store, 7) == StatusEntry(0, NOW + HOUR, NOW + HOUR + DAY, own=True)


def test_revoked_stays_revoked_through_a_chain_of_bundles(tmp_path: Path) -> None:
    """Also what was revoked only between two publications of the chain, and green before and after it."""
    hours = [{5: 1}, {6: 1, 8: 1}, {8: 1}, {}]
    versions = [own(values, iat=NOW + HOUR * hour) for hour, values in enumerate(hours)]
    with (
        store_of(tmp_path / "0.bin", versions[0]) as first,
        following(tmp_path / "1.bin", first, chain(versions)) as store,
    ):
        found = {index: entry(store, index) for index in range(4, 9)}
    assert {index: each.value for index, each in found.items() if each} == {4: 0, 5: 1, 6: 1, 7: 0, 8: 1}
    assert found[5] == StatusEntry(1, NOW + 2 * HOUR, None, own=True)


def test_revoked_stays_revoked_while_a_list_is_kept_and_until_it_is_revoked_again(tmp_path: Path) -> None:
    versions = [own({5: 1}), own({}, iat=NOW + HOUR), own({}, iat=NOW + 2 * HOUR), own({5: 1}, iat=NOW + 3 * HOUR)]
    with (
        store_of(tmp_path / "0.bin", versions[0]) as first,
        store_of(tmp_path / "1.bin", versions[1], previous=first) as second,
        StoreWriter(tmp_path / "2.bin", second) as writer,
    ):
        writer.keep(ISSUER, "jkm:33/7")
        writer.finish()
    with StatusStore.open(tmp_path / "2.bin", [anchor_of(versions[1])]) as kept:
        assert entry(kept, 5) == StatusEntry(1, NOW, None, own=True)
        with store_of(tmp_path / "3.bin", versions[2], previous=kept) as later:
            assert entry(later, 5) == StatusEntry(1, NOW, None, own=True)
            with store_of(tmp_path / "4.bin", versions[3], previous=later) as again:
                assert entry(again, 5) == StatusEntry(1, NOW + 3 * HOUR, NOW + 3 * HOUR + DAY, own=True)
                assert again.kept_revoked(ISSUER, "jkm:33/7") is None


def test_revoked_stays_revoked_when_the_list_becomes_shorter(tmp_path: Path) -> None:
    long, short = foreign(1, [0] * 99 + [1]), foreign(1, [0] * 4, iat=NOW + 1)
    with store_of(tmp_path / "0.bin", long) as first, store_of(tmp_path / "1.bin", short, previous=first) as store:
        assert store.lookup(ISSUER, short.uri, 99) == StatusEntry(1, NOW, None, own=False)
        assert store.lookup(ISSUER, short.uri, 98) is None


def test_what_was_revoked_outlives_damage_to_the_list_and_its_fetching_anew(tmp_path: Path) -> None:
    old, new = foreign(1, [1, 0, 0, 0] * 30), foreign(1, [0, 2, 3, 2] * 30, iat=NOW + 1)
    file = tmp_path / "1.bin"
    with store_of(tmp_path / "0.bin", old) as first:
        store_of(file, new, previous=first).close()
    content = bytearray(file.read_bytes())
    content[content.index(new.packed, INDEX_BYTES)] ^= 1
    file.write_bytes(content)
    with StatusStore.open(file, [anchor_of(new)]) as hurt:
        assert hurt.lists == ()
        with store_of(tmp_path / "2.bin", new, previous=hurt) as store:
            assert said(store, new, 5) == [1, 2, 3, 2, 1]


versions_of_a_list = st.lists(
    st.sampled_from([1, 2, 4, 8]).flatmap(
        lambda bits: st.lists(st.integers(0, 3 if bits > 1 else 1), max_size=20).map(
            lambda values: (bits, pack(bytes(values), bits))
        )
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(versions_of_a_list)
def test_a_store_says_what_all_its_versions_together_say(
    tmp_path_factory: pytest.TempPathFactory, given_versions: list[tuple[int, bytes]]
) -> None:
    """The set of lists in memory is the measure: the newest speaks, and what any revoked stays revoked."""
    folder = tmp_path_factory.mktemp("versions")
    versions = [
        StatusList(ISSUER, "https://example.com/1", NOW + age, None, None, bits, packed)
        for age, (bits, packed) in enumerate(given_versions)
    ]
    store = StatusStore.empty()
    for age, version in enumerate(versions):
        with store:
            following_store = store_of(folder / f"{age}.bin", version, previous=store)
        store = following_store
    together = StatusLists(versions)
    for index in range(170):
        expected, found = (each.lookup(ISSUER, "https://example.com/1", index) for each in (together, store))
        assert (expected is None) == (found is None)
        if expected is not None and found is not None:
            assert found.value == expected.value
            assert found.value == 1 or found == expected
    store.close()


# The disk


def test_a_file_that_was_not_finished_opens_without_lists(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "status.bin", StatusStore.empty()) as writer:
        writer.put(foreign())
    with StatusStore.open(tmp_path / "status.bin", [anchor_of(foreign())]) as store:
        assert store.lists == ()
        assert "its index is damaged" in store.problems[0]


def test_what_the_disk_gives_back_is_checked_before_it_counts(tmp_path: Path) -> None:
    file = tmp_path / "status.bin"
    with StoreWriter(file, StatusStore.empty()) as writer:
        writer.put(foreign())
        with file.open("r+b") as disk:
            disk.seek(INDEX_BYTES)
            disk.write(b"\xff")
        with pytest.raises(StatusListError, match=r"list https://example\.com/1 of CN-33"):
            writer.finish()


def test_a_full_disk_is_an_error_and_what_is_in_force_stays(tmp_path: Path, base: StatusStore) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with StoreWriter(tmp_path / "status.bin", base) as writer:
        resource.setrlimit(resource.RLIMIT_FSIZE, (INDEX_BYTES + 1000, hard))
        try:
            for write in (lambda: writer.put(AFTER), lambda: writer.keep(ISSUER, "jkm:33/7")):
                with pytest.raises(OSError, match="File too large"):
                    write()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert entry(base, 5) == StatusEntry(3, NOW, NOW + DAY, own=True)
    with StatusStore.open(tmp_path / "status.bin", [anchor_of(AFTER)]) as store:
        assert store.lists == ()


def test_a_file_that_is_there_already_is_not_written_over(tmp_path: Path) -> None:
    store_of(tmp_path / "status.bin", foreign()).close()
    with pytest.raises(FileExistsError):
        StoreWriter(tmp_path / "status.bin", StatusStore.empty())


def test_the_same_lists_make_the_same_file(tmp_path: Path) -> None:
    for name in ("a.bin", "b.bin"):
        store_of(tmp_path / name, foreign(1), foreign(2, [1, 1])).close()
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == 0o600
