"""Gates by the thousand: real keys, real entries and heads, made fast enough not to be what is measured.

All entries of a gate are one real entry of 230 bytes with another device, number and time in it; the sealed part is the
same for all. The hub reads, hashes and checks each of them like any other.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.values import Method
from hub import upload
from hub.upload import Upload
from keys import cbor
from keys.merkle import Tree, leaf_hash
from keys.reasons import Reason
from keys.tree_head import TreeHead, log_origin, sign_head
from keys.verdict import Carrier, CodeFormat, Colour
from scanner.journal import entry as wire
from scanner.journal.detail import EntryKind, PassageDetail
from scanner.journal.device import device_id
from scanner.journal.entry import Entry, Evidence, Seal, Temperature
from scanner.values import ClockTrust, Direction, Outcome

SEALED = bytes(range(176))
"""As long as the sealed part of a code's identity, masked name and document."""


class BusyGate:
    """One appliance and its log, made batch by batch."""

    def __init__(self, begun_ms: int) -> None:
        """`begun_ms`: the time of its first entry; one follows a second later, and so on."""
        self._key = Ed25519PrivateKey.generate()
        self.id = device_id(self._key.public_key())
        self._tree = Tree()
        self._begun_ms = begun_ms
        self._head, self._tail = _template(self.id)

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        return self._key.public_key().public_bytes_raw()

    def proof(self, path: str) -> str:
        """Sign that this gate uploads to `path`, as an appliance does."""
        seconds = self._begun_ms // 1000
        signature = self._key.sign(f"checkpoint request\nPOST\n{path}\n{seconds}".encode())
        return f"{seconds}:{urlsafe_b64encode(signature).decode().rstrip('=')}"

    def entries(self, many: int) -> list[bytes]:
        """Make the next entries."""
        first = self._tree.size
        made = []
        for seq in range(first, first + many):
            time_ms = (self._begun_ms + seq * 1000).to_bytes(8, "big")
            entry = self._head + cbor.encode(seq) + b"\x04\x1b" + time_ms + self._tail
            self._tree.append(leaf_hash(entry))
            made.append(entry)
        return made

    def upload(self, many: int) -> bytes:
        """Make the body of the upload of the next entries."""
        first = self._tree.size
        entries = self.entries(many)
        head = sign_head(TreeHead(log_origin(self.id), self._tree.size, self._tree.root()), self._key)
        return upload.write(Upload(first, tuple(entries), head, (), (SEALED,) * many))


def _template(device: bytes) -> tuple[bytes, bytes]:
    """Return what stands before the number and behind the time of a usual passage."""
    entry = Entry(
        device=device,
        seq=1,
        time_ms=1 << 40,
        clock=ClockTrust.TRUSTED,
        lane="gate-1",
        kind=EntryKind.PASSAGE,
        staff="A17",
        detail=PassageDetail(Direction.ENTRY, format=CodeFormat.JKP1, carrier=Carrier.PHONE, code_issued_at=1 << 30),
        software="0.1.0",
        outcome=Outcome.REFER,
        reasons=(Reason.COLOUR_YELLOW,),
        issuer="CN-33",
        colour=Colour.YELLOW,
        temperature=Temperature(3650, 3610, 2200, 0, 0, Method.INFRARED, None),
        evidence=Evidence(b"code-kid", "jkm:33/7", 1 << 30, 3, "2026.1"),
        latency_ms=210,
        seal=Seal(b"seal-kid", sha256(SEALED).digest()),
    )
    body = wire.encode(entry)
    middle = b"\x01\x04\x1b" + (1 << 40).to_bytes(8, "big")
    before, after = body.split(middle)
    return before, after
