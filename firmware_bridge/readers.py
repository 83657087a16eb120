"""The code readers by the name they have in `config.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from firmware_bridge import gm65, keyboard
from firmware_bridge.input_port import InputPort
from firmware_bridge.reader_driver import ReaderDriver
from firmware_bridge.transport import Line, SerialPort

READERS: Mapping[str, ReaderDriver] = MappingProxyType({one.name: one for one in (gm65.DRIVER, keyboard.DRIVER)})


def line_of(driver: ReaderDriver, path: str, baud: int | None, name: str) -> Line:
    """Return the line to a reader at `path`; `baud` None: the speed it is sold with."""
    if driver.baud:
        return SerialPort(path, baud or driver.baud, name=name)
    return InputPort(path, name=name)
