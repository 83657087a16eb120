"""One log entry and its wire format: a deterministic CBOR map, fields 1 to 20, in which nothing names a person.

The same bytes are hashed into the tree, sent to the hub and carried on a stick; this module alone writes and
reads them. Reading is strict: an entry that is read is byte for byte the one that would be written. Fields 1 to
8, 17 and 18 are always there (8 may be null), the others only when they say something; `docs/formats.md` has the
table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from firmware_bridge.values import Measurement, Method, Unmeasurable
from keys import cbor
from keys.errors import CborError
from keys.reasons import Reason
from keys.verdict import Colour
from scanner.journal import detail as details
from scanner.journal import shape
from scanner.journal.detail import Detail, EntryKind
from scanner.journal.errors import EntryError
from scanner.journal.personal import Personal
from scanner.values import ClockTrust, Outcome

VERSION: Final = 1
MAX_ENTRY = 4096
"""Bytes; ours have some 150 to 350."""
_KNOWN = frozenset(range(1, 21))
"""The fields there are."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """Field 13: a measurement as logged; hundredths of °C. Exactly one of `result` and `why_not` is None."""

    result: int | None
    raw: int | None
    ambient: int | None
    device_offset: int
    site_offset: int
    method: Method
    why_not: Unmeasurable | None

    @classmethod
    def of(cls, measurement: Measurement) -> Temperature:
        """Keep what the log keeps of a measurement."""
        return cls(
            measurement.result_centi,
            measurement.raw_centi,
            measurement.ambient_centi,
            measurement.device_offset_centi,
            measurement.site_offset_centi,
            measurement.method,
            measurement.why_not,
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """Field 15: what the decision rested on."""

    code_kid: bytes | None
    """8 bytes."""
    list_uri: str | None
    list_iat: int | None
    """Seconds."""
    list_value: int | None
    """The raw status value, 0 to 255."""
    policy_version: str | None


@dataclass(frozen=True, slots=True)
class Seal:
    """Field 20: which key the personal part was sealed to, and what was sealed."""

    kid: bytes
    """8 bytes."""
    digest: bytes
    """SHA-256 of the sealed bytes."""


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An event to be logged: everything but what the log itself knows (device, number, software, seal)."""

    kind: EntryKind
    time_ms: int
    """Milliseconds since 1970 UTC."""
    clock: ClockTrust
    detail: Detail
    lane: str = ""
    """Empty: the whole appliance."""
    staff: str | None = None
    outcome: Outcome | None = None
    reasons: tuple[Reason, ...] = ()
    issuer: str | None = None
    """See `shape.loggable` for what an unproved code claims."""
    colour: Colour | None = None
    temperature: Temperature | None = None
    party: int | None = None
    evidence: Evidence | None = None
    latency_ms: int | None = None
    refers_to: int | None = None
    """Number of the entry this one is about."""
    personal: Personal | None = None
    """Sealed as it is written; never stored otherwise."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in the log."""

    device: bytes
    """16 bytes."""
    seq: int
    time_ms: int
    clock: ClockTrust
    lane: str
    kind: EntryKind
    staff: str | None
    detail: Detail
    software: str
    outcome: Outcome | None = None
    reasons: tuple[Reason, ...] = ()
    issuer: str | None = None
    colour: Colour | None = None
    temperature: Temperature | None = None
    party: int | None = None
    evidence: Evidence | None = None
    latency_ms: int | None = None
    refers_to: int | None = None
    seal: Seal | None = None


def encode(entry: Entry) -> bytes:
    """Write the entry's bytes. Raises EntryError naming the field whose value has no place."""
    return encode_as(entry, device=entry.device, seq=entry.seq, software=entry.software, seal=entry.seal)


