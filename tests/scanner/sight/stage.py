"""Labelled frames: one seeded picture for every cause that makes a code unreadable, and pictures without any code.

Drawn with the demo's renderer from known parameters, so the label comes from what was done and from no decoder.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from demo import optics, scenery
from demo.artwork import Artwork, Kind, Tint
from demo.geometry import HEIGHT, WIDTH, Pose, project
from demo.optics import Optics
from demo.scene import Showing, draw
from scanner.sight.hints import Hint

Grey = NDArray[np.uint8]

TEXTS = ("JKM1:" + "8L20" * 66, "JKM1:" + "W5A7" * 50, "JKP1:" + "Q3Z%" * 110)
KINDS = (Kind.PHONE, Kind.PHONE, Kind.PAPER, Kind.CARD)


@lru_cache(maxsize=16)
def carrier(kind: Kind, text: str, skin: int) -> Artwork:
    return draw(Showing("x", kind, (text,), ("张*",), "12:00", Tint.GREEN, skin))


@lru_cache(maxsize=4)
def gate(seed: int) -> tuple[NDArray[np.uint8], ...]:
    return scenery.gate(seed)


@lru_cache(maxsize=8)
def figure(seed: int) -> scenery.Figure:
    return scenery.figure(seed)


def empty(chance: random.Random) -> NDArray[np.uint8]:
    """The gate with its barrier somewhere, and mostly with somebody before it."""
    view = gate(chance.randrange(3))[chance.choice((0, 3, 6))].copy()
    if chance.random() < 0.8:
        stand(view, figure(chance.randrange(6)), chance.uniform(350, 800))
    return view


def stand(view: NDArray[np.uint8], person: scenery.Figure, x: float) -> None:
    left, top = round(x) - scenery.PERSON_WIDTH // 2, HEIGHT - scenery.PERSON_HEIGHT
    start, end = max(0, left), min(WIDTH, left + scenery.PERSON_WIDTH)
    part = np.s_[0 : HEIGHT - top, start - left : end - left]
    kept = cv2.multiply(view[top:HEIGHT, start:end], person.inverse[part], scale=1 / 255)
    cv2.add(kept, person.ink[part], view[top:HEIGHT, start:end])


def shot(view: NDArray[np.uint8], chance: random.Random, *, noise: float, brightness: float = 1.0) -> Grey:
    """What the sensor and the cable make of a view: brightness, noise, JPEG, grey."""
    grey = cv2.cvtColor(view, cv2.COLOR_BGR2GRAY).astype(np.float32) * brightness
    grey += np.random.default_rng(chance.randrange(2**32)).standard_normal(grey.shape, np.float32) * noise
    _, jpeg = cv2.imencode(".jpg", np.clip(grey, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)


def dimmed(art: Artwork, share: float, glow: float) -> Artwork:
    """A carrier whose light is turned down to `share`, with `glow` grey levels of the room's light on it."""
    ink = art.ink.astype(np.float32)
    ink[:, :, :3] = ink[:, :, :3] * share + glow * ink[:, :, 3:] / 255
    return Artwork(np.clip(ink, 0, 255).astype(np.uint8), art.per_mm, art.origin, art.codes)


@dataclass(frozen=True)
class Staged:
    """A frame, and where its code stands."""

    grey: Grey
    corners: tuple[tuple[float, float], ...]


