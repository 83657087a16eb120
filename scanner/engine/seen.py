"""The newest status lists this appliance has believed, kept over restarts: an older one is never believed again.

Of each issuer its own memory: what one region publishes can neither touch what is remembered of another, nor crowd it
out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from keys.issuer import parse_list_uri
from keys.status_anchor import Name
from keys.status_store import Anchor
from scanner.files import replace_file

log = logging.getLogger(__name__)

FILE_NAME = "lists_seen.json"
GONE_KEPT = 512
"""Lists of one issuer that are remembered although it publishes them no more: the newest."""
MAX_BYTES = 32 << 20
"""Far more than the issuers of a country can fill: 1,024 lists each, with the longest uris."""


class SeenLists:
    """`iat` by list, in a small file of the state folder. A folder that cannot be written costs only the memory."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._times = self._load()

    @property
    def times(self) -> Mapping[Name, int]:
        """The newest `iat` of each list, seconds since 1970 UTC."""
        return self._times

    def note(self, lists: Iterable[Anchor]) -> tuple[tuple[str, str, int], ...]:
        """Remember what is newer now among the lists in force, and return it: issuer, uri, `iat`."""
        in_force = {one.name: one.iat for one in lists}
        news = tuple((*name, iat) for name, iat in in_force.items() if iat > self._times.get(name, -1))
        if news:
            newest = {**self._times, **{(issuer, uri): iat for issuer, uri, iat in news}}
            self._times = dict(_worth_keeping(newest, in_force))
            self._save()
        return news

    def _load(self) -> dict[Name, int]:
        try:
            with self._path.open("rb") as file:
                return dict(_checked(json.loads(file.read(MAX_BYTES + 1))))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            log.warning(
                "%s cannot be read (%s): older status lists are not noticed until newer ones came", self._path, error
            )
            return {}

    def _save(self) -> None:
        entries = [[issuer, uri, iat] for (issuer, uri), iat in self._times.items()]
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, json.dumps(entries, indent=0).encode(), mode=0o600)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error.strerror or error)


def _worth_keeping(times: Mapping[Name, int], in_force: Mapping[Name, int]) -> Iterator[tuple[Name, int]]:
    """Yield the lists in force, and of each issuer the newest of those that are gone."""
    gone: dict[str, int] = {}
    for name, iat in sorted(times.items(), key=lambda item: item[1], reverse=True):
        if name not in in_force:
            gone[name[0]] = gone.get(name[0], 0) + 1
            if gone[name[0]] > GONE_KEPT:
                continue
        yield name, iat


def _checked(found: object) -> Iterator[tuple[Name, int]]:
    """Read the file's entries: `[issuer, uri, iat]`; before, an object of `uri: iat`, of which our own uris count."""
    if type(found) is dict:
        for uri, iat in found.items():
            owner = parse_list_uri(uri)
            if owner is not None and type(iat) is int:
                yield (owner[0], uri), iat
        return
    if type(found) is not list:
        raise ValueError("it is no list")
    for entry in found:
        if type(entry) is list and [type(part) for part in entry] == [str, str, int]:
            issuer, uri, iat = entry
            yield (issuer, uri), iat
