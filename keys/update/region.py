"""What a region may publish: its delegation in the top targets role, and the targets of its own role.

A region's role has the issuer's name, is terminating, and is trusted with exactly its own path patterns. It is looked
up by that name and never searched for by path, so that no pattern of a neighbour (`CN-3*`, `US*`) can speak for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import DelegatedRole, TargetFile, Targets

from keys import jwk
from keys.errors import TrustError, UpdateCause, UpdateError
from keys.issuer import list_uri
from keys.status_anchor import Anchor, Name
from keys.status_token import MAX_FILE_BYTES
from keys.trust_list import TrustedKey, read_jwks
from keys.update.chain import published_at
from keys.update.foreign_held import MAX_FILES, MAX_TOGETHER, folder_of, most_bytes

MAX_TARGET_BYTES = 8 << 20
MAX_POLICY_BYTES = 256 << 10
MAX_LISTS = 512
MAX_BUNDLES = 512
"""48 hourly ones and 7 daily ones are usual."""
MAX_LIST_BYTES_TOGETHER = 64 << 20
"""Of the lists of one region, as published. A country of 50 million codes has 2 MB."""
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_SPAN = re.compile(r"(0|[1-9][0-9]{0,11})-(0|[1-9][0-9]{0,11})\.delta")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,5})")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle of changes a region publishes. Times are `published_at` of the two publications, seconds."""

    path: str
    base: int
    to: int
    length: int
    """Bytes, as signed."""


@dataclass(frozen=True, slots=True)
class SignedFiles:
    """What a delegated role names, and how each file is held against it."""

    issuer: str
    """The role's name; of a region, its issuer."""
    version: int
    published_at: int
    """Signed time, seconds since 1970."""
    targets: Mapping[str, TargetFile]

    def digest(self, path: str) -> str:
        """Return the SHA-256 of a target, hexadecimal."""
        return self.targets[path].hashes["sha256"]

    def stored_at(self, path: str) -> str:
        """Return where a repository with consistent snapshots keeps a target."""
        folder, _, name = path.rpartition("/")
        return f"targets/{folder}/{self.digest(path)}.{name}"

    def limit(self, path: str) -> int:
        """Return the most bytes a target may have: as many as were signed."""
        return self.targets[path].length

    def check(self, path: str, content: bytes) -> None:
        """Hold a target against its signed length and hash (5.7.3). Raises UpdateError."""
        try:
            self.targets[path].verify_length_and_hashes(content)
        except LengthOrHashMismatchError as error:
            words = f"{path} is not the file that {self.issuer} signed for, it is damaged or exchanged: {error}"
            raise UpdateError(UpdateCause.WRONG_CONTENT, words) from None