def unreadable(cause: Hint, seed: int) -> Staged:
    """A frame with one code that one cause makes unreadable."""
    chance = random.Random(f"{cause}/{seed}")
    art = carrier(chance.choice(KINDS), chance.choice(TEXTS), chance.randrange(3))
    code = art.codes[0]
    module, moved, light = chance.uniform(3.8, 4.6), (0.0, 0.0), {"defocus": chance.uniform(0.35, 1.0)}
    x, y, noise, brightness = chance.uniform(500, 800), chance.uniform(300, 400), chance.choice((2.0, 4.0, 6.0)), 1.0
    match cause:
        case Hint.CLOSER:
            module = chance.uniform(1.1, 1.9)
            x, y = chance.uniform(250, 1000), chance.uniform(200, 500)
        case Hint.FARTHER:
            x, y = chance.uniform(560, 720), chance.uniform(330, 390)
            if chance.random() < 0.5:  # fills more than the picture
                module = chance.uniform(HEIGHT * 1.08, HEIGHT * 1.5) / code.modules
                light["defocus"] = chance.uniform(0.5, 1.5)
            else:  # nearer than the lens can focus
                module = chance.uniform(5.0, 8.0)
                light["defocus"] = module * chance.uniform(0.55, 0.95)
        case Hint.HOLD_STILL:
            angle, length = chance.uniform(0, math.tau), module * chance.uniform(2.6, 6.0)
            moved = length * math.cos(angle), length * math.sin(angle)
        case Hint.TOO_BRIGHT:
            if chance.random() < 0.7:
                side = code.modules * module
                spot = code.modules * code.module_mm * 0.25
                light |= {"glare": chance.uniform(600, 2000), "glare_size": side * chance.uniform(0.13, 0.2)}
                art_at = chance.uniform(-spot, spot), chance.uniform(-spot, spot)
            else:
                brightness, art_at = 0.0, (0.0, 0.0)  # the whole picture, below
        case Hint.TURN_UP_SCREEN:
            art = dimmed(art, chance.uniform(0.045, 0.08), chance.choice((0, 10, 30, 60)))
            noise = chance.uniform(3, 6)
        case Hint.CUT_OFF:
            half, part = code.modules * module / 2, chance.uniform(0.12, 0.6)
            inside = half * (1 - 2 * part)
            x, y = chance.choice(((inside, y), (WIDTH - inside, y), (x, inside), (x, HEIGHT - inside)))
    roll = chance.uniform(-14, 14) if cause is not Hint.CUT_OFF else chance.uniform(-6, 6)
    pose = Pose(x, y, module / code.module_mm, chance.uniform(-20, 20), chance.uniform(-20, 20), roll)
    if cause is Hint.TOO_BRIGHT and brightness:
        light["glare_at"] = art_at  # type: ignore[assignment]
    view = empty(chance)
    optics.expose(view, art, pose, moved, Optics(**light))  # type: ignore[arg-type]
    if cause is Hint.TOO_BRIGHT and not brightness:  # blown out: what is dark is nearly white as well
        white = chance.uniform(212, 234)
        view = np.clip(view.astype(np.float32) * chance.uniform(0.5, 1.0) + white, 0, 255).astype(np.uint8)
    return Staged(shot(view, chance, noise=noise), project(pose, code.corners))


def without_code(seed: int) -> Grey:
    """A frame without a code: people, walls, shelves, stripes, posters of text, a phone that shows something else."""
    chance = random.Random(f"none/{seed}")
    rng = np.random.default_rng(seed)
    view = empty(chance)
    kind = seed % 8
    if kind == 1:
        text_poster(view, chance)
    elif kind == 2:
        shelf(view, chance)
    elif kind == 3:
        bar_code(view, chance)
    elif kind == 4:
        chat_on_a_phone(view, chance)
    elif kind == 5:
        checks(view, chance)
    elif kind == 6:
        blotches(view, rng)
    elif kind == 7:
        shade = np.linspace(chance.randrange(20, 250), chance.randrange(20, 250), view.shape[1])
        view = np.repeat(np.repeat(shade[None, :, None], view.shape[0], 0), 3, 2).astype(np.uint8)  # a wall
        if chance.random() < 0.5:
            stand(view, figure(chance.randrange(6)), chance.uniform(350, 800))
    brightness = chance.choice((1.0, 1.0, 0.5, 0.2, 1.4))
    if chance.random() < 0.3:
        view = np.asarray(cv2.GaussianBlur(view, (0, 0), chance.uniform(0.6, 4)), np.uint8)
    return shot(view, chance, noise=chance.choice((2.0, 4.0, 6.0, 10.0)), brightness=brightness)


_FACE: list[cv2.FontFace] = []
WORDS = "请出示健康码扫码测温通行证件老人小孩全场八折优惠活动时间地点电话街道社区居民委员会通知公告防疫消毒"


def write(view: NDArray[np.uint8], text: str, at: tuple[int, int], size: int, ink: int) -> None:
    if not _FACE:
        _FACE.append(cv2.FontFace("uni"))
    cv2.putText(view, text, at, (ink, ink, ink), _FACE[0], size, 500)


