from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.values import Measurement, Method, Unmeasurable
from keys import cbor
from keys.reasons import Reason
from keys.verdict import Carrier, CodeFormat, Colour, DocumentType
from scanner.journal import detail as details
from scanner.journal.detail import DETAILS, EntryKind, ShiftDetail
from scanner.journal.entry import Entry, Evidence, Seal, Temperature, decode, encode, encode_as
from scanner.journal.errors import EntryError
from scanner.values import ClockTrust, Direction, GuardStep, Outcome

from .logs import fault, passage

uints = st.integers(0, (1 << 63) - 1)
centi = st.integers(-30_000, 30_000)
identifiers = st.from_regex(r"[A-Za-z0-9:/._+\-]{1,128}", fullmatch=True)
keys = st.from_regex(r"[a-z0-9_.\-]{1,48}", fullmatch=True)
sentences = st.from_regex(r"[ -~]{1,200}", fullmatch=True)
staff = st.from_regex(r"[A-Za-z0-9-]{1,16}", fullmatch=True)
kid = st.binary(min_size=8, max_size=8)

SHAPES: dict[str, st.SearchStrategy[object]] = {
    "direction": st.sampled_from(Direction),
    "guard": st.none() | st.sampled_from(GuardStep),
    "format": st.none() | st.sampled_from(CodeFormat),
    "carrier": st.none() | st.sampled_from(Carrier),
    "colour_reason": st.none() | uints,
    "code_issued_at": st.none() | uints,
    "first_raw": st.none() | centi,
    "document": st.sampled_from(DocumentType),
    "admit": st.booleans(),
    "cause": keys,
    "supervisor": st.none() | staff,
    "began": st.booleans(),
    "code": keys,
    "folded": st.none() | uints,
    "started": st.booleans(),
    "what": st.sampled_from(details.Updated),
    "version": identifiers,
    "uri": st.none() | identifiers,
    "issued_at": st.none() | uints,
    "step_ms": st.integers(-(1 << 62), 1 << 62),
    "start": uints,
    "stop": uints,
    "target": st.sampled_from(details.ExportTarget),
    "count": uints,
    "phase": st.sampled_from(details.PartyPhase),
    "people": uints,
    "confirmed": st.booleans(),
    "why_not": st.none() | keys,
    "refused": st.none() | keys,
    "source": st.none() | sentences,
    "why": st.none() | sentences,
    "slip": st.none() | uints,
    "action": st.sampled_from(details.StaffAction),
}


def detail_of(kind: EntryKind) -> st.SearchStrategy[details.Detail]:
    build: Callable[..., details.Detail] = DETAILS[kind]
    found = {one.name: SHAPES[one.name] for one in dataclasses.fields(DETAILS[kind])}
    if kind is EntryKind.CLOCK_STEP:
        found["cause"] = st.sampled_from(details.StepCause)
    if kind is EntryKind.ERASURE:
        found["what"] = st.sampled_from(details.Erased)
    return st.builds(build, **found)


def temperature(result: int | None, why_not: Unmeasurable | None) -> st.SearchStrategy[Temperature]:
    return st.builds(
        Temperature,
        result=st.just(result),
        raw=st.none() | centi,
        ambient=st.none() | centi,
        device_offset=centi,
        site_offset=centi,
        method=st.sampled_from(Method),
        why_not=st.just(why_not),
    )


evidence = st.builds(
    Evidence,
    st.none() | kid,
    st.none() | identifiers,
    st.none() | uints,
    st.none() | st.integers(0, 255),
    st.none() | identifiers,
)
entries = st.sampled_from(EntryKind).flatmap(
    lambda kind: st.builds(
        Entry,
        device=st.binary(min_size=16, max_size=16),
        seq=uints,
        time_ms=uints,
        clock=st.sampled_from(ClockTrust),
        lane=st.from_regex(r"[a-z0-9-]{0,16}", fullmatch=True),
        kind=st.just(kind),
        staff=st.none() | staff,
        detail=detail_of(kind),
        software=identifiers,
        outcome=st.none() | st.sampled_from(Outcome),
        reasons=st.lists(st.sampled_from(Reason), max_size=4).map(tuple),
        issuer=st.none() | identifiers,
        colour=st.none() | st.sampled_from(Colour),
        temperature=st.none()
        | centi.flatmap(lambda value: temperature(value, None))
        | st.sampled_from(Unmeasurable).flatmap(lambda why: temperature(None, why)),
        party=st.none() | uints,
        evidence=st.none() | evidence,
        latency_ms=st.none() | uints,
        refers_to=st.none() | uints,
        seal=st.none() | st.builds(Seal, kid, st.binary(min_size=32, max_size=32)),
    )
)
PLAIN = decode(encode_as(passage(3), device=bytes(16), seq=3, software="0.1.0", seal=Seal(b"sealkey1", bytes(32))))


@given(entries)
def test_every_entry_reads_as_it_was_written(entry: Entry) -> None:
    assert decode(encode(entry)) == entry


