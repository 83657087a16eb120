"""Reports of updates: left by whoever tried, taken by the engine."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from scanner.updates.report import BOX, FOLDER, MAX_WORDS, Result, UpdateReport, leave, take

GOOD = UpdateReport(1_772_600_400, "https://hub/trust", Result.TAKEN_IN, "", None, "000012", 1_772_600_000, 5, 40_000)


def test_what_is_left_is_taken_once_in_order(tmp_path: Path) -> None:
    bad = UpdateReport(
        1_772_600_500, "/media/stick", Result.REFUSED, "a stick from another authority", "other_authority"
    )
    leave(tmp_path, GOOD)
    leave(tmp_path, bad)
    assert take(tmp_path) == (GOOD, bad)
    assert take(tmp_path) == ()


def test_reports_are_for_their_owner_alone(tmp_path: Path) -> None:
    leave(tmp_path, GOOD)
    (path,) = (tmp_path / FOLDER).iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"at": -1}', b'{"at": 1, "requests": 0, "received": 0, "result": "fine"}', b"[" * 9000],
)
def test_a_damaged_report_is_dropped_and_the_next_is_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "0.json").write_bytes(content)
    leave(tmp_path, GOOD)
    assert take(tmp_path) == (GOOD,)
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_words_are_printable_and_bounded(tmp_path: Path) -> None:
    leave(tmp_path, UpdateReport(1, "x", Result.REFUSED, "\x1b[2J" + "w" * 1000))
    (found,) = take(tmp_path)
    assert "\x1b" not in found.why
    assert len(found.why) == MAX_WORDS


def test_without_an_engine_the_oldest_reports_make_room(tmp_path: Path) -> None:
    for number in range(BOX.max_waiting + 5):
        leave(tmp_path, UpdateReport(number, "x", Result.NOTHING_NEW))
    assert [one.at for one in take(tmp_path)] == list(range(5, BOX.max_waiting + 5))


def test_a_source_that_cannot_be_encoded_is_spelt_out(tmp_path: Path) -> None:
    leave(tmp_path, UpdateReport(1, "/media/KEY\udcff", Result.REFUSED))
    (found,) = take(tmp_path)
    assert found.source == "/media/KEY\\udcff"
