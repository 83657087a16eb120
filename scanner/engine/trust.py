"""The verified state the engine decides by: keys, lists and policy, proved at every start and after every update."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from keys.errors import KeysError
from keys.seal import SealKey
from keys.site_order import SiteOrder, SiteOrderError, read_site_order
from keys.status_anchor import Name
from keys.status_store import StatusStore
from keys.trust_list import TrustList
from keys.update import Proved, current_generation, prove
from keys.verifier import Verifier
from scanner.config.model import Configuration
from scanner.config.problems import ConfigError
from scanner.config.reader import Document
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.seen import SeenLists
from scanner.journal.device import known_id
from scanner.policy import Rules
from scanner.policy_rules import PolicyError
from scanner.policy_source import PolicyInForce, built_in_policy, policy_in_force, with_rule_sets
from scanner.values import ClockTrust, Freshness

log = logging.getLogger(__name__)

POLL_S = 1.0
AGAIN_S = 300.0
"""While something does not hold, it is proved again so often: a disk may have been busy, a clock wrong."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One verified state; replaced as a whole."""

    trust: TrustList
    lists: StatusStore
    verifier: Verifier
    policy: PolicyInForce
    published: Mapping[str, int]
    """When each issuer published what is in force, seconds since 1970 UTC."""
    policy_at: int | None = None
    """When the home issuer published the policy that is in force; None: it is the built-in one."""
    order: SiteOrder | None = None
    """What the authority orders of this appliance."""
    policy_known: bool = True
    """False: the home issuer has published a policy, and it is not to be had."""

    @property
    def rules(self) -> Rules:
        """The policy's rules, tightened by the configuration."""
        return self.policy.rules


