"""Pinning the root: the one act of trust that no signature can vouch for. The operator's, or enrolment's."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from keys.errors import NotThereError, UpdateCause, UpdateError
from keys.update.chain import MAX_ROOT_BYTES, MAX_ROTATIONS, root_in
from keys.update.place import Place
from keys.update.source import Source


def pin_root(folder: Path, source: Source, digest: bytes) -> None:
    """Pin the root whose SHA-256 is `digest` (32 bytes): whichever version of it the source holds.

    Does nothing where it is pinned already. Raises UpdateError.
    """
    with Place(folder).locked() as place:
        if sha256(_pinned(place)).digest() == digest:
            return
        for version in range(1, MAX_ROTATIONS + 1):
            try:
                content = source.fetch(f"metadata/{version}.root.json", MAX_ROOT_BYTES)
            except NotThereError:
                if version == 1:
                    continue  # a stick may begin with a later one
                break
            if sha256(content).digest() == digest:
                root_in(content)
                place.pin(content)
                return
    words = f"{source.name} holds no root with SHA-256 {digest.hex()}: compare it with what the authority gave you"
    raise UpdateError(UpdateCause.OTHER_AUTHORITY, words)


def pin_root_file(folder: Path, content: bytes) -> None:
    """Pin a root that the operator hands over as a file. Raises UpdateError: it is no root, or signed too rarely."""
    root_in(content)
    with Place(folder).locked() as place:
        if _pinned(place) != content:
            place.pin(content)


def pinned_digest(folder: Path) -> bytes | None:
    """Return the SHA-256 of the pinned root, None where none is."""
    content = _pinned(Place(folder))
    return sha256(content).digest() if content else None


def _pinned(place: Place) -> bytes:
    try:
        return place.pinned_root()
    except UpdateError as error:
        if error.cause is not UpdateCause.NOT_PINNED:
            raise
        return b""
