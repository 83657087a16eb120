"""Which appliances are the authority's own, and where they stand: people say so, one appliance at a time or many.

Letting appliances in is the hub's affair, and whoever owns the hub can let in one that stands nowhere. What such a one
reports is kept, shown as what nobody vouched for, and changes the status of no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from authority.csv_file import Fault, Row
from authority.errors import RequestError
from authority.records import Order
from authority.tracing.index import Index, KnownGate
from scanner.journal.detail import EntryKind

COLUMNS: Final = ("device", "site")
_DEVICE: Final = re.compile(r"[0-9a-f]{32}")
_LONGEST_SITE: Final = 80


class Vouching:
    """The appliances that somebody vouched for, and the others. Not for several threads."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def vouch(self, device: str, site: str, order: Order, now: int) -> int:
        """Say that an appliance is the authority's and stands at `site`; returns how many activations waited for that.

        Whoever names one has looked at it: two histories that it told stand against it no more. Raises RequestError,
        FolderError.
        """
        name, place = _device(device), _site(site)
        with self._index.transaction():
            self._index.forgive(name)
            return self._vouch({name: place}, order, now)

    def vouch_all(self, rows: Iterable[Row | Fault], order: Order, now: int) -> tuple[int, int]:
        """Say it of many, all or none; returns how many, and how many activations waited for that.

        Raises RequestError with the first bad line, FolderError.
        """
        found: dict[bytes, str] = {}
        for row in rows:
            if isinstance(row, Fault):
                raise RequestError(f"Line {row.line}: {row.why}.")
            try:
                device, site = _device(row.cells.get("device", "")), _site(row.cells.get("site", ""))
            except RequestError as error:
                raise RequestError(f"Line {row.line}: {error}") from None
            if device in found:
                raise RequestError(f"Line {row.line}: {device.hex()} was named before.")
            found[device] = site
        with self._index.transaction():
            return len(found), self._vouch(found, order, now)

    def withdraw(self, device: str, order: Order, now: int) -> None:
        """Vouch for an appliance no more. Raises RequestError when nobody did; FolderError."""
        name = _device(device)
        with self._index.transaction():
            if not self._index.disown(name):
                raise RequestError(f"Nobody vouches for {device}.")
            self._index.note_also(now, order, f"appliance {device} is not vouched for any more")

    def gates(self) -> list[KnownGate]:
        """List the appliances, those first that nobody vouched for."""
        return self._index.gates(int(EntryKind.ACTIVATION))

    def _vouch(self, gates: Mapping[bytes, str], order: Order, now: int) -> int:
        waiting = 0
        for device, site in gates.items():
            self._index.note_also(now, order, f"appliance {device.hex()} is vouched for at {site}")
            self._index.vouch(device, site)
            waiting += self._index.waiting_at(device, int(EntryKind.ACTIVATION))
        return waiting


def _device(text: str) -> bytes:
    if not _DEVICE.fullmatch(text):
        raise RequestError("An appliance's id has 32 hexadecimal digits; `checkpoint enrol` prints it at the gate.")
    return bytes.fromhex(text)


def _site(text: str) -> str:
    if not text.strip() or len(text) > _LONGEST_SITE or not text.isprintable():
        raise RequestError(f"A site's name is a line of at most {_LONGEST_SITE} characters.")
    return text
