"""One HTTP(S) connection to a server that is believed in nothing: patient up to a limit, and pinned where it can be.

A pin is the SHA-256 of the SubjectPublicKeyInfo (DER) in the certificate of the server. With one, that key is all that
counts: names, dates and issuers do not, for a hub at a compound has a certificate that it made itself.
"""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
import socket
import ssl
import threading
import time
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url


class PinnedConnection(HTTPSConnection):
    """A connection that is used only when the server has the pinned key, however often it is made anew."""

    def __init__(self, host: str, port: int, *, pin: bytes, timeout: float) -> None:
        """`pin`: 32 bytes. Connects to nothing yet."""
        super().__init__(host, port, timeout=timeout, cert_reqs="CERT_NONE", assert_hostname=False)
        self._pin = pin

    def connect(self) -> None:
        """Connect, and hold the server's key against the pin before anything is sent. Raises OSError."""
        super().connect()
        line = self.sock
        certificate = line.getpeercert(binary_form=True) if isinstance(line, ssl.SSLSocket) else None
        if certificate is None or not hmac.compare_digest(spki_digest(certificate), self._pin):
            self.close()
            raise ssl.SSLError("the server shows another key than the one that is pinned")


def spki_digest(certificate: bytes) -> bytes:
    """Return the SHA-256 of a DER certificate's SubjectPublicKeyInfo. Raises OSError: it is no certificate."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    except ValueError as error:
        raise ssl.SSLError(f"the server's certificate cannot be read: {error}") from None


def open_line(url: str, silence_s: float, pin: bytes | None = None) -> tuple[HTTPConnection, str]:
    """Return a connection, not yet made, to the server that `url` names, and the path in it without a slash at its end.

    `silence_s`: how long nothing may come. Raises ValueError: no http or https address without user, query and
    fragment; or a pin for a line that has no certificate.
    """
    try:
        parsed = parse_url(url)
    except LocationParseError:
        raise ValueError(f"{url} is no URL") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.query or parsed.fragment or parsed.auth:
        raise ValueError(f"{url} is no http:// or https:// address without user, query or fragment")
    host, path = parsed.host.strip("[]"), (parsed.path or "").rstrip("/")
    if parsed.scheme == "http":
        if pin is not None:
            raise ValueError(f"{url} has no certificate that could be pinned; use https://")
        return HTTPConnection(host, parsed.port or 80, timeout=silence_s), path
    if pin is not None:
        return PinnedConnection(host, parsed.port or 443, pin=pin, timeout=silence_s), path
    return HTTPSConnection(host, parsed.port or 443, timeout=silence_s, cert_reqs="CERT_REQUIRED"), path


def is_loopback(host: str) -> bool:
    """Whether an address, without brackets, cannot be reached from another machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Patience:
    """Cuts a connection off when an answer takes too long in all. A byte now and then meets no time-out, but this."""

    def __init__(self, line: HTTPConnection, seconds: float) -> None:
        self._line = line
        self._until = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._over = False
        self.ended = False
        """Whether it has cut the connection."""

    def extend(self, seconds: float) -> None:
        """Allow more, because something came."""
        self._until += seconds

    def __enter__(self) -> None:
        self._wait()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
            if self._timer is not None:
                self._timer.cancel()

    def _wait(self) -> None:
        with self._lock:
            if self._over:
                return
            left = self._until - time.monotonic()
            if left > 0:
                self._timer = threading.Timer(left, self._wait)
                self._timer.daemon = True
                self._timer.start()
                return
            self.ended = True
            line = self._line.sock
        if line is not None:
            with contextlib.suppress(OSError):
                # The plain socket's: shutting TLS down in order would wait for the very peer that keeps us waiting.
                socket.socket.shutdown(line, socket.SHUT_RDWR)


def words_of(error: Exception) -> str:
    """Return an error of the line in the words of its cause, without the objects that urllib3 prints along."""
    words = str(error)
    return words.rpartition(">: ")[2] if ">: " in words else words or type(error).__name__
