"""How each person happens to hold their code, and in what light: seeded, different for everybody, mostly readable."""

from __future__ import annotations

import random
import zlib

from demo.artwork import Kind
from demo.motion import Hold
from demo.optics import Optics


def conditions(key: str, kind: Kind, codes: int, seed: int) -> tuple[Hold, Optics]:
    """Return how the person `key` holds `codes` codes, and under which optics, in the run with `seed`."""
    chance = random.Random(zlib.crc32(f"{seed}/{key}".encode()))  # noqa: S311  staging, no secret
    wide = codes > 1 or kind is Kind.POSTER
    hold = Hold(
        module_px=chance.uniform(3.9, 4.5),
        x=chance.uniform(630, 650) if codes > 1 else chance.uniform(735, 800),
        y=chance.uniform(320, 345),
        pitch=chance.uniform(-16, 22),
        yaw=chance.uniform(-8, 8) if wide else chance.uniform(-22, 22),
        roll=chance.uniform(-4, 4) if wide else chance.uniform(-14, 14),
        tremble_px=chance.uniform(1.0, 3.5),
        tremble_deg=chance.uniform(0.5, 1.5),
        rise_s=chance.uniform(0.45, 0.65),
    )
    optics = Optics(
        exposure=1 / chance.choice((250, 160, 125)),
        defocus=chance.uniform(0.35, 1.0),
        noise=chance.choice((2.0, 4.0, 6.0)),
        brightness=chance.uniform(0.7, 1.0),
        glare=chance.uniform(150, 300) if kind is Kind.PHONE else 0.0,
        glare_size=chance.uniform(16, 30),
        glare_at=(chance.uniform(-30, 30), chance.choice((-50.0, -44.0, 44.0))),
    )
    if kind is Kind.POSTER:
        # Held high at the left, where it leaves room for a phone beside it.
        hold = Hold(module_px=4.6, x=210, y=330, pitch=4, yaw=hold.yaw, roll=hold.roll, tremble_px=0.6)
    return hold, optics
