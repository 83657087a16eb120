"""The thermometer drivers by the name they have in `config.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from firmware_bridge import controller_thermometer, gy_614v3, gy_mcu90614, heimann_idc50, lu90614, modbus_thermometer
from firmware_bridge.driver import Driver
from firmware_bridge.modbus_thermometer import Register

DRIVERS: Mapping[str, Driver] = MappingProxyType(
    {driver.name: driver for driver in (gy_mcu90614.DRIVER, gy_614v3.DRIVER, lu90614.DRIVER, heimann_idc50.DRIVER)}
)
"""Those that need no more than a line."""


def driver_of(name: str, register: Register) -> Driver:
    """Return the driver called `name`; `register` is for `modbus`.

    Raises MissingPackageError where it needs a package that is not installed.
    """
    if name == controller_thermometer.NAME:
        return controller_thermometer.DRIVER
    return modbus_thermometer.driver(register) if name == modbus_thermometer.NAME else DRIVERS[name]
