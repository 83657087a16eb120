"""Logs by stick: files in any order, twice, mixed with the network, damaged; and the receipt for the way back."""

from __future__ import annotations

import os
from itertools import permutations
from pathlib import Path

import pytest

from hub.stick import Imported, Taken, bring_in, write_receipts
from keys.cosignature import read_cosigned
from tests.hub.conftest import Place
from tests.hub.gate import Gate, framed


@pytest.fixture
def setting() -> str:
    return "sqlite"  # what a storage does is held to its laws in test_ingest


@pytest.fixture
def gate(place: Place) -> Gate:
    made = Gate().passes(12)
    place.enrol(made)
    return made


def put(folder: Path, gate: Gate, first: int, end: int, *, damage: int | None = None) -> Path:
    below = folder / "checkpoint-log"
    below.mkdir(exist_ok=True)
    middle = (first + end) // 2
    content = bytearray(framed(gate.upload(first, middle), gate.upload(middle, end)))
    if damage is not None:
        content[damage] ^= 1
    path = below / f"{gate.id.hex()}-{first}-{end}.log"
    path.write_bytes(content)
    return path


def taken(place: Place, folder: Path) -> list[Imported]:
    return list(bring_in(folder, place.ingest))


def test_files_are_taken_in_any_order_and_twice(place: Place, gate: Gate, tmp_path: Path) -> None:
    parts = [(0, 4), (4, 8), (8, 12)]
    for number, order in enumerate(permutations(parts)):
        folder = tmp_path / str(number)
        folder.mkdir()
        for first, end in order:
            put(folder, gate, first, end)
        found = taken(place, folder)
        assert {one.taken for one in found} == {Taken.DONE}
    assert place.stored(gate) == gate.log


def test_a_file_waits_for_the_one_before_it(place: Place, gate: Gate, tmp_path: Path) -> None:
    later = put(tmp_path, gate, 6, 12)
    (found,) = taken(place, tmp_path)
    assert (found.taken, found.receipt) == (Taken.WAITING, None)
    put(tmp_path, gate, 0, 6)
    assert {one.file for one in taken(place, tmp_path) if one.taken is Taken.DONE} >= {later.name}
    assert place.stored(gate) == gate.log


def test_what_came_by_network_meanwhile_is_not_stored_again(place: Place, gate: Gate, tmp_path: Path) -> None:
    put(tmp_path, gate, 0, 8)
    place.ingest.take(gate.id, gate.upload(0, 10))
    (found,) = taken(place, tmp_path)
    assert found.taken is Taken.DONE
    assert found.receipt is not None
    assert found.receipt.durable_to == 10
    assert place.stored(gate) == gate.log[:10]


def test_the_receipt_for_the_way_back_is_the_hubs_word_on_the_newest_head(
    place: Place, gate: Gate, tmp_path: Path
) -> None:
    put(tmp_path, gate, 0, 8)
    put(tmp_path, gate, 8, 12)
    write_receipts(tmp_path, taken(place, tmp_path), place.ingest)
    note = (tmp_path / "checkpoint-log" / f"{gate.id.hex()}.receipt").read_text("utf-8")
    head = read_cosigned(note, gate.key.public_key(), place.cosigner.public_key).head
    assert (head.size, head.root) == (12, gate.root())


def test_any_byte_altered_on_a_stick_is_refused(place: Place, gate: Gate, tmp_path: Path) -> None:
    size = put(tmp_path, gate, 0, 12).stat().st_size
    for damage in range(0, size, 37):
        put(tmp_path, gate, 0, 12, damage=damage)
        (found,) = taken(place, tmp_path)
        stored = place.stored(gate)
        assert stored == gate.log[: len(stored)], damage
        if found.taken is Taken.DONE:  # a sealed part, which is outside the tree: not kept where it is not its entry's
            assert len(stored) == 12
    put(tmp_path, gate, 0, 12)
    assert [one.taken for one in taken(place, tmp_path)] == [Taken.DONE]


def test_a_link_a_pipe_and_a_file_cut_short_block_nobody(place: Place, gate: Gate, tmp_path: Path) -> None:
    whole = put(tmp_path, gate, 0, 12)
    below = whole.parent
    strangers = ["a" * 32, "b" * 32, "c" * 32]
    (below / f"{strangers[0]}-0-5.log").symlink_to(whole)
    os.mkfifo(below / f"{strangers[1]}-0-5.log")
    (below / f"{strangers[2]}-0-5.log").write_bytes(whole.read_bytes()[:-10])
    (below / "readme.txt").write_text("not a log")
    found = {one.file[:32]: one.taken for one in taken(place, tmp_path)}
    assert found.pop(gate.id.hex()) is Taken.DONE
    assert set(found.values()) == {Taken.REFUSED}
    assert len(found) == 3
