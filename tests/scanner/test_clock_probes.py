"""The probes never raise, and count only what vouches for the time."""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

import pytest

from scanner.clock import BUILD_TIME, Evidence, EvidenceKind
from scanner.clock_probes import (
    PROBES,
    STA_UNSYNC,
    TIME_ERROR,
    KernelClock,
    _Timex,
    boot_id,
    hardware_clock,
    ntp,
    read_kernel_clock,
)

NOW = BUILD_TIME + 1000.0


def test_the_real_probes_answer_on_this_machine() -> None:
    for probe in PROBES:
        found = probe(time.time())
        assert found is None or isinstance(found, Evidence)


def test_the_kernel_answers_with_plausible_numbers() -> None:
    kernel = read_kernel_clock()
    if kernel is None:
        pytest.skip("this system does not let its clock be asked")
    assert 0 <= kernel.state <= TIME_ERROR
    assert kernel.max_error_us >= 0
    assert (kernel.state == TIME_ERROR) or not kernel.status & STA_UNSYNC


def test_the_structure_is_at_least_as_long_as_the_kernels() -> None:
    assert ctypes.sizeof(_Timex) >= 208


@pytest.mark.parametrize(
    ("kernel", "synchronised"),
    [
        (KernelClock(0, 0x2001, 500), True),
        (KernelClock(TIME_ERROR, 0x2001, 500), False),
        (KernelClock(0, STA_UNSYNC, 500), False),
        (KernelClock(0, 0x2001, 16_000_000), False),
        (KernelClock(-1, 0, 0), False),
    ],
)
def test_the_kernel_is_synchronised_by_flag_and_by_error(kernel: KernelClock, synchronised: bool) -> None:
    assert kernel.synchronised == synchronised


def test_the_mark_of_timesyncd_is_evidence(tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    before = ntp(NOW, mark=mark)
    mark.touch()
    found = ntp(NOW, mark=mark)
    assert found is not None
    assert found.kind is EvidenceKind.NTP
    if before is None:
        assert found.source == "systemd-timesyncd"


def rtc(folder: Path, seconds: object, battery: object = None) -> Evidence | None:
    device = folder / "class" / "rtc0"
    device.mkdir(parents=True)
    (device / "since_epoch").write_text(f"{seconds}\n")
    if battery is not None:
        (device / "battery_voltage").write_text(f"{battery}\n")
    return hardware_clock(NOW, devices=folder / "class", nodes=folder / "dev")


def test_a_hardware_clock_that_agrees_is_evidence(tmp_path: Path) -> None:
    assert rtc(tmp_path, int(NOW)) == Evidence(EvidenceKind.HARDWARE_CLOCK, "rtc0")


def test_a_charged_battery_is_evidence(tmp_path: Path) -> None:
    assert rtc(tmp_path, int(NOW), 3_000_000) is not None


@pytest.mark.parametrize("seconds", [0, 946_684_800, BUILD_TIME - 1, int(NOW) - 3, int(NOW) + 3, "", "x", "9" * 100])
def test_a_hardware_clock_that_was_reset_or_disagrees_is_none(tmp_path: Path, seconds: object) -> None:
    assert rtc(tmp_path, seconds) is None


def test_a_hardware_clock_whose_battery_is_missing_is_none(tmp_path: Path) -> None:
    assert rtc(tmp_path, int(NOW), 12_000) is None


def test_a_clock_before_this_software_is_none_even_where_the_system_agrees(tmp_path: Path) -> None:
    device = tmp_path / "rtc0"
    device.mkdir()
    (device / "since_epoch").write_text("1000")
    assert hardware_clock(1000.0, devices=tmp_path, nodes=tmp_path) is None


def test_a_machine_without_hardware_clock_has_no_evidence(tmp_path: Path) -> None:
    assert hardware_clock(NOW, devices=tmp_path / "nothing", nodes=tmp_path) is None


def test_this_boot_has_one_name() -> None:
    assert boot_id() == boot_id()
