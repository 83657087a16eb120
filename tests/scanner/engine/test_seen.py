from __future__ import annotations

import json
from pathlib import Path

import pytest

from keys.status_anchor import Anchor
from scanner.engine.seen import FILE_NAME, SeenLists


def anchor(issuer: str, uri: str, iat: int) -> Anchor:
    return Anchor(issuer, uri, iat, None, None, 4, 1, bytes(32))


def test_what_was_seen_is_remembered_over_a_restart_by_issuer_and_uri(tmp_path: Path) -> None:
    seen = SeenLists(tmp_path)
    news = seen.note([anchor("CN-33", "https://x.test/1", 50), anchor("CN-44", "https://x.test/1", 90)])
    assert news == (("CN-33", "https://x.test/1", 50), ("CN-44", "https://x.test/1", 90))
    again = SeenLists(tmp_path)
    assert again.times == {("CN-33", "https://x.test/1"): 50, ("CN-44", "https://x.test/1"): 90}


def test_only_newer_lists_are_news_and_nothing_is_rolled_back(tmp_path: Path) -> None:
    seen = SeenLists(tmp_path)
    seen.note([anchor("CN-33", "jkm:33/1", 50)])
    assert seen.note([anchor("CN-33", "jkm:33/1", 50)]) == ()
    assert seen.note([anchor("CN-33", "jkm:33/1", 49)]) == ()
    assert SeenLists(tmp_path).times == {("CN-33", "jkm:33/1"): 50}


def test_a_file_that_had_uris_alone_is_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({"jkm:33/1": 50, "https://x.test/1": 60}))
    assert SeenLists(tmp_path).times == {("CN-33", "jkm:33/1"): 50}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"CN-33": {"jkm:33/1": "50"}}', '{"CN-33": 5}', "[" * 100_000])
def test_a_damaged_file_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert SeenLists(tmp_path).times == {}
