"""Errors of the serial devices.

BridgeError
└── EmulatorError a virtual device cannot be made or does not answer (the caller says so and ends)

A line that fails is not an error here but a state: see `transport`.
"""

from __future__ import annotations


class BridgeError(Exception):
    """Base of everything this package raises."""


class EmulatorError(BridgeError):
    """A virtual device cannot be made, or its thread does not answer."""