def encode_as(entry: EntryDraft | Entry, *, device: bytes, seq: int, software: str, seal: Seal | None) -> bytes:
    """Write the bytes of the entry that a draft becomes as number `seq`. Raises as `encode` does.

    Field by field in the order of their keys, as `cbor.encode` would write the map: everybody at the gate waits for it.
    """
    fields = [
        b"\x01" + cbor.integer(VERSION),
        b"\x02" + cbor.byte_string(shape.binary(device, "device id", 16)),
        b"\x03" + cbor.integer(shape.uint(seq, "seq")),
        b"\x04" + cbor.integer(shape.uint(entry.time_ms, "time")),
        b"\x05" + cbor.integer(shape.member(ClockTrust, entry.clock, "clock state")),
        b"\x06" + _lane(entry.lane),
        b"\x07" + cbor.integer(shape.member(EntryKind, entry.kind, "kind")),
        b"\x08" + (cbor.NULL if entry.staff is None else _staff(entry.staff)),
    ]
    if entry.outcome is not None:
        fields.append(b"\x09" + cbor.integer(shape.member(Outcome, entry.outcome, "outcome")))
    if entry.reasons:
        fields.append(b"\x0a" + cbor.encode([str(shape.word(Reason, reason, "reason")) for reason in entry.reasons]))
    if entry.issuer is not None:
        fields.append(b"\x0b" + _identifier(entry.issuer, "issuer"))
    if entry.colour is not None:
        fields.append(b"\x0c" + cbor.integer(shape.member(Colour, entry.colour, "colour")))
    if entry.temperature is not None:
        fields.append(b"\x0d" + _write_temperature(entry.temperature))
    if entry.party is not None:
        fields.append(b"\x0e" + cbor.integer(shape.uint(entry.party, "party id")))
    if entry.evidence is not None:
        fields.append(b"\x0f" + _write_evidence(entry.evidence))
    if entry.latency_ms is not None:
        fields.append(b"\x10" + cbor.integer(shape.uint(entry.latency_ms, "latency")))
    fields.append(b"\x11" + details.encode(entry.kind, entry.detail))
    fields.append(b"\x12" + _identifier(software, "software version"))
    if entry.refers_to is not None:
        fields.append(b"\x13" + cbor.integer(shape.uint(entry.refers_to, "seq")))
    if seal is not None:
        kid, digest = shape.binary(seal.kid, "seal kid", 8), shape.binary(seal.digest, "seal digest", 32)
        fields.append(b"\x14" + cbor.array_head(2) + cbor.byte_string(kid) + cbor.byte_string(digest))
    return cbor.map_head(len(fields)) + b"".join(fields)


def decode(data: bytes) -> Entry:
    """Read an entry's bytes. Raises EntryError unless they are exactly what `encode` writes."""
    try:
        value = cbor.decode(data, limit=MAX_ENTRY)
    except CborError as error:
        raise EntryError(f"not an entry: {error.detail}") from error
    if type(value) is not dict or not value.keys() <= _KNOWN or 8 not in value:
        raise EntryError("not an entry: no map of the fields 1 to 20")
    if type(value.get(1)) is not int or value[1] != VERSION:
        raise EntryError("an entry of another version: read it with newer software")
    kind = shape.member(EntryKind, value.get(7), "kind")
    seal = _array(value[20], 2, "seal") if 20 in value else None
    return Entry(
        device=shape.binary(value.get(2), "device id", 16),
        seq=shape.uint(value.get(3), "seq"),
        time_ms=shape.uint(value.get(4), "time"),
        clock=shape.member(ClockTrust, value.get(5), "clock state"),
        lane=shape.lane(value.get(6), "lane"),
        kind=kind,
        staff=None if value[8] is None else shape.staff(value[8], "staff number"),
        detail=details.read(kind, value.get(17)),
        software=shape.identifier(value.get(18), "software version"),
        outcome=shape.member(Outcome, value[9], "outcome") if 9 in value else None,
        reasons=_reasons(value[10]) if 10 in value else (),
        issuer=shape.identifier(value[11], "issuer") if 11 in value else None,
        colour=shape.member(Colour, value[12], "colour") if 12 in value else None,
        temperature=_read_temperature(value[13]) if 13 in value else None,
        party=shape.uint(value[14], "party id") if 14 in value else None,
        evidence=_read_evidence(value[15]) if 15 in value else None,
        latency_ms=shape.uint(value[16], "latency") if 16 in value else None,
        refers_to=shape.uint(value[19], "seq referred to") if 19 in value else None,
        seal=None if seal is None else Seal(shape.binary(seal[0], "kid", 8), shape.binary(seal[1], "digest", 32)),
    )