@given(entries, st.data())
def test_an_altered_entry_is_refused_or_is_exactly_the_bytes_it_reads_as(entry: Entry, data: st.DataObject) -> None:
    altered = bytearray(encode(entry))
    altered[data.draw(st.integers(0, len(altered) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = decode(bytes(altered))
    except EntryError:
        return
    assert encode(read) == bytes(altered)


@given(st.binary(max_size=400))
def test_no_bytes_are_taken_for_an_entry(data: bytes) -> None:
    with pytest.raises(EntryError):
        decode(data)


def test_the_bytes_of_an_entry_are_the_documented_map() -> None:
    assert cbor.decode(encode(PLAIN)) == {
        1: 1,
        2: bytes(16),
        3: 3,
        4: 1_700_000_003_000,
        5: 0,
        6: "main",
        7: 1,
        8: None,
        9: 0,
        11: "CN-33",
        12: 0,
        13: {1: 3650, 2: 3400, 3: 2480, 4: 10, 5: 240, 6: 0, 7: None},
        15: [b"codekid1", "jkm:33/7", 1_700_000_000, 0, "2026-01"],
        16: 143,
        17: {1: "entry", 2: "nothing", 3: "JKM1", 4: 0},
        18: "0.1.0",
        20: [b"sealkey1", bytes(32)],
    }


def test_every_kind_has_its_own_detail() -> None:
    assert set(DETAILS) == set(EntryKind)
    assert len(set(DETAILS.values())) == len(DETAILS)


def fields_of(entry: Entry) -> dict[int | str, cbor.Value]:
    value = cbor.decode(encode(entry))
    assert type(value) is dict
    return value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (1, 2),
        (1, True),
        (2, bytes(15)),
        (3, -1),
        (3, True),
        (4, "now"),
        (5, 2),
        (6, "Main Lane"),
        (7, 13),
        (7, 0),
        (8, "张三"),
        (9, 3),
        (10, []),
        (10, ["NO_SUCH_REASON"]),
        (10, "EXPIRED"),
        (11, "a person's name"),
        (12, 5),
        (13, {1: 3650}),
        (13, {1: None, 2: None, 3: None, 4: 0, 5: 0, 6: 0, 7: None}),
        (13, {1: 3650, 2: None, 3: None, 4: 0, 5: 0, 6: 0, 7: "absent"}),
        (13, {1: 3650, 2: None, 3: None, 4: 0, 5: 0, 6: 3, 7: None}),
        (14, "party"),
        (15, [None] * 4),
        (15, [None, None, None, 256, None]),
        (16, -1),
        (17, None),
        (17, {}),
        (17, {1: "sideways"}),
        (17, {1: "entry", 99: 0}),
        (17, {1: "entry", 2: None}),
        (18, ""),
        (19, -1),
        (20, [bytes(8)]),
        (20, [bytes(8), bytes(31)]),
        (21, 0),
        ("name", "张三"),
    ],
)
def test_a_field_that_breaks_its_rule_is_refused(field: int | str, value: cbor.Encodable) -> None:
    broken: dict[int | str, cbor.Encodable] = {**fields_of(PLAIN), field: value}
    with pytest.raises(EntryError):
        decode(cbor.encode(broken))


@pytest.mark.parametrize("field", [1, 2, 3, 4, 5, 6, 7, 8, 17, 18])
def test_a_field_that_is_always_there_may_not_be_absent(field: int) -> None:
    value = fields_of(PLAIN)
    del value[field]
    with pytest.raises(EntryError):
        decode(cbor.encode(value))


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "张三"},
        {"issuer": "a name with spaces"},
        {"lane": "Main Street 5"},
        {"staff": "Wang Li"},
        {"software": "version of 张三"},
        {"detail": details.PassageDetail(Direction.ENTRY, colour_reason=-1)},
        {"detail": ShiftDetail(True)},
        {"seq": -1},
        {"device": bytes(15)},
        {"temperature": Temperature(None, None, None, 0, 0, Method.INFRARED, None)},
    ],
)
def test_what_could_name_a_person_or_has_no_place_is_not_written(change: dict[str, object]) -> None:
    with pytest.raises(EntryError):
        encode(dataclasses.replace(PLAIN, **change))


@pytest.mark.parametrize("cause", ["张三", "knows him well", "Key", "", "x" * 49])
def test_the_cause_of_an_override_is_a_key_never_free_text(cause: str) -> None:
    with pytest.raises(EntryError, match="sealed part"):
        details.encode(EntryKind.OVERRIDE, details.OverrideDetail(True, cause))


def test_a_measurement_is_logged_with_everything_that_led_to_it() -> None:
    measurement = Measurement(None, Unmeasurable.TOO_LOW, 3010, 1830, -20, 250, 15, Method.INFRARED, "forehead", 1.5, 4)
    assert Temperature.of(measurement) == Temperature(None, 3010, 1830, -20, 250, Method.INFRARED, Unmeasurable.TOO_LOW)


def test_an_oversized_entry_is_refused_unread() -> None:
    with pytest.raises(EntryError, match="at most"):
        decode(bytes(4097))


def test_an_entry_without_a_lane_or_a_person_is_an_entry() -> None:
    entry = decode(encode_as(fault(), device=bytes(16), seq=0, software="0.1.0", seal=None))
    assert decode(encode(entry)) == entry
