"""Whose language the kiosk speaks: the site's, until a visitor switches, and again when that visitor has gone. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

FORGOTTEN_S = 20.0
"""A visitor who has switched and then done nothing has gone."""

Result = tuple[int, int | None]
"""What tells one result from the next: time and journal number."""


@dataclass(frozen=True, slots=True)
class VisitorLanguage:
    """The languages, and which of them is spoken now."""

    site: str
    offered: tuple[str, ...]
    """The site's first."""
    chosen: str | None = None
    """By the visitor who stands here."""
    chosen_at: float = 0.0
    result: Result | None = None
    """The one shown last."""

    @property
    def now(self) -> str:
        """The language spoken now."""
        return self.chosen or self.site

    @property
    def next(self) -> str | None:
        """The language that a touch switches to; None where there is only one."""
        if len(self.offered) < 2:
            return None
        return self.offered[(self.offered.index(self.now) + 1) % len(self.offered)]

    def switched(self, moment: float) -> VisitorLanguage:
        """Return the next language chosen."""
        return replace(self, chosen=self.next, chosen_at=moment)

    def follow(self, result: Result | None, *, busy: bool, moment: float) -> VisitorLanguage:
        """Return what is spoken after the lane has shown `result`, None for none. `busy`: somebody stands there."""
        over = self.result is not None and result != self.result
        forgotten = result is None and not busy and moment - self.chosen_at >= FORGOTTEN_S
        chosen = None if over or forgotten else self.chosen
        return replace(self, chosen=chosen, result=result, chosen_at=moment if busy else self.chosen_at)


def languages(site: str, offered: tuple[str, ...], known: tuple[str, ...]) -> VisitorLanguage:
    """Return the site's language with those offered that there are."""
    return VisitorLanguage(site, tuple(dict.fromkeys((site, *(name for name in offered if name in known)))))