@lru_cache(maxsize=256)
def _identifier(value: str, name: str) -> bytes:
    """Write an identifier. Remembered, as the two that follow: a gate's entries hold the same few."""
    return cbor.text(shape.identifier(value, name))


@lru_cache(maxsize=64)
def _lane(value: str) -> bytes:
    return cbor.text(shape.lane(value, "lane"))


@lru_cache(maxsize=256)
def _staff(value: str) -> bytes:
    return cbor.text(shape.staff(value, "staff number"))


def _write_temperature(value: Temperature) -> bytes:
    if (value.result is None) is (value.why_not is None):
        raise EntryError("a temperature has either a result or a reason why not")
    why_not = cbor.NULL if value.why_not is None else cbor.text(shape.word(Unmeasurable, value.why_not, "why not"))
    return b"".join(
        (
            cbor.map_head(7),
            b"\x01" + _number(value.result, "result"),
            b"\x02" + _number(value.raw, "raw"),
            b"\x03" + _number(value.ambient, "ambient"),
            b"\x04" + cbor.integer(shape.integer(value.device_offset, "device offset")),
            b"\x05" + cbor.integer(shape.integer(value.site_offset, "site offset")),
            b"\x06" + cbor.integer(shape.member(Method, value.method, "method")),
            b"\x07" + why_not,
        )
    )


def _number(value: int | None, name: str) -> bytes:
    return cbor.NULL if value is None else cbor.integer(shape.integer(value, name))


def _read_temperature(value: cbor.Value) -> Temperature:
    if type(value) is not dict or value.keys() != set(range(1, 8)):
        raise EntryError("a temperature must be a map of its seven fields")
    found = Temperature(
        _maybe(value[1], "result"),
        _maybe(value[2], "raw"),
        _maybe(value[3], "ambient"),
        shape.integer(value[4], "device offset"),
        shape.integer(value[5], "site offset"),
        shape.member(Method, value[6], "method"),
        None if value[7] is None else shape.word(Unmeasurable, value[7], "why not"),
    )
    if (found.result is None) is (found.why_not is None):
        raise EntryError("a temperature has either a result or a reason why not")
    return found


def _maybe(value: object, name: str) -> int | None:
    return None if value is None else shape.integer(value, name)


def _write_evidence(value: Evidence) -> bytes:
    kid, uri, iat, status, policy = (
        value.code_kid,
        value.list_uri,
        value.list_iat,
        value.list_value,
        value.policy_version,
    )
    return b"".join(
        (
            cbor.array_head(5),
            cbor.NULL if kid is None else cbor.byte_string(shape.binary(kid, "code kid", 8)),
            cbor.NULL if uri is None else _identifier(uri, "list uri"),
            cbor.NULL if iat is None else cbor.integer(shape.uint(iat, "list iat")),
            cbor.NULL if status is None else cbor.integer(shape.uint(status, "list value", 255)),
            cbor.NULL if policy is None else _identifier(policy, "policy version"),
        )
    )


def _read_evidence(value: cbor.Value) -> Evidence:
    kid, uri, iat, status, policy = _array(value, 5, "evidence")
    return Evidence(
        None if kid is None else shape.binary(kid, "code kid", 8),
        None if uri is None else shape.identifier(uri, "list uri"),
        None if iat is None else shape.uint(iat, "list iat"),
        None if status is None else shape.uint(status, "list value", 255),
        None if policy is None else shape.identifier(policy, "policy version"),
    )


def _reasons(value: cbor.Value) -> tuple[Reason, ...]:
    if type(value) is not list or not value:
        raise EntryError("reasons must be a list that is not empty")
    return tuple(shape.word(Reason, one, "reason") for one in value)


def _array(value: cbor.Value, length: int, name: str) -> list[cbor.Value]:
    if type(value) is not list or len(value) != length:
        raise EntryError(f"{name} must be a list of {length}")
    return value