def text_poster(view: NDArray[np.uint8], chance: random.Random) -> None:
    left, top, wide, high = chance.randrange(100, 700), chance.randrange(90, 250), chance.randrange(200, 460), 380
    cv2.rectangle(view, (left, top), (left + wide, top + high), (245, 245, 240), -1)
    size = chance.randrange(9, 40)
    row = top + size + 12
    while row < top + high - 8:
        line = "".join(chance.choice(WORDS) for _ in range(max(1, (wide - 24) // size)))
        write(view, line, (left + 12, row), size, 30)
        row += round(size * chance.uniform(1.15, 1.6))


def shelf(view: NDArray[np.uint8], chance: random.Random) -> None:
    """Upright or lying stripes, as on a shutter, a shelf of books or a striped shirt."""
    left, top = chance.randrange(100, 700), chance.randrange(90, 300)
    wide, high = chance.randrange(150, 450), chance.randrange(150, 400)
    upright, place = chance.random() < 0.5, 0
    step = chance.choice((0, chance.randrange(4, 14)))
    while place < (wide if upright else high):
        thick = step or chance.randrange(3, 18)
        tone = (chance.randrange(20, 250),) * 3
        if upright:
            cv2.rectangle(view, (left + place, top), (left + min(wide, place + thick), top + high), tone, -1)
        else:
            cv2.rectangle(view, (left, top + place), (left + wide, top + min(high, place + thick)), tone, -1)
        place += thick * (2 if step else 1)


def bar_code(view: NDArray[np.uint8], chance: random.Random) -> None:
    left, top, module = chance.randrange(150, 800), chance.randrange(120, 420), chance.randrange(1, 5)
    wide, high = 95 * module, chance.randrange(60, 200)
    cv2.rectangle(view, (left - 14, top - 14), (left + wide + 14, top + high + 30), (250, 250, 250), -1)
    for bar in range(95):
        if chance.random() < 0.5:
            cv2.rectangle(
                view, (left + bar * module, top), (left + (bar + 1) * module - 1, top + high), (20, 20, 20), -1
            )
    write(view, "6 901234 567892", (left, top + high + 24), 20, 20)


def chat_on_a_phone(view: NDArray[np.uint8], chance: random.Random) -> None:
    left, top = chance.randrange(300, 800), chance.randrange(100, 250)
    cv2.rectangle(view, (left, top), (left + 260, top + 420), (25, 25, 25), -1)
    cv2.rectangle(view, (left + 10, top + 10), (left + 250, top + 410), (240, 240, 240), -1)
    row = top + 30
    while row < top + 380:
        mine = chance.random() < 0.5
        wide = chance.randrange(60, 170)
        x = left + (240 - wide if mine else 20)
        cv2.rectangle(view, (x, row), (x + wide, row + 34), (120, 230, 150) if mine else (255, 255, 255), -1)
        write(view, "".join(chance.choice(WORDS) for _ in range(wide // 18)), (x + 6, row + 24), 16, 40)
        row += 46


def checks(view: NDArray[np.uint8], chance: random.Random) -> None:
    """A checked cloth or tiles."""
    step, left, top = chance.randrange(6, 30), chance.randrange(100, 700), chance.randrange(90, 300)
    side = chance.randrange(120, 380)
    tones = chance.randrange(20, 120), chance.randrange(130, 250)
    for row in range(side // step):
        for column in range(side // step):
            x, y = left + column * step, top + row * step
            cv2.rectangle(view, (x, y), (x + step, y + step), (tones[(row + column) % 2],) * 3, -1)


def blotches(view: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Leaves, a patterned dress, gravel: irregular spots of any size."""
    left, top = int(rng.integers(50, 700)), int(rng.integers(60, 300))
    wide, high = int(rng.integers(150, 500)), int(rng.integers(150, 400))
    size = int(rng.integers(3, 24))
    for _ in range(int(rng.integers(100, 1500))):
        x, y = int(rng.normal(left + wide / 2, wide / 4)), int(rng.normal(top + high / 2, high / 4))
        tone = int(rng.integers(20, 240))
        cv2.circle(view, (x, y), int(rng.integers(2, size + 2)), (tone, tone, tone), -1, cv2.LINE_AA)
