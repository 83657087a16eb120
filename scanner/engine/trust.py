"""The verified state the engine decides by: keys, lists and policy, loaded and proved again whenever they change."""

from __future__ import annotations

import logging
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from keys.errors import KeysError, TrustError
from keys.seal import SealKey
from keys.status_list import StatusLists, load_status
from keys.trust_list import TrustedKey, TrustList, Use, load_trust
from keys.verifier import Verifier
from scanner.config.model import Configuration
from scanner.config.problems import ConfigError
from scanner.config.reader import Document
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.seen import SeenLists
from scanner.policy import Rules
from scanner.policy_source import PolicyInForce, built_in_policy, policy_in_force
from scanner.values import ClockTrust, Freshness

log = logging.getLogger(__name__)

POLL_S = 2.0


@dataclass(frozen=True, slots=True)
class Verified:
    """One verified state; replaced as a whole."""

    trust: TrustList
    lists: StatusLists
    verifier: Verifier
    policy: PolicyInForce

    @property
    def rules(self) -> Rules:
        """The policy's rules, tightened by the configuration."""
        return self.policy.rules


class Trust:
    """Holds the last verified state. What fails its checks stays as it was last proved, and `problem` says why.

    Each issuer's keys, each list and the policy by itself: one region's mistake does not close another's gates, and a
    policy that cannot be read does not keep a key from being revoked.
    """

    def __init__(self, document: Document[Configuration], now: Callable[[], int], degradations: Degradations) -> None:
        self._document = document
        self._section = document.model.trust
        self._now = now
        self._degradations = degradations
        self._fingerprint: tuple[tuple[str, int, int], ...] = ()
        self._poll_at = 0.0
        self._seen = SeenLists(document.model.state.folder)
        self.problem: str | None = None
        self.news: tuple[tuple[str, str, int], ...] = ()
        """Lists that came into force and have no entry in the log yet: issuer, uri, `iat`."""
        empty = TrustList(())
        lists = StatusLists(())
        self.verified = Verified(empty, lists, Verifier(empty, lists), built_in_policy(document.model))

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

    def poll(self) -> bool:
        """Load again if a file under the trust folder changed; True when a new state came into force."""
        now = time.monotonic()
        if now < self._poll_at:
            return False
        self._poll_at = now + POLL_S
        fingerprint = _fingerprint(self._section.folder)
        if fingerprint == self._fingerprint:
            return False
        self._fingerprint = fingerprint
        return self.load()

    def load(self) -> bool:
        """Read and prove everything; True when a new state came into force."""
        folder, now = self._section.folder, self._now()
        self._fingerprint = _fingerprint(folder)
        problems: list[str] = []
        try:
            trust = TrustList(self._keys(problems))
            found = load_status(
                [
                    folder / "status" / issuer
                    for issuer in self._section.regions
                    if (folder / "status" / issuer).is_dir()
                ],
                trust,
                now,
                seen=self._seen.times,
            )
            # A list that went missing or bad stays in force as it was last proved, unless a key that signs lists was
            # taken back: then only what the other keys prove counts.
            keeps = _list_signers(self.verified.trust) <= _list_signers(trust)
            lists = self.verified.lists.joined(found) if keeps else found
        except (KeysError, OSError) as error:
            self.problem = str(error)
            log.error("the trust folder changed but does not hold: %s; the last verified state stays in force", error)
            self._judge()
            return False
        policy = self._policy(problems)
        problems += found.problems
        for problem in problems:
            log.error("the trust folder does not hold: %s; what was last proved of it stays in force", problem)
        self.problem = "; ".join(problems) or None
        self.verified = Verified(trust, lists, Verifier(trust, lists), policy)
        self.news += self._seen.note(lists)
        self._judge()
        return True

    def _keys(self, problems: list[str]) -> Iterator[TrustedKey]:
        """Yield each carried issuer's keys; of one whose file does not hold, those last believed."""
        for issuer in self._section.regions:
            path = self._section.folder / "trust" / f"{issuer}.jwks.json"
            if not path.exists():
                continue
            try:
                yield from load_trust([path]).keys
            except TrustError as error:
                problems.append(str(error))
                yield from (key for key in self.verified.trust.keys if key.issuer == issuer)

    def _policy(self, problems: list[str]) -> PolicyInForce:
        """Return the policy in the folder; where it does not hold, or has gone, the one last believed."""
        try:
            found = policy_in_force(self._document)
        except ConfigError as error:
            problems.append(str(error))
            return self.verified.policy
        if found.built_in and not self.verified.policy.built_in:
            problems.append(f"the policy of {self.home} has gone from {self._section.folder}")
            return self.verified.policy
        return found

    def freshness(self, issuer: str | None, clock: ClockTrust) -> Freshness:
        """Judge the age of an issuer's verified state from signed times, in seconds at this moment.

        None, or an issuer that is not carried, is judged by the home issuer.
        """
        judged = issuer if issuer in self._section.regions else self.home
        age = self._lists_age(judged)
        # Until keys carry a signed time of their own, the lists they signed vouch for them.
        return Freshness(
            keys_age=age if self.verified.trust.knows(judged) else None,
            lists_age=age,
            policy_age=self.verified.policy.age(self._now()),
            clock=clock,
        )

    def signed_times(self) -> tuple[tuple[int, str], ...]:
        """Return the times the home authority signed, seconds since 1970, with what carried each."""
        times = [one.iat for one in self.verified.lists.lists if one.issuer == self.home]
        return ((max(times), f"status list of {self.home}"),) if times else ()

    def _lists_age(self, issuer: str) -> int | None:
        oldest = self.verified.lists.oldest_iat((issuer,))
        return None if oldest is None else max(0, self._now() - oldest)

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


def _list_signers(trust: TrustList) -> frozenset[tuple[str, bytes]]:
    """Return issuer and key id of every key that may sign status lists."""
    return frozenset((key.issuer, key.kid) for key in trust.keys if Use.STATUS in key.uses and not key.revoked)


def _fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return name, size and time of every file, for noticing a change."""
    found = []
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(sorted(found))
