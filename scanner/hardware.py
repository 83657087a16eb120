"""A lane's serial devices made from its configuration: the same for the engine, the doctor and calibration."""

from __future__ import annotations

from collections.abc import Callable

from firmware_bridge.driver import Driver
from firmware_bridge.drivers import driver_of
from firmware_bridge.gate import Gate, GateController, GateEvent
from firmware_bridge.measurement import MeasurementEvent, Offsets, Settling
from firmware_bridge.modbus_thermometer import Register
from firmware_bridge.reader import CodeReader
from firmware_bridge.readers import READERS, line_of
from firmware_bridge.relay import RelayTalk, Wiring
from firmware_bridge.relay_boards import Board, LcusBoard, ModbusBoard
from firmware_bridge.thermometer import Thermometer
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import LinkState, Method, Sample, Scan
from scanner.config.model import GateSection, ReaderSection, ThermometerSection

CONTROLLER_BAUD = 115200
RELAY_BAUD = 9600
"""As relay boards are sold."""

OnState = Callable[[LinkState, str], None]


def thermometer_driver(section: ThermometerSection) -> Driver:
    """Return the driver of a thermometer that is configured.

    Raises MissingPackageError where it needs a package that is not installed.
    """
    modbus = section.modbus
    return driver_of(
        section.driver,
        Register(
            unit=modbus.unit,
            function=modbus.function,
            register=modbus.address,
            centi_per_count=modbus.centi_per_count,
            signed=modbus.signed,
            every_s=modbus.every_ms / 1000,
            method=Method.MODULE_ESTIMATE if modbus.estimate else Method.INFRARED,
        ),
    )


def offsets(section: ThermometerSection) -> Offsets:
    """Return the corrections of one thermometer, hundredths of a degree."""
    return Offsets(device_centi=section.offset_centi, site_centi=section.site_offset_centi)


def make_thermometer(
    section: ThermometerSection,
    *,
    name: str,
    on_event: Callable[[MeasurementEvent], None],
    on_sample: Callable[[Sample], None],
    on_state: OnState,
) -> Thermometer:
    """Return a thermometer's loop; `name` names its line in the log. Raises MissingPackageError."""
    driver = thermometer_driver(section)
    return Thermometer(
        SerialPort(section.port, section.baud or driver.baud, name=name),
        driver,
        Settling(driver.rule, offsets(section), section.name),
        on_event=on_event,
        on_sample=on_sample,
        on_state=on_state,
    )


def make_gate(
    section: GateSection,
    *,
    name: str,
    on_event: Callable[[GateEvent], None],
    on_state: OnState,
    hands_off: bool = False,
) -> Gate:
    """Return a gate's loop. `hands_off`: move nothing, only see whether it answers. Raises MissingPackageError."""
    if section.driver == "controller":
        return GateController(SerialPort(section.port, section.baud or CONTROLLER_BAUD, name=name), on_event, on_state)
    port = SerialPort(section.port, section.baud or RELAY_BAUD, name=name)
    board, wiring = relay_board(section), Wiring(section.energised, section.fail)
    return Gate(port, lambda: RelayTalk(board, wiring, hands_off=hands_off), on_event, on_state, what="the relay")


def relay_board(section: GateSection) -> Board:
    """Return the relay board of a gate that hangs on one. Raises MissingPackageError."""
    if section.driver == "lcus":
        return LcusBoard(section.relay)
    timed = section.modbus.timed_by == "relay"
    return ModbusBoard(section.modbus.unit, section.relay, times_pulses=timed)


def make_reader(
    section: ReaderSection,
    *,
    name: str,
    on_scan: Callable[[Scan], None],
    on_state: OnState,
    wanted: Callable[[], bool],
) -> CodeReader:
    """Return a code reader's loop. `wanted`: whether the lane could serve a code now, for one that is triggered."""
    driver = READERS[section.driver]
    line = line_of(driver, section.port, section.baud, name)
    return CodeReader(line, driver, on_scan, on_state, triggers=section.trigger, wanted=wanted)
