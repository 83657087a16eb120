"""The ports of a machine: names that stay, two devices with one name, and who has a port open."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_bridge.ports import FoundPort, find_ports


@dataclass
class Info:
    """What pyserial tells of one port."""

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    product: str | None = None
    location: str | None = None


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    for name in ("ttyUSB0", "ttyUSB1", "ttyACM0", "ttyAMA0", "input/event3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for link, target in (
        ("serial/by-id/usb-1a86_USB_Serial-if00-port0", "ttyUSB1"),
        ("serial/by-id/usb-MicroPython_Board_e661-if00", "ttyACM0"),
        ("serial/by-path/pci-0:1.1", "ttyUSB0"),
        ("serial/by-path/pci-0:1.2", "ttyUSB1"),
        ("serial0", "ttyAMA0"),
        ("input/by-id/usb-Newland_Scanner-event-kbd", "input/event3"),
        ("input/by-id/usb-Newland_Scanner-event-mouse", "input/event3"),
    ):
        (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / link).symlink_to(tmp_path / target)
    return tmp_path


def found(dev: Path, *ports: Info) -> dict[str, FoundPort]:
    return {Path(one.path).name: one for one in find_ports(dev, lambda: ports)}


def ch340(dev: Path, number: int) -> Info:
    return Info(str(dev / f"ttyUSB{number}"), 0x1A86, 0x7523, None, "USB Serial", f"1-1.{number}")


def test_a_port_is_named_by_its_adapter(dev):
    pico = Info(str(dev / "ttyACM0"), 0x2E8A, 5, "e661", "Board in FS mode", "1-1.4:1.0")
    one = found(dev, pico)["ttyACM0"]
    assert one.best_name == str(dev / "serial/by-id/usb-MicroPython_Board_e661-if00")
    assert (one.usb, one.product, one.shares_its_name) == ("2e8a:0005", "Board in FS mode", False)


def test_two_adapters_without_serial_numbers_are_named_by_their_sockets(dev):
    ports = found(dev, ch340(dev, 0), ch340(dev, 1))
    assert all(ports[name].shares_its_name for name in ("ttyUSB0", "ttyUSB1"))
    assert ports["ttyUSB0"].best_name == str(dev / "serial/by-path/pci-0:1.1")
    assert ports["ttyUSB1"].best_name == str(dev / "serial/by-path/pci-0:1.2")


def test_one_adapter_without_a_serial_number_has_its_name_for_itself(dev):
    one = found(dev, ch340(dev, 1))["ttyUSB1"]
    assert not one.shares_its_name
    assert one.best_name.endswith("usb-1a86_USB_Serial-if00-port0")


def test_two_lines_of_one_adapter_are_two_names(dev):
    lines = [Info(str(dev / f"ttyUSB{n}"), 0x403, 0x6010, None, "Dual", f"1-1:1.{n}") for n in (0, 1)]
    assert not any(port.shares_its_name for port in found(dev, *lines).values())


def test_a_line_on_a_pi_s_header_is_found_by_its_own_name(dev):
    assert found(dev)["ttyAMA0"].best_name == str(dev / "serial0")


def test_a_reader_that_types_is_found_among_the_input_devices(dev):
    one = found(dev)["event3"]
    assert one.types
    assert one.names == (str(dev / "input/by-id/usb-Newland_Scanner-event-kbd"),)
    assert one.product == "Newland Scanner"


def test_a_machine_without_ports_has_none(tmp_path):
    assert find_ports(tmp_path, lambda: ()) == ()
