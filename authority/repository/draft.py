"""Metadata on its way to enough signatures: root or targets, carried from machine to machine and signed on each.

A draft is one JSON file: the metadata with the signatures it has so far, every root before it, and for targets the
version before. Whoever signs proves that chain first, and is told in words what would change
(`authority.repository.words`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, Root, Targets

from authority.errors import RepositoryError
from authority.repository import metadata
from authority.repository.layout import LIFETIME, LIMIT, TopRole, is_delegate, metadata_name
from authority.repository.proof import prove_roots
from authority.repository.role_keys import RoleKey
from keys.errors import UpdateError
from keys.update.region import check_admitted

_KIND: Final = "checkpoint repository draft"
_FIELDS: Final = frozenset(("kind", "role", "content", "roots", "before"))
_SLACK: Final = 86_400
"""Seconds that another machine's clock may be ahead."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one root asks of the draft."""

    root_version: int
    threshold: int
    signed: tuple[RoleKey, ...]
    unsigned: tuple[RoleKey, ...]

    @property
    def missing(self) -> int:
        """How many signatures are still to come."""
        return max(0, self.threshold - len(self.signed))


@dataclass(frozen=True, slots=True)
class Draft:
    """A root or targets metadata that may still lack signatures."""

    role: TopRole
    """ROOT or TARGETS."""
    content: bytes
    """The metadata file as it is so far."""
    roots: tuple[bytes, ...]
    """Every root before it, the first one first; none before the first root."""
    before: bytes | None
    """The version of the targets before it; None for a root and for the first targets."""

    # --- what it says

    def root(self) -> Metadata[Root]:
        """Return the root that is drafted. Raises RepositoryError."""
        return metadata.read(Root, self.content, "The draft")

    def targets(self) -> Metadata[Targets]:
        """Return the targets that are drafted. Raises RepositoryError."""
        return metadata.read(Targets, self.content, "The draft")

    def root_before(self) -> Root | None:
        """Return the newest root there is, proved; None before the first. Raises RepositoryError."""
        return prove_roots(self.roots) if self.roots else None

    def targets_before(self) -> Targets | None:
        """Return the targets before these. Raises RepositoryError."""
        return None if self.before is None else metadata.read(Targets, self.before, "The draft's last targets").signed

    @property
    def version(self) -> int:
        """The version that is drafted."""
        return self._file().signed.version

    @property
    def name(self) -> str:
        """The metadata file's name in the repository."""
        return metadata_name(self.role, self.version)

    def needs(self) -> tuple[Need, ...]:
        """Return whose signatures count, and which are there: for a root, those of the one before it and its own."""
        newest = self.root_before()
        asking = [newest] if newest is not None else []
        if self.role is TopRole.ROOT:
            asking.append(self.root().signed)
        file = self._file()
        payload = metadata.signed_bytes(file)
        needs = []
        for root in asking:
            result = root.get_verification_result(self.role, payload, file.signatures)
            signed, unsigned = (
                tuple(RoleKey.of_tuf(key) for key in keys.values()) for keys in (result.signed, result.unsigned)
            )
            needs.append(Need(root.version, result.threshold, signed, unsigned))
        return tuple(needs)

    @property
    def complete(self) -> bool:
        """Whether it has every signature it needs."""
        return all(need.missing == 0 for need in self.needs())

    def awaits(self, key_id: str) -> bool:
        """Whether a key's signature counts and is not there yet."""
        return any(key.key_id == key_id for need in self.needs() for key in need.unsigned)

    def payload(self) -> bytes:
        """Return what is signed."""
        return metadata.signed_bytes(self._file())

    # --- making

    def signed_by(self, signers: Iterable[Signer]) -> Draft:
        """Return the draft with more signatures."""
        file = self._file()
        for signer in signers:
            file.sign(signer, append=True)
        return replace(self, content=file.to_bytes())

    def merged(self, other: Draft) -> Draft:
        """Return the draft with the signatures of a copy of it too. Raises RepositoryError: another draft."""
        mine, theirs = self._file(), other._file()
        if (other.role, other.roots) != (self.role, self.roots) or (
            metadata.signed_bytes(mine) != metadata.signed_bytes(theirs)
        ):
            raise RepositoryError("The drafts say different things; take copies of one draft.")
        mine.signatures.update({each: sig for each, sig in theirs.signatures.items() if each not in mine.signatures})
        return replace(self, content=mine.to_bytes())

    # --- judging

    def check(self, now: int) -> None:
        """Raise RepositoryError unless the draft is one that this product makes, and follows what came before it."""
        newest = self.root_before()
        if self.role is TopRole.ROOT:
            _check_root(self.root().signed, 1 if newest is None else newest.version + 1, now)
            return
        if newest is None:
            raise RepositoryError("The draft is of targets, and there is no root yet that says who may sign them.")
        before = self.targets_before()
        _check_targets(self.targets().signed, before, now)

    def _file(self) -> Metadata[Root] | Metadata[Targets]:
        return self.root() if self.role is TopRole.ROOT else self.targets()

    # --- carrying

    def to_file(self) -> bytes:
        """Return the draft as it is carried."""
        fields = {
            "kind": _KIND,
            "role": str(self.role),
            "content": self.content.decode(),
            "roots": [root.decode() for root in self.roots],
            "before": None if self.before is None else self.before.decode(),
        }
        return json.dumps(fields, indent=1).encode() + b"\n"

    @classmethod
    def from_file(cls, content: bytes, source: str) -> Draft:
        """Read a carried draft. Raises RepositoryError."""
        try:
            fields = json.loads(content)
            if set(fields) != _FIELDS or fields["kind"] != _KIND:
                raise ValueError("other fields")
            role = TopRole(fields["role"])
            texts = [fields["content"], *fields["roots"], *([] if fields["before"] is None else [fields["before"]])]
            if role not in LIMIT or not all(isinstance(text, str) and len(text) <= LIMIT[role] for text in texts):
                raise ValueError("other values")
            return cls(
                role,
                fields["content"].encode(),
                tuple(root.encode() for root in fields["roots"]),
                None if fields["before"] is None else fields["before"].encode(),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise RepositoryError(f"{source} is no draft of a repository's metadata.") from None


def _check_root(root: Root, version: int, now: int) -> None:
    _check_version(root.version, version)
    _check_expiry(metadata.seconds(root.expires), now, LIFETIME[TopRole.ROOT])
    if root.consistent_snapshot is not True:
        raise RepositoryError("The drafted root is not for consistent snapshots.")
    named = set()
    for role in TopRole:
        asked = root.roles[role]
        named.update(asked.keyids)
        if asked.threshold > len(asked.keyids):
            raise RepositoryError(f"The drafted root asks {role} for more signatures than it has keys.")
    if named != set(root.keys):
        raise RepositoryError("The drafted root does not hold exactly the keys that its roles name.")
    for key in root.keys.values():
        RoleKey.of_tuf(key)


def _check_targets(targets: Targets, before: Targets | None, now: int) -> None:
    _check_version(targets.version, 1 if before is None else before.version + 1)
    _check_expiry(metadata.seconds(targets.expires), now, LIFETIME[TopRole.TARGETS])
    if targets.targets:
        raise RepositoryError("The drafted targets name files of their own, which only regions may.")
    delegations = targets.delegations
    if delegations is None or delegations.roles is None:
        raise RepositoryError("The drafted targets do not say which regions there are.")
    named = set()
    for name, role in delegations.roles.items():
        named.update(role.keyids)
        old_ones = frozenset(role.keyids[1:])
        if not is_delegate(name) or role.threshold != 1 or not role.keyids or len(old_ones) > 1:
            raise RepositoryError(f"The drafted delegation to {name!r} is not to a region with its key.")
        if not old_ones <= _keys_before(before, name):
            raise RepositoryError(
                f"The drafted delegation to {name} has a second key that was not the region's before."
            )
        _check_delegation(targets, name)
    if named != set(delegations.keys):
        raise RepositoryError("The drafted targets do not hold exactly the keys that their regions name.")
    for key in delegations.keys.values():
        RoleKey.of_tuf(key)


def _keys_before(before: Targets | None, issuer: str) -> frozenset[str]:
    roles = None if before is None or before.delegations is None else before.delegations.roles
    return frozenset(roles[issuer].keyids) if roles is not None and issuer in roles else frozenset()


def _check_delegation(targets: Targets, issuer: str) -> None:
    try:
        check_admitted(targets, issuer)
    except UpdateError as error:
        raise RepositoryError(f"The drafted delegation to {issuer} is not of its own paths: {error}.") from error


def _check_version(found: int, wanted: int) -> None:
    if found != wanted:
        raise RepositoryError(f"The draft is version {found}, and the next one is version {wanted}.")


def _check_expiry(expires: int, now: int, lifetime: int) -> None:
    if expires <= now:
        raise RepositoryError("The draft has expired already; make a new one.")
    if expires > now + lifetime + _SLACK:
        raise RepositoryError("The draft would hold longer than its role may; or this machine's clock is behind.")
