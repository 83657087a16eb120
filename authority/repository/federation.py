"""The federation: who says which regions there are, and vouches for what they publish.

It owns root, targets, snapshot and timestamp. Root and targets change when somebody orders it (`found`, `admit`,
`expel`, `rotate`, `renew`, each an audit line); where their keys are kept apart, such a change is a draft that gathers
signatures. A release, every hour or so, takes each region's newest publication that holds and signs snapshot and
timestamp.

folder/                  as `authority.repository.vault` says, and
├── metadata/            everything signed here: every root, the newest of the rest, and the regions' as released
└── drafts/              what still lacks signatures
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

from tuf.api.metadata import DelegatedRole, Root, Targets

from authority.errors import RepositoryError
from authority.person import STRETCH_LOG2
from authority.records import Act, AuditLine, Order
from authority.repository import metadata
from authority.repository.choice import key_needed
from authority.repository.draft import Draft
from authority.repository.folder import Repository
from authority.repository.layout import LIFETIME, ROOT_KEYS, ROOT_THRESHOLD, TopRole, is_delegate
from authority.repository.release import Released, release
from authority.repository.role_keys import RoleKey
from authority.repository.top_roles import DRAFTS, TopRoles, delegations, keys_of, set_keys
from authority.repository.vault import Kind, Vault, read_setting
from keys.update.region import patterns

HOLDER: Final = "federation"
"""Who holds the keys that are made in a federation's own folder."""
REPOSITORY: Final = "repository"
"""The setting that says where releases go."""

_FOUNDING: Final = Order(by="federation", reason="founding")
_TOP_ROLES: Final = frozenset(map(str, TopRole))


