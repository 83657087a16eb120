"""Offsets of thermometers that were compared at the screen: one file of the state folder, beside the configuration's.

Of the two, the one that was found later counts. A file that is damaged counts as none, and says so.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanner.config.model import ThermometerSection
from scanner.files import replace_file

FILE_NAME: Final = "offsets.json"
MAX_BYTES: Final = 64 * 1024
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
LARGEST_CENTI: Final = 500


class OffsetsError(Exception):
    """The file is damaged, or cannot be read or written; the text says what to do."""


@dataclass(frozen=True, slots=True)
class KeptOffset:
    """What one thermometer's readings are corrected by."""

    centi: int
    """Hundredths of °C that are added."""
    taken: str | None
    """Local date, `2026-01-31`; None: nobody has compared it."""
    expires: str | None


def configured(section: ThermometerSection) -> KeptOffset:
    """Return what the configuration says."""
    return KeptOffset(section.offset_centi, section.offset_taken, section.offset_expires)


def in_force(section: ThermometerSection, folder: Path) -> KeptOffset:
    """Return the newer of what the configuration says and what was found at the screen. Raises OffsetsError."""
    kept = _read(folder).get(section.name)
    wanted = configured(section)
    return wanted if kept is None or (wanted.taken or "") > (kept.taken or "") else kept


def keep(folder: Path, name: str, offset: KeptOffset) -> None:
    """Keep what was found for the thermometer called `name`. Raises OffsetsError."""
    try:
        kept = _read(folder)
    except OffsetsError:  # what is damaged is worth nothing, and is written anew
        kept = {}
    kept[name] = offset
    fields = {one: {"centi": at.centi, "taken": at.taken, "expires": at.expires} for one, at in sorted(kept.items())}
    try:
        replace_file(folder / FILE_NAME, json.dumps({"version": 1, "offsets": fields}, indent=1).encode(), mode=0o600)
    except OSError as error:
        raise OffsetsError(f"{folder / FILE_NAME} cannot be written: {error.strerror}") from None


def _read(folder: Path) -> dict[str, KeptOffset]:
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OffsetsError(f"{path} cannot be read: {error.strerror}") from None
    try:
        fields = json.loads(data)
        if len(data) > MAX_BYTES or fields["version"] != 1:
            raise ValueError("not version 1")
        return {name: _offset(entry) for name, entry in fields["offsets"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise OffsetsError(f"{path} is damaged; remove it, and compare the thermometers again") from None


def _offset(entry: dict[str, object]) -> KeptOffset:
    centi, taken, expires = entry["centi"], entry["taken"], entry["expires"]
    if type(centi) is not int or not -LARGEST_CENTI <= centi <= LARGEST_CENTI:
        raise ValueError("an offset of the wrong shape")
    if not all(isinstance(date, str) and _DATE.fullmatch(date) for date in (taken, expires)):
        raise ValueError("a date of the wrong shape")
    return KeptOffset(centi, str(taken), str(expires))
