"""What each kind of entry says beyond the common fields: field 17, one small map a kind (docs/formats.md).

Each kind has one frozen dataclass. A field's metadata names its key in the map and how it is read; an absent key
is None. Nothing here can hold a person's name: texts are keys or identifiers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import IntEnum, StrEnum, unique
from functools import cache, partial
from typing import NamedTuple, TypeAlias

from keys import cbor
from keys.verdict import Carrier, CodeFormat, DocumentType
from scanner.journal import shape
from scanner.journal.errors import EntryError
from scanner.values import Direction, GuardStep

Shape: TypeAlias = Callable[[object, str], int | str]


class _Slot(NamedTuple):
    """One key of a detail map."""

    key: int
    attribute: str
    shape: Shape
    required: bool
    name: str
    """In words, for errors."""


def _at(key: int, reads: Shape) -> Mapping[str, tuple[int, Shape]]:
    return {"slot": (key, reads)}


def _one_of(kind: type[IntEnum]) -> Shape:
    return partial(shape.member, kind)


def _word_of(kind: type[StrEnum]) -> Shape:
    return partial(shape.word, kind)


@unique
class EntryKind(IntEnum):
    """Field 7: what happened."""

    PASSAGE = 1
    ACTIVATION = 2
    OVERRIDE = 3
    MANUAL_ENTRY = 4
    SHIFT = 5
    FAULT = 6
    RUN = 7
    """The engine starts or stops."""
    UPDATE = 8
    CLOCK_STEP = 9
    EXPORT = 10
    PARTY = 11
    GATE = 12
    """The gate confirmed an opening, or did not; field 19 names the passage. An extension of the kinds."""
    ACTION = 13
    """Staff did something at a lane that decides nothing about anybody. An extension of the kinds."""
    ERASURE = 14
    """Something was erased, as retention or a retirement order asks. An extension of the kinds."""


@unique
class Updated(IntEnum):
    """What an update replaced."""

    KEYS = 0
    LISTS = 1
    POLICY = 2
    SOFTWARE = 3
    REPOSITORY = 4
    """A whole publication, taken in or refused."""


@unique
class StepCause(IntEnum):
    """Why the clock's time jumped."""

    DETECTED = 0
    CONFIRMED = 1
    """A supervisor confirmed the shown time."""
    FLOOR = 2
    """Signed evidence was newer than the clock."""


@unique
class ExportTarget(IntEnum):
    """Whom the log was handed to."""

    STICK = 0
    HUB = 1


@unique
class Erased(IntEnum):
    """What was erased."""

    SEALED = 0
    """Sealed parts."""
    ENTRIES = 1
    """Whole entries; the tree over them stays."""
    EVERYTHING = 2
    """All that the appliance kept, by a retirement order."""


@unique
class PartyPhase(IntEnum):
    """Where a vehicle party stands."""

    BEGAN = 0
    COMPLETE = 1
    """Everybody may pass, and the gate is told to open."""
    ABANDONED = 2
    """Turned away, or given up."""
    SET_ASIDE = 3
    TAKEN_UP = 4
    RESIZED = 5
    """The number of people was corrected."""


@unique
class StaffAction(StrEnum):
    """What staff did at a lane."""

    ACKNOWLEDGED = "acknowledged"
    """Cleared a result that waits for staff: whoever was referred or stopped has gone, or stays outside."""
    REMEASURED = "remeasured"
    CHOSE_CODE = "chose_code"
    CALLED_SUPERVISOR = "called_supervisor"
    COMPARED = "compared"
    """Compared the thermometer, and changed its offset."""


@dataclass(frozen=True, slots=True)
class PassageDetail:
    """Kind 1: a code was decided on."""

    direction: Direction = field(metadata=_at(1, _word_of(Direction)))
    guard: GuardStep | None = field(default=None, metadata=_at(2, _word_of(GuardStep)))
    """What staff were told to do."""
    format: CodeFormat | None = field(default=None, metadata=_at(3, _word_of(CodeFormat)))
    carrier: Carrier | None = field(default=None, metadata=_at(4, _one_of(Carrier)))
    colour_reason: int | None = field(default=None, metadata=_at(5, shape.uint))
    """Code from the authority's published table."""
    code_issued_at: int | None = field(default=None, metadata=_at(6, shape.uint))
    """The code's `iat`, seconds: why the code's or the list's colour counted."""
    first_raw: int | None = field(default=None, metadata=_at(7, shape.integer))
    """What the thermometer read at first, hundredths of °C, where that was high and field 13 is the second reading."""


