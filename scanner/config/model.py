"""The shape of `config.toml`: frozen, strict, unknown keys forbidden. Every default stands, commented, in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from firmware_bridge.relay import Energised, Fail
from scanner.values import SiteKind, SpokenTo, TemperatureRule

Issuer = Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
"""ISO 3166-1 or 3166-2, such as `CN-33`."""
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]
"""Name of a file in scanner/locale, without its ending."""

Automatic = Literal["auto"]
Microseconds = Annotated[int, Field(ge=50, le=1_000_000)]
CameraUnits = Annotated[float, Field(ge=0, le=65535)]
"""A number that means what the camera's maker says."""
Baud = Annotated[int, Field(ge=2400, le=921600)]
"""Bits a second on a serial line."""
Unit = Annotated[int, Field(ge=1, le=247)]
"""Address of a device on a Modbus line."""
Percent = Annotated[int, Field(ge=0, le=100)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Fraction = Annotated[float, Field(ge=0, le=1)]
Part = tuple[Fraction, Fraction, Fraction, Fraction]
"""A part of a picture: left, top, width and height, each as a fraction of the whole."""


class Section(BaseModel):
    """Base of every table of the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SiteSection(Section):
    """Where the appliance stands."""

    name: str = Field("Checkpoint", min_length=1, max_length=40)
    kind: SiteKind = SiteKind.RESIDENTIAL
    region: str = Field("330110", pattern=r"^[0-9]{2,6}$")
    """GB/T 2260 code of the place: a code restricted to a region must be a prefix of it."""
    timezone: str = "Asia/Shanghai"
    language: Language = "zh_CN"
    """Of the guard's screen at start."""


class TrustSection(Section):
    """Whom the appliance believes."""

    folder: Path = Path("state/trust")
    """The pinned root and what was proved under it; only updates write there."""
    regions: tuple[Issuer, ...] = Field(("CN-33",), min_length=1)
    """Issuers carried; the first is home."""


class UpdateSection(Section):
    """Where newer keys, lists and policy come from; wherever that is, only what the pinned root vouches for counts."""

    source: str | None = Field(None, min_length=1, max_length=500)
    """Address of the repository (`http://`, `https://`) or its folder; None: only by hand or from a stick."""
    every_minutes: int = Field(60, ge=5, le=1440)
    sticks: tuple[str, ...] = ("/media/*", "/media/*/*", "/run/media/*/*", "/mnt", "/mnt/*")
    """Patterns of folders where sticks are mounted."""


class StateSection(Section):
    """What the appliance keeps."""

    folder: Path = Path("state")
    """Journal, device key, clock floor, staff; created 0700."""


class JournalSection(Section):
    """The log."""

    reserve_mb: int = Field(8, ge=1, le=1024)
    """Preallocated room for a day's overrides when the disk is full."""


class SyncSection(Section):
    """How the log is handed to the hub that this appliance has joined."""

    every_seconds: int = Field(30, ge=1, le=3600)
    """How long an entry may wait for company."""


class RetentionSection(Section):
    """How long what the hub holds is kept here too. May only shorten what the authority's site configuration says."""

    sealed_days: int = Field(14, ge=0, le=3650)
    """Sealed parts, from the day the hub acknowledged them."""
    entries_days: int = Field(365, ge=0, le=3650)
    """Whole entries, likewise."""


class ControlSection(Section):
    """The socket the screens use."""

    socket: Path = Path("state/control.sock")


class SoundSection(Section):
    """What is heard at the screen."""

    enabled: bool = True
    voice: SpokenTo = SpokenTo.UNATTENDED
    languages: tuple[Language, ...] = Field((), max_length=3)
    """Prompts are spoken in these, one after another; none: in the screen's language."""
    day_volume: Percent = 80
    night_volume: Percent = 40
    night_from: TimeOfDay = "22:00"
    night_to: TimeOfDay = "06:00"
    """In the site's time zone."""
    device: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:,=-]{0,79}$")
    """By the name that the playing program has for it; None: the system's default."""


class TemperatureSection(Section):
    """May only tighten what the signed policy says; absent keys leave the policy as it is."""

    rule: TemperatureRule | None = None
    limit_centi: int | None = Field(None, ge=3600, le=3800)


class FreshnessSection(Section):
    """May only tighten what the signed policy says."""

    refer_after_hours: int | None = Field(None, ge=1, le=72)


class CameraSection(Section):
    """One lane's camera."""

    source: int | str = 0
    """V4L2 index, device path, `picamera` or `picamera:N`, video file or stream, a folder of stills, or `none`."""
    width: int = Field(1280, ge=320, le=4096)
    height: int = Field(720, ge=240, le=2160)
    fps: int = Field(30, ge=1, le=120)
    exposure: Automatic | Microseconds = "auto"
    """Microseconds that each picture is exposed."""
    gain: Automatic | CameraUnits = "auto"
    focus: Automatic | CameraUnits = "auto"
    mirror: bool = False
    crop: Part = (0.0, 0.0, 1.0, 1.0)
    """The part of the picture that is used, of the picture as a person sees it on the screen."""
    region: Part = (0.0, 0.0, 1.0, 1.0)
    """Where people hold the phone, in what `crop` leaves: its brightness counts."""
    adapt: bool = True
    """Whether exposure and gain follow the light, as far as they are "auto" and the camera obeys."""


