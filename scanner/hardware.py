"""A lane's serial devices made from its configuration: the same for the engine, the doctor and calibration."""

from __future__ import annotations

from collections.abc import Callable

from firmware_bridge.controller_line import ControllerLine
from firmware_bridge.driver import Driver, Line
from firmware_bridge.drivers import driver_of
from firmware_bridge.gate import Gate, GateController, GateEvent
from firmware_bridge.measurement import MeasurementEvent, Offsets, Settling
from firmware_bridge.modbus_thermometer import Register
from firmware_bridge.reader import CodeReader
from firmware_bridge.readers import READERS, line_of
from firmware_bridge.relay import Energised, Fail, RelayTalk, Wiring
from firmware_bridge.relay_boards import Board, LcusBoard, ModbusBoard
from firmware_bridge.reports import GateSettings, ReportEvent
from firmware_bridge.tap import Tap
from firmware_bridge.thermometer import Thermometer
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import LinkState, Method, Sample, Scan
from scanner.config.model import GateSection, ReaderSection, ThermometerSection

CONTROLLER_BAUD = 115200
RELAY_BAUD = 9600
"""As relay boards are sold."""

OnState = Callable[[LinkState, str], None]


def _untold(_report: ReportEvent) -> None:
    """Nobody listens."""


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


def thermometer_line(section: ThermometerSection, gate: GateSection, name: str) -> Line:
    """Return the line of a thermometer where the gate is not served: behind our controller it leaves the gate alone.

    Raises MissingPackageError.
    """
    if section.driver == "controller":
        return ControllerLine(SerialPort(gate.port, gate.baud or CONTROLLER_BAUD, name=name))
    return SerialPort(section.port, section.baud or thermometer_driver(section).baud, name=name)


def make_thermometer(
    section: ThermometerSection,
    line: Line,
    *,
    on_event: Callable[[MeasurementEvent], None],
    on_sample: Callable[[Sample], None],
    on_state: OnState,
) -> Thermometer:
    """Return a thermometer's loop. Raises MissingPackageError."""
    driver = thermometer_driver(section)
    return Thermometer(
        line,
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
    on_report: Callable[[ReportEvent], None] = _untold,
    tap: Tap | None = None,
    hands_off: bool = False,
) -> Gate:
    """Return a gate's loop. Raises MissingPackageError.

    `hands_off`: move nothing, only see whether it answers. `tap`: for the thermometer of our controller, which tells
    `on_report` of door and button besides.
    """
    if section.driver == "controller":
        return GateController(
            SerialPort(section.port, section.baud or CONTROLLER_BAUD, name=name),
            on_event,
            on_state,
            settings=gate_settings(section, samples=tap is not None, hands_off=hands_off),
            on_report=on_report,
            tap=tap,
        )
    port = SerialPort(section.port, section.baud or RELAY_BAUD, name=name)
    board, wiring = relay_board(section), Wiring(section.energised, section.fail)
    return Gate(port, lambda: RelayTalk(board, wiring, hands_off=hands_off), on_event, on_state, what="the relay")


def gate_settings(section: GateSection, *, samples: bool, hands_off: bool) -> GateSettings:
    """Return what our controller is told of a gate."""
    return GateSettings(
        holds=section.energised is Energised.HOLDS,
        fail_safe=section.fail is Fail.SAFE,
        door_held_s=section.door_held_s,
        samples=samples,
        hands_off=hands_off,
    )


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
