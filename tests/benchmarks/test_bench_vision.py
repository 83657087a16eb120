from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from benchmarks.reading import photographs, pipeline, worth
from benchmarks.row import Row
from tests.scanner.pictures import code, placed, scene


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photographs with a code, one whose truth differs, and one without any code."""
    truth = []
    for name, text, codes in (("a.png", "ONE", 1), ("b.png", "TWO", 1), ("c.png", "THREE", 1), ("d.png", None, 0)):
        picture = scene(480, 360) if text is None else placed(code(text), 100, 60, on=scene(480, 360))
        cv2.imwrite(str(tmp_path / name), picture)
        given = {"a.png": ["ONE"], "b.png": None, "c.png": ["3"], "d.png": None}[name]
        truth.append({"file": name, "set": "drawn/plain" if codes else "negative", "codes": codes, "texts": given})
    (tmp_path / "ground_truth.jsonl").write_text("\n".join(map(json.dumps, truth)), "utf-8")
    return tmp_path


def by_name(rows: list[Row]) -> dict[str, Row]:
    return {row.name: row for row in rows}


def test_a_folder_of_photographs_is_counted_by_its_ground_truth(folder: Path) -> None:
    rows = by_name(list(photographs.rows(folder)))
    assert rows["reading.photos.drawn"].value == rows["reading.photos.all"].value == 100
    assert rows["reading.photos.false_reads"].value == 0
    assert rows["reading.photos.other_texts"].value == 1
    assert "negative" not in "".join(rows)


def test_each_look_is_given_its_worth_once(folder: Path) -> None:
    rows = list(worth.rows(folder))
    assert len(rows) == len(worth._LOOKS)
    assert len({row.name for row in rows}) == len(rows)
    assert all(row.value >= 0 for row in rows)


@pytest.mark.alone
@pytest.mark.soak
def test_the_whole_way_of_frames_is_walked_with_codes_proved() -> None:

    done = subprocess.run(
        [sys.executable, "-m", pipeline.__name__, str(max(os.sched_getaffinity(0))), "1.0", "1.0"],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    measured = pipeline.Measured(**json.loads(done.stdout))
    assert measured.frames > 20
    assert 0 < measured.codes <= measured.frames
    assert measured.busy_s > 0
