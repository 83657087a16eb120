"""What is felt from outside: the button that calls staff, and the contact that tells whether the door is shut."""

from firmware_bridge import link

SETTLE_MS = 30
"""A contact that has not moved for so long has stopped bouncing."""


class Contact:
    """One switch without its bounces. Times are milliseconds that never decrease."""

    def __init__(self) -> None:
        self.on = False
        self._seen = None  # type: bool | None
        self._since_ms = 0

    def tick(self, on: bool, now_ms: int) -> bool:
        """Take a reading; whether the settled state has changed with it. How it is found at first is no change."""
        if self._seen is None:
            self._seen = self.on = on
        if on is not self._seen:
            self._seen = on
            self._since_ms = now_ms
        if self._seen is self.on or now_ms - self._since_ms < SETTLE_MS:
            return False
        self.on = on
        return True


class Button:
    """The button: counts how often it was pressed, however long it is held."""

    def __init__(self) -> None:
        self.presses = 0
        self._contact = Contact()

    def tick(self, pressed: bool, now_ms: int) -> bool:
        """Take a reading; whether it has just been pressed."""
        if not (self._contact.tick(pressed, now_ms) and self._contact.on):
            return False
        self.presses += 1
        return True


class Door:
    """The door: shut, open, held open for too long, or forced.

    Until its contact is known to be fitted nothing is known of it. A door that is found open when that happens counts
    as opened then, by whoever was let.
    """

    def __init__(self) -> None:
        self.state = link.DOOR_UNKNOWN
        """One of the link's DOOR_ numbers."""
        self.forcings = 0
        self._contact = Contact()
        self._held_ms = 0
        self._since_ms = 0

    def fit(self, fitted: bool, held_s: int) -> None:
        """Note whether there is a contact, and for how many seconds the door may stand open."""
        self._held_ms = held_s * 1000
        if not fitted:
            self.state = link.DOOR_UNKNOWN
        elif self.state == link.DOOR_UNKNOWN:
            self.state = link.DOOR_OPEN if self._contact.on else link.DOOR_SHUT

    def tick(self, is_open: bool, passable: bool, now_ms: int) -> None:
        """Take a reading; `passable`: whether somebody is let through now."""
        moved = self._contact.tick(is_open, now_ms)
        if self.state == link.DOOR_UNKNOWN:
            self._since_ms = now_ms
            return
        if not self._contact.on:
            self.state = link.DOOR_SHUT
            return
        if moved:
            self._since_ms = now_ms
            self.state = link.DOOR_OPEN if passable else link.DOOR_FORCED
            self.forcings += not passable
        if self.state == link.DOOR_FORCED:
            return
        if passable:
            self._since_ms = now_ms
        self.state = link.DOOR_HELD if now_ms - self._since_ms > self._held_ms else link.DOOR_OPEN
