from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import cbor
from keys.status_anchor import Anchor, anchor_of
from keys.status_file import ALIGNMENT, INDEX_BYTES, Slot, encode_index, encode_slot, read_index
from keys.status_list import StatusEntry, StatusList, StatusLists, pack
from keys.status_store import StatusStore
from keys.status_writer import StoreWriter
from keys.verifier import Verifier
from tests.keys.realm import DAY, INDEX, NOW, Realm

ISSUER = "CN-33"


def foreign(
    number: int = 1, values: Sequence[int] = (0, 1, 0, 1), *, bits: int = 2, iat: int = NOW, issuer: str = ISSUER
) -> StatusList:
    packed = pack(bytes(values), bits)
    return StatusList(issuer, f"https://example.com/{number}", iat, NOW + DAY, None, bits, packed)


def store_of(file: Path, *lists: StatusList, previous: StatusStore | None = None) -> StatusStore:
    """A store of `lists`, as it comes back from the disk."""
    with StoreWriter(file, previous or StatusStore.empty()) as writer:
        for each in lists:
            writer.put(each)
        writer.finish()
    return StatusStore.open(file, [anchor_of(each) for each in lists])


def said(store: StatusStore, status_list: StatusList, count: int = 12) -> list[int | None]:
    """What the store says of the first entries of a list."""
    entries = (store.lookup(status_list.issuer, status_list.uri, index) for index in range(count))
    return [None if entry is None else entry.value for entry in entries]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_lists_of_every_width_and_length_are_looked_up_as_they_were_signed(tmp_path: Path, bits: int) -> None:
    draw = random.Random(bits)
    lists = [
        foreign(size, [draw.randrange(1 << bits) for _ in range(size)], bits=bits) for size in (0, 1, 7, 100, 70_000)
    ]
    store = store_of(tmp_path / "status.bin", *lists)
    assert store.problems == ()
    assert set(store.lists) == {anchor_of(each) for each in lists}
    for each in lists:
        for index in [*range(130), *(draw.randrange(80_000) for _ in range(300))]:
            value = each.value(index)
            expected = None if value is None else StatusEntry(value, NOW, NOW + DAY, own=False)
            assert store.lookup(ISSUER, each.uri, index) == expected


def test_an_index_out_of_range_is_not_known(tmp_path: Path) -> None:
    store = store_of(tmp_path / "status.bin", foreign(1, [1] * 8), foreign(2, [1] * 8))
    for index in (8, 9, ALIGNMENT, 1 << 40, -1, -8):
        assert store.lookup(ISSUER, "https://example.com/1", index) is None
    assert store.lookup(ISSUER, "https://example.com/3", 0) is None
    assert store.lookup("CN-11", "https://example.com/1", 0) is None


def test_the_verifier_reads_the_store(tmp_path: Path) -> None:
    realm = Realm(values={INDEX: 0xD})
    store = store_of(tmp_path / "status.bin", realm.status_list())
    verdict = Verifier(realm.trust, store).verify(realm.text(), NOW)
    assert verdict == realm.judge(realm.text())
    assert verdict.status is not None
    assert verdict.status.value == 0xD


def test_the_oldest_list_in_force_gives_the_age(tmp_path: Path) -> None:
    lists = [foreign(1, iat=NOW - 7), foreign(2, iat=NOW - 9), foreign(3, iat=NOW - 99, issuer="CN-11")]
    store, held = store_of(tmp_path / "status.bin", *lists), StatusLists(lists)
    for issuers in (["CN-33"], ["CN-33", "CN-11"], ["CN-33", "CN-44"], []):
        assert store.oldest_iat(issuers) == held.oldest_iat(issuers)


def test_an_empty_store_knows_nothing() -> None:
    store = StatusStore.empty()
    assert store.lookup(ISSUER, "jkm:33/7", 0) is None
    assert (store.lists, store.problems, store.array(ISSUER, "jkm:33/7")) == ((), (), None)
    store.close()


# What lies on the disk is not believed


