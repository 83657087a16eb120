"""One log entry as a line for people and as an object for machines."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, tzinfo
from enum import IntEnum
from typing import TypeAlias

from cli.marks import MARKS
from scanner.journal.entry import Entry
from scanner.values import ClockTrust

Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain] | None"


def as_object(entry: Entry, sealed: bool) -> dict[str, Plain]:
    """Make the object `--json` prints: the entry's fields by name, bytes in hexadecimal, absent ones null."""
    found = {one.name: _plain(getattr(entry, one.name)) for one in dataclasses.fields(entry)}
    found["sealed"] = None if entry.seal is None else ("present" if sealed else "erased")
    return found


def as_words(entry: Entry, sealed: bool, zone: tzinfo) -> str:
    """Write one line: number, time, lane, kind, outcome, reasons, what was measured, and the kind's own detail."""
    parts = [
        f"{entry.seq:>7}",
        f"{datetime.fromtimestamp(entry.time_ms / 1000, zone):%Y-%m-%d %H:%M:%S}{'Z' if zone is UTC else ''}"
        + ("" if entry.clock is ClockTrust.TRUSTED else "?"),
        f"{entry.lane or '-':<8}",
        f"{entry.kind.name.lower():<12}",
    ]
    if entry.outcome is not None:
        parts.append(f"{MARKS[entry.outcome]} {entry.outcome.name.lower():<5}")
    if entry.reasons:
        parts.append(",".join(entry.reasons))
    parts += [entry.issuer or "", "" if entry.colour is None else entry.colour.name.lower()]
    if entry.temperature is not None:
        result = entry.temperature.result
        parts.append(f"{result / 100:.2f} °C" if result is not None else str(entry.temperature.why_not))
    if entry.staff is not None:
        parts.append(f"staff {entry.staff}")
    if entry.refers_to is not None:
        parts.append(f"about {entry.refers_to}")
    if entry.latency_ms is not None:
        parts.append(f"{entry.latency_ms} ms")
    detail = [(one.name, getattr(entry.detail, one.name)) for one in dataclasses.fields(entry.detail)]
    parts += [f"{name}={_plain(value)}" for name, value in detail if value is not None]
    if entry.seal is not None:
        parts.append("sealed" if sealed else "sealed part erased")
    return "  ".join(part for part in parts if part)


def _plain(value: object) -> Plain:
    """Turn a field's value into what JSON can hold."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, int | str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    raise TypeError(f"an entry holds no {type(value).__name__}")
