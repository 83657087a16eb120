"""What can go wrong between appliance and hub; the tree is drawn in `scanner.sync`. The caller handles all of them."""

from __future__ import annotations

from keys.printable import printable


class HubError(Exception):
    """Base of every error of the conversation. Its words may repeat the hub's, and are printable all the same."""

    def __str__(self) -> str:
        return printable(super().__str__())


class HubUnreachableError(HubError):
    """There is no line, it broke, or the hub has trouble of its own. Whether anything arrived is not known."""


class HubBusyError(HubUnreachableError):
    """The hub asks to be left alone for a while."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class HubRefusedError(HubError):
    """The hub will not take what we sent; sending the same again is of no use."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class TooLargeError(HubRefusedError):
    """The hub takes smaller batches only (413)."""


class OtherHistoryError(HubRefusedError):
    """What we sent does not follow what the hub knows (409)."""

    def __init__(self, message: str, size: int, root: bytes) -> None:
        super().__init__(message, 409)
        self.size = size
        """How many of our entries the hub says it has."""
        self.root = root
        """The root over them, 32 bytes."""


class HubDoubtedError(HubError):
    """What the hub says does not hold: a cosignature that is none, a head that is not ours, an answer that is none."""
