"""Several codes in one real picture, through the whole appliance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from authority.qr import matrix
from scanner.journal.detail import EntryKind
from tests.appliance import Appliance

POSTER = "https://shop.example/coupon"


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    with Appliance(tmp_path) as appliance:
        appliance.start()
        yield appliance


def wall(*codes: tuple[str, int, int, float], smear: int = 1) -> tuple[bytes, ...]:
    """A wall with codes on it, each a text, its left upper corner and its pixels a module; some moments as JPEGs.

    `smear`: pixels by which the camera's exposure lets everything run across.
    """
    frame = np.full((720, 1280), 150, np.uint8)
    for text, left, top, scale in codes:
        rows = np.array([list(row) for row in matrix(text)], np.uint8)
        symbol = np.kron((1 - rows) * 255, np.ones((8, 8), np.uint8)).astype(np.uint8)
        side = round(len(rows) * scale)
        frame[top : top + side, left : left + side] = cv2.resize(symbol, (side, side), interpolation=cv2.INTER_AREA)
    frame = np.asarray(cv2.blur(frame, (smear, 1)), np.uint8)
    rng = np.random.default_rng(1)
    moments = [cv2.add(frame, rng.integers(0, 6, frame.shape, np.uint8)) for _ in range(4)]
    return tuple(bytes(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]) for one in moments)


def passages(appliance: Appliance) -> int:
    return sum(entry.kind is EntryKind.PASSAGE for entry in appliance.entries())


def pass_one(appliance: Appliance, number: int) -> object:
    """Let somebody look at the thermometer and walk on; return what became of passage `number`."""
    appliance.wait_lane(lambda lane: lane.state == "measuring")
    appliance.thermometer.person(3650)
    outcome = appliance.report(number)["outcome"]
    appliance.thermometer.nobody()
    appliance.wait_lane(lambda lane: not lane.present)
    return outcome


def test_a_poster_beside_a_health_code_blocks_nobody(appliance: Appliance) -> None:
    appliance.feed.frames = wall((POSTER, 60, 60, 8), (appliance.world.code().text, 640, 120, 5))
    assert pass_one(appliance, 0) == "pass"
    appliance.stop()
    assert passages(appliance) == 1


def test_a_poster_alone_is_named_and_nothing_is_recorded(appliance: Appliance) -> None:
    appliance.feed.frames = wall((POSTER, 60, 60, 8))
    appliance.wait_lane(lambda lane: lane.hint == "hint.not_a_code")
    appliance.stop()
    assert passages(appliance) == 0


def test_two_codes_in_one_picture_are_two_passages(appliance: Appliance) -> None:
    first, second = appliance.world.code().text, appliance.world.code().text
    appliance.feed.frames = wall((first, 40, 120, 5), (second, 700, 120, 5))
    assert [pass_one(appliance, n) for n in (0, 1)] == ["pass", "pass"]
    appliance.wait_lane(lambda lane: lane.state == "waiting")
    appliance.stop()
    assert passages(appliance) == 2
    assert len(set(appliance.opened())) == 2


def test_fifty_codes_in_one_picture_do_no_harm(appliance: Appliance) -> None:
    small = [(f"https://x.example/{n}", 8 + 90 * (n % 7), 4 + 88 * (n // 7), 2) for n in range(49)]
    appliance.feed.frames = wall(*small, (appliance.world.code().text, 740, 200, 5))
    assert pass_one(appliance, 0) == "pass"
    appliance.stop()
    assert passages(appliance) == 1


def test_a_code_that_moves_too_fast_to_be_read_gets_a_hint(appliance: Appliance) -> None:
    appliance.feed.frames = wall((appliance.world.code().text, 500, 200, 4), smear=21)
    appliance.wait_lane(lambda lane: lane.hint == "hint.hold_still")
    assert appliance.lane().state == "waiting"