class Federation:
    """An open federation. Not for several threads at once; several processes may share a folder."""

    def __init__(self, vault: Vault) -> None:
        self.folder = vault.folder
        self._vault = vault
        self._top = TopRoles(vault.folder, vault.keys)

    def __repr__(self) -> str:
        return f"Federation({self.folder})"

    def __enter__(self) -> Federation:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @classmethod
    def create(
        cls,
        folder: Path,
        passphrase: bytes,
        now: int,
        *,
        root_keys: Sequence[RoleKey] = (),
        targets_keys: Sequence[RoleKey] = (),
        threshold: int = ROOT_THRESHOLD,
        order: Order = _FOUNDING,
        stretch_log2: int = STRETCH_LOG2,
    ) -> Federation:
        """Found a federation in a new `folder`: root (2 of 3 keys), targets, snapshot and timestamp (a key each).

        Keys kept on other machines are given by their public halves; then the root is a draft until enough of them have
        signed, see `drafts`. Raises RepositoryError (too few keys), RequestError (no passphrase), FolderError.
        """
        if not 1 <= threshold <= (count := len(root_keys) or ROOT_KEYS):
            raise RepositoryError(f"{threshold} of {count} root keys cannot sign; give another threshold.")
        vault = Vault.create(folder, Kind.FEDERATION, passphrase, stretch_log2=stretch_log2)
        (folder / DRAFTS).mkdir()
        federation = cls(vault)
        root = Root(1, expires=metadata.utc(now + LIFETIME[TopRole.ROOT]), consistent_snapshot=True)
        given = {TopRole.ROOT: root_keys, TopRole.TARGETS: targets_keys}
        for role in TopRole:
            count = ROOT_KEYS if role is TopRole.ROOT else 1
            for key in given.get(role) or [vault.keys.make(HOLDER) for _ in range(count)]:
                root.add_key(key.as_tuf(), role)
        root.roles[TopRole.ROOT].threshold = threshold
        with vault.exclusive():
            federation._propose(root, AuditLine(now, Act.FOUND, TopRole.ROOT, None, _keys_in_words(root), order))
        return federation

    @classmethod
    def open(cls, folder: Path, passphrase: bytes) -> Federation:
        """Open a federation. Raises FolderError (none there, damaged, shared), KeyFileError (wrong passphrase)."""
        return cls(Vault.open(folder, Kind.FEDERATION, passphrase))

    def close(self) -> None:
        """Close the ledger."""
        self._vault.close()

    # --- what is in force

    @property
    def roots(self) -> tuple[bytes, ...]:
        """Every root in force so far, the first one first; an appliance pins one by its SHA-256, best the newest."""
        return self._top.roots

    @property
    def regions(self) -> Mapping[str, RoleKey]:
        """The regions that are admitted, and their keys."""
        targets = self._top.targets()
        if targets is None:
            return {}
        found, roles = delegations(targets)
        return {issuer: RoleKey.of_tuf(found.keys[role.keyids[0]]) for issuer, role in roles.items()}

    def keys(self, role: TopRole) -> tuple[RoleKey, ...]:
        """Return the keys of a top role, whose private halves need not be here."""
        root = self._top.root()
        return tuple(RoleKey.of_tuf(root.keys[key_id]) for key_id in root.roles[role].keyids)

    def drafts(self) -> Mapping[Path, Draft]:
        """Return what still lacks signatures, by the files to be carried to whoever signs."""
        return {self._top.draft_path(draft): draft for draft in self._top.drafts()}

    def audit(self) -> Iterator[AuditLine]:
        """Yield the audit, oldest line first."""
        return self._vault.audit()

    # --- changes that somebody orders

    def admit(self, issuer: str, key: RoleKey, now: int, *, order: Order) -> Draft:
        """Let a region publish under its own paths with `key`; in force with the next release after it has published.

        Returns the new targets, complete unless their keys are kept elsewhere. Raises RepositoryError: admitted
        already, or no issuer.
        """
        if not is_delegate(issuer):
            words = "give an ISO 3166-2 code such as CN-33, or fleet for the orders of single appliances"
            raise RepositoryError(f"{issuer!r} is no issuing region; {words}.")
        with self._changing(TopRole.TARGETS):
            targets = self._top.next_targets(now)
            named, regions = delegations(targets)
            if issuer in regions:
                raise RepositoryError(f"{issuer} is admitted already; give it another key with: authority rotate")
            regions[issuer] = DelegatedRole(issuer, [key.key_id], 1, True, sorted(patterns(issuer)))
            named.keys[key.key_id] = key.as_tuf()
            return self._propose(targets, AuditLine(now, Act.ADMIT, issuer, None, key.key_id, order))

    def expel(self, issuer: str, now: int, *, order: Order) -> Draft:
        """Let a region publish no more: its gates drop it with the next release, the others go on without it.

        Its last version stays named in the snapshot, from which nothing may go; admitted again it goes on after that.
        Returns the new targets, complete unless their keys are kept elsewhere. Raises RepositoryError: not admitted.
        """
        with self._changing(TopRole.TARGETS):
            targets = self._top.next_targets(now)
            held = keys_of(targets, issuer)
            set_keys(targets, issuer, ())
            return self._propose(targets, AuditLine(now, Act.EXPEL, issuer, " ".join(held), None, order))

    def rotate(
        self,
        role: str,
        now: int,
        *,
        order: Order,
        keys: Sequence[RoleKey] = (),
        drop: Collection[str] = (),
        at_once: bool = False,
    ) -> Draft:
        """Replace keys of a role: of a region by the one in `keys`, of any other with a new version of the root.

        `drop` are the ids of a top role's keys to go, all when none is named; `keys` come instead, as many made here
        when none are given. A region's old key proves what was released under it until the region has published under
        the new one, and nothing newer; `at_once` takes it away now, of a rotation before if `keys` is empty, and gates
        drop the region until it has published. Returns the new root or targets, complete unless keys that must sign
        are kept elsewhere. Raises RepositoryError: no such role or key, too few keys left, or keys kept elsewhere that
        only `keys` can replace.
        """
        if role not in _TOP_ROLES:
            return self._rotate_region(role, now, order, keys, at_once=at_once)
        if at_once:
            raise RepositoryError(f"The keys of {role} leave with the next release in any case.")
        with self._changing(TopRole.ROOT):
            root = self._top.next_root(now)
            held = tuple(root.roles[role].keyids)
            leaving = tuple(drop) or held
            if unknown := [key_id for key_id in leaving if key_id not in held]:
                raise RepositoryError(f"{unknown[0]} is no key of {role}.")
            if not keys and not all(self._vault.keys.has(key_id) for key_id in leaving):
                raise RepositoryError(f"Keys of {role} are kept elsewhere; give the public halves of the new ones.")
            coming = keys or [self._vault.keys.make(HOLDER) for _ in leaving]
            for key_id in leaving:
                root.revoke_key(key_id, role)
            for key in coming:
                root.add_key(key.as_tuf(), role)
            now_held = root.roles[role].keyids
            return self._propose(root, AuditLine(now, Act.ROTATE, role, " ".join(held), " ".join(now_held), order))

    def renew(self, role: TopRole, now: int, *, order: Order) -> Draft:
        """Sign root or targets again as they are, for another lifetime. Raises RepositoryError for other roles."""
        if role not in (TopRole.ROOT, TopRole.TARGETS):
            raise RepositoryError(f"Every release renews {role}.")
        with self._changing(role):
            signed = self._top.next_root(now) if role is TopRole.ROOT else self._top.next_targets(now)
            return self._propose(signed, AuditLine(now, Act.RENEW, role, None, f"version {signed.version}", order))

    def finish(self, copies: Sequence[Draft], now: int, *, order: Order) -> Draft:
        """Put a draft in force that other machines have signed; several copies of it may each bring signatures.

        Returns the draft with all of them, which is incomplete where more are needed. Raises RepositoryError: not the
        next version of this federation's, or not in order.
        """
        draft = copies[0]
        for copy in copies[1:]:
            draft = draft.merged(copy)
        with self._vault.exclusive():
            draft = self._top.rebased(draft)
            if not self._top.follows(draft):
                raise RepositoryError("The draft does not follow what is in force here; make a new one.")
            draft.check(now)
            draft = self._top.signed_here(draft)
            if draft.complete:
                signed = ", ".join(dict.fromkeys(str(key) for need in draft.needs() for key in need.signed))
                self._vault.write_audit(AuditLine(now, Act.FINISH, draft.name, None, signed, order))
            self._top.settle(draft, now)
        return draft

    def discard(self) -> tuple[Draft, ...]:
        """Drop every draft that lacks signatures; returns them."""
        with self._vault.exclusive():
            return self._top.discard()

    # --- releasing

    def release(self, repository: Path, now: int) -> Released:
        """Publish the newest of everything that holds, the timestamp last; see `authority.repository.release`.

        Targets that expire within a month are signed again first, where their keys are here. Raises RepositoryError.
        """
        with self._vault.exclusive():
            self._top.mend_targets(now)
            released = release(self._top, self._vault.keys, Repository(repository), now)
        self.publish_to(repository)
        return released

    def publish_to(self, repository: Path) -> None:
        """Note where releases go, for `repository_of`; each release notes it too."""
        place = str(repository.resolve())
        if self._vault.setting(REPOSITORY) != place:
            self._vault.set(REPOSITORY, place)

    @contextmanager
    def _changing(self, role: TopRole) -> Iterator[None]:
        with self._vault.exclusive():
            self._top.refuse_second_draft(role)
            yield

    def _propose(self, signed: Root | Targets, line: AuditLine) -> Draft:
        draft = self._top.draft(signed, line.at)
        self._vault.write_audit(line)
        return self._top.enact(draft, line.at)

    def _rotate_region(self, issuer: str, now: int, order: Order, keys: Sequence[RoleKey], *, at_once: bool) -> Draft:
        with self._changing(TopRole.TARGETS):
            targets = self._top.next_targets(now)
            held = keys_of(targets, issuer)
            if keys:
                (key, *more) = keys
                coming = [key.key_id]
                delegations(targets)[0].keys[key.key_id] = key.as_tuf()
            else:
                more, coming = [], held[:1]
            if more or not (keys or (at_once and len(held) > 1)):
                raise RepositoryError("A region makes its own key (authority role-key); give its public half.")
            if not at_once:
                coming += [
                    key_id for key_id in key_needed(self._top.record, targets, held, issuer) if key_id not in coming
                ]
            set_keys(targets, issuer, coming)
            return self._propose(targets, AuditLine(now, Act.ROTATE, issuer, " ".join(held), " ".join(coming), order))


def repository_of(folder: Path) -> Path:
    """Return where a federation's releases go, which needs no passphrase. Raises RepositoryError, FolderError."""
    found = read_setting(folder, REPOSITORY)
    if found is None:
        raise RepositoryError(f"{folder} has released nothing yet; say where to.")
    return Path(found)


def _keys_in_words(root: Root) -> str:
    return "; ".join(f"{role}: {' '.join(root.roles[role].keyids)}" for role in TopRole)
