"""Who comes: person `number` of the crowd `seed`, drawn from what gates see. Pure: each person is made on their own."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from benchmarks.crowd.codes import code_text
from benchmarks.crowd.conditions import Conditions, Effect, Finger, Person, Tremble, Walk
from demo.artwork import Kind, qr_modules
from demo.geometry import FOCAL
from keys.verdict import Carrier

SIDE_MM = {Kind.PHONE: 66.0, Kind.PAPER: 66.0, Kind.CARD: 50.0}
"""Of a code with its quiet zone, as the demo draws it."""
_QUIET = 8
_ONLY_ON: dict[Effect, tuple[Kind, ...]] = {
    Effect.GLARE: (Kind.PHONE,),
    Effect.CRACKED: (Kind.PHONE,),
    Effect.DIM: (Kind.PHONE,),
    Effect.DARK_MODE: (Kind.PHONE,),
    Effect.CREASED: (Kind.PAPER,),
    Effect.SLEEVE: (Kind.PAPER, Kind.CARD),
}
_Draw = Callable[[float, float], float]


def person(number: int, seed: int) -> Person:
    """Make person `number` (from 0) of the crowd `seed`."""
    own = seed * 1_000_003 + number
    chance = random.Random(own)  # noqa: S311  a staged crowd, no secret
    kind = chance.choices((Kind.PHONE, Kind.PAPER, Kind.CARD), (70, 20, 10))[0]
    text = code_text(own, Carrier.PHONE if kind is Kind.PHONE else Carrier.PAPER)
    possible = [one for one in Effect if kind in _ONLY_ON.get(one, (kind,))]
    effects = [chance.choice(possible)]
    # Every third has a second trouble.
    if effects[0] is not Effect.PLAIN and chance.random() < 1 / 3:
        effects.append(chance.choice([one for one in possible if one not in (Effect.PLAIN, effects[0])]))
    walk = _walk(chance.uniform, module_mm(kind, text))
    conditions = Conditions(
        exposure_s=1 / chance.choice((320, 250, 160, 125)),
        readout_s=chance.choice((0.0, 0.008, 0.016)),
        lens_sigma=chance.uniform(0.4, 0.9),
        focus_m=chance.uniform(0.22, 0.4),
        noise=chance.choice((2.0, 3.0, 5.0)),
        veil=chance.uniform(4, 14),
        screen=chance.uniform(0.6, 1.0),
        ambient=chance.uniform(0.7, 1.0),
        jpeg=chance.choice((75, 85, 90)),
    )
    for effect in effects:
        walk, conditions = _apply(effect, walk, conditions, chance.uniform, chance.randint)
    return Person(number, own, kind, text, walk, conditions, tuple(effects))


def module_mm(kind: Kind, text: str) -> float:
    """Millimetres a module of the code of `text` has on its carrier."""
    return SIDE_MM[kind] / (len(qr_modules(text)) + _QUIET)


def _walk(uniform: _Draw, module: float) -> Walk:
    return Walk(
        begin_m=uniform(0.6, 1.1),
        hold_m=FOCAL * module / 1000 / uniform(3.5, 4.9),
        approach_s=uniform(0.9, 1.7),
        begin_at=(uniform(480, 900), uniform(620, 800)),
        hold_at=(uniform(540, 740), uniform(320, 400)),
        pitch=uniform(-12, 25),
        yaw=uniform(-20, 20),
        roll=uniform(-15, 15) + (90.0 if uniform(0, 1) < 0.05 else 0.0),
        swing=(uniform(5, 35), uniform(-20, 20), uniform(-25, 25)),
        tremble=_tremble(uniform(0.6, 1.5)),
    )


def _tremble(factor: float, hand: float = 1.0) -> Tremble:
    usual = Tremble()
    scale = (factor, factor, factor * hand, factor)
    return Tremble(
        mm=tuple(one * by for one, by in zip(usual.mm, scale, strict=True)),
        degrees=tuple(one * by for one, by in zip(usual.degrees, scale, strict=True)),
    )


def _apply(
    effect: Effect, walk: Walk, now: Conditions, uniform: _Draw, whole: Callable[[int, int], int]
) -> tuple[Walk, Conditions]:
    match effect:
        case Effect.PLAIN:
            return walk, now
        case Effect.GLARE:
            return walk, replace(
                now,
                glare=uniform(180, 420),
                glare_mm=uniform(3, 9),
                glare_mm_degree=uniform(1, 4),
                glare_at=(uniform(-40, 40), uniform(-40, 40)),
            )
        case Effect.CRACKED:
            return walk, replace(now, cracks=whole(3, 9), crack_mm=uniform(0.1, 0.35))
        case Effect.DIM:
            return walk, replace(now, screen=uniform(0.14, 0.35), noise=uniform(2, 4))
        case Effect.DARK_MODE:
            return walk, replace(now, dark_mode=True)
        case Effect.CREASED:
            return walk, replace(now, folds=whole(1, 3), fold_mm=uniform(0.1, 0.7), crumple_mm=uniform(0.0, 0.4))
        case Effect.SLEEVE:
            return walk, replace(
                now,
                haze=uniform(0.1, 0.45),
                streaks=whole(0, 3),
                streak_light=uniform(40, 160),
                glare=uniform(0, 260),
                glare_at=(uniform(-40, 40), uniform(-40, 40)),
            )
        case Effect.LOW_LIGHT:
            return walk, replace(now, ambient=uniform(0.2, 0.45), noise=uniform(4, 8), exposure_s=1 / 80)
        case Effect.RAIN:
            return walk, replace(now, drops=whole(6, 30), drop_px=uniform(10, 34))
        case Effect.FINGERS:
            finger = Finger(uniform(1, 16), uniform(0.1, 0.9), walk.approach_s + uniform(-0.4, 0.4), uniform(20, 80))
            return walk, replace(now, finger=finger)
        case Effect.HASTY:
            hasty = replace(walk, approach_s=uniform(0.5, 0.8), tremble=_tremble(uniform(2.0, 3.5)))
            return hasty, now
        case Effect.SHAKY:
            return replace(walk, tremble=_tremble(uniform(1.0, 1.8), hand=uniform(4, 12))), now
        case Effect.OBLIQUE:
            return replace(walk, pitch=uniform(-42, 48), yaw=uniform(-42, 42), roll=uniform(-180, 180)), now
