"""Letting an appliance in: a token for one use and ten minutes, shown as a QR code, redeemed with a new device key.

The QR text is `JKE1:` + base45(deterministic CBOR {1: URL, 2: SHA-256 of the server's SubjectPublicKeyInfo, 3: SHA-256
of the trust root, 4: token}); 2 is absent where the hub serves plain HTTP on loopback. The appliance answers with its
public key and a signature over both, so that nobody enrols a key that is not theirs.
"""

from __future__ import annotations

import binascii
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.errors import Problem, RefusalError
from hub.storage import appliances, people
from hub.storage.session import Database
from hub.values import Appliance, Invitation, Standing
from keys import base45, cbor
from scanner.journal.device import device_id

TOKEN_BYTES = 16
TOKEN_MS = 600_000
"""A token's life."""
QR_PREFIX = "JKE1:"
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+={0,2}")
LANE = re.compile(r"[a-z0-9-]{1,16}")
SITE = re.compile(r"\w[\w .,()/·-]{0,63}")


@dataclass(frozen=True, slots=True)
class Offer:
    """What an enrolment QR code tells the appliance besides the token."""

    url: str
    """Where the hub is, as the appliance sees it."""
    pin: bytes | None
    """SHA-256 of the server key's SubjectPublicKeyInfo; None on loopback without TLS."""
    root_sha256: bytes
    """Of the trust root to begin with."""

    def text(self, token: bytes) -> str:
        """Write the QR text."""
        fields: dict[int, cbor.Encodable] = {1: self.url, 3: self.root_sha256, 4: token}
        if self.pin is not None:
            fields[2] = self.pin
        return QR_PREFIX + base45.encode(cbor.encode(fields))


class Enrolment:
    """Makes tokens and redeems them."""

    def __init__(self, database: Database, clock_ms: Callable[[], int]) -> None:
        self._database = database
        self._clock_ms = clock_ms

    def invite(self, site: str, lanes: tuple[str, ...], made_by: str) -> bytes:
        """Make a token, 16 bytes. Raises RefusalError for a name that cannot be one."""
        if not SITE.fullmatch(site):
            raise RefusalError(422, Problem.BAD_REQUEST, "a site's name has 1 to 64 letters, digits and blanks")
        if not 1 <= len(lanes) <= 16 or len(set(lanes)) != len(lanes) or not all(map(LANE.fullmatch, lanes)):
            raise RefusalError(422, Problem.BAD_REQUEST, "lanes have names of their own: a-z, 0-9 and '-', at most 16")
        token = secrets.token_bytes(TOKEN_BYTES)
        expires_ms = self._clock_ms() + TOKEN_MS
        with self._database.write() as session:
            appliances.invite(session, Invitation(sha256(token).digest(), site, lanes, expires_ms, made_by))
        return token

    def redeem(self, token: str, public_key: str, software: str, proof: str, timezone: str | None = None) -> Appliance:
        """Let the appliance in that holds the token and the key; `timezone`: of its site. Raises RefusalError.

        The same token with the same key again, in time, is the same enrolment: the first answer may have been lost.
        """
        raw = decoded(public_key, 32)
        signature = decoded(proof, 64)
        key = Ed25519PublicKey.from_public_bytes(raw)
        try:
            key.verify(signature, f"checkpoint enrolment\n{token}\n{public_key}".encode())
        except InvalidSignature:
            raise RefusalError(401, Problem.UNKNOWN_KEY, "the proof is not by the key that it comes with") from None
        if timezone is not None:
            try:
                ZoneInfo(timezone)
            except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as Asia
                raise RefusalError(422, Problem.BAD_REQUEST, f"the hub knows no time zone {timezone}") from None
        device = device_id(key)
        now_ms = self._clock_ms()
        with self._database.write() as session:
            found = appliances.invitation(session, sha256(decoded(token, TOKEN_BYTES)).digest())
            # One that expires later than any can was made while the clock was ahead: nobody knows when.
            if found is None or not 0 < found[0].expires_ms - now_ms <= 2 * TOKEN_MS or found[1] not in {None, device}:
                raise RefusalError(410, Problem.TOKEN_SPENT, "this token is used or expired; make a new one")
            known = appliances.find(session, device)
            if known is not None and known.standing is not Standing.ACTIVE:
                raise RefusalError(
                    403, Problem.RETIRED, f"this appliance is {known.standing}; it enrols with a new key"
                )
            enrolled = appliances.enrol(
                session, device, raw, found[0], software=software, now_ms=now_ms, timezone=timezone
            )
            if found[1] is None:  # whose code it was, and for whom: one that moves to another site is let in anew
                people.note(session, now_ms, found[0].made_by, "enrol", subject=device.hex(), reason=found[0].site)
            return enrolled


def base64url(data: bytes) -> str:
    """Write bytes without padding, RFC 4648 §5."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str, length: int) -> bytes:
    """Read base64url text of exactly `length` bytes. Raises RefusalError."""
    if _BASE64URL.fullmatch(text):
        bare = text.rstrip("=")
        try:
            data = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
        except binascii.Error:
            data = b""
        if len(data) == length and base64url(data) == bare:
            return data
    raise RefusalError(422, Problem.BAD_REQUEST, f"{length} bytes in base64url were expected")
