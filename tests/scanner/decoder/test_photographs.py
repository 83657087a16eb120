"""The public photographs: most are read, and nothing is read where nothing is."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from scanner.camera.picture import read_picture
from scanner.decoder import Decoder, looks, zxing

PHOTOS = Path(__file__).parents[3].parent / "shared" / "photos"

pytestmark = [
    pytest.mark.needs_shared,
    pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"there are no photographs at {PHOTOS}"),
]


def photographs() -> list[tuple[Path, str, int, list[str] | None]]:
    lines = (PHOTOS / "ground_truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        (PHOTOS / photo["file"], photo["set"].split("/")[0], photo["codes"], photo["texts"])
        for photo in map(json.loads, lines)
    ]


@pytest.mark.soak
def test_nine_codes_in_ten_are_read_and_many_that_the_first_decoder_alone_cannot() -> None:
    codes: Counter[str] = Counter()
    read: Counter[str] = Counter()
    first = 0
    for path, group, expected, _ in photographs():
        grey = read_picture(path)
        codes[group] += expected
        read[group] += min(expected, len(Decoder().decode(grey, harder=True, budget_ms=3000)))
        first += min(expected, len(zxing.look(grey).codes))
    assert read.total() >= 0.93 * codes.total()
    assert read.total() >= first + 0.07 * codes.total()
    for group in ("zxing", "zxingcpp", "dcc-render", "jsqr"):
        assert read[group] >= 0.97 * codes[group]


def test_a_quick_look_alone_reads_three_quarters_of_every_fourth_photograph_as_the_sets_give_them() -> None:
    codes = read = exact = told = 0
    for path, _, expected, texts in photographs()[::4]:
        found = [one.text for one in Decoder().decode(read_picture(path))]
        codes += expected
        read += min(expected, len(found))
        if texts is not None and found:
            told += 1
            exact += any(text in texts for text in found)
    assert read >= 0.75 * codes
    assert exact >= 0.98 * told


def test_nothing_is_read_in_pictures_without_a_code_however_hard_one_looks() -> None:
    negatives = [path for path, group, _, _ in photographs() if group == "negative"]
    assert negatives
    for path in negatives:
        grey = read_picture(path)
        for look in (looks.AS_IT_IS, *looks.HARDER):
            assert look.see(grey).codes == (), path