def is_address(source: str) -> bool:
    """Whether an update's source names a server rather than a folder."""
    return source.startswith(("https://", "http://"))


def has_camera(camera: CameraSection) -> bool:
    """Whether the lane has a camera at all."""
    return camera.source != "none"


def is_picamera(source: str) -> bool:
    """Whether a camera's source names a Raspberry Pi camera module rather than a path."""
    return source.partition(":")[0] == "picamera"


class ReaderSection(Section):
    """One lane's code reader, instead of the camera or beside it."""

    driver: Literal["gm65", "keyboard", "none"] = "none"
    port: str = "/dev/serial/by-id/reader"
    baud: Baud | None = None
    trigger: bool = False
    """Whether it waits to be told to look for a code."""


class ThermometerModbusSection(Section):
    """Where a thermometer with Modbus keeps its temperature."""

    unit: Unit = 1
    function: int = Field(3, ge=3, le=4)
    address: int = Field(0, ge=0, le=65535)
    centi_per_count: int = Field(10, ge=1, le=1000)
    signed: bool = True
    every_ms: int = Field(200, ge=100, le=2000)
    """How often the device measures."""
    estimate: bool = False
    """Whether it is what the device takes for the body's temperature, not a surface's."""


class ThermometerSection(Section):
    """One lane's thermometer."""

    driver: Literal["gy-mcu90614", "gy-614v3", "lu90614", "heimann-idc50", "modbus", "controller", "none"] = "none"
    port: str = "/dev/serial/by-id/thermometer"
    baud: Baud | None = None
    """None: as the driver's module is sold."""
    name: str = Field("thermometer", min_length=1, max_length=24)
    offset_centi: int = Field(0, ge=-500, le=500)
    """The device's own error, from a blackbody or a reference thermometer."""
    offset_taken: str | None = Field(None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    offset_expires: str | None = Field(None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    site_offset_centi: int = Field(0, ge=-500, le=800)
    """From skin to body, from some people measured with a contact thermometer here."""
    site_offset_expires: str | None = Field(None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    timeout_s: float = Field(8.0, ge=1.0, le=60.0)
    """How long a person with a code is waited for."""
    modbus: ThermometerModbusSection = ThermometerModbusSection()


class GateModbusSection(Section):
    """How a relay with Modbus is spoken to."""

    unit: Unit = 1
    timed_by: Literal["host", "relay"] = "host"


class GateSection(Section):
    """One lane's barrier."""

    driver: Literal["controller", "lcus", "modbus", "none"] = "none"
    port: str = "/dev/serial/by-id/gate"
    baud: Baud | None = None
    pulse_ms: int = Field(500, ge=50, le=10_000)
    relay: int = Field(1, ge=1, le=8)
    """Which relay of the board, from 1."""
    energised: Energised = Energised.OPENS
    fail: Fail = Fail.SECURE
    door_held_s: int | None = Field(None, ge=1, le=3600)
    """How long the door may stand open; None: it has no contact."""
    modbus: GateModbusSection = GateModbusSection()


class LaneSection(Section):
    """One lane: its name, whether somebody attends it, and its devices."""

    name: str = Field("main", pattern=r"^[a-z0-9-]{1,16}$")
    mode: Literal["attended", "unattended"] = "attended"
    direction: Literal["entry", "exit"] = "entry"
    """Anti-passback holds on entry lanes."""
    camera: CameraSection = CameraSection()
    reader: ReaderSection = ReaderSection()
    thermometer: ThermometerSection = ThermometerSection()
    gate: GateSection = GateSection()


Key = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\+[a-z0-9_]+)*$", max_length=32)]
"""A key by the name that terminals' programs give it, such as `f9` or `ctrl+f10`."""


class KioskSection(Section):
    """What a screen without staff tells visitors of the place. Only `checkpoint ui --mode kiosk` reads it."""

    staffed_lane: Literal["left", "right", "ahead", "behind"] = "right"
    """Where the staffed lane is, for somebody who faces the screen."""
    staffed_text: str | None = Field(None, min_length=1, max_length=40)
    """The site's own words for it; None: the locale's."""
    reader: Literal["left", "right", "above", "below"] = "below"
    """Where the code is held, for somebody who faces the screen."""
    languages: tuple[Language, ...] = Field(("zh_CN", "en"), min_length=1, max_length=6)
    """What visitors can switch between; the site's own is always among them."""
    language_key: Key | None = None
    """A button that switches, besides the strip on a touch screen."""
    maintenance_key: Key | None = None
    """A key that asks for a supervisor's PIN, besides the four corners."""


class Configuration(Section):
    """The whole file."""

    site: SiteSection = SiteSection()
    trust: TrustSection = TrustSection()
    update: UpdateSection = UpdateSection()
    state: StateSection = StateSection()
    journal: JournalSection = JournalSection()
    sync: SyncSection = SyncSection()
    retention: RetentionSection = RetentionSection()
    control: ControlSection = ControlSection()
    sound: SoundSection = SoundSection()
    temperature: TemperatureSection = TemperatureSection()
    freshness: FreshnessSection = FreshnessSection()
    kiosk: KioskSection = KioskSection()
    lane: tuple[LaneSection, ...] = Field((LaneSection(),), min_length=1, max_length=8)
