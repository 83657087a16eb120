"""A gate that seals to a real authority, and whom it sees."""

from __future__ import annotations

from hashlib import sha256

from keys.seal import journal_info, seal
from keys.verdict import CodeIdentity, Colour, Document, DocumentType
from scanner.journal import personal as personal_wire
from scanner.journal.detail import ActivationDetail, Detail, EntryKind, PassageDetail
from scanner.journal.entry import Entry, Seal, encode
from scanner.journal.personal import Personal
from scanner.values import ClockTrust, Direction, Outcome
from tests.hub.gate import Gate
from tests.hub.serving import Serving
from tests.world import NOW, SmallWorld

PASSED = PassageDetail(Direction.ENTRY)


class SealingGate(Gate):
    """A gate that seals to a real authority."""

    def __init__(self, world: SmallWorld) -> None:
        super().__init__()
        self.world = world

    def sees(self, personal: Personal, kind: EntryKind = EntryKind.PASSAGE, detail: Detail = PASSED) -> None:
        seq, key = len(self.log), self.world.seal_key
        part = seal(key.public_key, journal_info(self.id, seq), personal_wire.encode(personal))
        entry = Entry(
            device=self.id,
            seq=seq,
            time_ms=(NOW + seq) * 1000,
            clock=ClockTrust.TRUSTED,
            lane="gate-1",
            kind=kind,
            staff=None,
            detail=detail,
            software="0.1.0",
            outcome=Outcome.PASS,
            seal=Seal(key.kid, sha256(part).digest()),
        )
        self.log.append(encode(entry))
        self.sealed.append(part)


def person(index: int, name: str = "张**") -> Personal:
    return Personal(CodeIdentity("CN-33", "jkm:33/1", index), name, Document(DocumentType.RESIDENT_ID, "2X"))


def activated_at_the_gate(hub: Serving, gate: SealingGate, world: SmallWorld) -> CodeIdentity:
    """A grey code, activated at a gate in an entry that the hub has."""
    grey = world.code(colour=Colour.GREY).identity
    gate.sees(Personal(grey), EntryKind.ACTIVATION, ActivationDetail(DocumentType.RESIDENT_ID))
    hub.upload(gate, gate.upload())
    return grey
