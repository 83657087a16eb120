"""A TUF repository as an authority publishes it, or as somebody who means harm would: built on python-tuf alone.

Nothing of `authority` is used, so that reader and writer do not share a mistake. Every key is real. A test copies a
repository that a module built once (`Repository.copy`), changes it with the keys at hand, and lets an appliance update.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from keys import cose
from keys.issuer import list_uri
from keys.key_id import key_id
from keys.status_delta import DeltaBundle, ListChange, diff, write_delta
from keys.status_list import OWN_ENTRIES, write_status_list
from keys.trust_list import TrustedKey, Use, write_jwks

NOW = 1_796_000_000
"""2026-11-29, a little after the software's build date."""
HOUR, DAY = 3600, 86_400
HOME, OTHER = "CN-33", "CN-44"
EMPTY = bytes(OWN_ENTRIES // 2)

Alter = Callable[[Signed], None]
"""Changes metadata just before they are signed."""


def unaltered(signed: Signed) -> None:
    """Change nothing."""


@cache
def signer(name: str) -> CryptoSigner:
    """Return the TUF key of a name, the same throughout a run: making keys is no part of any test."""
    return CryptoSigner.generate_ed25519()


@cache
def issuer_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def trusted(key: ec.EllipticCurvePrivateKey, use: Use, issuer: str, **changes: object) -> TrustedKey:
    public = key.public_key()
    whole = TrustedKey(
        issuer=issuer,
        kid=key_id(public),
        public_key=public,
        alg=cose.algorithm_of(public),
        uses=frozenset((use,)),
        nbf=NOW - 365 * DAY,
        exp=NOW + 800 * DAY,
    )
    return replace(whole, **changes)


def patterns(issuer: str) -> list[str]:
    return [f"trust/{issuer}.jwks.json", f"policy/{issuer}.toml", f"status/{issuer}/*.cwt", f"status/{issuer}/*.delta"]


def with_values(packed: bytes, values: Mapping[int, int]) -> bytes:
    """Return an array of ours with some entries changed."""
    array = bytearray(packed)
    for index, value in values.items():
        shift = index % 2 * 4
        array[index // 2] = array[index // 2] & ~(0xF << shift) & 0xFF | value << shift
    return bytes(array)


@dataclass
class Region:
    """What one region has published last, and with which keys."""

    issuer: str
    arrays: dict[int, bytes] = field(default_factory=dict)
    """Packed entries by list number."""
    published_at: int = 0
    version: int = 0
    targets: dict[str, bytes] = field(default_factory=dict)
    bundles: dict[str, bytes] = field(default_factory=dict)
    status_key: str = "status"
    trusted: list[TrustedKey] = field(default_factory=list)

    def copy(self) -> Region:
        """The same, to be changed."""
        return replace(
            self,
            arrays=dict(self.arrays),
            targets=dict(self.targets),
            bundles=dict(self.bundles),
            trusted=list(self.trusted),
        )

    def key(self, use: str) -> ec.EllipticCurvePrivateKey:
        return issuer_key(f"{self.issuer} {use}")

    def __post_init__(self) -> None:
        if not self.trusted:
            self.trusted = [
                trusted(self.key("code"), Use.CODE, self.issuer),
                trusted(self.key("status"), Use.STATUS, self.issuer),
            ]

    def list_bytes(self, number: int, at: int) -> bytes:
        return write_status_list(
            self.key(self.status_key),
            uri=list_uri(self.issuer, number),
            packed=self.arrays[number],
            iat=at,
            exp=at + 7 * DAY,
            ttl=HOUR,
        )

    def bundle(self, before: Mapping[int, bytes], base: int, at: int) -> bytes:
        changes = tuple(
            ListChange(
                list_uri(self.issuer, number),
                base,
                sha256(array).digest(),
                at,
                at + 7 * DAY,
                HOUR,
                sha256(self.arrays[number]).digest(),
                diff(array, self.arrays[number]),
            )
            for number, array in before.items()
            if number in self.arrays
        )
        return write_delta(self.key(self.status_key), DeltaBundle(self.issuer, changes))


@dataclass
class Repository:
    """A repository in a folder. `root_names`, `role_names`: which keys sign (names of `signer`)."""

    folder: Path
    regions: dict[str, Region]
    root_version: int = 0
    root_names: list[str] = field(default_factory=lambda: ["root 1", "root 2", "root 3"])
    role_names: dict[str, str] = field(
        default_factory=lambda: {role: role for role in ("targets", "snapshot", "timestamp")}
    )
    region_names: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    @classmethod
    def create(
        cls, folder: Path, issuers: tuple[str, ...] = (HOME, OTHER), *, at: int = NOW, lists: int = 2
    ) -> Repository:
        """Make a repository and publish everything once: `lists` green lists for the first region, one for others."""
        home = issuers[0]
        numbers = {issuer: range(1, lists + 1) if issuer == home else range(1, 2) for issuer in issuers}
        repository = cls(folder, {issuer: Region(issuer, dict.fromkeys(numbers[issuer], EMPTY)) for issuer in issuers})
        repository.region_names = {issuer: issuer for issuer in issuers}
        for path in ("metadata", "targets"):
            (folder / path).mkdir(parents=True)
        repository.write_root(at)
        repository.write_targets(at)
        for issuer in issuers:
            repository.publish(issuer, at)
        repository.release(at)
        return repository

    def copy(self, folder: Path) -> Repository:
        """Return the same in another folder, to be changed."""
        shutil.copytree(self.folder, folder, copy_function=shutil.copy)
        return replace(
            self,
            folder=folder,
            regions={issuer: region.copy() for issuer, region in self.regions.items()},
            root_names=list(self.root_names),
            role_names=dict(self.role_names),
            region_names=dict(self.region_names),
            versions=dict(self.versions),
        )

    def root_digest(self, version: int = 1) -> bytes:
        return sha256((self.folder / "metadata" / f"{version}.root.json").read_bytes()).digest()

    def write_root(self, at: int, *, signed_by: list[str] | None = None, alter: Alter = unaltered) -> None:
        """Write the next root, signed by the present root keys (2 of 3 suffice) or by `signed_by`."""
        self.root_version += 1
        root = Root(version=self.root_version, expires=_date(at + 365 * DAY), consistent_snapshot=True)
        for name in self.root_names:
            root.add_key(signer(name).public_key, "root")
        root.roles["root"].threshold = 2
        for role, name in self.role_names.items():
            root.add_key(signer(name).public_key, role)
        alter(root)
        self._write(f"{self.root_version}.root.json", root, signed_by or self.root_names[:2])

    def write_targets(self, at: int, *, alter: Alter = unaltered) -> None:
        """Write the next top targets role, which admits every region."""
        roles = {
            issuer: DelegatedRole(issuer, [signer(name).public_key.keyid], 1, True, paths=patterns(issuer))
            for issuer, name in self.region_names.items()
        }
        keys = {signer(name).public_key.keyid: signer(name).public_key for name in self.region_names.values()}
        targets = Targets(self._next("targets"), expires=_date(at + 90 * DAY), delegations=Delegations(keys, roles))
        alter(targets)
        self._write(f"{targets.version}.targets.json", targets, [self.role_names["targets"]])

    def change(self, issuer: str, values: Mapping[int, Mapping[int, int]]) -> None:
        """Change entries by list and index; `publish` makes it public."""
        region = self.regions[issuer]
        for number, entries in values.items():
            region.arrays[number] = with_values(region.arrays.get(number, EMPTY), entries)

    def publish(
        self,
        issuer: str,
        at: int,
        values: Mapping[int, Mapping[int, int]] | None = None,
        *,
        extra: Mapping[str, bytes] | None = None,
        without: tuple[str, ...] = (),
        bundles: bool = True,
        alter: Alter = unaltered,
        signed_by: str | None = None,
    ) -> None:
        """Publish a region as of `at`, after changing `values`; `extra` targets come on top, `without` some."""
        region = self.regions[issuer]
        before = dict(region.arrays)
        self.change(issuer, values or {})
        if bundles and region.published_at:
            path = f"status/{issuer}/{region.published_at}-{at}.delta"
            region.bundles[path] = region.bundle(before, region.published_at, at)
        targets = {
            f"trust/{issuer}.jwks.json": write_jwks(region.trusted),
            f"policy/{issuer}.toml": f'issuer = "{issuer}"\nversion = "{at}"\n'.encode(),
            **{f"status/{issuer}/{number}.cwt": region.list_bytes(number, at) for number in region.arrays},
            **region.bundles,
            **(extra or {}),
        }
        region.targets = {path: content for path, content in targets.items() if path not in without}
        region.published_at = at
        self.write_region(issuer, at, alter=alter, signed_by=signed_by)

    def write_region(self, issuer: str, at: int, *, alter: Alter = unaltered, signed_by: str | None = None) -> None:
        """Write the next role of a region over the targets it has."""
        region = self.regions[issuer]
        for path, content in region.targets.items():
            self.write_target(path, content)
        region.version = self._next(issuer)
        role = Targets(
            region.version,
            expires=_date(at + 90 * DAY),
            targets={path: TargetFile.from_data(path, content, ["sha256"]) for path, content in region.targets.items()},
            unrecognized_fields={"published_at": at},
        )
        alter(role)
        self._write(f"{region.version}.{issuer}.json", role, [signed_by or self.region_names[issuer]])

    def write_target(self, path: str, content: bytes) -> Path:
        """Write a target where its hash says; a file that is there already stays."""
        file = self.stored(path, content)
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_bytes(content)
        return file

    def stored(self, path: str, content: bytes | None = None) -> Path:
        """Where the repository keeps a target, the one published last unless `content` is given."""
        folder, _, name = path.rpartition("/")
        issuer = folder.partition("/")[2] or name.partition(".")[0]
        content = self.regions[issuer].targets[path] if content is None else content
        return self.folder / "targets" / folder / f"{sha256(content).hexdigest()}.{name}"

    def release(
        self,
        at: int,
        *,
        roles: Mapping[str, int] | None = None,
        alter: Alter = unaltered,
        alter_snapshot: Alter = unaltered,
    ) -> None:
        """Sign snapshot and timestamp over every role's newest version, or over `roles`."""
        versions = {"targets": self.versions["targets"]}
        versions |= {issuer: self.versions[issuer] for issuer in self.regions if issuer in self.versions}
        versions |= roles or {}
        snapshot = Snapshot(
            self._next("snapshot"),
            expires=_date(at + 14 * DAY),
            meta={f"{role}.json": MetaFile(version) for role, version in versions.items()},
        )
        alter_snapshot(snapshot)
        self._write(f"{snapshot.version}.snapshot.json", snapshot, [self.role_names["snapshot"]])
        timestamp = Timestamp(
            self._next("timestamp"),
            expires=_date(at + 14 * DAY),
            snapshot_meta=MetaFile(snapshot.version),
            unrecognized_fields={"published_at": at},
        )
        alter(timestamp)
        self._write("timestamp.json", timestamp, [self.role_names["timestamp"]])

    def _next(self, role: str) -> int:
        self.versions[role] = self.versions.get(role, 0) + 1
        return self.versions[role]

    def _write(self, name: str, signed: Signed, names: list[str]) -> None:
        metadata = Metadata(signed)
        for each in names:
            metadata.sign(signer(each), append=True)
        (self.folder / "metadata" / name).write_bytes(metadata.to_bytes(JSONSerializer(compact=True)))


def _date(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
