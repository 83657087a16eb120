"""Which sighting of a code begins a passage: none of a stranger's code, none of a scan already handled, one at a time.

Not thread-safe: everything here happens in the lane's own thread.
"""

from __future__ import annotations

from collections.abc import Callable

from keys.reasons import Reason
from scanner import policy
from scanner.engine.together import Together
from scanner.engine.vision import CodeSeen
from scanner.memory import Memory
from scanner.policy import Rules, Site
from scanner.sight.hints import HintSeen
from scanner.sight.in_view import InView


class Sightings:
    """What a lane's camera has in view or its reader has read, against what the lane remembers. Monotonic seconds."""

    def __init__(self, site: Site, rules: Callable[[], Rules], memory: Memory) -> None:
        self._site = site
        self._rules = rules
        self._memory = memory
        self._in_view = InView()
        self.together = Together()

    def concerns(self, seen: CodeSeen, at: float) -> bool:
        """Whether a code in view is this lane's business at all; it is noted where it is not."""
        if not policy.is_ignored(seen.verdict, self._site, self._rules()):
            return True
        if seen.verdict.reason is Reason.CODE_INCOMPLETE:
            self._in_view.part(at)
        elif seen.by_reader:
            self._in_view.refused(at)
        else:
            self._in_view.foreign(seen.text, seen.corners or (), at)
        return False

    def begins(self, seen: CodeSeen, at: float, *, free: bool) -> bool:
        """Note a code in view; whether a passage begins with it. `free`: the lane could serve somebody now."""
        if seen.by_reader:
            return self._begins_by_reader(seen, at, free=free)
        corners = seen.corners or ()
        same = self._memory.is_same_scan(seen.text, seen.verdict, at)
        if self._site.attended and self.together.holds(seen, at, served=same):
            return False
        if same:
            self._in_view.served(seen.who, corners, at)
            return False
        if not self._in_view.waits(seen.who, corners, at) or not free:
            return False
        self._in_view.served(seen.who, corners, at)
        self._memory.scanned(seen.text, seen.verdict, at)
        return True

    def _begins_by_reader(self, seen: CodeSeen, at: float, *, free: bool) -> bool:
        """Take a code that was held before a reader: nothing stays in view there, so nobody waits there either."""
        if self._memory.is_same_scan(seen.text, seen.verdict, at) or not free:
            return False
        self._memory.scanned(seen.text, seen.verdict, at)
        return True

    def chosen(self, handle: int, at: float) -> CodeSeen | None:
        """Return the code that staff chose of several shown together; None where it is not to be seen any more."""
        seen = self.together.choose(handle, at)
        if seen is not None:
            self._in_view.served(seen.who, seen.corners or (), at)
            self._memory.scanned(seen.text, seen.verdict, at)
        return seen

    def unread(self, hint: HintSeen) -> None:
        """Note that something like a code is in view and cannot be read."""
        self._in_view.unread(hint)

    def words(self, at: float) -> str | None:
        """Return the locale key of what to say to whoever has shown nothing readable yet, or too much at once."""
        if self.together.waiting(at):
            return "hint.choose"
        return self._in_view.words(at)

    def forget(self) -> None:
        """Forget what is in view and what was remembered."""
        self._memory.forget()
        self._in_view.forget()
        self.together.forget()
