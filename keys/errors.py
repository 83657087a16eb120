"""What can go wrong in `keys`.

    KeysError
    ├── RefusedError        a code is refused; carries its Reason        → the verifier makes it a Verdict
    │   └── MalformedError  bytes or text break a format's rules (Reason.MALFORMED)
    │       ├── Base45Error, CborError, CoseError
    ├── TrustError          a trust file is bad                          → the operator repairs the file
    ├── StatusListError     a status list is bad, or not ours to believe → the caller goes on without that list
    ├── KeyFileError        a private key file is missing, open to others, or locked
    ├── SealError           sealed bytes do not open
    └── TreeHeadError       a signed tree head does not hold

All of them the caller handles; a broken promise between our own modules raises ValueError or TypeError instead.
"""

from __future__ import annotations

from keys.printable import printable
from keys.reasons import Reason


class KeysError(Exception):
    """Base of every error this package raises. Its words may repeat a stranger's, and are printable all the same."""

    def __str__(self) -> str:
        return printable(super().__str__())


class RefusedError(KeysError):
    """A code is refused. Raised inside reading and verification only."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class MalformedError(RefusedError):
    """Bytes or text break their format's rules."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.MALFORMED, detail)


class Base45Error(MalformedError):
    """The text is not base45."""


class CborError(MalformedError):
    """The bytes are not CBOR as this product allows it."""


class CoseError(MalformedError):
    """The bytes are CBOR and yet no COSE_Sign1 as this product allows it."""


class TrustError(KeysError):
    """A trust file is bad. The message says which file, what is wrong, and what to do."""


class StatusListError(KeysError):
    """A status list is damaged, not signed by whom it must be, or older than one already seen."""


class KeyFileError(KeysError):
    """A private key file cannot be used. The message says which, why, and what to do."""


class SealError(KeysError):
    """Sealed bytes do not open with this key and context."""


class TreeHeadError(KeysError):
    """A signed tree head is damaged or not signed by the device it names."""
