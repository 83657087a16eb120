"""Virtual devices on pseudo-terminals, with the faults that real ones have."""

from firmware_bridge.emulator.controller import OpeningSeen, VirtualController
from firmware_bridge.emulator.reader import VirtualReader
from firmware_bridge.emulator.relay import Switched, VirtualRelay
from firmware_bridge.emulator.thermometer import VirtualThermometer
from firmware_bridge.emulator.virtual_device import VirtualDevice

__all__ = [
    "OpeningSeen",
    "Switched",
    "VirtualController",
    "VirtualDevice",
    "VirtualReader",
    "VirtualRelay",
    "VirtualThermometer",
]
