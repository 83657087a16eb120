"""Root and targets in a federation's folder: what is in force, what comes next, and what still lacks signatures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tuf.api.metadata import DelegatedRole, Delegations, Root, Targets

from authority.errors import RepositoryError
from authority.files import PUBLIC_FILE, write_whole
from authority.repository import metadata
from authority.repository.draft import Draft
from authority.repository.folder import Repository
from authority.repository.layout import DAY, LIFETIME, LIMIT, TopRole, metadata_name
from authority.repository.role_keys import RoleKeys

DRAFTS: Final = "drafts"
RENEW_BEFORE: Final = 30 * DAY
"""Seconds before their expiry from which targets are signed again."""


class TopRoles:
    """Root and targets of one federation. Called with the folder's lock held wherever something changes."""

    def __init__(self, folder: Path, keys: RoleKeys) -> None:
        self.record = Repository(folder)
        self._folder = folder / DRAFTS
        self._keys = keys

    # --- what is in force

    @property
    def roots(self) -> tuple[bytes, ...]:
        """Every root so far, the first one first."""
        return tuple(self._read(TopRole.ROOT, version) for version in self.record.versions().get(TopRole.ROOT, ()))

    def root(self) -> Root:
        """Return the newest root. Raises RepositoryError while the first one lacks signatures."""
        newest = max(self.record.versions().get(TopRole.ROOT, ()), default=None)
        if newest is None:
            raise RepositoryError("The first root still lacks signatures; see: authority ceremony --help")
        return metadata.read(Root, self._read(TopRole.ROOT, newest), "The newest root").signed

    @property
    def targets_file(self) -> bytes | None:
        """The newest targets; None while the first ones lack signatures."""
        newest = max(self.record.versions().get(TopRole.TARGETS, ()), default=None)
        return None if newest is None else self._read(TopRole.TARGETS, newest)

    def targets(self) -> Targets | None:
        """Return the newest targets."""
        content = self.targets_file
        return None if content is None else metadata.read(Targets, content, "The newest targets").signed

    def targets_hold(self) -> bool:
        """Whether the newest root accepts the newest targets."""
        content = self.targets_file
        return content is not None and not metadata.shortfall(
            self.root(), TopRole.TARGETS, metadata.read(Targets, content, "The newest targets")
        )

    # --- what comes next

    def next_root(self, now: int) -> Root:
        """Return the newest root as the next version, to be changed and proposed."""
        root = self.root()
        root.version += 1
        root.expires = metadata.utc(now + LIFETIME[TopRole.ROOT])
        return root

    def next_targets(self, now: int) -> Targets:
        """Return the newest targets as the next version, to be changed and proposed."""
        targets = self.targets()
        if targets is None:
            targets = Targets(1, delegations=Delegations({}, {}))
        else:
            targets.version += 1
        targets.expires = metadata.utc(now + LIFETIME[TopRole.TARGETS])
        return targets

    def draft(self, signed: Root | Targets, now: int) -> Draft:
        """Return a next version as a draft that nobody has signed. Raises RepositoryError: it is not in order."""
        role = TopRole(signed.type)
        draft = Draft(role, metadata.sign(signed, ()), self.roots, self._basis(role))
        draft.check(now)
        return draft

    def enact(self, draft: Draft, now: int) -> Draft:
        """Sign a draft with the keys that are here; it is in force if they are enough, and else waits for more."""
        draft = self.signed_here(draft)
        self.settle(draft, now)
        return draft

    def signed_here(self, draft: Draft) -> Draft:
        """Return a draft with the signatures of the keys that are here."""
        wanted = {key.key_id for need in draft.needs() for key in need.unsigned}
        if draft.role is TopRole.TARGETS and len(draft.roots) > 1:
            # Readers who have not seen the newest root yet go by the one before: both shall prove these targets.
            wanted.update(metadata.read(Root, draft.roots[-2], "The last root").signed.roles[TopRole.TARGETS].keyids)
        return draft.signed_by(self._keys.signer(key_id) for key_id in sorted(wanted) if self._keys.has(key_id))

    def follows(self, draft: Draft) -> bool:
        """Whether a draft was made from what is in force now."""
        return draft.roots == self.roots and draft.before == self._basis(draft.role)

    def rebased(self, draft: Draft) -> Draft:
        """Return drafted targets under the newest root, where they were drafted under one before it."""
        roots = self.roots
        older = draft.role is TopRole.TARGETS and draft.roots == roots[: len(draft.roots)]
        return replace(draft, roots=roots) if older else draft

    def settle(self, draft: Draft, now: int) -> None:
        """Put a draft in force if it has its signatures, and keep it for more of them if it has not.

        Drafts that do not follow what is in force then go; targets that a new root does not accept are signed again.
        """
        with self.record.locked():
            if not draft.complete:
                write_whole(self.draft_path(draft), draft.to_file(), PUBLIC_FILE)
                return
            self.record.put(draft.name, draft.content)
        for waiting in self.drafts():
            following = self.rebased(waiting)
            if not self.follows(following) or self.enact(following, now).complete:
                self.draft_path(waiting).unlink(missing_ok=True)
        if draft.role is TopRole.ROOT and not self.targets_hold():
            self.mend_targets(now)

    def mend_targets(self, now: int) -> None:
        """Sign targets again that expire within a month or that the newest root does not accept.

        Where the keys for it are kept elsewhere, that is a draft, and only when there is no other way.
        """
        holds, targets = self.targets_hold(), self.targets()
        if holds and targets is not None and metadata.seconds(targets.expires) - now > RENEW_BEFORE:
            return
        if (self._targets_keys_here() or not holds) and not self._targets_wait():
            self.enact(self.draft(self.next_targets(now), now), now)

    def retire_old_keys(self, issuers: Collection[str], now: int) -> None:
        """Sign targets that leave each of these regions its newest key alone, where the keys for that are here."""
        if not self._targets_keys_here() or self._targets_wait():
            return
        targets = self.next_targets(now)
        for issuer in issuers:
            set_keys(targets, issuer, delegations(targets)[1][issuer].keyids[:1])
        self.enact(self.draft(targets, now), now)

    def _targets_keys_here(self) -> bool:
        role = self.root().roles[TopRole.TARGETS]
        return sum(self._keys.has(key_id) for key_id in role.keyids) >= role.threshold

    def _targets_wait(self) -> bool:
        return any(draft.role is TopRole.TARGETS for draft in self.drafts())

    # --- drafts

    def drafts(self) -> tuple[Draft, ...]:
        """Return what still lacks signatures."""
        return tuple(Draft.from_file(path.read_bytes(), str(path)) for path in sorted(self._folder.glob("*.json")))

    def draft_path(self, draft: Draft) -> Path:
        """Return the file in which a draft waits."""
        return self._folder / draft.name

    def discard(self) -> tuple[Draft, ...]:
        """Delete every draft; returns them."""
        dropped = self.drafts()
        for draft in dropped:
            self.draft_path(draft).unlink()
        return dropped

    def refuse_second_draft(self, role: TopRole) -> None:
        """Raise RepositoryError while another draft of the role waits, which a second one would contradict."""
        for draft in self.drafts():
            if draft.role is role:
                raise RepositoryError(
                    f"{self.draft_path(draft)} still lacks signatures; finish it first, or drop it: ceremony discard"
                )

    def _basis(self, role: TopRole) -> bytes | None:
        return self.targets_file if role is TopRole.TARGETS else None

    def _read(self, role: TopRole, version: int) -> bytes:
        name = metadata_name(role, version)
        content = self.record.read(name, LIMIT[role])
        if content is None:
            raise RepositoryError(f"{name} has gone from {self.record.folder}; restore it from a backup.")
        return content


def delegations(targets: Targets) -> tuple[Delegations, dict[str, DelegatedRole]]:
    """Return the regions' delegations of a federation's targets, to be read or changed."""
    found = targets.delegations
    if found is None or found.roles is None:
        raise RepositoryError("The targets do not say which regions there are.")
    return found, found.roles


def keys_of(targets: Targets, issuer: str) -> list[str]:
    """Return the ids of a region's keys, the newest first. Raises RepositoryError: it is not admitted."""
    regions = delegations(targets)[1]
    if issuer not in regions:
        raise RepositoryError(f"{issuer!r} is neither a role of the federation nor an admitted region.")
    return list(regions[issuer].keyids)


def set_keys(targets: Targets, issuer: str, key_ids: Sequence[str]) -> None:
    """Let these keys alone speak for a region, the newest first; without any it is no region any more.

    Keys that nobody needs any longer go.
    """
    found, regions = delegations(targets)
    if key_ids:
        regions[issuer].keyids = list(key_ids)
    else:
        del regions[issuer]
    needed = {key_id for role in regions.values() for key_id in role.keyids}
    for key_id in found.keys.keys() - needed:
        del found.keys[key_id]
