"""Making the next `status.bin` to the side of the one in force, a list at a time.

What an earlier array of a uri revoked stays revoked: what a newer one takes back is kept beside it in an overlay.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import numpy as np

from keys.errors import StatusListError
from keys.status_anchor import Anchor, Name, anchor_of
from keys.status_changes import patch, read_changes
from keys.status_delta import DeltaBundle, ListChange
from keys.status_file import INDEX_BYTES, MAX_ENTRY_BYTES, Overlay, Slot, aligned, encode_index, encode_slot
from keys.status_revoked import Bytes, bitmap_of, revoked_bitmap, trimmed, union, without
from keys.status_store import StatusStore
from keys.status_token import OWN_ARRAY_BYTES, OWN_BITS, OWN_ENTRIES, StatusList, StatusValue

MAX_LISTS: Final = 512
"""Of one issuer in one file: ten times what 50 million codes need."""
MAX_BYTES: Final = 256 << 20
"""Of one issuer in one file, so that one region cannot take the disk of another's."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A list that a chain of bundles does not lead to: it has to be fetched in full."""

    uri: str
    why: str
    """In words."""


class _Kept(NamedTuple):
    """Entries that stay revoked, as a bitmap, and the `iat` of the newest array that revoked one of them."""

    bitmap: Bytes
    iat: int


