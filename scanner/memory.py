"""What the appliance remembers of codes: HMAC tags under a key that lives in memory only.

The key dies with the process and at local midnight, and everything remembered with it: nobody who takes the box
learns which codes passed. Used for "one scan", anti-passback, replayed presentations and distinct counts.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict

from keys.verdict import CodeIdentity, Verdict
from scanner.values import Recollection

MAX_REMEMBERED = 200_000
"""Tags of each kind kept; the oldest go first. A busy gate sees 50 people a minute, 72,000 a day."""


class Memory:
    """Tags of codes seen, passed and consumed since the last start or midnight. Not thread-safe: one owner."""

    def __init__(self, *, passback_s: float, same_scan_s: float) -> None:
        """Take the policy's times in seconds.

        `passback_s`: how long a passed code is `ALREADY_PASSED`. `same_scan_s`: how long after its last sighting a
        code seen again is still the same scan.
        """
        self._passback_s = passback_s
        self._same_scan_s = same_scan_s
        self.forget()

    def forget(self) -> None:
        """Drop the key and everything remembered under it."""
        self._key = secrets.token_bytes(32)
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._passed: OrderedDict[bytes, float] = OrderedDict()
        self._used: OrderedDict[bytes, float] = OrderedDict()

    def _tag(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\x1f".join(parts).encode(), hashlib.sha256)[:16]

    def is_same_scan(self, text: str, verdict: Verdict, at: float) -> bool:
        """Whether this sighting, at monotonic `at`, belongs to a scan already handled; if so, it prolongs that scan.

        A code still held in view stays one scan however long, also when it expires meanwhile, and so does a phone
        that renews its presentation. The same code with another verdict in another text (a phone that now shows
        live what was a copy before) is a new one.
        """
        tags = self._scan_tags(text, verdict)
        same = any(tag in self._seen and at - self._seen[tag] <= self._same_scan_s for tag in tags)
        if same:
            for tag in tags:
                _note(self._seen, tag, at)
        return same

    def scanned(self, text: str, verdict: Verdict, at: float) -> None:
        """Note that this sighting began a passage."""
        for tag in self._scan_tags(text, verdict):
            _note(self._seen, tag, at)

    def _scan_tags(self, text: str, verdict: Verdict) -> tuple[bytes, ...]:
        exact = self._tag("text", text)
        if verdict.identity is None:
            return (exact,)
        kind = "live" if verdict.presented_at is not None else "static"
        return exact, self._tag("seen", str(verdict.identity), verdict.reason or "", kind)

    def recollect(self, verdict: Verdict, at: float) -> Recollection:
        """Return what is remembered of a proved code at monotonic `at`."""
        if verdict.identity is None:
            return Recollection()
        passed = self._passed.get(self._passed_tag(verdict.identity))
        return Recollection(
            presentation_used=self._used_tag(verdict) in self._used if verdict.presented_at is not None else False,
            passed_recently=passed is not None and at - passed < self._passback_s,
        )

    def gate_opened(self, verdict: Verdict, at: float) -> None:
        """Remember that the gate opened for this code, and consume its presentation."""
        if verdict.identity is None:
            return
        _note(self._passed, self._passed_tag(verdict.identity), at)
        if verdict.presented_at is not None:
            _note(self._used, self._used_tag(verdict), at)

    def distinct(self) -> int:
        """Return how many different codes have passed."""
        return len(self._passed)

    def _passed_tag(self, identity: CodeIdentity) -> bytes:
        return self._tag("passed", str(identity))

    def _used_tag(self, verdict: Verdict) -> bytes:
        return self._tag("used", str(verdict.identity), str(verdict.presented_at))


def _note(tags: OrderedDict[bytes, float], tag: bytes, at: float) -> None:
    tags[tag] = at
    tags.move_to_end(tag)
    while len(tags) > MAX_REMEMBERED:
        tags.popitem(last=False)
