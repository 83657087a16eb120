"""What the log's tests share: a device, drafts of every kind, and small logs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from firmware_bridge.values import Method
from keys.reasons import Reason
from keys.seal import SealKey
from keys.verdict import Carrier, CodeFormat, CodeIdentity, Colour, Document, DocumentType
from scanner.journal.detail import EntryKind, FaultDetail, GateDetail, OverrideDetail, PassageDetail
from scanner.journal.device import Device
from scanner.journal.entry import EntryDraft, Evidence, Temperature
from scanner.journal.files import journal_path
from scanner.journal.personal import Personal
from scanner.journal.store import Journal
from scanner.values import ClockTrust, Direction, GuardStep, Outcome

DEVICE = Device.of(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER_DEVICE = Device.of(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
AUTHORITY = X25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
SEAL_KEY = SealKey(b"sealkey1", AUTHORITY.public_key())
SOFTWARE = "0.1.0"
START = 1_700_000_000_000
PERSON = Personal(
    identity=CodeIdentity("CN-33", "jkm:33/7", 123_456),
    name="张**",
    document=Document(DocumentType.RESIDENT_ID, "1X"),
)


def passage(number: int = 0, personal: Personal | None = PERSON) -> EntryDraft:
    """A green person passes."""
    return EntryDraft(
        kind=EntryKind.PASSAGE,
        time_ms=START + number * 1000,
        clock=ClockTrust.TRUSTED,
        detail=PassageDetail(Direction.ENTRY, GuardStep.NOTHING, CodeFormat.JKM1, Carrier.PHONE),
        lane="main",
        outcome=Outcome.PASS,
        issuer="CN-33",
        colour=Colour.GREEN,
        temperature=Temperature(3650, 3400, 2480, 10, 240, Method.INFRARED, None),
        evidence=Evidence(b"codekid1", "jkm:33/7", 1_700_000_000, 0, "2026-01"),
        latency_ms=143,
        personal=personal,
    )


def override(number: int, refers_to: int) -> EntryDraft:
    """A guard admits somebody whom the appliance referred."""
    return EntryDraft(
        kind=EntryKind.OVERRIDE,
        time_ms=START + number * 1000,
        clock=ClockTrust.TRUSTED,
        detail=OverrideDetail(True, "knows_resident"),
        lane="main",
        staff="0042",
        reasons=(Reason.OVERRIDE_ADMIT,),
        refers_to=refers_to,
    )


def gate(number: int, refers_to: int) -> EntryDraft:
    """The gate confirms."""
    return EntryDraft(
        kind=EntryKind.GATE,
        time_ms=START + number * 1000,
        clock=ClockTrust.TRUSTED,
        detail=GateDetail(True),
        lane="main",
        latency_ms=31,
        refers_to=refers_to,
    )


def fault(number: int = 0) -> EntryDraft:
    """The thermometer is lost."""
    return EntryDraft(
        kind=EntryKind.FAULT,
        time_ms=START + number * 1000,
        clock=ClockTrust.UNTRUSTED,
        detail=FaultDetail("thermometer_lost", True),
    )


def open_journal(folder: Path, device: Device = DEVICE, seal_key: SealKey | None = SEAL_KEY) -> Journal:
    """Open the log in a state folder with one MiB of reserve."""
    return Journal.open(folder, device, seal_key, SOFTWARE, reserve_mb=1)


def make_log(folder: Path, entries: int) -> Path:
    """Write a log of passages, close it, and return its database file."""
    with open_journal(folder) as journal:
        for start in range(0, entries, 64):
            journal.append_all([passage(number) for number in range(start, min(start + 64, entries))])
    return journal_path(folder)


def edit(path: Path, statement: str, *arguments: object) -> None:
    """Change a log behind its back, as somebody with a database tool would."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(statement, arguments)
    finally:
        connection.close()


def look(path: Path, query: str, *arguments: object) -> list[tuple[object, ...]]:
    """Read a log behind its back."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(query, arguments).fetchall()
    finally:
        connection.close()
