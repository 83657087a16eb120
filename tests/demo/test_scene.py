"""What is drawn: a code within the limits can really be read, and the picture is the same for the same seed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import zxingcpp

from demo.artwork import Kind, qr_modules
from demo.conditions import conditions
from demo.geometry import HEIGHT, WIDTH, Fault
from demo.motion import Hold
from demo.optics import Optics
from demo.scene import Scene, SeenCode, Showing, draw
from demo.scenery import figure

TEXT = "JKM1:" + "8L20" * 66
OTHER = "JKM1:" + "W5A7" * 66


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(seed=5)


def shown(
    scene: Scene, kind: Kind, texts: tuple[str, ...], hold: Hold, optics: Optics, frames: range
) -> list[tuple[tuple[SeenCode, ...], set[str]]]:
    """Draw some frames of one showing; for each the judgement, and what zxing-cpp reads from its JPEG."""
    showing = Showing("someone", kind, texts, ("张*", "李*"), "12:00", seed=2, hold=hold, optics=optics)
    scene.show(showing, draw(showing), 0.0)
    found = []
    for number in frames:
        at = number / 30
        _, jpeg = cv2.imencode(".jpg", scene.frame(at), [cv2.IMWRITE_JPEG_QUALITY, 80])
        grey = cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)
        read = {code.text for code in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCodeModel2)}
        found.append((scene.codes(at), read))
    scene.lower("someone", frames[-1] / 30)
    scene.frame(frames[-1] / 30 + 5)
    return found


@pytest.mark.parametrize("key", ["a", "b"])
@pytest.mark.parametrize("kind", [Kind.PHONE, Kind.PAPER, Kind.CARD, Kind.POSTER])
def test_a_code_judged_readable_is_read(scene: Scene, kind: Kind, key: str) -> None:
    hold, optics = conditions(key, kind, 1, seed=9)
    judged = shown(scene, kind, (TEXT,), hold, optics, range(6, 33, 3))
    readable = [read for codes, read in judged if not codes[0].faults]
    assert len(readable) >= 4
    assert all(read == {TEXT} for read in readable)


def test_both_codes_on_one_phone_are_read(scene: Scene) -> None:
    hold, optics = conditions("pair", Kind.PHONE, 2, seed=9)
    judged = shown(scene, Kind.PHONE, (TEXT, OTHER), hold, optics, range(18, 30, 3))
    assert all(not code.faults for codes, _ in judged for code in codes)
    assert all(read == {TEXT, OTHER} for _, read in judged)


def test_a_hand_in_motion_is_judged_too_fast_before_it_comes_to_rest(scene: Scene) -> None:
    judged = shown(scene, Kind.PHONE, (TEXT,), Hold(), Optics(exposure=1 / 60), range(9, 24))
    faults = [codes[0].faults for codes, _ in judged]
    assert Fault.MOVING in faults[0]
    assert faults[-1] == ()
    assert faults.index(()) > 2


@pytest.mark.parametrize(
    ("optics", "fault"),
    [
        (Optics(defocus=4.0), Fault.DEFOCUSED),
        (Optics(brightness=0.05), Fault.DARK),
        (Optics(glare=400, glare_size=70), Fault.GLARE),
    ],
)
def test_a_code_far_beyond_a_limit_is_judged_so_and_not_read(scene: Scene, optics: Optics, fault: Fault) -> None:
    ((codes, read),) = shown(scene, Kind.PHONE, (TEXT,), Hold(tremble_px=0), optics, range(30, 31))
    assert codes[0].faults == (fault,)
    assert not read


def test_glare_beside_the_code_is_no_fault(scene: Scene) -> None:
    optics = Optics(glare=400, glare_size=20, glare_at=(0, -55))
    ((codes, read),) = shown(scene, Kind.PHONE, (TEXT,), Hold(tremble_px=0), optics, range(30, 31))
    assert codes[0].faults == ()
    assert read == {TEXT}


def test_the_drawn_corners_are_where_the_decoder_finds_them(scene: Scene) -> None:
    showing = Showing("corners", Kind.PHONE, (TEXT,), ("张*",), hold=Hold(yaw=15, roll=9, pitch=12, tremble_px=0))
    scene.show(showing, draw(showing), 0.0)
    (code,) = scene.codes(1.0)
    grey = cv2.cvtColor(scene.frame(1.0), cv2.COLOR_BGR2GRAY)
    (read,) = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    found = [
        (corner.x, corner.y)
        for corner in (
            read.position.top_left,
            read.position.top_right,
            read.position.bottom_right,
            read.position.bottom_left,
        )
    ]
    assert np.abs(np.array(found) - np.array(code.drawn.corners)).max() < 6
    scene.lower("corners", 1.0)
    scene.frame(9.0)


def test_the_same_seed_draws_the_same_picture() -> None:
    def picture(seed: int) -> bytes:
        scene = Scene(seed)
        showing = Showing("x", Kind.PHONE, (TEXT,), ("张*",), seed=seed)
        scene.step_up(figure(seed), 0.0)
        scene.show(showing, draw(showing), 0.0)
        return scene.frame(1.0).tobytes()

    assert picture(1) == picture(1)
    assert picture(1) != picture(2)


def test_pictures_have_the_camera_s_size_and_an_empty_gate_shows_no_code(scene: Scene) -> None:
    view = scene.frame(100.0)
    assert view.shape == (HEIGHT, WIDTH, 3)
    assert scene.codes(100.0) == ()
    assert not zxingcpp.read_barcodes(view)


def test_the_barrier_moves_and_stays_up_until_told(scene: Scene) -> None:
    closed = scene.frame(200.0)
    scene.barrier(True, 200.0)
    scene.frame(200.1)
    opened = scene.frame(201.0)
    scene.barrier(False, 201.0)
    closed_again = scene.frame(202.0)
    assert np.abs(opened.astype(int) - closed).mean() > np.abs(closed_again.astype(int) - closed).mean() + 1


@pytest.mark.parametrize(("characters", "side"), [(277, 57), (464, 69)])
def test_codes_have_the_versions_that_the_format_promises(characters: int, side: int) -> None:
    assert len(qr_modules("JKM1:" + "A" * (characters - 5))) == side