@dataclass(frozen=True, slots=True)
class ActivationDetail:
    """Kind 2: staff compared the document and activated a grey code."""

    document: DocumentType = field(metadata=_at(1, _one_of(DocumentType)))


@dataclass(frozen=True, slots=True)
class OverrideDetail:
    """Kind 3: staff decided against the appliance."""

    admit: bool = field(metadata=_at(1, shape.flag))
    cause: str = field(metadata=_at(2, shape.key))
    """Key of a cause in the locale; free text goes into the sealed part."""
    supervisor: str | None = field(default=None, metadata=_at(3, shape.staff))
    """Staff number of the supervisor who agreed."""


@dataclass(frozen=True, slots=True)
class ManualDetail:
    """Kind 4: a person without a readable code, or a visitor."""

    direction: Direction = field(metadata=_at(1, _word_of(Direction)))
    cause: str | None = field(default=None, metadata=_at(2, shape.key))
    slip: int | None = field(default=None, metadata=_at(3, shape.uint))
    """Number of a visitor's slip."""


@dataclass(frozen=True, slots=True)
class ShiftDetail:
    """Kind 5: a guard comes on shift, or leaves."""

    began: bool = field(metadata=_at(1, shape.flag))


@dataclass(frozen=True, slots=True)
class FaultDetail:
    """Kind 6: something is degraded, or whole again."""

    code: str = field(metadata=_at(1, shape.key))
    """A degradation code, such as `thermometer_lost`."""
    began: bool = field(metadata=_at(2, shape.flag))
    folded: int | None = field(default=None, metadata=_at(3, shape.uint))
    """How often it began since the entry of it before this one without an entry of its own, where it came and went."""


@dataclass(frozen=True, slots=True)
class RunDetail:
    """Kind 7: the engine starts or stops."""

    started: bool = field(metadata=_at(1, shape.flag))
    cause: str | None = field(default=None, metadata=_at(2, shape.key))


@dataclass(frozen=True, slots=True)
class UpdateDetail:
    """Kind 8: keys, lists, policy or software were replaced, or were not; field 11 names whose."""

    what: Updated = field(metadata=_at(1, _one_of(Updated)))
    version: str = field(metadata=_at(2, shape.identifier))
    uri: str | None = field(default=None, metadata=_at(3, shape.identifier))
    """The list's uri."""
    issued_at: int | None = field(default=None, metadata=_at(4, shape.uint))
    """Signed time of what was taken in, seconds."""
    refused: str | None = field(default=None, metadata=_at(5, shape.key))
    """Why it was not taken in: a word of `keys.errors.UpdateCause`."""
    source: str | None = field(default=None, metadata=_at(6, shape.sentence))
    """The address or folder it came from."""
    why: str | None = field(default=None, metadata=_at(7, shape.sentence))
    """What did not hold, in words."""


@dataclass(frozen=True, slots=True)
class ClockDetail:
    """Kind 9: the clock stepped."""

    step_ms: int = field(metadata=_at(1, shape.integer))
    """New time minus the time expected by the monotonic clock."""
    cause: StepCause = field(metadata=_at(2, _one_of(StepCause)))


@dataclass(frozen=True, slots=True)
class ExportDetail:
    """Kind 10: entries `start` up to, not including, `stop` were handed out."""

    start: int = field(metadata=_at(1, shape.uint))
    stop: int = field(metadata=_at(2, shape.uint))
    target: ExportTarget = field(metadata=_at(3, _one_of(ExportTarget)))


@dataclass(frozen=True, slots=True)
class PartyDetail:
    """Kind 11: the people of one vehicle."""

    phase: PartyPhase = field(metadata=_at(1, _one_of(PartyPhase)))
    people: int = field(metadata=_at(2, shape.uint))


