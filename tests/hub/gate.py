"""A gate as the hub sees it: a device key, a log of real entries, and uploads of any part of it."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub import upload
from hub.enrolment import base64url
from hub.upload import Upload
from keys.merkle import EMPTY_ROOT, Tree, consistency_proof, leaf_hash
from keys.reasons import Reason
from keys.tree_head import TreeHead, log_origin, sign_head
from keys.verdict import Carrier, CodeFormat, Colour
from scanner.journal import entry as wire
from scanner.journal.detail import Detail, EntryKind, PassageDetail
from scanner.journal.device import device_id
from scanner.journal.entry import Entry, Seal
from scanner.values import ClockTrust, Direction, Outcome

NOON = 1_790_000_000_000
"""Milliseconds: a day of the tests."""


class Gate:
    """One appliance; `log` holds its entries, `sealed` their sealed parts."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.id = device_id(self.key.public_key())
        self.log: list[bytes] = []
        self.sealed: list[bytes] = []
        self._hashed: list[bytes] = []
        self._roots = [EMPTY_ROOT]
        self._tree = Tree()

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def write(
        self,
        kind: EntryKind,
        detail: Detail,
        *,
        time_ms: int = NOON,
        staff: str | None = None,
        outcome: Outcome | None = None,
        reasons: tuple[Reason, ...] = (),
        colour: Colour | None = None,
        sealed: bytes = b"",
        clock: ClockTrust = ClockTrust.TRUSTED,
        lane: str = "gate-1",
    ) -> None:
        entry = Entry(
            device=self.id,
            seq=len(self.log),
            time_ms=time_ms,
            clock=clock,
            lane=lane,
            kind=kind,
            staff=staff,
            detail=detail,
            software="0.1.0",
            outcome=outcome,
            reasons=reasons,
            colour=colour,
            seal=Seal(b"sealkid1", sha256(sealed).digest()) if sealed else None,
        )
        self.log.append(wire.encode(entry))
        self.sealed.append(sealed)

    def passes(self, many: int, *, time_ms: int = NOON, outcome: Outcome = Outcome.PASS) -> Gate:
        detail = PassageDetail(Direction.ENTRY, format=CodeFormat.JKP1, carrier=Carrier.PHONE)
        for _ in range(many):
            seq = len(self.log)
            reasons = () if outcome is Outcome.PASS else (Reason.COLOUR_YELLOW,)
            colour = Colour.GREEN if outcome is Outcome.PASS else Colour.YELLOW
            sealed = sha256(self.id + seq.to_bytes(8, "big")).digest() * 3
            self.write(
                EntryKind.PASSAGE,
                detail,
                time_ms=time_ms + seq,
                outcome=outcome,
                reasons=reasons,
                colour=colour,
                sealed=sealed,
            )
        return self

    def copy(self) -> Gate:
        """The same device with a log of its own: what a restored image is."""
        other = Gate()
        other.key, other.id = self.key, self.id
        other.log, other.sealed = self.log.copy(), self.sealed.copy()
        return other

    def leaves(self) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.log]

    def root(self, size: int | None = None) -> bytes:
        """The root over the first entries; every root is kept until an entry below it is another."""
        end = len(self.log) if size is None else size
        if self.log[: len(self._hashed)] != self._hashed:
            self._hashed, self._roots, self._tree = [], [EMPTY_ROOT], Tree()
        for entry in self.log[len(self._hashed) : end]:
            self._tree.append(leaf_hash(entry))
            self._hashed.append(entry)
            self._roots.append(self._tree.root())
        return self._roots[end]

    def head(self, size: int | None = None) -> str:
        end = len(self.log) if size is None else size
        return sign_head(TreeHead(log_origin(self.id), end, self.root(end)), self.key)

    def upload(
        self, first: int = 0, end: int | None = None, *, known: int | None = None, head: str | None = None
    ) -> bytes:
        """The body for entries `first` to `end`; `known`: prove from what the hub has."""
        end = len(self.log) if end is None else end
        proof: Sequence[bytes] = () if known is None else consistency_proof(self.leaves()[:end], known)
        return upload.write(
            Upload(
                first,
                tuple(self.log[first:end]),
                self.head(end) if head is None else head,
                tuple(proof),
                tuple(self.sealed[first:end]),
            )
        )

    def request_proof(self, method: str, path: str, seconds: int = 1_790_000_000) -> str:
        signed = f"checkpoint request\n{method}\n{path}\n{seconds}".encode()
        return f"{seconds}:{base64url(self.key.sign(signed))}"

    def enrolment(self, token: bytes) -> dict[str, str]:
        text, public = base64url(token), base64url(self.public_key)
        proof = self.key.sign(f"checkpoint enrolment\n{text}\n{public}".encode())
        return {"token": text, "public_key": public, "software": "0.1.0", "proof": base64url(proof)}


def framed(*bodies: bytes) -> bytes:
    """Uploads as a file on a stick."""
    return b"".join(len(body).to_bytes(4, "big") + body for body in bodies)


def packed(body: bytes) -> bytes:
    return gzip.compress(body)
