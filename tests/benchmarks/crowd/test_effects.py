"""Every effect does to the picture what its number says, and nothing else decides what is drawn."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.crowd.carrier import draw
from benchmarks.crowd.codes import code_text
from benchmarks.crowd.conditions import Conditions, Finger, Person, Tremble, Walk
from benchmarks.crowd.judge import WASHED_OUT
from benchmarks.crowd.motion import Path, way
from benchmarks.crowd.population import person
from benchmarks.crowd.stream import FPS, Visit
from benchmarks.crowd.sweep import BARE, Frame, Taken, take
from demo.artwork import Image, Kind, qr_modules
from demo.geometry import project
from keys.verdict import Carrier


def code_of(taken: Taken) -> Image:
    """The part of the picture with the code's modules."""
    columns, rows = zip(*taken.judgement.code.corners, strict=True)
    return taken.picture[round(min(rows)) : round(max(rows)), round(min(columns)) : round(max(columns))]


def shown(conditions: Conditions, **frame: object) -> Taken:
    return take(replace(Frame(seed=3, conditions=conditions), **frame))


def ramp(taken: Taken, axis: int) -> float:
    """Pixels that the edge between a phone's display and its body takes: the left one (axis 1) or the upper one (0)."""
    scale = taken.judgement.code.module_px / taken.carrier.code.module_mm
    if axis == 1:
        column, row = round(640 - 36.5 * scale), round(360 + 79 * scale)
        line = taken.picture[row, column - 9 : column + 20].astype(float)
    else:
        column, row = round(640 - 10 * scale), round(360 - 63 * scale)
        line = taken.picture[row - 9 : row + 16, column].astype(float)
    return float((line.max() - line.min()) / np.abs(np.diff(line)).max())


