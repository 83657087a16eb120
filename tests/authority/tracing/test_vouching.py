"""An appliance that the hub let in and nobody vouched for: its word turns no code green, and is told apart."""

from __future__ import annotations

import io
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from authority.csv_file import read_rows
from authority.errors import RequestError
from authority.tracing.index import Index, Span
from authority.tracing.intake import Intake
from authority.tracing.question import Desk
from authority.tracing.vouching import COLUMNS, Vouching
from keys.verdict import Colour
from scanner.journal.detail import EntryKind
from scanner.journal.entry import decode, encode
from tests.authority.tracing.sealing_gate import SealingGate, activated_at_the_gate, person
from tests.hub.serving import Serving
from tests.world import NOW, ORDER, SmallWorld

ALWAYS = Span(0, 1 << 60)
ACTIVATION = int(EntryKind.ACTIVATION)
OTHER = "00" * 16


def vouch_all(vouching: Vouching, text: str) -> tuple[int, int]:
    return vouching.vouch_all(read_rows(io.BytesIO(text.encode()), "gates.csv", COLUMNS), ORDER, NOW)


def test_an_activation_waits_until_somebody_vouches_for_the_appliance(
    hub: Serving, gate: SealingGate, intake: Intake, vouching: Vouching, world: SmallWorld
) -> None:
    grey = activated_at_the_gate(hub, gate, world)
    for entries in (1, 0):
        found = intake.round()
        assert (found.entries, found.activated) == (entries, 0)
        assert [(one.device, one.waiting) for one in found.held] == [(gate.id, 1)]
    assert world.authority.code(grey).colour is Colour.GREY
    assert vouching.vouch(gate.id.hex(), "East gate", ORDER, NOW) == 1
    found = intake.round()
    assert (found.activated, found.held) == (1, ())
    assert world.authority.code(grey).colour is Colour.GREEN
    (line,) = [line for line in world.authority.audit() if line.subject == str(grey) and line.after == "green"]
    assert line.order.reason == "activated at East gate, entry 0", "where it stands is not the hub's word"


def test_where_nobody_vouches_any_more_activations_wait_again(
    hub: Serving, gate: SealingGate, intake: Intake, vouching: Vouching, world: SmallWorld
) -> None:
    vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW)
    vouching.withdraw(gate.id.hex(), ORDER, NOW)
    grey = activated_at_the_gate(hub, gate, world)
    assert intake.round().activated == 0
    assert world.authority.code(grey).colour is Colour.GREY
    with pytest.raises(RequestError, match="Nobody vouches"):
        vouching.withdraw(gate.id.hex(), ORDER, NOW)
    assert vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW) == 1, "whoever vouches anew is told what that lets in"