@dataclass(frozen=True, slots=True)
class Publication(SignedFiles):
    """What a region's role says, checked: nothing of it lies outside the region's own paths."""

    keys: str
    """Path of the trust list."""
    policy: str | None
    foreign: tuple[str, ...]
    """Paths of other issuers' trust: their keys, lists and rule sets."""
    lists: tuple[str, ...]
    own_uris: Mapping[str, str]
    """Uri by path, for those of `lists` that are named by a number: our own. Anybody else's have other names."""
    bundles: tuple[Bundle, ...]

    @property
    def documents(self) -> tuple[str, ...]:
        """Paths of everything that can vouch for lists of this publication."""
        return (*self.lists, *(bundle.path for bundle in self.bundles if bundle.to == self.published_at))

    def read_keys(self, content: bytes) -> tuple[TrustedKey, ...]:
        """Read the region's trust list. Raises UpdateError: faulty, or with a key of another issuer."""
        try:
            keys = read_jwks(content, source=self.keys)
        except TrustError as error:
            raise UpdateError(UpdateCause.BAD_CONTENT, str(error)) from None
        for key in keys:
            if key.issuer != self.issuer:
                words = f"{self.keys} holds a key of {key.issuer}; a region publishes its own keys only"
                raise UpdateError(UpdateCause.NOT_ITS_OWN, words)
        return keys

    def placed(self, document: str, anchors: Iterable[Anchor], seen: Mapping[Name, int]) -> dict[str, Anchor]:
        """Hold what a status document says against whose it is, where it lies and when it was published.

        Return it by the path of each list that is published; a bundle may name others. `seen` holds for each list
        the newest `iat` the log knows. Raises UpdateError.
        """
        paths = {uri: path for path, uri in self.own_uris.items()}
        placed: dict[str, Anchor] = {}
        for anchor in anchors:
            if anchor.issuer != self.issuer:
                words = f"{document} is of {anchor.issuer}; a region publishes its own lists only"
                raise UpdateError(UpdateCause.NOT_ITS_OWN, words)
            path = paths.get(anchor.uri) if anchor.own else document
            if document.endswith(".cwt") and (path != document or anchor.own != (document in self.own_uris)):
                words = f"{document} is list {anchor.uri} and does not belong there"
                raise UpdateError(UpdateCause.NOT_ITS_OWN, words)
            if anchor.iat < seen.get(anchor.name, 0):
                words = f"list {anchor.uri} of {anchor.iat} is older than {seen[anchor.name]}, which was seen before"
                raise UpdateError(UpdateCause.ROLLBACK, f"{document}: {words}: refused as a rollback")
            if anchor.own and anchor.iat != self.published_at:
                words = f"{document}: list {anchor.uri} is of {anchor.iat}, its publication of {self.published_at}"
                raise UpdateError(UpdateCause.MIX_AND_MATCH, words)
            if path is not None:
                placed[path] = anchor
        return placed


def patterns(issuer: str) -> frozenset[str]:
    """Return the path patterns that a region, or the fleet, is trusted with: these and no others."""
    return _own_patterns(issuer) | (frozenset() if issuer == "fleet" else {f"{folder_of(issuer)}/*"})


def _own_patterns(issuer: str) -> frozenset[str]:
    """Return the patterns without the one for other issuers' trust, which earlier delegations lack."""
    if issuer == "fleet":
        return frozenset(("fleet/*.toml",))
    return frozenset(
        (f"trust/{issuer}.jwks.json", f"policy/{issuer}.toml", f"status/{issuer}/*.cwt", f"status/{issuer}/*.delta")
    )


def is_delegated(targets: Targets, name: str) -> bool:
    """Whether the top targets role delegates anything to a role of this name."""
    roles = targets.delegations.roles if targets.delegations is not None else None
    return name in (roles or {})


def check_admitted(targets: Targets, issuer: str) -> bool:
    """Check that the top targets role admits `issuer` as a region, with its own paths and no others.

    Return whether it may publish other issuers' trust as well. Raises UpdateError.
    """
    roles = (targets.delegations.roles if targets.delegations is not None else None) or {}
    role = roles.get(issuer)
    if role is None:
        admitted = ", ".join(sorted(roles)[:20]) or "nobody"
        raise UpdateError(
            UpdateCause.NOT_ADMITTED,
            f"{issuer} is carried here, but this repository does not admit it (it admits {admitted}); "
            "its codes stay unknown until it does",
        )
    if not isinstance(role, DelegatedRole) or not role.terminating or role.path_hash_prefixes is not None:
        raise UpdateError(UpdateCause.NOT_ITS_OWN, f"the delegation to {issuer} is not terminating, or not by paths")
    paths = role.paths or []
    whole = frozenset(paths) == patterns(issuer)
    if len(set(paths)) != len(paths) or not (whole or frozenset(paths) == _own_patterns(issuer)):
        strange = ", ".join(_short(path) for path in sorted(frozenset(paths) - patterns(issuer))) or "too few"
        raise UpdateError(
            UpdateCause.NOT_ITS_OWN,
            f"the delegation to {issuer} has other paths than a region's own ({strange}): not believed",
        )
    return whole


