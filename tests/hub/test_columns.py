"""The light reader of an entry's front agrees with the complete one wherever that reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.columns import Reader, seal_digest
from keys.reasons import Reason
from keys.verdict import Colour
from scanner.journal import entry as wire
from scanner.journal.detail import EntryKind, FaultDetail, GateDetail
from scanner.journal.entry import Entry, Seal
from scanner.journal.errors import EntryError
from scanner.values import ClockTrust, Outcome

DEVICE = bytes(range(16))
IDENTIFIER = st.text("ABCxyz019:/._+-", min_size=1, max_size=60)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    detail = draw(st.sampled_from([GateDetail(confirmed=True), FaultDetail("camera_lost", began=True)]))
    return Entry(
        device=DEVICE,
        seq=draw(st.integers(0, 1 << 40)),
        time_ms=draw(st.integers(0, (1 << 63) - 1)),
        clock=draw(st.sampled_from(ClockTrust)),
        lane=draw(st.text("abz09-", max_size=16)),
        kind=EntryKind.GATE if isinstance(detail, GateDetail) else EntryKind.FAULT,
        staff=draw(st.none() | st.text("AZaz09-", min_size=1, max_size=16)),
        detail=detail,
        software="0.1.0",
        outcome=draw(st.none() | st.sampled_from(Outcome)),
        reasons=tuple(draw(st.lists(st.sampled_from(Reason), max_size=5, unique=True))),
        issuer=draw(st.none() | IDENTIFIER),
        colour=draw(st.none() | st.sampled_from(Colour)),
        party=draw(st.none() | st.integers(0, 9)),
        seal=draw(st.none() | st.just(Seal(b"sealkid1", bytes(range(32))))),
    )


@given(entries())
def test_it_reads_what_the_complete_reader_reads(entry: Entry) -> None:
    body = wire.encode(entry)
    reader = Reader(DEVICE)
    read = reader.read(body, entry.seq)
    assert read is not None
    time_ms, found = read
    assert reader.read(body, entry.seq) == (time_ms, found), "told apart by identity, and the same for the same bytes"
    assert (time_ms, found.trusted, found.kind) == (entry.time_ms, entry.clock is ClockTrust.TRUSTED, entry.kind)
    assert (found.staff, found.outcome, found.colour) == (entry.staff, entry.outcome, entry.colour)
    assert found.reasons == tuple(str(reason) for reason in entry.reasons)
    assert seal_digest(body) == (None if entry.seal is None else entry.seal.digest)


@given(entries(), st.data())
def test_of_a_mutated_entry_it_says_what_the_complete_reader_says(entry: Entry, data: st.DataObject) -> None:
    body = bytearray(wire.encode(entry))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        whole = wire.decode(bytes(body))
    except EntryError:
        return  # it may be counted by its front or not at all: never refused, never an error
    reader = Reader(whole.device)
    reader.read(wire.encode(entry), entry.seq)  # what it remembers of others changes nothing
    found = reader.read(bytes(body), whole.seq)
    assert found is not None
    assert (found[0], found[1].staff, found[1].kind) == (whole.time_ms, whole.staff, whole.kind)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_left(body: bytes) -> None:
    Reader(DEVICE).read(body, 0)
    seal_digest(body)


def test_an_entry_under_another_number_or_device_is_not_this_one() -> None:
    entry = Entry(
        device=DEVICE,
        seq=5,
        time_ms=0,
        clock=ClockTrust.TRUSTED,
        lane="",
        kind=EntryKind.GATE,
        staff=None,
        detail=GateDetail(confirmed=True),
        software="0.1.0",
    )
    body = wire.encode(entry)
    assert Reader(DEVICE).read(body, 5) is not None
    assert Reader(DEVICE).read(body, 6) is None
    assert Reader(bytes(16)).read(body, 5) is None
