"""The serial ports and typing devices of this machine: what they are called, and who has them."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from serial.tools import list_ports

BUILT_IN: Final = ("serial0", "serial1")
"""What a Raspberry Pi calls the lines on its header."""
PTY_MASTERS: Final = frozenset(("/dev/ptmx", "/dev/pts/ptmx"))


class PortInfo(Protocol):
    """What pyserial tells of a port."""

    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None
    product: str | None
    location: str | None


@dataclass(frozen=True, slots=True)
class FoundPort:
    """One port."""

    path: str
    """The device itself; another one after replugging."""
    names: tuple[str, ...]
    """Its names that stay: by-id tells the adapter, by-path the socket it is plugged into."""
    usb: str
    """Vendor and product, such as `1a86:7523`; empty: it is no USB device."""
    product: str
    """As its maker calls it."""
    types: bool = False
    """Whether it is a keyboard, or a code reader that acts as one."""
    shares_its_name: bool = False
    """Whether another device here would have the same name by-id: only one of them has it, and not always the same."""

    @property
    def best_name(self) -> str:
        """What to write into the configuration."""
        usable = [name for name in self.names if not (self.shares_its_name and "/by-id/" in name)]
        return usable[0] if usable else self.path


def find_ports(
    devices: Path = Path("/dev"), ports: Callable[[], Iterable[PortInfo]] = list_ports.comports
) -> tuple[FoundPort, ...]:
    """Return the serial ports, and then the devices that type."""
    return (*_serial_ports(devices, tuple(ports())), *_keyboards(devices))


def _serial_ports(devices: Path, ports: tuple[PortInfo, ...]) -> Iterator[FoundPort]:
    links = _links(devices / "serial" / "by-id", devices / "serial" / "by-path")
    for name in BUILT_IN:
        if (link := devices / name).is_symlink():
            links.setdefault(os.path.realpath(link), []).append(str(link))
    kinds = Counter(_adapter(port) for port in ports if port.vid is not None)
    for port in sorted(ports, key=lambda port: (len(port.device), port.device)):
        usb = "" if port.vid is None else f"{port.vid:04x}:{port.pid or 0:04x}"
        names = tuple(links.pop(os.path.realpath(port.device), ()))
        shares = port.vid is not None and kinds[_adapter(port)] > 1
        yield FoundPort(port.device, names, usb, port.product or "", shares_its_name=shares)
    for path, names_of in links.items():  # such as a Pi's mini UART, which pyserial leaves out
        if Path(path).exists():
            yield FoundPort(path, tuple(names_of), "", "")


def _adapter(port: PortInfo) -> tuple[object, ...]:
    """Return what udev makes a name by-id of: cheap adapters have no serial number, so that two of them are alike."""
    interface = (port.location or "").partition(":")[2]
    return port.vid, port.pid, port.product, port.serial_number or "", interface


def _keyboards(devices: Path) -> Iterator[FoundPort]:
    for path, names in sorted(_links(devices / "input" / "by-id", devices / "input" / "by-path").items()):
        typing = tuple(name for name in names if name.endswith("event-kbd"))
        if typing:
            product = Path(typing[0]).name.removeprefix("usb-").removesuffix("-event-kbd").replace("_", " ")
            yield FoundPort(path, typing, "", product, types=True)


def _links(*folders: Path) -> dict[str, list[str]]:
    """Return the links in the folders, in this order, by what they lead to."""
    found: dict[str, list[str]] = {}
    for folder in folders:
        with contextlib.suppress(OSError):
            for link in sorted(folder.iterdir()):
                found.setdefault(os.path.realpath(link), []).append(str(link))
    return found


def holders(path: Path) -> tuple[str, ...]:
    """Return which other programs have a file open, as `name (process 12)`, as far as this user may know.

    A pseudo-terminal's other end holds this end, too: an emulator is the device, and does not have it.
    """
    real = os.path.realpath(path)
    is_pty = real.startswith("/dev/pts/")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            files = {os.path.realpath(descriptor) for descriptor in (process / "fd").iterdir()}
            if real in files and not (is_pty and files & PTY_MASTERS):
                found.append(f"{(process / 'comm').read_text().strip()} (process {process.name})")
    return tuple(found)
