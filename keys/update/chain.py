"""The proof of TUF metadata, from the pinned root to one region: bytes in, verified objects out, refusals in words.

python-tuf's `TrustedMetadataSet` does the checks of the specification's client workflow (section 5.3 to 5.6; the
clauses stand beside the calls). Its own `Updater` is not used: it reads the system's clock, which an appliance cannot
rely on; it has no offline mode; and it writes into the folder that is in force.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager

from tuf.api.exceptions import (
    BadVersionNumberError,
    EqualVersionNumberError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from keys.errors import UpdateCause, UpdateError
from keys.numeric_date import LAST_SECOND, is_whole_second
from keys.status_signature import AHEAD_S

MAX_ROOT_BYTES = 512 << 10
MAX_TIMESTAMP_BYTES = 16 << 10
MAX_SNAPSHOT_BYTES = 2 << 20
MAX_TARGETS_BYTES = 4 << 20
MAX_ROTATIONS = 256
"""Roots taken in at once."""
PUBLISHED_AT = "published_at"
"""The signed time of a publication, an extra field of our timestamp and region roles."""
_NOBODY_SIGNED = "nobody has signed anew since, or an old state is shown, or our clock is wrong"
_OFFLINE = dt.datetime.min.replace(tzinfo=dt.UTC)


class Chain:
    """Metadata proved so far, in the order root, timestamp, snapshot, targets, regions.

    `at`: the time to judge expiry by, seconds since 1970. None: offline. Then expiry is not judged, as if it were just
    before the earliest: what was taken in once stays proved, and its age is judged elsewhere, from signed times.
    """

    def __init__(self, pinned_root: bytes, at: int | None) -> None:
        with _refusing("the pinned root"):
            self._set = TrustedMetadataSet(pinned_root, EnvelopeType.METADATA)
        self._root = pinned_root
        self._offline = at is None
        self._at = 0
        self._judge_at(0 if at is None else at)

    @property
    def at(self) -> int:
        """The time that expiry and signed times are judged by."""
        return self._at

    @property
    def root(self) -> bytes:
        """The newest root proved, as it came."""
        return self._root

    @property
    def root_version(self) -> int:
        """Version of the newest root proved."""
        return self._set.root.version

    @property
    def timestamp(self) -> Timestamp:
        """The timestamp in force."""
        return self._set.timestamp

    @property
    def targets(self) -> Targets:
        """The top targets role, which admits regions."""
        return self._set.targets

    @property
    def snapshot_wanted(self) -> MetaFile:
        """What the timestamp says of the snapshot."""
        return self._set.timestamp.snapshot_meta

    def wanted(self, role: str) -> MetaFile:
        """Return what the snapshot says of a role's metadata. Raises UpdateError: nothing."""
        found = self._set.snapshot.meta.get(f"{role}.json")
        if found is None:
            raise UpdateError(UpdateCause.MIX_AND_MATCH, f"the snapshot does not name {role}.json")
        return found

    def take_root(self, content: bytes) -> None:
        """Take the next root: signed by this one and by itself (5.3.4), one version on (5.3.5). Raises UpdateError."""
        version = self.root_version + 1
        what = f"{version}.root.json"
        try:
            with _refusing(what):
                self._set.update_root(content)
        except UpdateError as error:
            if error.cause is not UpdateCause.TOO_FEW_SIGNATURES:
                raise
            raise UpdateError(
                UpdateCause.OTHER_AUTHORITY,
                f"{error}. It does not follow from root {version - 1}, which is trusted here: it is forged, or the "
                "repository is another authority's",
            ) from None
        self._root = content

    def hold_timestamp(self, content: bytes) -> None:
        """Take our own timestamp, verified when it came, to compare a newer one with. Raises UpdateError.

        One that has expired is held all the same; so is one dated ahead of our clock.
        """
        try:
            with _refusing("timestamp.json", self._at):
                self._set.update_timestamp(content)
        except UpdateError as error:
            if error.cause is not UpdateCause.EXPIRED or Timestamp.type not in {role.type for role in self._set}:
                raise

    def take_timestamp(self, content: bytes, *, believe: bool = False) -> bool:
        """Take a timestamp: signed (5.4.2), not older than the one held (5.4.3), not expired (5.4.4).

        Return whether it is newer: of two with one version the one held stays. `believe`: our clock is not sure, so the
        timestamp's signed time is the time to judge by where it is later. Raises UpdateError.
        """
        self._check_root_expiry()
        newer = True
        try:
            with _refusing("timestamp.json", self._at):
                self._set.update_timestamp(content)
        except EqualVersionNumberError:
            newer = False
        except UpdateError as error:
            if error.cause is UpdateCause.EXPIRED:
                raise _expired("timestamp.json", expiry(self._set.timestamp), self._at) from None
            raise
        if self._offline:
            return newer
        signed_at = published_at(self._set.timestamp, "timestamp.json")
        if signed_at > self._at + AHEAD_S:
            if not believe:
                words = f"timestamp.json was signed at {utc(signed_at)}, but our clock says {utc(self._at)}"
                raise UpdateError(UpdateCause.FUTURE_DATED, f"{words}: one of the two is wrong; check ours first")
            self._judge_at(signed_at)
            self._check_root_expiry()
        if self._set.timestamp.is_expired(self._set.reference_time):
            raise _expired("timestamp.json", expiry(self._set.timestamp), self._at)
        return newer

    def take_snapshot(self, content: bytes, *, held: bool = False) -> None:
        """Take a snapshot: the one the timestamp names (5.5.2, 5.5.4), signed (5.5.3), not expired (5.5.6).

        No role in it may be older than in the one held, or have gone (5.5.5). `held`: it is our own, verified when it
        came; of another version it stays for comparison, and this raises. Raises UpdateError.
        """
        other = version_of(content) != self.snapshot_wanted.version
        if_older = UpdateCause.MIX_AND_MATCH if other else UpdateCause.ROLLBACK
        with _refusing("snapshot.json", self._at, if_older=if_older):
            self._set.update_snapshot(content, trusted=held)

    def take_targets(self, content: bytes) -> None:
        """Take the top targets role: the one the snapshot names (5.6.2, 5.6.4), signed (5.6.3), not expired (5.6.5)."""
        self.wanted(Targets.type)
        with _refusing("targets.json", self._at, if_older=UpdateCause.MIX_AND_MATCH):
            self._set.update_targets(content)

    def take_region(self, content: bytes, issuer: str) -> Targets:
        """Take a region's role: as `take_targets`, signed by the keys that the top targets role has for it (5.6.7)."""
        self.wanted(issuer)
        with _refusing(f"{issuer}.json", self._at, if_older=UpdateCause.MIX_AND_MATCH):
            return self._set.update_delegated_targets(content, issuer, Targets.type)

    def take_region_held_back(self, content: bytes, issuer: str) -> Targets:
        """Prove a region's earlier role, kept because the one the snapshot names was refused.

        It must be signed by the keys that this region has today: a key that was taken back proves nothing.
        """
        what = f"{issuer}.json"
        with _refusing(what):
            metadata: Metadata[Targets] = Metadata.from_bytes(content)
            if not isinstance(metadata.signed, Targets):
                raise UpdateError(UpdateCause.NO_METADATA, f"{what} is no targets role")
            self.targets.verify_delegate(issuer, metadata.signed_bytes, metadata.signatures)
        if metadata.signed.version > self.wanted(issuer).version:
            raise UpdateError(UpdateCause.MIX_AND_MATCH, f"{what} is newer than the snapshot beside it")
        return metadata.signed

    def _check_root_expiry(self) -> None:
        """Judge the newest root (5.3.10); a signed time may have moved the time since."""
        if self._set.root.is_expired(self._set.reference_time):
            raise _expired("the root", expiry(self._set.root), self._at)

    def _judge_at(self, at: int) -> None:
        self._at = at
        self._set.reference_time = _OFFLINE if self._offline else dt.datetime.fromtimestamp(at, dt.UTC)


