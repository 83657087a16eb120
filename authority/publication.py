"""What an authority publishes: trust list, status lists, delta bundles and policy, each by the path of its target.

The trust list goes first, so that no list is ever there before the key that vouches for it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from authority.bundles import KEPT, Base, KeptBundle, Since, is_due, make_bundle
from authority.errors import PublishError
from authority.files import PUBLIC_FILE, remove_unfinished, write_whole
from authority.foreign import foreign_files
from authority.keyring import Keyring
from authority.records import AT_ONCE_S
from authority.register import Register
from keys.cose import SigningKey
from keys.issuer import list_uri
from keys.status_list import OWN_ENTRIES, write_status_list
from keys.trust_list import TrustedKey, TrustList, Use, write_jwks
from keys.update.foreign_held import folder_of

POLICY_FILE: Final = "policy.toml"

LIST_LIFETIME: Final = 7 * 86_400
"""Seconds; gates refer everybody long before, so this only tells foreign readers when to stop."""

LIST_TTL: Final = 3600
"""Seconds after which a reader with a network looks for a newer list."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Everything that a region publishes at one time."""

    published_at: int
    """Seconds since 1970; the `iat` of every list in it."""
    targets: Mapping[str, bytes] = field(repr=False)
    """Path to content, the trust list first: `trust/I.jwks.json`, `status/I/1.cwt`, `status/I/1-2.delta` and so on."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was written, and where."""

    trust: Path
    lists: tuple[Path, ...]
    policy: Path | None


class Publisher:
    """Makes the publications of one authority. The caller holds the folder's lock."""

    def __init__(self, folder: Path, issuer: str, zone: ZoneInfo, register: Register, keyring: Keyring) -> None:
        self._folder = folder
        self._issuer = issuer
        self._zone = zone
        self._register = register
        self._keyring = keyring

    def snapshot(self, now: int, policy: bytes | None) -> Publication:
        """Sign everything as of `now`, without bundles; the same second as the last time will do.

        Raises PublishError: time running backwards, no status key, a policy that is no TOML.
        """
        rules = keep_policy(self._folder, policy)
        foreign = foreign_files(self._folder, TrustList(self._keyring.keys), now)
        key = self._status_key(now)
        lists = self._arrays(now)
        return Publication(now, self._targets(rules, foreign, sign_lists(self._issuer, lists, self._private(key))))

    def publication(self, now: int, policy: bytes | None) -> Publication:
        """Sign everything under a time that no publication had before: `now`, or where several came at once, later.

        The bundles of earlier publications come again, and those that lead here from the last one and from the day
        before. Raises PublishError as `snapshot` does.
        """
        newest = self._register.newest_publication()
        at = newest + 1 if newest is not None and now <= newest <= now + AT_ONCE_S else now
        rules = keep_policy(self._folder, policy)
        foreign = foreign_files(self._folder, TrustList(self._keyring.keys), at)
        key = self._status_key(at)
        lists = self._arrays(at)
        # From here on others may issue and change codes: what they do belongs to the next publication. Until the
        # bundles are kept the bases are the old ones, so a publication cut off here leaves no gap in the chain.
        signed = sign_lists(self._issuer, lists, self._private(key))
        bundles = self._bundles(lists, key)
        return Publication(at, self._targets(rules, foreign, signed, bundles))

    def _status_key(self, now: int) -> TrustedKey:
        keys = self._keyring.in_force(Use.STATUS, now)
        if not keys:
            raise PublishError("No status key is in force; make one with: authority add-key --use status")
        return keys[0]

    def _private(self, key: TrustedKey) -> SigningKey:
        return self._keyring.signing_key(key.kid)

    def _arrays(self, at: int) -> Base:
        """Promise the time of publication and return what every list says then, in one transaction."""
        with self._register.transaction():
            self._register.open_first_list(OWN_ENTRIES)
            self._register.note_publication(at)
            return Base(at, {entry.number: self._register.live_array(entry.number) for entry in self._register.lists()})

    def _bundles(self, lists: Base, key: TrustedKey) -> tuple[KeptBundle, ...]:
        """Make the bundles that lead to `lists`, and return all that are published with them."""
        table = self._register.bundles
        due = [(since, table.base(since)) for since in Since]
        due = [(since, base) for since, base in due if is_due(base, since, lists.iat, self._zone)]
        made = {
            since: make_bundle(self._issuer, base, lists, self._private(key), lifetime=LIST_LIFETIME, ttl=LIST_TTL)
            for since, base in due
            if base is not None
        }
        with self._register.transaction():
            for since, _ in due:
                table.keep_base(since, lists)
                bundle = made.get(since)
                if bundle is not None:
                    table.keep(bundle, key.kid, lists.iat + KEPT[since])
            table.drop(lists.iat, {believed.kid for believed in self._keyring.in_force(Use.STATUS, lists.iat)})
            return table.kept()

    def _targets(
        self,
        policy: bytes | None,
        foreign: Mapping[str, bytes],
        lists: Mapping[int, bytes],
        bundles: Sequence[KeptBundle] = (),
    ) -> dict[str, bytes]:
        issuer = self._issuer
        targets = {f"trust/{issuer}.jwks.json": write_jwks(self._keyring.keys)}
        targets.update({f"status/{issuer}/{number}.cwt": content for number, content in lists.items()})
        targets.update({f"status/{issuer}/{bundle.file_name}": bundle.content for bundle in bundles})
        if policy is not None:
            targets[f"policy/{issuer}.toml"] = policy
        targets.update({f"{folder_of(issuer)}/{name}": content for name, content in foreign.items()})
        return targets


def sign_lists(issuer: str, lists: Base, private_key: SigningKey) -> dict[int, bytes]:
    """Compress and sign every list, on every core: both leave Python's lock to others. Number to document."""

    def sign(number: int) -> bytes:
        return write_status_list(
            private_key,
            uri=list_uri(issuer, number),
            packed=lists.arrays[number],
            iat=lists.iat,
            exp=lists.iat + LIST_LIFETIME,
            ttl=LIST_TTL,
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(lists.arrays, pool.map(sign, lists.arrays), strict=True))


def keep_policy(folder: Path, policy: bytes | None) -> bytes | None:
    """Keep `policy` in the authority's folder as the one in force, or return the one kept; None if there is none.

    Raises PublishError when it is no TOML. What it says is judged where it is read.
    """
    kept = folder / POLICY_FILE
    if policy is None:
        return kept.read_bytes() if kept.is_file() else None
    try:
        tomllib.loads(policy.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PublishError(f"The policy is no TOML and was not published: {error}.") from error
    write_whole(kept, policy, PUBLIC_FILE)
    return policy


def write_folder(target: Path, publication: Publication) -> Published:
    """Write every target at its path under `target`. Raises PublishError when that cannot be written."""
    paths = [target / name for name in publication.targets]
    try:
        for path, content in zip(paths, publication.targets.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content, PUBLIC_FILE)
        for folder in {path.parent for path in paths}:
            remove_unfinished(folder)
    except OSError as error:
        raise PublishError(f"{error.filename or target} cannot be written: {error.strerror}.") from error
    by_kind: dict[str, list[Path]] = {"trust": [], "status": [], "policy": [], "foreign": []}
    for path in paths:
        by_kind[path.relative_to(target).parts[0]].append(path)
    return Published(by_kind["trust"][0], tuple(by_kind["status"]), next(iter(by_kind["policy"]), None))