@dataclass(frozen=True, slots=True)
class GateDetail:
    """Kind 12: what became of an order to open; field 16 is the time to its confirmation, or until it had left."""

    confirmed: bool = field(metadata=_at(1, shape.flag))
    why_not: str | None = field(default=None, metadata=_at(2, shape.key))


@dataclass(frozen=True, slots=True)
class ActionDetail:
    """Kind 13: what staff did; field 19 names the passage it is about, where it is about one."""

    action: StaffAction = field(metadata=_at(1, _word_of(StaffAction)))


@dataclass(frozen=True, slots=True)
class ErasureDetail:
    """Kind 14: `count` things were erased of entries `start` up to, not including, `stop`."""

    what: Erased = field(metadata=_at(1, _one_of(Erased)))
    start: int = field(metadata=_at(2, shape.uint))
    stop: int = field(metadata=_at(3, shape.uint))
    count: int = field(metadata=_at(4, shape.uint))


Detail: TypeAlias = (
    PassageDetail
    | ActivationDetail
    | OverrideDetail
    | ManualDetail
    | ShiftDetail
    | FaultDetail
    | RunDetail
    | UpdateDetail
    | ClockDetail
    | ExportDetail
    | PartyDetail
    | GateDetail
    | ActionDetail
    | ErasureDetail
)

DETAILS: Mapping[EntryKind, type[Detail]] = {
    EntryKind.PASSAGE: PassageDetail,
    EntryKind.ACTIVATION: ActivationDetail,
    EntryKind.OVERRIDE: OverrideDetail,
    EntryKind.MANUAL_ENTRY: ManualDetail,
    EntryKind.SHIFT: ShiftDetail,
    EntryKind.FAULT: FaultDetail,
    EntryKind.RUN: RunDetail,
    EntryKind.UPDATE: UpdateDetail,
    EntryKind.CLOCK_STEP: ClockDetail,
    EntryKind.EXPORT: ExportDetail,
    EntryKind.PARTY: PartyDetail,
    EntryKind.GATE: GateDetail,
    EntryKind.ACTION: ActionDetail,
    EntryKind.ERASURE: ErasureDetail,
}
"""Every kind has exactly one detail."""


def encode(kind: EntryKind, detail: Detail) -> bytes:
    """Write field 17 of an entry, a map. Raises EntryError for another kind's detail or a value that has no place."""
    form, slots = _form(kind)
    if type(detail) is not form:
        raise EntryError(f"an entry of kind {kind.name} carries {form.__name__}, not {type(detail).__name__}")
    members: list[bytes] = []
    for slot in slots:
        value: object = getattr(detail, slot.attribute)
        if value is not None or slot.required:
            shaped = slot.shape(int(value) if type(value) is bool else value, slot.name)
            members.append(cbor.integer(slot.key))
            members.append(cbor.integer(shaped) if isinstance(shaped, int) else cbor.text(shaped))
    return cbor.map_head(len(members) // 2) + b"".join(members)


def read(kind: EntryKind, value: object) -> Detail:
    """Field 17 as its dataclass. Raises EntryError: no map, an unknown key, a missing one, or a wrong value."""
    if type(value) is not dict:
        raise EntryError("detail must be a map")
    form, slots = _form(kind)
    if not value.keys() <= {slot.key for slot in slots}:
        raise EntryError(f"detail has a key that kind {kind.name} does not know")
    arguments = {
        slot.attribute: slot.shape(value.get(slot.key), slot.name)
        for slot in slots
        if slot.required or slot.key in value
    }
    build: Callable[..., Detail] = form
    return build(**arguments)


@cache
def _form(kind: EntryKind) -> tuple[type[Detail], tuple[_Slot, ...]]:
    """Return what an entry of this kind carries, and the slots of it in the order of their keys."""
    found = []
    for one in fields(DETAILS[kind]):
        key, reads = one.metadata["slot"]
        found.append(_Slot(key, one.name, reads, one.default is MISSING, f"detail {key} ({one.name})"))
    return DETAILS[kind], tuple(sorted(found, key=lambda slot: slot.key))
