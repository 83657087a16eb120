"""The newest status lists this appliance has believed, kept over restarts: an older one is never believed again.

By issuer and uri: a uri that is not ours anybody may name, and what one region says of it ages nothing of another's.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from keys.issuer import parse_list_uri
from keys.status_anchor import Anchor, Name
from scanner.files import replace_file

log = logging.getLogger(__name__)

FILE_NAME = "lists_seen.json"
MAX_BYTES = 1 << 20


class SeenLists:
    """`iat` by issuer and uri, in a small file of the state folder. A folder that is read-only costs the memory."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._times = self._load()

    @property
    def times(self) -> Mapping[Name, int]:
        """The newest `iat` of each list, seconds since 1970 UTC."""
        return self._times

    def note(self, lists: Iterable[Anchor]) -> tuple[tuple[str, str, int], ...]:
        """Remember what is newer now, and return it: issuer, uri, `iat`."""
        news = tuple((one.issuer, one.uri, one.iat) for one in lists if one.iat > self._times.get(one.name, -1))
        if news:
            self._times = {**self._times, **{(issuer, uri): iat for issuer, uri, iat in news}}
            self._save()
        return news

    def _load(self) -> dict[Name, int]:
        try:
            found = json.loads(self._path.read_bytes()[:MAX_BYTES])
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            log.warning(
                "%s cannot be read (%s): older status lists are not noticed until newer ones came", self._path, error
            )
            return {}
        return dict(_checked(found.items())) if type(found) is dict else {}

    def _save(self) -> None:
        by_issuer: dict[str, dict[str, int]] = {}
        for (issuer, uri), iat in self._times.items():
            by_issuer.setdefault(issuer, {})[uri] = iat
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, json.dumps(by_issuer, indent=0).encode(), mode=0o600)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error.strerror or error)


def _checked(items: Iterable[tuple[object, object]]) -> Iterable[tuple[Name, int]]:
    """Yield what the file says. Before lists were kept by issuer it had the uris alone, of which ours name theirs."""
    for key, value in items:
        if type(key) is not str:
            continue
        if type(value) is dict:
            yield from (((key, uri), iat) for uri, iat in value.items() if type(uri) is str and type(iat) is int)
        owner = parse_list_uri(key)
        if owner is not None and type(value) is int:
            yield (owner[0], key), value
