"""Handing the log over: preparing uploads, and how long one slice of what retention erases can hold up a passage."""

from __future__ import annotations

import gzip
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.row import Row
from keys.cosignature import cosign
from scanner.journal.detail import EntryKind, PassageDetail
from scanner.journal.device import Device
from scanner.journal.entry import EntryDraft
from scanner.journal.store import Journal
from scanner.sync.outbox import open_outbox
from scanner.sync.retention import SLICE
from scanner.sync.wire import encode_upload
from scanner.values import ClockTrust, Direction, Outcome

SLICE_LIMIT_MS: Final = 100.0
"""A passage has a second; its commit may come behind one slice."""
_ENTRIES: Final = 10_000
_FOLDER: Final = Path(__file__).resolve().parents[1] / "state"


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in about five seconds."""
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    device = Device.of(Ed25519PrivateKey.generate())
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_FOLDER) as name:
        folder = Path(name)
        with Journal.open(folder, device, None, "0.1.0") as journal:
            drafts = [_draft(number) for number in range(_ENTRIES)]
            for start in range(0, _ENTRIES, 1000):
                journal.append_all(drafts[start : start + 1000])
            yield from _prepare(folder, device)
            yield _erase(journal, folder, device)


def _draft(number: int) -> EntryDraft:
    return EntryDraft(
        kind=EntryKind.PASSAGE,
        time_ms=1_700_000_000_000 + number,
        clock=ClockTrust.TRUSTED,
        detail=PassageDetail(Direction.ENTRY),
        lane="main",
        outcome=Outcome.PASS,
        issuer="CN-33",
        latency_ms=143,
    )


def _prepare(folder: Path, device: Device) -> Iterator[Row]:
    """Read, check, prove, sign, encode and compress, as before each upload."""
    began, at, inflated, sent = time.perf_counter(), 0, 0, 0
    while at < _ENTRIES:
        with open_outbox(folder, device) as outbox:
            batch = outbox.batch(at)
        body = encode_upload(batch.upload)
        inflated, sent, at = inflated + len(body), sent + len(gzip.compress(body, 6)), batch.stop
    taken = time.perf_counter() - began
    yield Row("sync.prepare", _ENTRIES / taken, "entries/s")
    yield Row("sync.compressed", inflated / _ENTRIES, "bytes/entry", f"{sent / _ENTRIES:.0f} over the line")


def _erase(journal: Journal, folder: Path, device: Device) -> Row:
    """Remove the log in slices under a cosigned head; one slice is what a passage may have to wait for."""
    witness = Ed25519PrivateKey.generate()
    with open_outbox(folder, device) as outbox:
        head = outbox.head(_ENTRIES)
    journal.keep_cosigned(cosign(head, "hub", witness, 1_700_000_000), witness.public_key(), 1_700_000_000)
    taken = []
    for stop in range(SLICE, _ENTRIES, SLICE):
        began = time.perf_counter()
        journal.prune(stop)
        taken.append((time.perf_counter() - began) * 1000)
    value = sorted(taken)[len(taken) * 95 // 100]
    words = f"of {SLICE} entries; the median is {statistics.median(taken):.1f} ms"
    return Row("sync.erase.slice.p95", value, "ms", words, None, SLICE_LIMIT_MS, value <= SLICE_LIMIT_MS)
