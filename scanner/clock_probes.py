"""Asks a Linux system for evidence of the time: NTP synchronisation, and a hardware clock worth believing.

Every probe answers None where it cannot tell, and never raises: no evidence is the safe answer.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from scanner.clock import BUILD_TIME, Evidence, EvidenceKind, Probe

TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")
"""Touched by systemd-timesyncd at each synchronisation; /run is empty after boot."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
RTC_CLASS = Path("/sys/class/rtc")

STA_UNSYNC = 0x0040
TIME_ERROR = 5
MAX_ERROR_US = 16_000_000
"""The kernel lets the error grow while nobody disciplines the clock, and calls it unsynchronised from here."""
RTC_VL_READ = 0x80047013
RTC_VL_DOUBTFUL = 0b0111
"""RTC_VL_DATA_INVALID, RTC_VL_BACKUP_LOW, RTC_VL_BACKUP_EMPTY of linux/rtc.h."""
RTC_AGREES_S = 2.0
LOWEST_BATTERY_UV = 1_500_000
"""A Raspberry Pi 5 has a hardware clock even where nobody connected its battery; then this reads about nothing."""


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("microseconds", ctypes.c_long),
        ("tick", ctypes.c_long),
        # What follows differs in length between systems and is not read here.
        ("rest", ctypes.c_byte * 256),
    )


@dataclass(frozen=True, slots=True)
class KernelClock:
    """What adjtimex(2) says."""

    state: int
    """The call's result; TIME_ERROR: not synchronised."""
    status: int
    max_error_us: int

    @property
    def synchronised(self) -> bool:
        """Whether a time daemon disciplines the clock, by flag and by the error it vouches for."""
        in_step = self.state not in (-1, TIME_ERROR) and not self.status & STA_UNSYNC
        return in_step and 0 <= self.max_error_us < MAX_ERROR_US


def read_kernel_clock() -> KernelClock | None:
    """Ask the kernel, changing nothing; None where the system does not say."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    timex = _Timex(modes=0)
    state = int(adjtimex(ctypes.byref(timex)))
    return None if state == -1 else KernelClock(state, timex.status, timex.maxerror)


def ntp(wall: float, *, mark: Path = TIMESYNC_MARK) -> Evidence | None:
    """Find NTP synchronisation since boot."""
    del wall
    kernel = read_kernel_clock()
    if kernel is not None and kernel.synchronised:
        return Evidence(EvidenceKind.NTP, "adjtimex")
    try:
        marked = mark.exists()
    except OSError:
        return None
    return Evidence(EvidenceKind.NTP, "systemd-timesyncd") if marked else None


def hardware_clock(wall: float, *, devices: Path = RTC_CLASS, nodes: Path = Path("/dev")) -> Evidence | None:
    """Find a hardware clock that ran on while the box was off.

    It counts when its driver gives a time at all (most refuse after a loss of voltage), when that time is later than
    this software, when the system's time agrees with it, and when neither its flags nor its battery speak against it.
    A clock without a battery falls back to years long gone, which the build date catches.
    """
    try:
        names = sorted(entry.name for entry in devices.iterdir() if entry.name.startswith("rtc"))
    except OSError:
        return None
    for name in names:
        seconds = _number(devices / name / "since_epoch")
        if seconds is None or seconds < BUILD_TIME or abs(seconds - wall) > RTC_AGREES_S:
            continue
        battery = _number(devices / name / "battery_voltage")
        if (battery is not None and battery < LOWEST_BATTERY_UV) or _is_doubtful(nodes / name):
            continue
        return Evidence(EvidenceKind.HARDWARE_CLOCK, name)
    return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_bytes()[:32])
    except (OSError, ValueError):
        return None


def _is_doubtful(node: Path) -> bool:
    """Whether the clock itself reports a voltage too low to have kept the time."""
    try:
        descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        answer = fcntl.ioctl(descriptor, RTC_VL_READ, bytes(4))
    except OSError:
        # Not every driver knows the question; those that do not refuse to read a lost time instead.
        return False
    finally:
        os.close(descriptor)
    return bool(int.from_bytes(answer, "little") & RTC_VL_DOUBTFUL)


def boot_id() -> str | None:
    """Return the kernel's name for this boot, None where there is none."""
    try:
        return BOOT_ID.read_text("ascii").strip() or None
    except (OSError, ValueError):
        return None


PROBES: tuple[Probe, ...] = (ntp, hardware_clock)
"""What a real appliance asks."""
