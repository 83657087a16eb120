"""Enough contrast to be read in the sun, and by eyes that do not see red."""

from __future__ import annotations

import pytest

from scanner.ui.themes import HIGH_CONTRAST, NORMAL, Role, Theme


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(pair: tuple[str, str]) -> float:
    dark, light = sorted(map(luminance, pair))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "least"), [(NORMAL, 4.5), (HIGH_CONTRAST, 7.0)], ids=["normal", "contrast"])
def test_every_role_can_be_read(theme: Theme, least: float) -> None:
    assert set(theme.colours) == set(Role)
    assert {role: contrast(pair) for role, pair in theme.colours.items() if contrast(pair) < least} == {}
