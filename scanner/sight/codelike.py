"""Whether a measured place is a code, and how badly it can be seen. Pure.

The numbers were chosen on drawn frames with known faults and frames without any code (`tests/scanner/sight/stage.py`)
and tried on others; a code must pass all of them, so each alone may be generous.
"""

from __future__ import annotations

from typing import Final

from scanner.sight.texture import MOSTLY, Grain, Texture

Cut = tuple[bool, bool, bool, bool]
"""Whether something reaches the left, upper, right and lower edge of the picture."""

# The pattern itself. A place that stands alone, calm all round, needs less evidence than one among other things.
LONE: Final = 0.35
"""Busyness of every margin of a place that stands alone."""
BALANCE: Final = 0.37, 0.56
BALANCE_LONE: Final = 0.34
CALMEST, CALMEST_LONE = 0.57, 0.45
WILDEST: Final = 1.45
BUSYNESS, BUSYNESS_LONE = 0.065, 0.045
REPEATS: Final = 0.37
"""Print in lines, tiles and stripes repeat more than this."""
REACH: Final = 12.5
"""Of a spot, in pixels of the straightened place: stripes and brush strokes reach further."""

# The same under light that has drowned, or taken away, a part of it.
BALANCE_IN_GLARE, BALANCE_BLOWN_OUT = 0.64, 0.78
BUSYNESS_IN_GLARE, BUSYNESS_FAINT = 0.09, 0.115
FAINTEST_CODE: Final = 5.5
"""Grey levels between dark and light; what is fainter cannot be told from noise."""
BOLD: Final = 60.0
"""Grey levels that no noise has."""
FINEST_PX: Final = 3.0
"""Spots smaller than this and not bold are noise."""

# The margins: a code has a quiet zone.
QUIET, QUIET_SMEARED, QUIET_AT_EDGE, QUIET_COARSE = 0.85, 1.2, 0.72, 0.42
"""Busyness of a margin: of most, of a smeared code's that runs into it, where others are out of the picture, and of a
coarse place's, since leaves out of focus look much like a code out of focus."""

# How it can be seen.
WASHED_OUT: Final = 0.1
"""Share of a code in which a reflection has drowned the modules."""
BRIGHTEST_DARK: Final = 180.0
"""Grey level of the dark modules from which the whole picture is too bright."""
FAINT: Final = 32.0
"""Grey levels between dark and light below which a code is too faint."""
SMALL_PX: Final = 5.4
"""Size of spots for modules of about 3.25 pixels."""
COARSE_PX, VERY_COARSE_PX = 12.5, 16.0
"""Size of spots for modules that are too near to be sharp."""
SMEARED, SMEARED_COARSE = 0.6, 0.48
"""Evenness below which a code moves; a coarse one is straightened less exactly."""


def is_even(texture: Texture) -> bool:
    """Whether a place is patterned as a code: by halves, evenly, densely."""
    lone = max(texture.quiet) < LONE
    lowest, highest = (BALANCE_LONE if lone else BALANCE[0]), BALANCE[1]
    least = BUSYNESS_LONE if lone else BUSYNESS
    if texture.washed_out > MOSTLY or texture.dark > BRIGHTEST_DARK:
        highest = BALANCE_BLOWN_OUT
    elif texture.washed_out > WASHED_OUT:
        highest, least = BALANCE_IN_GLARE, BUSYNESS_IN_GLARE
    elif texture.contrast < FAINT:
        least = BUSYNESS_FAINT
    return (
        lowest < texture.balance < highest
        and texture.calmest > (CALMEST_LONE if lone else CALMEST)
        and texture.wildest < WILDEST
        and texture.busyness > least
        and texture.contrast > FAINTEST_CODE
    )


def is_bordered(texture: Texture, cut: Cut) -> bool:
    """Whether a place has calmer margins, as far as they are in the picture."""
    if all(cut):  # a cloth or a carpet, but for the margins of a code that only just fills the picture
        return min(texture.quiet) < QUIET_COARSE and texture.contrast > BOLD
    margins = sorted(quiet for quiet, outside in zip(texture.quiet, cut, strict=True) if not outside)
    if any(cut):
        return margins[0] < QUIET_AT_EDGE or (texture.contrast > BOLD and is_too_large(cut))
    return margins[0] < QUIET and margins[2] < (QUIET_SMEARED if texture.evenness < SMEARED else QUIET)


def has_modules(texture: Texture, spots: Grain, cut: Cut) -> bool:
    """Whether the spots of a place can be modules: not noise, print, tiles, stripes or leaves."""
    if spots.size_px < FINEST_PX and texture.contrast < BOLD:
        return False
    if spots.size_px < SMALL_PX and texture.washed_out > WASHED_OUT:  # print on white paper, in too much light
        return False
    unsharp = spots.size_px > COARSE_PX and not is_smeared(texture, spots) and not any(cut)
    if unsharp and max(texture.quiet) > QUIET_COARSE:
        return False
    return spots.repeats <= REPEATS and spots.reach <= REACH


def is_smeared(texture: Texture, spots: Grain) -> bool:
    """Whether a place runs along one direction, as what moves does."""
    return texture.evenness < (SMEARED if spots.size_px < VERY_COARSE_PX else SMEARED_COARSE)


def is_too_large(cut: Cut) -> bool:
    """Whether a place reaches opposite edges of the picture."""
    return (cut[0] and cut[2]) or (cut[1] and cut[3])