class StoreWriter:
    """Writes one file, each list once. Not for several threads. As a context manager it closes the file at the end.

    A file that was not finished has no index, so that it opens as one without lists. A list that is neither put, kept
    nor followed is forgotten, with what it had revoked.
    """

    def __init__(self, file: Path, previous: StatusStore) -> None:
        """Begin `file`, which must not exist yet; `previous` is what is in force. Raises OSError."""
        self._file = file
        self._previous = previous
        self._entries: dict[Name, bytes] = {}
        self._entry_bytes = 0
        self._anchors: list[Anchor] = []
        self._taken: dict[str, tuple[int, int]] = {}
        self._end = INDEX_BYTES
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def put(self, status_list: StatusList) -> Anchor:
        """Write a full list. Returns its anchor.

        Raises StatusListError when it is older than the one in force, when it is another one of the same `iat`, or
        when its issuer has too many; then nothing of it is written, and the one in force can be kept. Raises OSError
        when the disk does not take it; the file is then of no use.
        """
        anchor, packed = anchor_of(status_list), status_list.packed
        held = self._previous.anchor(*anchor.name)
        if held is not None and anchor.iat < held.iat:
            raise StatusListError(
                f"list {anchor.uri}: its iat {anchor.iat} is older than {held.iat}, which is in force: "
                "refused as a rollback"
            )
        same = held is not None and (anchor.bits, anchor.sha256) == (held.bits, held.sha256)
        if held is not None and anchor.iat == held.iat and not same:
            raise StatusListError(
                f"list {anchor.uri}: there are two of iat {anchor.iat} that differ; the one in force stays"
            )
        kept = self._kept_before(anchor.name)
        array = self._previous.array(*anchor.name)
        if held is not None and array is not None and not same:
            taken_back = without(revoked_bitmap(array, held.bits), revoked_bitmap(packed, anchor.bits))
            kept = _joined(kept, taken_back, held.iat)
        self._write(anchor, packed, kept)
        return anchor

    def apply(self, bundles: Sequence[DeltaBundle]) -> tuple[Misfit, ...]:
        """Follow a chain of bundles of one issuer, the earliest first, for every list they name.

        Returns the lists whose base or result did not fit: of these nothing is written. A list in force that is as new
        as the chain is carried over. Raises ValueError for bundles of several issuers, and OSError as `put` does.
        """
        issuers = {bundle.issuer for bundle in bundles}
        if len(issuers) > 1:
            raise ValueError(f"a chain of bundles of {', '.join(sorted(issuers))}")
        steps: dict[Name, list[ListChange]] = {}
        for bundle in bundles:
            for change in bundle.changes:
                steps.setdefault((bundle.issuer, change.uri), []).append(change)
        misfits: list[Misfit] = []
        for name, chain in steps.items():
            try:
                self._follow(name, chain)
            except StatusListError as error:
                misfits.append(Misfit(name[1], str(error)))
        return tuple(misfits)

    def keep(self, issuer: str, uri: str) -> None:
        """Carry a list over unchanged. Raises ValueError where none of this name is in force, and OSError."""
        name = issuer, uri
        anchor, array = self._previous.anchor(*name), self._previous.array(*name)
        if anchor is None or array is None:
            raise ValueError(f"there is no list {uri} of {issuer} to keep")
        self._write(anchor, array, self._kept_before(name))

    def finish(self) -> None:
        """Write the indexes, sync the file, and read it back from the disk: every array must hold.

        Raises StatusListError when one does not, and OSError. The name and its folder are the caller's to sync.
        """
        index = encode_index(tuple(self._entries.values()))
        self._write_at(index, 0)
        self._write_at(index, self._end)
        os.ftruncate(self._descriptor, self._end + INDEX_BYTES)
        os.fsync(self._descriptor)
        os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)  # so that the disk answers, not the cache
        self.close()
        with StatusStore.open(self._file, self._anchors) as store:
            if store.problems:
                raise StatusListError("; ".join(store.problems))

    def close(self) -> None:
        """Close the file; what was written of it stays."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _follow(self, name: Name, chain: Sequence[ListChange]) -> None:
        """Make in one list the changes that come after it. Raises StatusListError where they do not lead on from it."""
        held, array = self._previous.anchor(*name), self._previous.array(*name)
        if held is None or array is None:
            raise StatusListError("it is not in force here")
        steps = [change for change in chain if change.iat > held.iat]
        if not steps:
            self._write(held, array, self._kept_before(name))
            return
        if (held.bits, held.length) != (OWN_BITS, OWN_ARRAY_BYTES):
            raise StatusListError("it is none of our lists")
        packed = np.frombuffer(array, np.uint8).copy()
        kept = self._kept_before(name)
        iat, digest = held.iat, held.sha256
        for step in steps:
            if (step.base_iat, step.base_sha256) != (iat, digest):
                raise StatusListError(f"a change from another list of {step.base_iat}, this one is of {iat}")
            changes = read_changes(step.changes, OWN_ENTRIES)
            before = patch(packed, changes)
            taken_back = changes.indices[(before == StatusValue.REVOKED) & (changes.values != StatusValue.REVOKED)]
            kept = _joined(kept, bitmap_of(taken_back), iat)
            iat, digest = step.iat, step.sha256
        if sha256(packed.data).digest() != digest:
            raise StatusListError(f"the result of its changes is not the list that was signed for {iat}")
        self._write(steps[-1].anchor(name[0]), packed.data, kept)

    def _kept_before(self, name: Name) -> _Kept | None:
        found = self._previous.kept_revoked(*name)
        return None if found is None else _Kept(np.frombuffer(found.bitmap, np.uint8).copy(), found.iat)

    def _write(self, anchor: Anchor, packed: bytes | memoryview, kept: _Kept | None) -> None:
        """Write an array, and beside it what of `kept` it does not revoke itself."""
        if anchor.name in self._entries:
            raise ValueError(f"list {anchor.uri} of {anchor.issuer} is written already")
        bitmap = b"" if kept is None else trimmed(without(kept.bitmap, revoked_bitmap(packed, anchor.bits))).tobytes()
        offset = aligned(self._end)
        overlay = None
        if kept is not None and bitmap:
            overlay = Overlay(aligned(offset + anchor.length), len(bitmap), sha256(bitmap).digest(), kept.iat)
        slot = Slot(anchor.issuer, anchor.uri, offset, anchor.length, overlay)
        entry = encode_slot(slot)
        end = aligned(offset + anchor.length if overlay is None else overlay.offset + overlay.length)
        lists, taken = self._taken.get(anchor.issuer, (0, 0))
        if lists == MAX_LISTS or taken + end - offset > MAX_BYTES:
            raise StatusListError(f"list {anchor.uri}: {anchor.issuer} has more lists than are carried")
        if self._entry_bytes + len(entry) > MAX_ENTRY_BYTES:
            raise StatusListError(f"list {anchor.uri}: there are more lists than one file holds")
        self._write_at(packed, offset)
        if overlay is not None:
            self._write_at(bitmap, overlay.offset)
        self._entries[anchor.name] = entry
        self._entry_bytes += len(entry)
        self._taken[anchor.issuer] = lists + 1, taken + end - offset
        self._anchors.append(anchor)
        self._end = end

    def _write_at(self, data: bytes | memoryview, offset: int) -> None:
        left = memoryview(data)
        while left:
            written = os.pwrite(self._descriptor, left, offset)
            left, offset = left[written:], offset + written


def _joined(kept: _Kept | None, taken_back: Bytes, iat: int) -> _Kept | None:
    """Return `kept` and the bitmap `taken_back`: what the array of `iat` revoked and the next one does not."""
    if not taken_back.any():
        return kept
    return _Kept(taken_back if kept is None else union(kept.bitmap, taken_back), iat)