def read_publication(role: Targets, issuer: str, *, foreign: bool = True) -> Publication:
    """Read a proved region role; `foreign`: whether its delegation has the paths of other issuers' trust.

    Raises UpdateError: a target outside its paths, or too much of anything.
    """
    what = f"{issuer}.json"
    if role.delegations is not None:
        raise UpdateError(UpdateCause.NOT_ITS_OWN, f"{what} hands its paths on to others, which a region may not")
    keys, policy = f"trust/{issuer}.jwks.json", f"policy/{issuer}.toml"
    lists: list[str] = []
    others: list[str] = []
    bundles: list[Bundle] = []
    for path, target in role.targets.items():
        most = _most(path, issuer)
        if most is None or (path.startswith(folder_of(issuer) + "/") and not foreign):
            words = f"{what} publishes {_short(path)}, which lies outside the paths of {issuer}"
            raise UpdateError(UpdateCause.NOT_ITS_OWN, words)
        if target.hashes.keys() != {"sha256"} or not _DIGEST.fullmatch(target.hashes["sha256"]):
            # It becomes a part of the name by which a source is asked.
            raise UpdateError(UpdateCause.BAD_CONTENT, f"{what} does not name {path} by a SHA-256, and that alone")
        if target.length > most:
            words = f"{what} announces {path} with {target.length} bytes, and {most} are the most"
            raise UpdateError(UpdateCause.ENDLESS_DATA, words)
        if path.startswith(folder_of(issuer) + "/"):
            others.append(path)
        elif path.endswith(".cwt"):
            lists.append(path)
        elif span := _SPAN.fullmatch(path.rpartition("/")[2]):
            bundles.append(Bundle(path, int(span[1]), int(span[2]), target.length))
    if keys not in role.targets:
        raise UpdateError(UpdateCause.BAD_CONTENT, f"{what} publishes no {keys}")
    together = sum(role.targets[path].length for path in lists)
    if len(lists) > MAX_LISTS or len(bundles) > MAX_BUNDLES or together > MAX_LIST_BYTES_TOGETHER:
        words = f"{what} announces {len(lists)} lists of {together} bytes together, and {len(bundles)} bundles"
        most_words = f"{MAX_LISTS} lists of {MAX_LIST_BYTES_TOGETHER} bytes, and {MAX_BUNDLES} bundles, are the most"
        raise UpdateError(UpdateCause.ENDLESS_DATA, f"{words}; {most_words}")
    together = sum(role.targets[path].length for path in others)
    if len(others) > MAX_FILES or together > MAX_TOGETHER:
        words = f"{what} announces {len(others)} files of other issuers' trust, of {together} bytes together"
        raise UpdateError(UpdateCause.ENDLESS_DATA, f"{words}; {MAX_FILES} and {MAX_TOGETHER} are the most")
    return Publication(
        issuer=issuer,
        version=role.version,
        published_at=published_at(role, what),
        targets=role.targets,
        keys=keys,
        policy=policy if policy in role.targets else None,
        foreign=tuple(sorted(others)),
        lists=tuple(sorted(lists)),
        own_uris={path: uri for path in lists if (uri := _own_uri(path, issuer)) is not None},
        bundles=tuple(bundles),
    )


def _own_uri(path: str, issuer: str) -> str | None:
    name = path.rpartition("/")[2].removesuffix(".cwt")
    return list_uri(issuer, int(name)) if _NUMBER.fullmatch(name) else None


def _most(path: str, issuer: str) -> int | None:
    """Return the most bytes of a target of a region, None for one that is not a region's own."""
    if path == f"trust/{issuer}.jwks.json":
        return jwk.MAX_BYTES
    if path == f"policy/{issuer}.toml":
        return MAX_POLICY_BYTES
    folder, _, name = path.rpartition("/")
    if _NAME.fullmatch(name) is None:
        return None
    if folder == folder_of(issuer):
        return most_bytes(name)
    if folder != f"status/{issuer}":
        return None
    if name.endswith(".cwt"):
        return MAX_FILE_BYTES
    return MAX_TARGET_BYTES if name.endswith(".delta") else None


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
