"""Several codes in one real picture, through the whole appliance."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from authority.qr import matrix
from demo.foreign_issuers import CardIssuer
from scanner.journal.detail import EntryKind
from tests.appliance import Appliance
from tests.scanner.engine.conftest import guard_of

POSTER = "https://shop.example/coupon"


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


@pytest.mark.soak
def test_a_poster_beside_a_health_code_blocks_nobody(working: Appliance) -> None:
    before = passages(working)
    working.feed.frames = wall((POSTER, 60, 60, 8), (working.world.code().text, 640, 120, 5))
    assert pass_one(working, 0) == "pass"
    assert passages(working) == before + 1


@pytest.mark.soak
def test_a_poster_alone_is_named_and_nothing_is_recorded(working: Appliance) -> None:
    before = passages(working)
    working.feed.frames = wall((POSTER, 60, 60, 8))
    working.wait_lane(lambda lane: lane.hint == "hint.not_a_code")
    assert passages(working) == before


def test_two_codes_in_one_picture_are_two_passages(working: Appliance) -> None:
    before = passages(working)
    first, second = working.world.code().text, working.world.code().text
    working.feed.frames = wall((first, 40, 120, 5), (second, 700, 120, 5))
    assert [pass_one(working, n) for n in (0, 1)] == ["pass", "pass"]
    working.wait_lane(lambda lane: lane.state == "waiting")
    assert passages(working) == before + 2
    working.wait_for(lambda: len(set(working.opened())) == 2 or None)  # the gate follows the log


def test_fifty_codes_in_one_picture_do_no_harm(working: Appliance) -> None:
    before = passages(working)
    small = [(f"https://x.example/{n}", 8 + 90 * (n % 7), 4 + 88 * (n // 7), 2) for n in range(49)]
    working.feed.frames = wall(*small, (working.world.code().text, 740, 200, 5))
    assert pass_one(working, 0) == "pass"
    assert passages(working) == before + 1


@pytest.mark.alone
@pytest.mark.soak
def test_a_code_that_moves_too_fast_to_be_read_gets_a_hint(working: Appliance) -> None:
    """Hints come from the harder looks, for which a busy machine has no time."""
    working.feed.frames = wall((working.world.code().text, 500, 200, 4), smear=21)
    working.wait_lane(lambda lane: lane.hint == "hint.hold_still")
    assert working.lane().state == "waiting"


def test_a_card_in_several_codes_is_judged_once_when_the_last_of_them_was_shown(working: Appliance) -> None:
    before = passages(working)
    issuer = CardIssuer("https://california.example/issuer")
    card = issuer.payload("Rivera", "Maria", "1990-03-04", {"2026-11-01": "208", "2026-12-01": "208"}, 1_790_000_000)
    first, last = issuer.parts(card, 2)
    working.feed.frames = wall((last, 400, 60, 6))
    working.wait_lane(lambda lane: lane.hint == "hint.next_part")
    assert passages(working) == before
    working.feed.frames = wall((first, 400, 60, 6))
    assert working.report(0)["reasons"] == ["UNKNOWN_ISSUER"]  # whole, and of an issuer whom nobody here trusts
    assert passages(working) == before + 1
    assert guard_of(working).acknowledge().ok
