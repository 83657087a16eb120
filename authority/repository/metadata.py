"""One metadata file: making, signing and reading it. TUF specification 1.0.31, section 4; compact JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar, cast

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError, SerializationError

from authority.errors import RepositoryError
from keys.update.chain import PUBLISHED_AT

S = TypeVar("S", Root, Targets, Snapshot, Timestamp)
AnyFile: TypeAlias = "Metadata[Root] | Metadata[Targets] | Metadata[Snapshot] | Metadata[Timestamp]"


def utc(moment: int) -> datetime:
    """Return epoch seconds as TUF writes an expiry."""
    return datetime.fromtimestamp(moment, UTC)


def seconds(moment: datetime) -> int:
    """Return an expiry as epoch seconds."""
    return int(moment.timestamp())


def sign(signed: Root | Targets | Snapshot | Timestamp, signers: Iterable[Signer]) -> bytes:
    """Return the file: `signed` under a signature of each signer, none if there is none."""
    file = Metadata(cast(Root, signed))  # which of the four it is makes no difference to signing
    for signer in signers:
        file.sign(signer, append=True)
    return file.to_bytes()


def read(kind: type[S], content: bytes, source: str) -> Metadata[S]:
    """Read a file of one kind of role; its signatures are not looked at. Raises RepositoryError naming `source`."""
    try:
        file = cast(Metadata[S], Metadata.from_bytes(content))
    except DeserializationError as error:
        raise RepositoryError(f"{source} is no metadata of TUF ({error.__cause__}).") from error
    if file.signed.type != kind.type:
        raise RepositoryError(f"{source} is metadata of another kind: {file.signed.type} instead of {kind.type}.")
    return file


def shortfall(delegator: Root | Targets, role: str, file: AnyFile) -> int:
    """Return how many signatures a file lacks to be what `delegator` accepts as `role`; 0 when it holds.

    Raises RepositoryError when the role is not delegated.
    """
    try:
        return delegator.get_verification_result(role, signed_bytes(file), file.signatures).missing
    except ValueError as error:
        raise RepositoryError(f"{role} is no role here ({error}).") from error


def signed_bytes(file: AnyFile) -> bytes:
    """Return what is signed. Raises RepositoryError for values that have no canonical form."""
    try:
        return file.signed_bytes
    except SerializationError as error:
        raise RepositoryError(f"Version {file.signed.version} of {file.signed.type} has no canonical form.") from error


def published_at(signed: Signed, source: str) -> int:
    """Return the signed time of publication. Raises RepositoryError."""
    moment = signed.unrecognized_fields.get(PUBLISHED_AT)
    if type(moment) is not int or moment < 0:
        raise RepositoryError(f"{source} does not say when it was published.")
    return moment


def meta_file(version: int, content: bytes) -> MetaFile:
    """Return how snapshot or timestamp names a file: version, length and SHA-256."""
    return MetaFile(version, len(content), {"sha256": hashlib.sha256(content).hexdigest()})


def targets_of(contents: Mapping[str, bytes]) -> dict[str, TargetFile]:
    """Return how a role names its targets: length and SHA-256."""
    return {
        path: TargetFile(len(content), {"sha256": hashlib.sha256(content).hexdigest()}, path)
        for path, content in contents.items()
    }


def sha256_of(target: TargetFile) -> str:
    """Return a target's SHA-256. Raises RepositoryError unless it is named by that hash and no other."""
    if set(target.hashes) != {"sha256"}:
        raise RepositoryError(f"{target.path} is not named by its SHA-256 alone.")
    return str(target.hashes["sha256"])
