"""What the appliance remembers of codes: HMAC tags under a key that lives in memory only.

The keys die with the process and at local midnight, and everything remembered with them: nobody who takes the box
learns which codes passed. `Memory` is one lane's, for "one scan"; `Opened` is shared by all lanes of the appliance, for
anti-passback and replayed presentations: what opened one gate is known at the next.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from keys.verdict import CodeIdentity, Verdict
from scanner.policy_rules import Times
from scanner.values import Direction, Recollection

MAX_REMEMBERED = 200_000
"""Tags of each kind kept; the oldest go first. A busy gate sees 50 people a minute, 72,000 a day."""


@dataclass(frozen=True, slots=True)
class PassTags:
    """What is remembered of one code that a gate opens for."""

    passed: tuple[bytes, ...]
    """Of the code, and of the credential that counted together with it."""
    used: bytes | None
    """Of the presentation; None for a static code."""


class Opened:
    """Tags of the codes and presentations that a gate of this appliance has opened for. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Drop the key and everything remembered under it."""
        with self._lock:
            self._key = secrets.token_bytes(32)
            self._passed: OrderedDict[bytes, float] = OrderedDict()
            self._used: OrderedDict[bytes, float] = OrderedDict()
            self._activated: OrderedDict[bytes, float] = OrderedDict()
            self._met: OrderedDict[bytes, float] = OrderedDict()

    def met(self, identity: CodeIdentity, at: float) -> None:
        """Count a code among the different ones that were decided about."""
        with self._lock:
            _note(self._met, _tag(self._key, "met", str(identity)), at)

    @property
    def different(self) -> int:
        """How many different codes were decided about since the keys were made."""
        with self._lock:
            return len(self._met)

    def activate(self, identity: CodeIdentity, at: float) -> None:
        """Remember that staff have activated a grey code."""
        with self._lock:
            _note(self._activated, _tag(self._key, "activated", str(identity)), at)

    def is_activated(self, identity: CodeIdentity) -> bool:
        """Whether staff have activated this grey code."""
        with self._lock:
            return _tag(self._key, "activated", str(identity)) in self._activated

    def passed_at(self, identity: CodeIdentity) -> float | None:
        """Return when an entry's gate last opened for a code, monotonic seconds; None: not, or it has left again."""
        with self._lock:
            return self._passed.get(self._passed_tag(identity))

    def is_used(self, verdict: Verdict) -> bool:
        """Whether a gate has opened for this very presentation."""
        with self._lock:
            return verdict.presented_at is not None and self._used_tag(verdict) in self._used

    def note(self, verdict: Verdict, at: float, direction: Direction, beside: Verdict | None = None) -> None:
        """Remember that a gate opened for this code, and consume its presentation.

        Whoever leaves may come back at once: an exit takes back what the entry noted.
        """
        self.note_tags(self.tags(verdict, beside), at, direction)

    def tags(self, verdict: Verdict, beside: Verdict | None = None) -> PassTags | None:
        """Return what will have to be remembered when a gate opens for this code later; None for no proved code.

        `beside`: another credential of the same person without which it would not open.
        """
        if verdict.identity is None:
            return None
        identities = (verdict.identity, *_identity_of(beside))
        with self._lock:
            used = None if verdict.presented_at is None else self._used_tag(verdict)
            return PassTags(tuple(self._passed_tag(identity) for identity in identities), used)

    def note_tags(self, tags: PassTags | None, at: float, direction: Direction) -> None:
        """Do as `note`, by tags taken before; those taken before midnight name nobody any more."""
        if tags is None:
            return
        with self._lock:
            for passed in tags.passed:
                if direction is Direction.ENTRY:
                    _note(self._passed, passed, at)
                else:
                    self._passed.pop(passed, None)
            if tags.used is not None:
                _note(self._used, tags.used, at)

    def opened_since(self, tags: PassTags | None, at: float) -> bool:
        """Whether a gate has opened for the code, or for its presentation, after monotonic `at`."""
        if tags is None:
            return False
        with self._lock:
            times = [self._passed.get(passed) for passed in tags.passed]
            times.append(None if tags.used is None else self._used.get(tags.used))
        return any(time is not None and time > at for time in times)

    def _passed_tag(self, identity: CodeIdentity) -> bytes:
        return _tag(self._key, "passed", str(identity))

    def _used_tag(self, verdict: Verdict) -> bytes:
        return _tag(self._key, "used", str(verdict.identity), str(verdict.presented_at))


