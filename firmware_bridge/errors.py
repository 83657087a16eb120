"""Errors of the serial devices.

BridgeError
├── EmulatorError       a virtual device cannot be made or does not answer (the caller says so and ends)
└── MissingPackageError a device needs a package that is not installed (the caller goes on without the device)

A line that fails is not an error here but a state: see `transport`.
"""

from __future__ import annotations


class BridgeError(Exception):
    """Base of everything this package raises."""


class EmulatorError(BridgeError):
    """A virtual device cannot be made, or its thread does not answer."""


class MissingPackageError(BridgeError):
    """A device needs a package that is not installed; the message says which, and how to install it."""
