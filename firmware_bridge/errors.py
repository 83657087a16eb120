"""Errors of the serial devices.

BridgeError
├── CalibrationError    a comparison gives no correction that could be used (the caller says why)
├── EmulatorError       a virtual device cannot be made or does not answer (the caller says so and ends)
└── MissingPackageError a device needs a package that is not installed (the caller goes on without the device)

A line that fails is not an error here but a state: see `transport`.
"""

from __future__ import annotations


class BridgeError(Exception):
    """Base of everything this package raises."""


class CalibrationError(BridgeError):
    """What was compared gives no correction; the message says why, and what to do."""


class EmulatorError(BridgeError):
    """A virtual device cannot be made, or its thread does not answer."""


class MissingPackageError(BridgeError):
    """A device needs a package that is not installed; the message says which, and how to install it."""