class Trust:
    """Holds the last verified state. What does not hold leaves it in force, and `problem` says why.

    A state is proved at the start, and in a thread of its own whenever an update has switched to another: fifty
    million codes take a second, and a slow box several, in which its lanes go on by the state before.
    """

    def __init__(self, document: Document[Configuration], now: Callable[[], int], degradations: Degradations) -> None:
        """`now` gives the latest time that is known to have passed, seconds since 1970 UTC."""
        self._document = document
        self._section = document.model.trust
        self._now = now
        self._degradations = degradations
        self._generation: str | None = None
        self._poll_at = self._again_at = 0.0
        self._proving: _Proving | None = None
        self._seen = SeenLists(document.model.state.folder)
        self.problem: str | None = None
        self.loosened: ConfigError | None = None
        """Where the configuration asks for less than the policy in force does."""
        self.news: tuple[tuple[str, str, int], ...] = ()
        """Lists that came into force and have no entry in the log yet: issuer, uri, `iat`."""
        empty, lists = TrustList(()), StatusStore.empty()
        self.verified = Verified(empty, lists, Verifier(empty, lists), built_in_policy(document.model), {})

    @property
    def home(self) -> str:
        """The issuer whose policy and sealing key count here."""
        return self._section.regions[0]

    def seal_key(self) -> SealKey | None:
        """Return the home authority's sealing key in force now, None where there is none."""
        found = self.verified.trust.seal_key(self.home, self._now())
        if found is None or not isinstance(found.public_key, X25519PublicKey):
            return None
        return SealKey(found.kid, found.public_key)

    def load(self) -> bool:
        """Prove what lies on the disk, now; True when it came into force."""
        proving = self._begin()
        proving.run()
        return self._end(proving)

    def poll(self) -> bool:
        """Look for another state, and take one that has been proved into force; True when that happened."""
        now = time.monotonic()
        if now < self._poll_at:
            return False
        self._poll_at = now + POLL_S
        proving = self._proving
        if proving is not None:
            if proving.is_alive():
                return False
            self._proving = None
            return self._end(proving)
        doubtful = self.problem is not None and now >= self._again_at
        if doubtful or self._current() != self._generation:
            self._proving = self._begin()
            self._proving.start()
        return False

    def prove_again(self) -> None:
        """Note that what did not hold may hold now: the clock has changed, or an update has come."""
        self._again_at = 0.0

    def _current(self) -> str | None:
        """Return the generation in force on the disk; where that cannot be told, the one believed."""
        try:
            return current_generation(self._section.folder)
        except KeysError:
            return self._generation

    def _begin(self) -> _Proving:
        self._generation = self._current()
        self._again_at = time.monotonic() + AGAIN_S
        device = known_id(self._document.model.state.folder)
        return _Proving(self._section.folder, self._section.regions, self._now(), self._seen.times, device)

    def _end(self, proving: _Proving) -> bool:
        proved = proving.proved
        if proved is None:
            self.problem = proving.problem
            log.error("what is kept of keys and lists does not hold: %s; the state before stays in force", self.problem)
            self._judge()
            return False
        problems = list(proved.problems)
        policy = self._policy(proved, problems)
        order = self._order(proved, problems)
        for problem in problems:
            log.error("of the keys, lists and policy kept, this does not hold: %s", problem)
        self.problem = "; ".join(problems) or None
        before = self.verified
        published = proved.published.get(self.home)
        self.verified = Verified(
            proved.trust,
            proved.store,
            Verifier(proved.trust, proved.store, foreign_status=proved.foreign.lists),
            with_rule_sets(policy, proved.foreign.rule_sets),
            proved.published,
            order=order,
            policy_at=before.policy_at if policy is before.policy else None if policy.built_in else published,
            policy_known=not policy.built_in or (proved.policy is None and proved.policy_problem is None),
        )
        self.news += self._seen.note(proved.store.lists)
        self._judge()
        return True

    def _policy(self, proved: Proved, problems: list[str]) -> PolicyInForce:
        """Return the policy that was proved; where it cannot be used, or has gone, the one last believed."""
        self.loosened = None
        before = self.verified.policy
        try:
            found = policy_in_force(self._document, proved.policy)
        except PolicyError as error:
            problems.append(str(error))
            return before
        except ConfigError as error:
            self.loosened = error
            problems.append(str(error))
            return before
        if found.built_in and not before.built_in:
            problems.append(f"the policy of {self.home} is no longer published")
            return before
        return found

    def _order(self, proved: Proved, problems: list[str]) -> SiteOrder | None:
        """Return what is ordered of this appliance; an order that cannot be read is told, and the last one holds."""
        device = known_id(self._document.model.state.folder)
        if proved.order is None or device is None:
            return None
        try:
            return read_site_order(proved.order, device)
        except SiteOrderError as error:
            problems.append(f"the order of this appliance cannot be read: {error}")
            return self.verified.order

    def freshness(self, issuer: str | None, clock: ClockTrust) -> Freshness:
        """Judge the age of an issuer's verified state from signed times, in seconds at this moment.

        None, or an issuer that is not carried, is judged by the home issuer.
        """
        judged = issuer if issuer in self._section.regions else self.home
        return Freshness(
            keys_age=self._age(judged) if self.verified.trust.knows(judged) else None,
            lists_age=self._lists_age(judged),
            policy_age=None if self.verified.policy.built_in else self._since(self.verified.policy_at),
            clock=clock,
            policy_known=self.verified.policy_known,
        )

    def signed_times(self) -> tuple[tuple[int, str], ...]:
        """Return the times the home authority signed, seconds since 1970 UTC, with what carried each."""
        published = self.verified.published.get(self.home)
        return () if published is None else ((published, f"publication of {self.home}"),)

    def _age(self, issuer: str) -> int | None:
        """Return how long ago `issuer` last said that its keys and policy are these, None where it never did."""
        return self._since(self.verified.published.get(issuer))

    def _since(self, moment: int | None) -> int | None:
        return None if moment is None else max(0, self._now() - moment)

    def _lists_age(self, issuer: str) -> int | None:
        return self._since(self.verified.lists.oldest_iat((issuer,)))

    def take_news(self) -> tuple[tuple[str, str, int], ...]:
        """Return the lists that came into force since the last call: issuer, uri, `iat`."""
        news, self.news = self.news, ()
        return news

    def judge(self) -> None:
        """Put the degradations of age in force, or lift them. Call now and then: age comes by itself."""
        self._judge()

    def _judge(self) -> None:
        rules, verified = self.verified.rules, self.verified
        age = self._lists_age(self.home)
        said = self.problem or ""
        self._degradations.set(
            Cause.KEYS_MISSING, not verified.trust.knows(self.home), detail=said or str(self._section.folder)
        )
        self._degradations.set(Cause.LISTS_MISSING, age is None, detail=said or str(self._section.folder))
        self._degradations.set(Cause.TRUST_REFUSED, self.problem is not None, detail=said)
        stale = age is not None and age > rules.refer_after
        old = age is not None and age > rules.warn_after and not stale
        hours = "" if age is None else f"{age // 3600} h"
        self._degradations.set(Cause.LISTS_STALE, stale, detail=hours)
        self._degradations.set(Cause.LISTS_OLD, old, detail=hours)
        self._degradations.set(Cause.POLICY_DEFAULT, verified.policy.built_in, detail=rules.version)
        self._degradations.set(Cause.SEAL_KEY_MISSING, self.seal_key() is None, detail=self.home)


class _Proving(threading.Thread):
    """One proof of what lies on the disk; whatever comes of it stands in `proved` or `problem` afterwards."""

    def __init__(
        self, folder: Path, regions: tuple[str, ...], now: int, seen: Mapping[Name, int], device: str | None
    ) -> None:
        super().__init__(name="trust", daemon=True)
        self._folder, self._regions, self._at, self._lists_seen, self._device = folder, regions, now, seen, device
        self.proved: Proved | None = None
        self.problem = ""

    def run(self) -> None:
        """Prove."""
        try:
            self.proved = prove(self._folder, self._regions, self._at, self._lists_seen, self._device)
        except (KeysError, OSError) as error:
            self.problem = str(error)