def published_at(role: Signed, what: str) -> int:
    """Return the signed time of a timestamp or region role, seconds since 1970. Raises UpdateError without one."""
    value = role.unrecognized_fields.get(PUBLISHED_AT)
    if not is_whole_second(value):
        raise UpdateError(UpdateCause.BAD_CONTENT, f"{what} has no {PUBLISHED_AT} in seconds")
    return value


def expiry(role: Signed) -> int:
    """Return when a role's metadata expire, seconds since 1970."""
    return int(role.expires.timestamp())


def version_of(content: bytes) -> int:
    """Return the version unproved metadata claim, 0 where they are none; for choosing what to try."""
    try:
        version = json.loads(content)["signed"]["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0
    return version if type(version) is int else 0


def root_in(content: bytes) -> Root:
    """Return a root that is signed by itself. Raises UpdateError."""
    with _refusing("the root"):
        return TrustedMetadataSet(content, EnvelopeType.METADATA).root


@contextmanager
def _refusing(what: str, at: int = 0, *, if_older: UpdateCause = UpdateCause.ROLLBACK) -> Iterator[None]:
    """Say python-tuf's refusals in words. EqualVersionNumberError goes through: it is none."""
    try:
        yield
    except EqualVersionNumberError:
        raise
    except ExpiredMetadataError as error:
        raise UpdateError(UpdateCause.EXPIRED, f"{error}, and it is {utc(at)}: {_NOBODY_SIGNED}") from None
    except UnsignedMetadataError as error:
        raise UpdateError(UpdateCause.TOO_FEW_SIGNATURES, f"{what} has too few valid signatures: {error}") from None
    except BadVersionNumberError as error:
        fault = "is older than what was known before"
        if if_older is UpdateCause.MIX_AND_MATCH:
            fault = "is not of the publication that the metadata above it name"
        raise UpdateError(if_older, f"{what} {fault}: {error}") from None
    except LengthOrHashMismatchError as error:
        words = f"{what} is not the file that the metadata above it name: {error}"
        raise UpdateError(UpdateCause.MIX_AND_MATCH, words) from None
    except DeserializationError:
        words = f"{what} is no TUF metadata; perhaps an error page, or half a file"
        raise UpdateError(UpdateCause.NO_METADATA, words) from None
    except RepositoryError as error:
        raise UpdateError(UpdateCause.MIX_AND_MATCH, f"{what}: {error}") from None


def _expired(what: str, expired_at: int, at: int) -> UpdateError:
    words = f"{what} expired at {utc(expired_at)}, and it is {utc(at)}: {_NOBODY_SIGNED}"
    return UpdateError(UpdateCause.EXPIRED, words)


def utc(seconds: int) -> str:
    """Return a time, seconds since 1970, for people."""
    return dt.datetime.fromtimestamp(min(seconds, LAST_SECOND), dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
