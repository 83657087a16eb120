"""Status lists on our own disk: raw arrays in one mapped file, each proved against a signed anchor before it speaks.

A country's lists take 25 MB, which the system may drop and read again. Files are made by `keys.status_writer`; their
layout is in `keys.status_file`, their proof in `keys.status_proof`.
"""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

from keys.status_anchor import Anchor, Name, anchor_of
from keys.status_file import Overlay
from keys.status_list import StatusEntry
from keys.status_proof import Proved, prove
from keys.status_token import StatusValue

__all__ = ["Anchor", "KeptRevoked", "StatusStore", "anchor_of"]

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class KeptRevoked(NamedTuple):
    """Entries that an earlier array revoked and a newer one does not: they stay revoked."""

    bitmap: memoryview
    """Entry 0 lowest in the first byte; zeros at the end are not written."""
    iat: int
    """Of the newest array that added to it."""


Answers: TypeAlias = tuple[tuple[StatusEntry, ...], ...]
"""What is said of an entry, by its place in a byte and the value of that byte: all made once, none at a look-up."""


class _List(NamedTuple):
    """One list, ready for looking up."""

    array: memoryview
    answers: Answers
    lane: int
    """Mask of an index that leaves the entry's place in its byte."""
    shift: int
    """An index shifted right by this is the number of its byte."""
    kept: memoryview | None
    kept_answer: StatusEntry


class StatusStore:
    """Verified lists in a mapped file: a `keys.status_list.StatusLookup`. Immutable; safe from several threads.

    The mapping lasts until `close`, or until nobody holds the store any more. The file must not be changed meanwhile:
    make the next one to the side.
    """

    __slots__ = ("_anchors", "_kept", "_lists", "_mapping", "problems")

    def __init__(self, mapping: mmap.mmap | None = None, proved: Proved | None = None, source: str = "") -> None:
        """Take over `mapping` with what has been proved of it. Callers use `open` or `empty`."""
        self._mapping = mapping
        self._anchors: dict[Name, Anchor] = {}
        self._lists: dict[Name, _List] = {}
        self._kept: dict[Name, KeptRevoked] = {}
        self.problems: tuple[str, ...] = ()
        """Lists left out, each in words."""
        if proved is not None:
            self.problems = tuple(f"{source}: {problem}" for problem in proved.problems)
        if proved is not None and mapping is not None:
            self._anchors = {name: anchor for name, (anchor, _) in proved.lists.items()}
            self._kept = {name: _kept(mapping, overlay) for name, overlay in proved.overlays.items()}
            for name, (anchor, slot) in proved.lists.items():
                answers = _answers(anchor.bits, anchor.iat, anchor.exp, anchor.own)
                self._lists[name] = _ready(mapping, slot.offset, anchor, answers, self._kept.get(name))

    @classmethod
    def empty(cls) -> StatusStore:
        """Return a store without lists: everybody's status is unknown."""
        return cls()

    @classmethod
    def open(cls, file: Path, anchors: Iterable[Anchor]) -> StatusStore:
        """Map `file` and prove each array against its anchor: of several for one uri, the newest, else the first.

        Never raises for what is on the disk: a list that does not hold is left out and named in `problems`, as is every
        list where the file is missing or is none: a link is not followed, a pipe not waited for.
        """
        source = f"status file {file}"
        try:
            descriptor = os.open(file, _OPEN)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(errno.EINVAL, "it is no regular file")
                proved = prove(descriptor, anchors)
                there = proved.lists or proved.overlays
                mapping = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) if there else None
            finally:
                os.close(descriptor)
        except OSError as error:
            return cls(None, Proved({}, {}, (f"it cannot be read: {error.strerror or error}",)), source)
        return cls(mapping, proved, source)

    @property
    def lists(self) -> tuple[Anchor, ...]:
        """Return the anchors of the lists in force, one a uri."""
        return tuple(self._anchors.values())

    def anchor(self, issuer: str, uri: str) -> Anchor | None:
        """Return the anchor of one list in force; None where there is none."""
        return self._anchors.get((issuer, uri))

    def lookup(self, issuer: str, uri: str, index: int) -> StatusEntry | None:
        """Return what is known of `index` (0 or more); None without a list, or where it does not reach that far."""
        found = self._lists.get((issuer, uri))
        if found is None:
            return None
        array, answers, lane, shift, kept, kept_answer = found
        if index < 0:
            return None
        try:
            if kept is not None and index >> 3 < len(kept) and kept[index >> 3] >> (index & 7) & 1:
                return kept_answer
            return answers[index & lane][array[index >> shift]]
        except (IndexError, ValueError):  # beyond the last entry, or closed by another thread since the first line
            return None

    def oldest_iat(self, issuers: Iterable[str]) -> int | None:
        """Return the `iat` of the oldest list in force of `issuers`; None where one of them has no list."""
        oldest: list[int] = []
        for issuer in issuers:
            times = [anchor.iat for anchor in self._anchors.values() if anchor.issuer == issuer]
            if not times:
                return None
            oldest.append(min(times))
        return min(oldest, default=None)

    def array(self, issuer: str, uri: str) -> memoryview | None:
        """Return the packed entries of a list in force, read only; None where there is none."""
        found = self._lists.get((issuer, uri))
        return None if found is None else found.array[:]

    def kept_revoked(self, issuer: str, uri: str) -> KeptRevoked | None:
        """Return which entries stay revoked whatever the list says, also of a list that is itself left out."""
        return self._kept.get((issuer, uri))

    def close(self) -> None:
        """Let go of the file. From now on nothing is known of any code; looking up at this very moment is safe.

        An array that somebody still holds keeps the mapping until they let go of it.
        """
        lists, kept, mapping = self._lists, self._kept, self._mapping
        self._lists, self._kept, self._anchors, self._mapping = {}, {}, {}, None
        for view in (*(each.array for each in lists.values()), *(each.bitmap for each in kept.values())):
            with suppress(BufferError):
                view.release()
        if mapping is not None:
            with suppress(BufferError):
                mapping.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _kept(mapping: mmap.mmap, overlay: Overlay) -> KeptRevoked:
    return KeptRevoked(memoryview(mapping)[overlay.offset : overlay.offset + overlay.length], overlay.iat)


def _ready(mapping: mmap.mmap, offset: int, anchor: Anchor, answers: Answers, kept: KeptRevoked | None) -> _List:
    lanes = len(answers)
    return _List(
        array=memoryview(mapping)[offset : offset + anchor.length],
        answers=answers,
        lane=lanes - 1,
        shift=lanes.bit_length() - 1,
        kept=None if kept is None else kept.bitmap,
        kept_answer=StatusEntry(StatusValue.REVOKED.value, anchor.iat if kept is None else kept.iat, None, anchor.own),
    )


@lru_cache(maxsize=256)
def _answers(bits: int, iat: int, exp: int | None, own: bool) -> Answers:
    """Return what lists of one publication say; they share it, so that it stays in the processor's cache."""
    mask = (1 << bits) - 1
    entries = tuple(StatusEntry(value, iat, exp, own) for value in range(mask + 1))
    return tuple(tuple(entries[byte >> shift & mask] for byte in range(256)) for shift in range(0, 8, bits))
