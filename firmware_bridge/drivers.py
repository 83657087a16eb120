"""The thermometer drivers by the name they have in `config.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from firmware_bridge import gy_mcu90614
from firmware_bridge.driver import Driver

DRIVERS: Mapping[str, Driver] = MappingProxyType({gy_mcu90614.DRIVER.name: gy_mcu90614.DRIVER})
