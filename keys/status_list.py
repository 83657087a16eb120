"""Status lists: the set of verified lists, and what they say of one code.

The newest list of a uri speaks; a code that any list revokes stays revoked, whatever a newer one says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from keys.errors import StatusListError
from keys.issuer import is_issuer, parse_list_uri
from keys.status_token import (
    FOREIGN_COLOURS,
    MAX_FILE_BYTES,
    NOTHING_SEEN,
    OWN_BITS,
    OWN_COLOURS,
    OWN_ENTRIES,
    VALUE_OF_COLOUR,
    StatusList,
    StatusValue,
    pack,
    read_status_list,
    unpack,
    write_status_list,
)
from keys.trust_list import TrustList

__all__ = [
    "FOREIGN_COLOURS",
    "OWN_BITS",
    "OWN_COLOURS",
    "OWN_ENTRIES",
    "VALUE_OF_COLOUR",
    "StatusEntry",
    "StatusList",
    "StatusLists",
    "StatusLookup",
    "StatusValue",
    "load_status",
    "pack",
    "read_status_list",
    "unpack",
    "write_status_list",
]

SUFFIX = ".cwt"


class StatusEntry(NamedTuple):
    """What the lists say of one index. A tuple, because one is made for every code."""

    value: int
    """0 to 255, raw."""
    issued_at: int
    """`iat` of the list that says so, seconds since 1970."""
    expires_at: int | None
    """`exp` of that list; from then on it says nothing but REVOKED."""
    own: bool
    """Whether the value is of our five colours."""


class StatusLookup(Protocol):
    """Where the verifier looks a code up."""

    def lookup(self, issuer: str, uri: str, index: int) -> StatusEntry | None:
        """Return what is known of `index` (0 or more) in the list `uri` of `issuer`; None if nothing is."""


class StatusLists:
    """Verified lists held in memory. Immutable; new lists make a new set with `joined`."""

    __slots__ = ("_by_uri", "problems")

    def __init__(self, lists: Iterable[StatusList] = (), problems: Iterable[str] = ()) -> None:
        by_uri: dict[tuple[str, str], list[StatusList]] = defaultdict(list)
        for status_list in lists:
            by_uri[status_list.issuer, status_list.uri].append(status_list)
        self._by_uri = {name: _worth_keeping(versions) for name, versions in by_uri.items()}
        self.problems = tuple(problems)
        """Files found in a folder and not believed, each in words."""

    @property
    def lists(self) -> tuple[StatusList, ...]:
        """Return the newest list of each uri."""
        return tuple(versions[0] for versions in self._by_uri.values())

    def lookup(self, issuer: str, uri: str, index: int) -> StatusEntry | None:
        """Return what is known of `index` (0 or more); None without a list, or where it does not reach that far."""
        versions = self._by_uri.get((issuer, uri))
        if versions is None:
            return None
        speaking = versions[0]
        value = speaking.value(index)
        for older in versions[1:]:
            if older.value(index) == StatusValue.REVOKED:
                speaking, value = older, StatusValue.REVOKED.value
        if value is None:
            return None
        return StatusEntry(value, speaking.iat, speaking.exp, speaking.own)

    def oldest_iat(self, issuers: Iterable[str]) -> int | None:
        """Return the `iat` of the oldest among the newest lists of `issuers`; None where one of them has no list."""
        oldest: list[int] = []
        for issuer in issuers:
            times = [status_list.iat for status_list in self.lists if status_list.issuer == issuer]
            if not times:
                return None
            oldest.append(min(times))
        return min(oldest, default=None)

    def joined(self, newer: StatusLists) -> StatusLists:
        """Return this set with the lists of `newer` taken in, and the problems of `newer`."""
        kept = [version for each in (self, newer) for versions in each._by_uri.values() for version in versions]
        return StatusLists(kept, newer.problems)


def _worth_keeping(versions: list[StatusList]) -> tuple[StatusList, ...]:
    """Return the newest version of one list, and those older ones that revoke what no newer one does."""
    versions.sort(key=lambda version: version.iat, reverse=True)
    kept = versions[:1]
    if len(versions) > 1:
        revoked = _revoked(versions[0])
        for older in versions[1:]:
            more = _revoked(older) & ~revoked
            if more:
                kept.append(older)
                revoked |= more
    return tuple(kept)


_IS_REVOKED = bytes(value == StatusValue.REVOKED for value in range(256))


def _revoked(status_list: StatusList) -> int:
    """Return a number of one byte an entry, index 0 lowest: 1 where it is revoked. A set takes sixty times as much."""
    return int.from_bytes(unpack(status_list.packed, status_list.bits).translate(_IS_REVOKED), "little")


def load_status(
    paths: Sequence[Path], trust: TrustList, now: int, *, seen: Mapping[str, int] = NOTHING_SEEN
) -> StatusLists:
    """Read status lists from `.cwt` files and folders, searched recursively, and verify them at `now`.

    `seen` holds, for each uri, the `iat` of the newest list known before: an older one is refused. Raises
    StatusListError when a path is missing or a file named in `paths` is bad. A bad file inside a folder is left out and
    named in `StatusLists.problems`; it is never read as an empty list.
    """
    lists: list[StatusList] = []
    problems: list[str] = []
    for path in paths:
        inside = path.is_dir()
        for file in sorted(path.rglob("*" + SUFFIX)) if inside else (path,):
            try:
                lists.append(_read_file(file, trust, now, seen))
            except StatusListError as error:
                if not inside:
                    raise
                problems.append(str(error))
    return StatusLists(lists, problems)


def _read_file(file: Path, trust: TrustList, now: int, seen: Mapping[str, int]) -> StatusList:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise StatusListError(f"status list {file} cannot be read: {error.strerror or error}") from None
    source = f"status list {file}"
    status_list = read_status_list(data, trust, now, source=source, seen=seen)
    owner = parse_list_uri(status_list.uri)
    folder = file.parent.name
    if owner is not None and is_issuer(folder) and (folder, file.name) != (owner[0], f"{owner[1]}{SUFFIX}"):
        raise StatusListError(f"{source}: it is list {status_list.uri} and does not belong at {folder}/{file.name}")
    return status_list
