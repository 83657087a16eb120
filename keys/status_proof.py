"""Holding what lies in `status.bin` against what was signed: every array is hashed before it speaks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from keys.status_anchor import Anchor, Name, newest
from keys.status_file import Overlay, Slot, hash_range, read_index

_HASHERS: Final = min(4, os.cpu_count() or 1)
"""Threads: hashing and reading need no lock of the interpreter."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What holds in one file, and in words what does not."""

    lists: Mapping[Name, tuple[Anchor, Slot]]
    """Arrays that are what was signed."""
    overlays: Mapping[Name, Overlay]
    """Those undamaged; also of lists whose array does not hold, so that what was revoked outlives the damage."""
    problems: tuple[str, ...]


def prove(descriptor: int, anchors: Iterable[Anchor]) -> Proved:
    """Hash every array and overlay of an open file. Of several anchors for one list the newest holds, else the first.

    Raises OSError when the file itself cannot be looked at; an array that cannot be read is left out.
    """
    in_force = newest(anchors)
    size = os.fstat(descriptor).st_size
    slots = read_index(descriptor, size)
    if slots is None:
        return Proved({}, {}, ("its index is damaged, or it is no status file",))
    # An array without an anchor is no fault, and is not read: its list, or its region, is not carried any more.
    problems: list[str] = []

    def faults(slot: Slot) -> tuple[str | None, str | None]:
        anchor, overlay = in_force.get(slot.name), slot.overlay
        return (
            None if anchor is None else _fault_of_array(descriptor, size, slot, anchor),
            None if overlay is None else _fault(descriptor, size, overlay.offset, overlay.length, overlay.sha256),
        )

    lists: dict[Name, tuple[Anchor, Slot]] = {}
    overlays: dict[Name, Overlay] = {}
    with ThreadPoolExecutor(_HASHERS, thread_name_prefix="status-proof") as pool:
        for slot, (array_fault, overlay_fault) in zip(slots.values(), pool.map(faults, slots.values()), strict=True):
            named = f"list {slot.uri} of {slot.issuer}"
            if slot.overlay is not None and overlay_fault is None:
                overlays[slot.name] = slot.overlay
            if array_fault is not None:
                problems.append(f"{named}: its array is left out, {array_fault}")
            elif overlay_fault is not None:
                problems.append(f"{named}: left out, since what earlier ones revoked is lost: {overlay_fault}")
            elif slot.name in in_force:
                lists[slot.name] = in_force[slot.name], slot
    problems += [f"list {uri} of {issuer}: it is not there" for issuer, uri in in_force if (issuer, uri) not in slots]
    return Proved(lists, overlays, tuple(problems))


def _fault_of_array(descriptor: int, size: int, slot: Slot, anchor: Anchor) -> str | None:
    if slot.length != anchor.length:
        return f"it has {slot.length} bytes and {anchor.length} were signed"
    return _fault(descriptor, size, slot.offset, slot.length, anchor.sha256)


def _fault(descriptor: int, size: int, offset: int, length: int, expected: bytes) -> str | None:
    """Return what is wrong with some bytes of the file, in words; None if they are as expected."""
    if offset + length > size:
        return "the file is cut short"
    try:
        found = hash_range(descriptor, offset, length)
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return None if found == expected else "damaged or changed: its bytes are not those that were vouched for"
