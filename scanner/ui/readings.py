"""A temperature as people type it off a contact thermometer. Pure."""

from __future__ import annotations

import re
import unicodedata

LOWEST_CENTI, HIGHEST_CENTI = 3200, 4300
"""Hundredths of °C: what a living person in front of a gate can have; outside it was mistyped."""
LOWEST_KNOWN_CENTI, HIGHEST_KNOWN_CENTI = 1000, 5000
"""Of what a thermometer may be compared with: a black body, a water bath, a forehead."""

_READING = re.compile(r"([0-9]{2})[.,·。]?([0-9]{0,2})[℃°]?C?")


def read_centi(typed: str) -> int | None:
    """Return hundredths of °C of such as `36.5`, `36,55`, `365`, `３６．５` or `36.5 ℃`; None for what is none."""
    return _read(typed, LOWEST_CENTI, HIGHEST_CENTI)


def read_known(typed: str) -> int | None:
    """Return hundredths of °C of what a thermometer is compared with, typed in the same ways; None for what is none."""
    return _read(typed, LOWEST_KNOWN_CENTI, HIGHEST_KNOWN_CENTI)


def _read(typed: str, lowest: int, highest: int) -> int | None:
    plain = unicodedata.normalize("NFKC", typed.replace("℃", "")).replace(" ", "").upper()
    match = _READING.fullmatch(plain)
    if match is None:
        return None
    centi = int(match[1]) * 100 + int(match[2].ljust(2, "0"))
    return centi if lowest <= centi <= highest else None