def test_many_that_wait_keep_no_other_from_being_applied(
    hub: Serving,
    gate: SealingGate,
    intake: Intake,
    vouching: Vouching,
    world: SmallWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("authority.tracing.intake._APPLIED_AT_ONCE", 2)
    for _ in range(3):
        activated_at_the_gate(hub, gate, world)
    own = SealingGate(world)
    assert hub.enrol(own).status == 201
    vouching.vouch(own.id.hex(), "East gate", ORDER, NOW)
    activated_at_the_gate(hub, own, world)
    found = intake.round()
    assert found.activated == 1
    assert [one.waiting for one in found.held] == [3]


def test_more_than_a_batch_is_applied_in_one_round(
    hub: Serving,
    gate: SealingGate,
    intake: Intake,
    vouching: Vouching,
    world: SmallWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("authority.tracing.intake._APPLIED_AT_ONCE", 2)
    vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW)
    for _ in range(5):
        activated_at_the_gate(hub, gate, world)
    assert intake.round().activated == 5


def test_what_was_activated_long_ago_waits_as_long_as_if_it_were_new(
    hub: Serving, gate: SealingGate, intake: Intake, vouching: Vouching, index: Index, world: SmallWorld
) -> None:
    """A gate without a network hands in after a month, by stick; nobody has vouched for it yet."""
    now_ms = NOW * 1000
    grey = activated_at_the_gate(hub, gate, world)
    gate.sees(person(7))
    hub.upload(gate, gate.upload())
    intake.round()
    index._db.execute("UPDATE sighting SET time_ms = 0")
    assert index.erase(now_ms, NOW, ACTIVATION) == 1, "a passage of long ago goes, an activation stays"
    assert vouching.vouch(gate.id.hex(), "East gate", ORDER, NOW) == 1
    assert intake.round().activated == 1
    assert world.authority.code(grey).colour is Colour.GREEN
    assert index.erase(now_ms, NOW, ACTIVATION) == 1, "and goes once it has done what it was for"

    activated_at_the_gate(hub, gate, world)
    vouching.withdraw(gate.id.hex(), ORDER, NOW)
    intake.round()
    assert index.erase(now_ms + 60_000, NOW, ACTIVATION) == 1, "nothing waits for ever"


def test_a_word_taken_back_counts_for_what_is_just_being_applied(
    hub: Serving,
    gate: SealingGate,
    intake: Intake,
    vouching: Vouching,
    world: SmallWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW)
    first, second = (activated_at_the_gate(hub, gate, world) for _ in range(2))
    activate = world.authority.activate

    def withdrawn_meanwhile(*given: object) -> bool:
        vouching.withdraw(gate.id.hex(), ORDER, NOW)
        return activate(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(world.authority, "activate", withdrawn_meanwhile)
    assert intake.round().activated == 1
    assert world.authority.code(first).colour is Colour.GREEN
    assert world.authority.code(second).colour is Colour.GREY


def test_an_appliance_that_signed_two_histories_activates_nothing_until_somebody_vouches_anew(
    hub: Serving, gate: SealingGate, intake: Intake, vouching: Vouching, world: SmallWorld
) -> None:
    vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW)
    for number in (7, 8):
        gate.sees(person(number))
    hub.upload(gate, gate.upload())
    intake.round()
    with hub.parts.database.read() as session:
        ((honest,),) = session.rows("SELECT head FROM device")
    other = gate.copy()
    other.log[1] = other.log[0]
    with hub.parts.database.write() as session:
        session.run("UPDATE device SET head = ?", other.head())
    assert "two heads" in intake.round().troubles[0]
    with hub.parts.database.write() as session:
        session.run("UPDATE device SET head = ?", honest)
    grey = activated_at_the_gate(hub, gate, world)
    found = intake.round()
    assert (found.entries, found.activated) == (1, 0)
    (told,) = vouching.gates()
    assert "two heads" in (told.trouble or "")
    assert told.waiting == 1
    assert vouch_all(vouching, f"device,site\n{gate.id.hex()},West gate\n") == (1, 0), "a list of many forgives nobody"
    assert intake.round().activated == 0
    assert vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW) == 1
    assert intake.round().activated == 1
    assert world.authority.code(grey).colour is Colour.GREEN
    assert vouching.gates()[0].trouble is None


def test_an_entry_that_speaks_for_another_gate_is_no_sighting(
    hub: Serving, gate: SealingGate, intake: Intake, desk: Desk
) -> None:
    """The made-up appliance's key is its own, so its log holds; what stands in it is any bytes."""
    for number in (7, 8, 9):
        gate.sees(person(number))
    gate.log[0] = encode(replace(decode(gate.log[0]), device=bytes.fromhex(OTHER)))
    gate.log[1] = encode(replace(decode(gate.log[1]), seq=5))
    hub.upload(gate, gate.upload())
    assert intake.round().entries == 3
    assert [(one.device, one.seq) for one in desk.who_passed("West gate", ALWAYS, ORDER).seen] == [(gate.id, 2)]


