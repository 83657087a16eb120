"""The process for the quick look, which every frame gets. Small: zxing-cpp and no more."""

from __future__ import annotations

from typing import Final

from scanner.decoder.worker import quick, run

MEMORY: Final = 512 << 20
"""Bytes of address space: the largest picture and what zxing-cpp makes of it, several times over."""


def main(arguments: list[str]) -> None:
    """Serve until the engine ends."""
    run(arguments, quick, memory=MEMORY)
