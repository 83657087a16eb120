"""Offsets found at the screen, kept beside the configuration's."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.config.model import ThermometerSection
from scanner.offsets import FILE_NAME, KeptOffset, OffsetsError, configured, in_force, keep

FOUND = KeptOffset(-35, "2026-03-01", "2026-08-28")


def section(**changes: object) -> ThermometerSection:
    return ThermometerSection.model_validate({"offset_centi": 20, "offset_taken": "2026-02-01", **changes})


def test_without_a_file_the_configuration_counts(tmp_path: Path) -> None:
    assert in_force(section(), tmp_path) == configured(section())


def test_what_was_found_later_counts(tmp_path: Path) -> None:
    keep(tmp_path, "thermometer", FOUND)
    assert in_force(section(), tmp_path) == FOUND
    assert in_force(section(offset_taken="2026-04-01"), tmp_path).centi == 20
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_each_thermometer_keeps_its_own(tmp_path: Path) -> None:
    keep(tmp_path, "left", FOUND)
    keep(tmp_path, "right", KeptOffset(10, "2026-03-02", "2026-08-29"))
    assert in_force(section(name="left"), tmp_path) == FOUND
    assert in_force(section(name="other"), tmp_path).centi == 20


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"version": 2}',
        '{"version": 1, "offsets": {"thermometer": {"centi": 900, "taken": "2026-01-01", "expires": "2026-01-01"}}}',
        '{"version": 1, "offsets": {"thermometer": {"centi": 1, "taken": "soon", "expires": null}}}',
    ],
)
def test_a_damaged_file_is_said_and_written_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(OffsetsError, match="damaged"):
        in_force(section(), tmp_path)
    keep(tmp_path, "thermometer", FOUND)
    assert in_force(section(), tmp_path) == FOUND
