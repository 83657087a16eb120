"""The log: a durable append beside a bare SQLite commit of the same bytes, sealing, starting and verifying."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from benchmarks.row import Row
from firmware_bridge.values import Method
from keys.seal import SealKey, journal_info, seal
from keys.verdict import Carrier, CodeFormat, CodeIdentity, Colour
from scanner.journal.detail import EntryKind, PassageDetail
from scanner.journal.device import Device
from scanner.journal.entry import EntryDraft, Evidence, Temperature
from scanner.journal.files import journal_path
from scanner.journal.personal import Personal, encode
from scanner.journal.store import Journal
from scanner.journal.verify import verify
from scanner.values import ClockTrust, Direction, Outcome

APPEND_LIMIT: Final = 1.3
SEAL_LIMIT_MS: Final = 0.4
_APPENDS: Final = 400
_SETTLED: Final = 600
"""Commits after which the write-ahead log of a bare file is folded and begun anew: it grows no more in this run."""
_LONG: Final = 20_000
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_FOLDER: Final = Path(__file__).resolve().parents[1] / "state"
"""Measured on the disk the appliance writes to: a temporary folder may be memory, which syncs in no time."""
_PERSON: Final = Personal(identity=CodeIdentity("CN-33", "jkm:33/7", 123_456), name="张**")


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in about five seconds."""
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_FOLDER) as name:
        yield from _append(Path(name))
        yield _sealing()
        yield from _long(Path(name) / "long")


def _draft(number: int) -> EntryDraft:
    return EntryDraft(
        kind=EntryKind.PASSAGE,
        time_ms=1_700_000_000_000 + number,
        clock=ClockTrust.TRUSTED,
        detail=PassageDetail(Direction.ENTRY, None, CodeFormat.JKM1, Carrier.PHONE),
        lane="main",
        outcome=Outcome.PASS,
        issuer="CN-33",
        colour=Colour.GREEN,
        temperature=Temperature(3650, 3400, 2480, 10, 240, Method.INFRARED, None),
        evidence=Evidence(b"codekid1", "jkm:33/7", 1_700_000_000, 0, "2026-01"),
        latency_ms=143,
        personal=_PERSON,
    )


def _open(folder: Path, device: Device) -> Journal:
    seal_key = SealKey(b"sealkey1", X25519PrivateKey.generate().public_key())
    return Journal.open(folder, device, seal_key, "0.1.0")


def _append(folder: Path) -> Iterator[Row]:
    """Ours and the bare calls alternate, so that both meet the same disk at the same time.

    Beside the product's path stands what no path can do without: one HPKE call and one durable commit, in a new file
    as SQLite makes it, and in one that need not grow. Our log is written ahead so that it never needs to.
    """
    with _open(folder / "journal", Device.of(Ed25519PrivateKey.generate())) as journal:
        journal.append(_draft(0))
        stored = journal.entries(0, 1)[0]
        payload = bytes(len(stored.body) + len(stored.sealed or b"") + 64)
        bare, settled = (_bare_database(folder / name) for name in ("bare.db", "settled.db"))
        for _ in range(_SETTLED):
            settled.execute("INSERT INTO entry (body) VALUES (?)", (payload,))
        settled.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        public, plaintext = X25519PrivateKey.generate().public_key(), encode(_PERSON)

        def commit(database: sqlite3.Connection) -> None:
            database.execute("INSERT INTO entry (body) VALUES (?)", (payload,))

        def append() -> None:
            journal.append(draft)

        ours, sealings, commits, overwriting = [], [], [], []
        for number in range(1, _APPENDS):
            draft = _draft(number)
            ours.append(_seconds(append))
            sealings.append(_seconds(lambda: _SUITE.encrypt(plaintext, public)))
            commits.append(_seconds(lambda: commit(bare)))
            overwriting.append(_seconds(lambda: commit(settled)))
        bare.close()
        settled.close()
    value, sealing, commit_ms, again_ms = (
        statistics.median(taken) * 1000 for taken in (ours, sealings, commits, overwriting)
    )
    ratio = _ratio(ours, sealings, commits)
    words = f"bare HPKE call {sealing:.3f} ms + SQLite commit of {len(payload)} bytes, WAL, FULL {commit_ms:.3f} ms"
    yield Row("journal.append", value, "ms", words, ratio, APPEND_LIMIT, ratio <= APPEND_LIMIT)
    words = f"the same, where the bare file has been written before and need not grow: commit {again_ms:.3f} ms"
    yield Row("journal.append.settled", value, "ms", words, _ratio(ours, sealings, overwriting))
    yield Row("journal.append.p99", sorted(ours)[len(ours) * 99 // 100] * 1000, "ms")


def _ratio(ours: list[float], sealings: list[float], commits: list[float]) -> float:
    """Return the median of what each append took over the calls beside it: the machine's speed changes meanwhile."""
    return statistics.median(a / (b + c) for a, b, c in zip(ours, sealings, commits, strict=True))


def _bare_database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    return connection


def _sealing() -> Row:
    public, info, plaintext = X25519PrivateKey.generate().public_key(), journal_info(bytes(16), 0), encode(_PERSON)
    taken = [_seconds(lambda: seal(public, info, plaintext)) for _ in range(300)]
    value = statistics.median(taken) * 1000
    return Row("journal.seal", value, "ms", None, None, SEAL_LIMIT_MS, value <= SEAL_LIMIT_MS)


def _long(folder: Path) -> Iterator[Row]:
    """Measure a longer log: opened again, and verified."""
    device = Device.of(Ed25519PrivateKey.generate())
    with _open(folder, device) as journal:
        drafts = [_draft(number) for number in range(_LONG)]
        for start in range(0, _LONG, 1000):
            journal.append_all(drafts[start : start + 1000])
    yield Row("journal.start", _seconds(lambda: _open(folder, device).close()) * 1000, "ms")
    taken = _seconds(lambda: verify(journal_path(folder), device.public_key))
    yield Row("journal.verify", _LONG / taken, "entries/s")


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
