"""Codes of unusual content, many at once, and pictures made to be slow: through the very processes of the engine."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import segno

from scanner.camera.frame import Grey
from scanner.decoder.process import ANSWER_LIMIT_S, STARVED_LIMIT, DecoderProcess, LostError, Program
from scanner.decoder.straighten import straighten
from scanner.decoder.values import Found
from tests.scanner.decoder.test_process import started
from tests.scanner.pictures import code, placed, scene


@pytest.fixture(params=list(Program), scope="module")
def decoder(request: pytest.FixtureRequest) -> Iterator[DecoderProcess]:
    process = started(DecoderProcess(request.param, name="the decoder", spare=request.param is Program.HARDER))
    yield process
    process.close()


def drawn(symbol: segno.QRCode) -> Grey:
    modules = np.array([list(row) for row in symbol.matrix_iter(scale=4, border=4)], np.uint8)
    return np.where(modules > 0, 0, 255).astype(np.uint8)


def texts(decoder: DecoderProcess, picture: Grey) -> list[str]:
    return [one.text for one in decoder.look(picture, budget_ms=1000).codes]


def test_parts_of_a_structured_append_are_codes_of_their_own(decoder: DecoderProcess) -> None:
    whole = "A long text in two parts. " * 6
    parts = [texts(decoder, drawn(part)) for part in segno.make_sequence(whole, symbol_count=2)]
    assert "".join(text for (text,) in parts) == whole


def test_bytes_that_are_no_text_become_one_character_a_byte(decoder: DecoderProcess) -> None:
    content = bytes([0, 255, 128, 254, 7]) * 4
    (text,) = texts(decoder, code(content, scale=4))
    assert len(text) >= len(content) // 2


def test_kanji_and_other_character_sets_come_out_as_written(decoder: DecoderProcess) -> None:
    assert texts(decoder, code("石積籍績")) == ["石積籍績"]
    assert texts(decoder, drawn(segno.make_qr("ŠĐČĆŽ", encoding="iso-8859-2", eci=True, error="m"))) == ["ŠĐČĆŽ"]
    assert texts(decoder, drawn(segno.make_qr("健康码", encoding="utf-8", eci=True, error="m"))) == ["健康码"]


def test_fifty_codes_in_one_picture_are_all_read_at_once() -> None:
    whole = np.full((720, 1280), 200, np.uint8)
    for number in range(50):
        placed(code(f"N{number:02}", scale=3), 10 + number % 10 * 126, 10 + number // 10 * 140, on=whole)
    quick = started(DecoderProcess(Program.QUICK, name="the decoder"))
    try:
        assert sorted(texts(quick, whole)) == [f"N{number:02}" for number in range(50)]
    finally:
        quick.close()


def folded(picture: Grey, phase: float) -> Grey:
    """A picture on cloth: waves across and along, four of five pixels of a module deep."""
    height, width = picture.shape
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    across = x + 4 * np.sin(2 * np.pi * (y * 0.7 + x * 0.3) / 180 + phase)
    down = y + 4 * np.sin(2 * np.pi * (x * 0.8 - y * 0.2) / 216 + 2 * phase)
    maps = across.astype(np.float32), down.astype(np.float32)
    return np.asarray(cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderValue=255), np.uint8)


@pytest.mark.alone
def test_a_code_on_cloth_is_read_once_it_is_straightened() -> None:
    text = "JKM1:" + "CLOTH1:" * 25
    picture = placed(folded(code(text, scale=5), phase=2), 300, 20)
    quick = started(DecoderProcess(Program.QUICK, name="the decoder"))
    harder = started(DecoderProcess(Program.HARDER, name="the decoder", spare=True))
    try:
        first = quick.look(picture)
        assert first.codes == ()
        assert first.unread is not None
        (found,) = harder.look(picture, budget_ms=0, found=True).codes
        assert (found.text, found.decoder) == (text, "straightened")
    finally:
        quick.close()
        harder.close()


@pytest.mark.parametrize(
    "found",
    [
        Found(((0, 0), (0, 0), (0, 0), (0, 0)), 29),
        Found(((0, 0), (9, 0), (9, 9), (0, 9)), 17),
        Found(((0, 0), (9, 0), (9, 9), (0, 9)), 181),
        Found(((0, 0), (float("nan"), 0), (9, 9), (0, 9)), 29),
    ],
)
def test_what_cannot_be_laid_flat_is_not_straightened(found: Found) -> None:
    with pytest.raises(ValueError, match=r"no code|span no picture"):
        straighten(scene(64, 64), found)


def hostile_pictures(rng: np.random.Generator) -> Iterator[Grey]:
    """Pictures that give a decoder much to do: seeded."""
    finder = (
        np.kron(
            np.array([[0] * 7, [0] + [1] * 5 + [0], *[[0, 1, 0, 0, 0, 1, 0]] * 3, [0] + [1] * 5 + [0], [0] * 7]),
            np.ones((3, 3)),
        ).astype(np.uint8)
        * 255
    )
    yield np.tile(np.pad(finder, 4, constant_values=255), (24, 44))[:720, :1280].copy()
    yield (np.indices((720, 1280)).sum(axis=0) % 2 * 255).astype(np.uint8)
    yield np.kron(rng.integers(0, 2, (240, 426)), np.ones((3, 3))).astype(np.uint8) * 255
    yield rng.integers(0, 256, (720, 1280), dtype=np.uint8)
    rings = np.hypot(*np.indices((720, 1280)))
    yield (np.sin(rings / 3) * 127 + 128).astype(np.uint8)
    while True:
        whole = placed(code("JKM1:" + "X" * int(rng.integers(1, 400)), scale=int(rng.integers(2, 5))), 20, 20)
        for _ in range(int(rng.integers(1, 40))):
            x, y, w, h = (int(n) for n in rng.integers(4, 300, 4))
            part = whole[y : y + h, x : x + w]
            match rng.integers(0, 4):
                case 0:
                    part[:] = rng.integers(0, 256, part.shape)
                case 1:
                    part[:] = 255 - part
                case 2:
                    part[:] = part[::-1, ::-1].copy()
                case _:
                    whole[y + 5 : y + 5 + h, x + 9 : x + 9 + w] = whole[y : y + h, x : x + w].copy()
        yield whole


def survive(decoder: DecoderProcess, frames: int, seed: int) -> None:
    pictures = hostile_pictures(np.random.default_rng(seed))
    for number in range(frames):
        began = time.monotonic()
        picture = next(pictures)
        try:
            decoder.look(picture, budget_ms=10, turn=number, found=number % 3 == 0)
        except LostError:
            started(decoder)
        assert time.monotonic() - began < STARVED_LIMIT * ANSWER_LIMIT_S + 1
    started(decoder)
    assert texts(decoder, placed(code("STILL HERE"), 300, 200)) == ["STILL HERE"]


@pytest.mark.alone
def test_pictures_made_to_be_slow_cost_bounded_time_and_the_next_code_is_read(decoder: DecoderProcess) -> None:
    survive(decoder, 20, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_hundreds_of_mutated_pictures_are_survived(decoder: DecoderProcess) -> None:
    survive(decoder, 500, seed=2)