def test_the_same_seed_gives_the_same_frames_and_another_gives_others() -> None:
    first, again, other = (Visit(person(2, seed)).shot(20).picture for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_codes_are_real_texts_of_versions_10_to_14() -> None:
    texts = [code_text(seed, Carrier.PHONE) for seed in range(12)] + [code_text(1, Carrier.PAPER)]
    versions = {(len(qr_modules(text)) - 17) // 4 for text in texts}
    assert versions <= {9, 10, 11, 12, 13, 14}
    assert {10, 13, 14} <= versions
    assert {text[:5] for text in texts} == {"JKM1:", "JKP1:"}
    assert texts[0] == code_text(0, Carrier.PHONE)


def test_the_approach_begins_far_away_and_ends_at_rest() -> None:
    walk = Walk(tremble=Tremble((), (), ()))
    path = Path(walk, 1)
    assert path.distance_m(0) == pytest.approx(walk.begin_m)
    assert path.distance_m(walk.approach_s) == pytest.approx(walk.hold_m)
    left = [way(walk, step / 50 * walk.approach_s) for step in range(51)]
    assert left == sorted(left, reverse=True)
    assert left[-2] - left[-1] < 0.1 * (left[0] - left[1])


def test_the_tremble_has_the_given_frequency_and_amplitude() -> None:
    walk = Walk(tremble=Tremble((4.0,), (3.0,), (0.0,)))
    path = Path(walk, 1)
    scale = path.pose(walk.approach_s).scale
    xs = np.array([path.pose(walk.approach_s + step / 400).x for step in range(400)]) - walk.hold_at[0]
    assert np.abs(xs).max() == pytest.approx(3.0 * scale, rel=0.01)
    assert int(np.abs(np.fft.rfft(xs)).argmax()) == 4


@pytest.mark.parametrize("pixels", [3.0, 6.0])
def test_motion_smears_edges_across_it_by_its_length_and_leaves_the_others(pixels: float) -> None:
    moved = shown(BARE, motion_px=pixels)
    assert moved.judgement.code.motion_px == pytest.approx(pixels, rel=0.02)
    assert ramp(moved, axis=1) == pytest.approx(pixels, rel=0.3)
    assert ramp(moved, axis=0) < 2


def test_motion_blur_comes_from_the_velocity_and_the_exposure() -> None:
    walk = Walk(begin_at=(240, 360), hold_at=(1040, 360), swing=(0, 0, 0), begin_m=0.25, tremble=Tremble((), (), ()))
    moved = [
        Visit(Person(0, 1, Kind.PHONE, "JKM1:TEST", walk, replace(BARE, exposure_s=exposure), ())).judgement(12)
        for exposure in (1 / 250, 1 / 125)
    ]
    assert moved[1].code.motion_px == pytest.approx(2 * moved[0].code.motion_px, rel=0.05)


def test_a_rolling_shutter_slants_what_moves_sideways() -> None:
    def slant(readout_s: float) -> float:
        taken = shown(replace(BARE, readout_s=readout_s, exposure_s=1 / 1000), motion_px=1.5)
        dark = cv2.threshold(taken.picture, 90, 255, cv2.THRESH_BINARY_INV)[1]
        (x, y), *_, (_, bottom) = taken.judgement.code.corners
        firsts = [np.flatnonzero(dark[round(row), round(x) - 25 : round(x) + 40])[0] for row in (y + 8, bottom - 8)]
        return float(firsts[1] - firsts[0])

    # 1500 px/s for a third of 20 ms: the code is about a third of the picture high.
    assert abs(slant(0.0)) <= 1
    assert 7 <= slant(0.02) <= 14


def test_defocus_grows_with_the_distance_from_the_focus() -> None:
    light = replace(BARE, lens_sigma=0.5, defocus_px_m=0.5, focus_m=0.25)
    sharp, soft = (
        take(Frame(seed=3, conditions=replace(light, focus_m=focus))).judgement.code.defocus_sigma
        for focus in (0.255, 0.5)
    )
    assert sharp < 0.6 < 0.9 < soft


def test_defocus_softens_edges_by_its_sigma() -> None:
    assert ramp(shown(replace(BARE, lens_sigma=2.0)), 0) == pytest.approx(2.0 * (2 * np.pi) ** 0.5, rel=0.2)


def test_noise_has_its_sigma() -> None:
    clean, noisy = (shown(replace(BARE, noise=noise, ambient=0.5)).picture[:40].astype(float) for noise in (0.0, 12.0))
    assert (noisy - clean).std() == pytest.approx(12, rel=0.05)


def test_a_dim_screen_darkens_the_code_and_not_the_place() -> None:
    bright, dim = shown(BARE), shown(replace(BARE, screen=0.25))
    assert code_of(dim).max() == pytest.approx(255 * 0.25, abs=3)
    assert np.array_equal(bright.picture[:40], dim.picture[:40])
    assert dim.judgement.code.brightness == pytest.approx(0.25, abs=0.01)


def test_low_light_darkens_paper_and_place_and_not_a_screen() -> None:
    phone, paper = (shown(replace(BARE, ambient=0.3), kind=kind) for kind in (Kind.PHONE, Kind.PAPER))
    assert code_of(phone).max() > 240
    assert code_of(paper).max() < 0.35 * 255
    assert paper.picture[:40].max() < 0.35 * 255


def test_dark_mode_turns_light_and_dark_round() -> None:
    usual, dark = (code_of(shown(replace(BARE, dark_mode=mode))).astype(int) for mode in (False, True))
    assert np.median(np.abs(usual + dark - 255)) <= 2


def test_glare_takes_the_share_that_it_is_judged_by() -> None:
    glare = replace(BARE, glare=400.0, glare_mm=6.0)
    taken = shown(glare)
    washed = (code_of(taken)[code_of(shown(BARE)) < 5] > 255 * (1 - WASHED_OUT)).mean()
    assert 0.03 < taken.judgement.code.glare_share < 0.2
    assert taken.judgement.code.glare_share == pytest.approx(washed, abs=0.015)
    larger = shown(replace(glare, glare_mm=9.0)).judgement.code.glare_share
    assert larger == pytest.approx(taken.judgement.code.glare_share * (9 / 6) ** 2, rel=0.2)


def test_glare_moves_over_the_glass_as_it_turns() -> None:
    who = person(0, 1)
    light = replace(BARE, glare=400.0, glare_mm=4.0, glare_mm_degree=3.0, screen=0.1)
    walk = replace(who.walk, swing=(0.0, 20.0, 0.0), pitch=0.0, yaw=0.0, roll=0.0, tremble=Tremble((), (), ()))
    visit = Visit(replace(who, kind=Kind.PHONE, conditions=light, walk=walk))
    still = Visit(replace(who, kind=Kind.PHONE, conditions=replace(light, glare=0.0), walk=walk))
    path = Path(walk, who.seed)

    def place_mm(number: int) -> float:
        added = visit.shot(number).picture.astype(int) - still.shot(number).picture
        column = float(np.average(np.arange(added.shape[1]), weights=np.clip(added, 0, None).sum(axis=0)))
        pose = path.pose(number / FPS)
        return (column - project(pose, [(0.0, 0.0)])[0][0]) / pose.scale

    assert place_mm(round(0.7 * walk.approach_s * FPS)) > place_mm(visit.frames - 1) + 2


@pytest.mark.soak
def test_cracks_folds_sleeve_drops_and_fingers_change_the_code_the_more_the_more_there_is() -> None:
    clean = {kind: code_of(shown(BARE, kind=kind)).astype(int) for kind in (Kind.PHONE, Kind.PAPER)}

    def changed(kind: Kind, conditions: Conditions) -> float:
        return float((np.abs(code_of(shown(conditions, kind=kind)).astype(int) - clean[kind]) > 40).mean())

    for kind, less, more in (
        (Kind.PHONE, replace(BARE, cracks=4, crack_mm=0.2), replace(BARE, cracks=12, crack_mm=0.5)),
        (Kind.PAPER, replace(BARE, folds=2, fold_mm=0.15), replace(BARE, folds=2, fold_mm=1.0)),
        (Kind.PAPER, replace(BARE, crumple_mm=0.15), replace(BARE, crumple_mm=1.0)),
        (Kind.PAPER, replace(BARE, haze=0.1), replace(BARE, haze=0.4)),
        (Kind.PHONE, replace(BARE, drops=30), replace(BARE, drops=120)),
        (Kind.PHONE, replace(BARE, finger=Finger(3, 0.5, 1)), replace(BARE, finger=Finger(12, 0.5, 1))),
    ):
        assert changed(kind, less) < changed(kind, more)
        assert changed(kind, more) > 0.01


def test_a_sleeve_lowers_the_contrast_by_its_haze() -> None:
    taken = shown(replace(BARE, haze=0.4), kind=Kind.PAPER)
    assert taken.judgement.code.brightness == pytest.approx(0.6)
    assert int(code_of(taken).min()) == pytest.approx(0.4 * 190, abs=3)


def test_a_finger_draws_back() -> None:
    who = person(0, 1)
    visit = Visit(replace(who, conditions=replace(BARE, finger=Finger(10, 0.5, 0.5, 20))))
    edges = [visit.judgement(round(at * FPS)).edge_lost for at in (0.3, 0.8, 1.2)]
    assert edges[0] > edges[1] > edges[2] == 0


def test_jpeg_of_low_quality_leaves_blocks() -> None:
    clean, fine, coarse = (shown(replace(BARE, jpeg=quality)).picture.astype(int) for quality in (0, 95, 30))
    assert np.abs(fine - clean).mean() < np.abs(coarse - clean).mean()


def test_a_carrier_is_drawn_once_for_all_its_frames() -> None:
    who = person(5, 1)
    assert np.array_equal(draw(who).grey, draw(who).grey)