class Memory:
    """Tags of the codes one lane has seen, and what it knows of those that passed. Not thread-safe: one owner."""

    def __init__(self, *, times: Callable[[], Times], opened: Opened, direction: Direction) -> None:
        """Take the times of the policy in force, what all lanes share, and which way this one leads.

        `already_passed_s`: how long a passed code is `ALREADY_PASSED`. `same_scan_s`: how long after its last sighting
        a code seen again is still the same scan.
        """
        self._times = times
        self._opened = opened
        self._direction = direction
        self._forget_scans()

    def forget(self) -> None:
        """Drop the keys and everything remembered under them, what the lanes share included."""
        self._forget_scans()
        self._opened.forget()

    def _forget_scans(self) -> None:
        self._key = secrets.token_bytes(32)
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def is_same_scan(self, text: str, verdict: Verdict, at: float) -> bool:
        """Whether this sighting, at monotonic `at`, belongs to a scan already handled; if so, it prolongs that scan.

        A code still held in view stays one scan however long, also when it expires meanwhile, and so does a phone
        that renews its presentation. The same code with another verdict in another text (a phone that now shows
        live what was a copy before) is a new one.
        """
        tags = self._scan_tags(text, verdict)
        same_scan_s = self._times().same_scan_s
        same = any(tag in self._seen and at - self._seen[tag] <= same_scan_s for tag in tags)
        if same:
            for tag in tags:
                _note(self._seen, tag, at)
        return same

    def scanned(self, text: str, verdict: Verdict, at: float) -> None:
        """Note that this sighting began a passage."""
        for tag in self._scan_tags(text, verdict):
            _note(self._seen, tag, at)

    def _scan_tags(self, text: str, verdict: Verdict) -> tuple[bytes, ...]:
        exact = _tag(self._key, "text", text)
        if verdict.identity is None:
            return (exact,)
        kind = "live" if verdict.presented_at is not None else "static"
        return exact, _tag(self._key, "seen", str(verdict.identity), verdict.reason or "", kind)

    def recollect(self, verdict: Verdict, at: float, beside: Verdict | None = None) -> Recollection:
        """Return what is remembered of a proved code at monotonic `at`, and of the credential that counts with it."""
        if verdict.identity is None:
            return Recollection()
        times = [self._opened.passed_at(identity) for identity in (verdict.identity, *_identity_of(beside))]
        already_passed_s = self._times().already_passed_s
        return Recollection(
            presentation_used=self._opened.is_used(verdict),
            passed_recently=any(passed is not None and at - passed < already_passed_s for passed in times),
            activated=self._opened.is_activated(verdict.identity),
        )

    def decided(self, verdict: Verdict, at: float) -> None:
        """Count a code that was decided about among the different ones of the day."""
        if verdict.identity is not None:
            self._opened.met(verdict.identity, at)

    def activated(self, verdict: Verdict, at: float) -> None:
        """Remember that staff have activated this grey code."""
        if verdict.identity is not None:
            self._opened.activate(verdict.identity, at)

    def tags(self, verdict: Verdict, beside: Verdict | None = None) -> PassTags | None:
        """Return what `gate_opened_by_tags` will want, when the gate opens later."""
        return self._opened.tags(verdict, beside)

    def gate_opened_by_tags(self, tags: PassTags | None, at: float) -> None:
        """Do as `gate_opened`, for a code whose tags were taken before."""
        self._opened.note_tags(tags, at, self._direction)

    def gate_opened_since(self, tags: PassTags | None, at: float) -> bool:
        """Whether any lane's gate has opened for a code after monotonic `at`."""
        return self._opened.opened_since(tags, at)

    def gate_opened(self, verdict: Verdict, at: float, beside: Verdict | None = None) -> None:
        """Remember that this lane's gate opened for this code and the one beside it, and consume its presentation."""
        self._opened.note(verdict, at, self._direction, beside)


def _identity_of(verdict: Verdict | None) -> tuple[CodeIdentity, ...]:
    return () if verdict is None or verdict.identity is None else (verdict.identity,)


def _tag(key: bytes, *parts: str) -> bytes:
    return hmac.digest(key, "\x1f".join(parts).encode(), hashlib.sha256)[:16]


def _note(tags: OrderedDict[bytes, float], tag: bytes, at: float) -> None:
    tags[tag] = at
    tags.move_to_end(tag)
    while len(tags) > MAX_REMEMBERED:
        tags.popitem(last=False)
