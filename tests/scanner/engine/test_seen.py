"""What the appliance remembers of status lists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keys.status_store import Anchor
from scanner.engine.seen import FILE_NAME, GONE_KEPT, SeenLists


def anchor(issuer: str, uri: str, iat: int) -> Anchor:
    return Anchor(issuer, uri, iat, None, None, 1, 1, bytes(32))


def test_the_newest_is_remembered_over_restarts(tmp_path: Path) -> None:
    assert SeenLists(tmp_path).note([anchor("CN-33", "jkm:33/1", 20)]) == (("CN-33", "jkm:33/1", 20),)
    assert SeenLists(tmp_path).note([anchor("CN-33", "jkm:33/1", 10)]) == ()
    assert SeenLists(tmp_path).times == {("CN-33", "jkm:33/1"): 20}


def test_one_regions_list_says_nothing_of_anothers_under_the_same_uri(tmp_path: Path) -> None:
    seen = SeenLists(tmp_path)
    seen.note([anchor("CN-44", "https://x.test/1", 900)])
    assert seen.times.get(("CN-33", "https://x.test/1")) is None


def test_a_region_that_publishes_ever_new_lists_crowds_nobody_out(tmp_path: Path) -> None:
    seen = SeenLists(tmp_path)
    home = anchor("CN-33", "jkm:33/1", 5)
    for turn in range(4):
        flood = [anchor("CN-44", f"https://x.test/{'y' * 200}/{turn}/{n}", 1000 + turn) for n in range(512)]
        seen.note([home, *flood])
    again = SeenLists(tmp_path)
    assert again.times["CN-33", "jkm:33/1"] == 5
    assert len(again.times) == 1 + 512 + GONE_KEPT


def test_a_list_that_is_published_no_more_and_returns_older_is_still_known(tmp_path: Path) -> None:
    seen = SeenLists(tmp_path)
    seen.note([anchor("CN-33", "jkm:33/1", 50), anchor("CN-33", "jkm:33/2", 50)])
    seen.note([anchor("CN-33", "jkm:33/2", 60)])
    assert SeenLists(tmp_path).times["CN-33", "jkm:33/1"] == 50


@pytest.mark.parametrize("content", [b"", b"{", b"3", b"[" * 5000, b'[["CN-33", 1, 2], "x", []]'])
def test_a_damaged_file_is_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert SeenLists(tmp_path).times == {}


def test_the_file_of_earlier_software_is_read_for_our_own_lists(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({"jkm:33/1": 7, "https://x.test/1": 9}))
    assert SeenLists(tmp_path).times == {("CN-33", "jkm:33/1"): 7}
