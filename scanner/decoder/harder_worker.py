"""The process for harder looks and hints, which take the time that is left."""

from __future__ import annotations

from typing import Final

from scanner.decoder.worker import harder, run

MEMORY: Final = 2 << 30
"""Bytes of address space: OpenCV, numpy, and the largest picture enlarged."""


def main(arguments: list[str]) -> None:
    """Serve until the engine ends."""
    run(arguments, harder, memory=MEMORY, spare=True)