def test_answers_tell_who_was_vouched_for_and_go_by_the_place_that_was_said(
    hub: Serving, gate: SealingGate, intake: Intake, vouching: Vouching, desk: Desk
) -> None:
    """The hub calls both gates West gate; one of them stands elsewhere, as people know."""
    other = SealingGate(gate.world)
    assert hub.enrol(other).status == 201
    for one in (gate, other):
        one.sees(person(7))
        hub.upload(one, one.upload())
    intake.round()
    vouching.vouch(other.id.hex(), "East gate", ORDER, NOW)
    west = desk.who_passed("West gate", ALWAYS, ORDER).seen
    east = desk.who_passed("East gate", ALWAYS, ORDER).seen
    assert [(one.entry.device, one.vouched) for one in west] == [(gate.id, False)]
    assert [(one.entry.device, one.vouched) for one in east] == [(other.id, True)]
    identity = person(7).identity
    assert identity is not None
    everywhere = desk.where_was(identity, ALWAYS, ORDER).seen
    assert {(one.site, one.vouched) for one in everywhere} == {("West gate", False), ("East gate", True)}


def test_the_list_names_those_first_whom_nobody_knows(
    hub: Serving, gate: SealingGate, intake: Intake, vouching: Vouching
) -> None:
    gate.sees(person(7))
    hub.upload(gate, gate.upload())
    intake.round()
    vouching.vouch(OTHER, "A gate to come", ORDER, NOW)
    unknown, known = vouching.gates()
    assert (unknown.device, unknown.site, unknown.vouched, unknown.proved) == (gate.id, "West gate", False, 1)
    assert (known.device.hex(), known.site, known.vouched, known.proved) == (OTHER, "A gate to come", True, 0)


def test_who_vouched_and_why_is_written_down(vouching: Vouching, index: Index) -> None:
    vouching.vouch(OTHER, "East gate", ORDER, NOW)
    vouching.withdraw(OTHER, ORDER, NOW)
    lines = [(one.order, one.asked) for one in index.asked()]
    assert lines == [
        (ORDER, f"appliance {OTHER} is vouched for at East gate"),
        (ORDER, f"appliance {OTHER} is not vouched for any more"),
    ]


def test_many_are_vouched_for_from_a_file(vouching: Vouching) -> None:
    assert vouch_all(vouching, f"device,site\n{OTHER},East gate\n{'11' * 16},西门\n") == (2, 0)
    assert {(one.device.hex(), one.site) for one in vouching.gates()} == {(OTHER, "East gate"), ("11" * 16, "西门")}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"device,site\n{OTHER},East gate\n12,West gate\n", "Line 3: An appliance's id"),
        (f"device,site\n{OTHER},\n", "Line 2: A site's name"),
        (f"device\n{OTHER}\n", "Line 2: A site's name"),
        (f"device,site\n{OTHER},East\n{OTHER},West\n", "Line 3: .* named before"),
        (f"device,site\n{OTHER},East,gate\n", "Line 2: it has 3 cells"),
        (f"device,site\n{OTHER},East\x1b[2Jgate\n", "Line 2: A site's name"),
        (f"device,site\n{OTHER},{'x' * 81}\n", "Line 2: A site's name"),
        (f"device,site\n{OTHER.upper()}A,East gate\n", "Line 2: An appliance's id"),
    ],
)
def test_a_file_with_a_bad_line_vouches_for_nobody(vouching: Vouching, text: str, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        vouch_all(vouching, f"{text}{'22' * 16},South gate\n" if text.startswith("device,") else text)
    assert vouching.gates() == []


def test_a_store_that_cannot_be_written_vouches_for_nobody(index: Index, vouching: Vouching, tmp_path: Path) -> None:
    index._db.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(tmp_path / "tracing" / "index.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Exception, match="nothing was changed"):
        vouching.vouch(OTHER, "East gate", ORDER, NOW)
    other.close()
    assert vouching.gates() == []
    assert list(index.asked()) == []