class Damaged:
    """A small store on the disk to be damaged again and again: three lists, one of which keeps a code revoked."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "status.bin"
        with store_of(folder / "first.bin", foreign(2, [1, 1, 1, 1], iat=NOW - 9)) as first:
            self.lists = [foreign(1, [3, 2, 1, 0] * 40), foreign(2, [1, 0, 3, 1]), foreign(3, [1, 2, 3, 0])]
            store_of(self.file, *self.lists, previous=first).close()
        self.good = self.file.read_bytes()
        self.anchors = [anchor_of(each) for each in self.lists]
        with self.open(self.good) as store:
            self.answers = {each.uri: said(store, each) for each in self.lists}
            assert store.problems == ()
            assert self.answers["https://example.com/2"][:4] == [1, 1, 1, 1]

    def open(self, content: bytes) -> StatusStore:
        self.file.write_bytes(content)
        return StatusStore.open(self.file, self.anchors)

    def left_out(self, content: bytes) -> list[str]:
        """The uris that are left out, each named; the others say what they always said."""
        with self.open(content) as store:
            there = {anchor.uri for anchor in store.lists}
            for each in self.lists:
                assert said(store, each) == (self.answers[each.uri] if each.uri in there else [None] * 12)
            missing = [each.uri for each in self.lists if each.uri not in there]
            assert len(store.problems) == len(missing)
            assert all(any(uri in problem for problem in store.problems) for uri in missing)
            return missing


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    return Damaged(tmp_path_factory.mktemp("damaged"))


def used_ranges(content: bytes) -> list[tuple[int, int]]:
    """The stretches of the file that are not zero, a page at a time."""
    pages = range(0, len(content), 4096)
    return [(at, min(at + 4096, len(content))) for at in pages if content[at : at + 4096].strip(b"\0")]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_flipped_bit_anywhere_takes_at_most_the_list_it_lies_in(damaged: Damaged, data: st.DataObject) -> None:
    start, end = data.draw(st.sampled_from([*used_ranges(damaged.good), (0, len(damaged.good))]))
    content = bytearray(damaged.good)
    content[data.draw(st.integers(start, end - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert len(damaged.left_out(bytes(content))) <= 1


def test_each_bit_of_an_array_counts(damaged: Damaged) -> None:
    for name, size in (("https://example.com/1", 40), ("https://example.com/3", 1)):
        at = damaged.good.index(next(each.packed for each in damaged.lists if each.uri == name), INDEX_BYTES)
        for bit in range(0, size * 8, 7):
            content = bytearray(damaged.good)
            content[at + bit // 8] ^= 1 << bit % 8
            assert damaged.left_out(bytes(content)) == [name]


def test_damage_to_what_stays_revoked_takes_its_list_and_says_so(damaged: Damaged) -> None:
    """The bitmap lies in a slot of its own: entries 1 and 2, which the list itself no longer revokes."""
    at = damaged.good.index(b"\x06", damaged.good.index(damaged.lists[1].packed, INDEX_BYTES) + 1)
    content = bytearray(damaged.good)
    content[at] = 0
    assert damaged.left_out(bytes(content)) == ["https://example.com/2"]
    with damaged.open(bytes(content)) as store:
        assert "what earlier ones revoked is lost" in store.problems[0]


def test_a_slot_that_comes_back_empty_is_left_out(damaged: Damaged) -> None:
    at = damaged.good.index(damaged.lists[0].packed, INDEX_BYTES)
    content = damaged.good[:at] + bytes(ALIGNMENT) + damaged.good[at + ALIGNMENT :]
    assert damaged.left_out(content) == ["https://example.com/1"]


def test_a_truncated_file_still_speaks_for_the_lists_before_its_end(damaged: Damaged) -> None:
    third = damaged.good.index(damaged.lists[2].packed, INDEX_BYTES)
    first = damaged.good.index(damaged.lists[0].packed, INDEX_BYTES)
    assert damaged.left_out(damaged.good[: third + 1]) == []
    assert damaged.left_out(damaged.good[:third]) == ["https://example.com/3"]
    assert len(damaged.left_out(damaged.good[: first + 39])) == 3
    assert len(damaged.left_out(damaged.good[:INDEX_BYTES])) == 3


@pytest.mark.parametrize("size", [0, 1, 51, 52, 100])
def test_a_file_that_is_almost_nothing_is_no_status_file(damaged: Damaged, size: int) -> None:
    with damaged.open(damaged.good[:size]) as store:
        assert store.lists == ()
        assert store.problems == (f"status file {damaged.file}: its index is damaged, or it is no status file",)


def test_a_lost_beginning_leaves_every_list_behind_it(damaged: Damaged) -> None:
    assert damaged.left_out(bytes(INDEX_BYTES) + damaged.good[INDEX_BYTES:]) == []
    both = bytes(INDEX_BYTES) + damaged.good[INDEX_BYTES:-INDEX_BYTES] + bytes(INDEX_BYTES)
    with damaged.open(both) as store:
        assert store.lists == ()
        assert "its index is damaged" in store.problems[0]


@pytest.mark.parametrize("name", ["none.bin", "folder"])
def test_a_file_that_cannot_be_read_is_a_problem_in_words(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    store = StatusStore.open(tmp_path / name, [anchor_of(foreign())])
    assert store.lists == ()
    assert len(store.problems) == 1
    assert str(tmp_path / name) in store.problems[0]


SOUND = Slot(ISSUER, "u", INDEX_BYTES, 1, None)
CRAFTED = {
    "offset inside the index": [replace(SOUND, offset=0)],
    "offset between slots": [replace(SOUND, offset=INDEX_BYTES + 1)],
    "length negative": [replace(SOUND, length=-1)],
    "length beyond any list": [replace(SOUND, length=(4 << 20) + 1)],
    "a list twice": [SOUND, SOUND],
}


def read_crafted(file: Path, index: bytes) -> object:
    file.write_bytes(index)
    with file.open("rb") as stream:
        return read_index(stream.fileno(), len(index))


@pytest.mark.parametrize("case", CRAFTED)
def test_a_crafted_index_is_refused_whole(tmp_path: Path, case: str) -> None:
    index = encode_index([encode_slot(slot) for slot in CRAFTED[case]])
    assert read_crafted(tmp_path / "status.bin", index) is None
    assert read_crafted(tmp_path / "status.bin", encode_index([encode_slot(SOUND)])) == {(ISSUER, "u"): SOUND}


@given(
    st.recursive(
        st.none() | st.integers(0, 1 << 40) | st.text(max_size=3) | st.binary(max_size=32),
        lambda inner: st.lists(inner, max_size=5),
        max_leaves=8,
    )
)
def test_an_index_of_other_shapes_is_refused_whole(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    index = encode_index([cbor.encode(value)])  # type: ignore[arg-type]
    assert read_crafted(tmp_path_factory.getbasetemp() / "shape.bin", index) is None


def test_an_array_that_nobody_signed_for_is_not_read(tmp_path: Path) -> None:
    mine, other = foreign(1), foreign(2)
    store_of(tmp_path / "status.bin", mine, other).close()
    with StatusStore.open(tmp_path / "status.bin", [anchor_of(mine)]) as store:
        assert [anchor.uri for anchor in store.lists] == [mine.uri]
        assert store.lookup(other.issuer, other.uri, 0) is None
        assert store.problems == ()


@pytest.mark.parametrize(
    "other",
    [
        foreign(1, [0, 0, 0, 0]),
        foreign(1, [0, 1, 0, 1] * 2),
        foreign(1, [0, 1, 0, 1], bits=8),
        foreign(1, [0, 1, 0, 1], issuer="CN-11"),
        foreign(4),
    ],
)
def test_another_list_than_the_one_signed_is_not_read(tmp_path: Path, other: StatusList) -> None:
    store_of(tmp_path / "status.bin", other).close()
    with StatusStore.open(tmp_path / "status.bin", [anchor_of(foreign(1))]) as store:
        assert store.lists == ()
        assert any("https://example.com/1 of CN-33" in problem for problem in store.problems)


def test_the_newest_anchor_holds_and_among_equals_the_first(tmp_path: Path) -> None:
    old, new = foreign(1, [1, 1, 1, 1], iat=NOW - 9), foreign(1, [0, 1, 0, 1])
    twin = replace(new, packed=b"\xff")
    store_of(tmp_path / "status.bin", new).close()

    def lists(*anchors: Anchor) -> Iterator[int]:
        with StatusStore.open(tmp_path / "status.bin", anchors) as store:
            yield len(store.lists)

    a, b, c = (anchor_of(each) for each in (old, new, twin))
    assert [*lists(a, b), *lists(b, a), *lists(b, c), *lists(c, b), *lists(a)] == [1, 1, 1, 0, 0]


# Closing


def test_a_closed_store_knows_nothing_and_an_array_somebody_holds_stays(tmp_path: Path) -> None:
    status_list = foreign()
    store = store_of(tmp_path / "status.bin", status_list)
    array = store.array(ISSUER, status_list.uri)
    assert array is not None
    with pytest.raises(TypeError):
        array[0] = 0
    store.close()
    assert bytes(array) == status_list.packed
    assert store.lookup(ISSUER, status_list.uri, 0) is None
    assert store.lists == ()
    store.close()


def test_looking_up_while_another_thread_closes_the_store_is_safe(tmp_path: Path) -> None:
    status_list = foreign(1, [1] * 64)
    store_of(tmp_path / "status.bin", status_list).close()
    anchors = [anchor_of(status_list)]
    faults: list[BaseException] = []
    for _ in range(40):
        store = StatusStore.open(tmp_path / "status.bin", anchors)
        going = threading.Barrier(2)

        def look(store: StatusStore = store, going: threading.Barrier = going) -> None:
            try:
                going.wait()
                while store.lookup(ISSUER, status_list.uri, 5) is not None:
                    pass
            except BaseException as fault:
                faults.append(fault)

        thread = threading.Thread(target=look)
        thread.start()
        going.wait()
        store.close()
        thread.join()
    assert faults == []


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    store_of(tmp_path / "status.bin", foreign()).close()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        StatusStore.open(tmp_path / "status.bin", [anchor_of(foreign())]).close()
        StatusStore.open(tmp_path / "none.bin", []).close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
