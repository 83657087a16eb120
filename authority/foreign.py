"""Other issuers' trust that a region publishes to its gates: keys, rule sets, and lists of revoked credentials.

Kept as files in `foreign/` of the authority's folder; every publication carries all of them. What gates could not read
is refused when it is put there, and once more when it is published.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from authority.errors import PublishError
from authority.files import PUBLIC_FILE, write_whole
from keys.errors import JsonError, MalformedError, StatusListError, TrustError
from keys.hash_list import HASH_BYTES, HashKind
from keys.json_bounded import member, read_json
from keys.trust_list import TrustList
from keys.update.foreign_held import check_foreign_file, most_bytes

FOREIGN_FOLDER: Final = "foreign"
HASH_LIST_LIFETIME: Final = 7 * 86_400
"""Seconds; from then on the country's certificates are of unknown status."""
_MAX_BATCH: Final = 64 << 20
_BATCH_KINDS: Final = {
    "SIGNATURE": HashKind.SIGNATURE,
    "UCI": HashKind.IDENTIFIER,
    "COUNTRYCODEUCI": HashKind.COUNTRY_AND_IDENTIFIER,
}


def foreign_files(folder: Path, trust: TrustList, now: int) -> dict[str, bytes]:
    """Return the files of other issuers' trust in the authority's `folder`, by name.

    Raises PublishError for one that gates could not read: nothing is published then.
    """
    kept = folder / FOREIGN_FOLDER
    found: dict[str, bytes] = {}
    for file in sorted(kept.iterdir()) if kept.is_dir() else ():
        try:
            content = file.read_bytes()
        except OSError as error:
            raise PublishError(f"{file} cannot be read: {error.strerror}.") from error
        check(file.name, content, trust, now)
        found[file.name] = content
    return found


def check(name: str, content: bytes, trust: TrustList, now: int) -> None:
    """Raise PublishError for a file that gates could not read."""
    most = most_bytes(name)
    if most is None:
        raise PublishError(f"{name} is of no kind that is published; its name must end as docs/formats.md says.")
    if len(content) > most:
        raise PublishError(f"{name} has {len(content)} bytes, and {most} are the most.")
    try:
        check_foreign_file(name, content, trust, now)
    except (TrustError, StatusListError, MalformedError) as error:
        raise PublishError(f"{name} cannot be published: {error}.") from error


def keep(folder: Path, name: str, content: bytes, trust: TrustList, now: int) -> Path:
    """Put a file of other issuers' trust into the authority's `folder`. Raises PublishError."""
    check(name, content, trust, now)
    kept = folder / FOREIGN_FOLDER
    kept.mkdir(exist_ok=True)
    write_whole(kept / name, content, PUBLIC_FILE)
    return kept / name


def read_batches(batches: Mapping[str, bytes], country: str) -> dict[HashKind, list[bytes]]:
    """Return the hashes of the EU gateway's revocation batches of one country; `batches` by the name of each file.

    Raises PublishError for one that is none, or of another country.
    """
    hashes: dict[HashKind, list[bytes]] = {}
    for source, data in batches.items():
        try:
            batch = read_json(data, limit=_MAX_BATCH, depth=4)
        except JsonError as error:
            raise PublishError(f"{source} is no revocation batch: {error.detail}.") from error
        kind, entries = member(batch, "hashType"), member(batch, "entries")
        if type(kind) is not str or kind not in _BATCH_KINDS or type(entries) is not list:
            raise PublishError(f"{source} is no revocation batch: it has no hashType and entries.")
        if member(batch, "country") != country:
            raise PublishError(f"{source} is a batch of {member(batch, 'country')}, not of {country}.")
        for entry in entries:
            written = member(entry, "hash")
            try:
                one = base64.b64decode(written, validate=True) if type(written) is str else b""
            except binascii.Error:
                one = b""
            if len(one) != HASH_BYTES:
                raise PublishError(f"{source} holds an entry that is no hash of {HASH_BYTES} bytes in base64.")
            hashes.setdefault(_BATCH_KINDS[kind], []).append(one)
    return hashes
