"""Logs taken in from a real hub over a real socket: what is proved counts, what is not is not believed."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from authority.errors import FolderError, HubLineError
from authority.store import Authority
from authority.tracing.index import Index, Span
from authority.tracing.intake import DAY_MS, Intake
from authority.tracing.line import HandedEntries, HubLine
from authority.tracing.question import Desk
from authority.tracing.schema import VERSIONS
from authority.tracing.vouching import Vouching
from hub.handover import make_credential
from keys.verdict import CodeIdentity, Colour, DocumentType
from scanner.journal.detail import ActivationDetail, EntryKind
from scanner.journal.entry import decode, encode
from scanner.journal.personal import Personal
from scanner.values import ClockTrust
from tests.authority.tracing.sealing_gate import SealingGate, activated_at_the_gate, person
from tests.hub.gate import Gate
from tests.hub.serving import Serving
from tests.world import NOW, ORDER, SmallWorld

ALWAYS = Span(0, 1 << 60)
ACTIVATION = int(EntryKind.ACTIVATION)
UNKNOWN = CodeIdentity("CN-33", "jkm:33/1", 0)


def test_a_sighting_of_a_wrong_clock_is_found_where_it_came_and_is_erased_with_the_others(
    hub: Serving, gate: SealingGate, intake: Intake, desk: Desk, index: Index
) -> None:
    for time_ms in ((1 << 63) - 1, NOW * 1000 + 3_600_000):
        gate.sees(person(7))
        gate.log[-1] = encode(replace(decode(gate.log[-1]), time_ms=time_ms))
    gate.sees(person(7))
    gate.log[-1] = encode(replace(decode(gate.log[-1]), time_ms=0, clock=ClockTrust.UNTRUSTED))
    hub.upload(gate, gate.upload())
    assert intake.round().entries == 3
    found = desk.where_was(person(7).identity or UNKNOWN, Span(NOW * 1000, NOW * 1000 + 1), ORDER).seen
    assert [one.time_ms for one in found] == [NOW * 1000] * 3
    assert index.erase(NOW * 1000 + 1, NOW, ACTIVATION) == 3


def test_two_heads_of_one_size_are_told(hub: Serving, gate: SealingGate, intake: Intake, desk: Desk) -> None:
    """Appliance and hub conspire: what was handed over once is now another history of the same length."""
    for number in (7, 8):
        gate.sees(person(number))
    hub.upload(gate, gate.upload())
    assert intake.round().entries == 2
    other = gate.copy()
    other.log[1] = other.log[0]
    with hub.parts.database.write() as session:
        session.run("UPDATE device SET head = ?", other.head())
    (trouble,) = intake.round().troubles
    assert gate.id.hex() in trouble
    assert "two heads of 2" in trouble
    assert [one.entry.seq for one in desk.who_passed("West gate", ALWAYS, ORDER).seen] == [0, 1]


def test_where_a_code_was_seen_and_who_passed_a_site(
    hub: Serving, gate: SealingGate, intake: Intake, desk: Desk, index: Index
) -> None:
    for number in (7, 8, 7):
        gate.sees(person(number))
    hub.upload(gate, gate.upload(0, 2))
    assert intake.round().entries == 2
    hub.upload(gate, gate.upload(2, 3))
    assert intake.round().entries == 1
    assert intake.round().entries == 0
    seen = desk.where_was(CodeIdentity("CN-33", "jkm:33/1", 7), ALWAYS, ORDER).seen
    assert [one.entry.seq for one in seen] == [0, 2]
    assert seen[0].personal == person(7)
    page = desk.who_passed("West gate", ALWAYS, ORDER, limit=2)
    assert page.after is not None
    rest = desk.who_passed("West gate", ALWAYS, ORDER, after=page.after, limit=2)
    assert [one.entry.seq for one in (*page.seen, *rest.seen)] == [0, 1, 2]
    assert rest.after is None
    assert [one.order for one in index.asked()] == [ORDER] * 3


def test_nobodys_name_or_code_lies_in_the_store(
    hub: Serving, gate: SealingGate, intake: Intake, tmp_path: Path
) -> None:
    gate.sees(person(7, "欧阳**"))
    hub.upload(gate, gate.upload())
    intake.round()
    content = b"".join(path.read_bytes() for path in (tmp_path / "tracing").iterdir())
    assert gate.log[0] in content
    assert "欧阳".encode() not in content
    assert b"jkm:33/1" not in content


def test_the_log_of_questions_cannot_be_changed(desk: Desk, index: Index) -> None:
    desk.who_passed("West gate", ALWAYS, ORDER)
    for statement in ("DELETE FROM question", "UPDATE question SET person = 'x'"):
        with pytest.raises(Exception, match="stays"):
            index._db.execute(statement)


def test_an_activation_at_a_gate_turns_a_grey_code_green_once(
    hub: Serving, gate: SealingGate, intake: Intake, vouching: Vouching, world: SmallWorld
) -> None:
    vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW)
    grey, red = (world.code(colour=colour).identity for colour in (Colour.GREY, Colour.RED))
    activated = ActivationDetail(DocumentType.RESIDENT_ID)
    for identity in (grey, red, grey, CodeIdentity("CN-33", "jkm:33/1", 999_999)):
        gate.sees(Personal(identity), EntryKind.ACTIVATION, activated)
    hub.upload(gate, gate.upload())
    assert intake.round().activated == 1
    assert (world.authority.code(grey).colour, world.authority.code(red).colour) == (Colour.GREEN, Colour.RED)
    assert intake.round().activated == 0


def test_an_activation_that_meets_an_officers_order_undoes_nothing(
    hub: Serving, gate: SealingGate, intake: Intake, vouching: Vouching, world: SmallWorld
) -> None:
    """The officer's change is under way while the code is still grey to whoever looks: red must stay red."""
    vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW)
    grey = activated_at_the_gate(hub, gate, world)
    ordered = threading.Event()

    def officer() -> None:
        other = Authority.open(world.root / "authority", world.passphrase)
        with contextlib.closing(other), other._register.transaction():
            other.set_colour(grey, Colour.RED, ORDER, NOW)
            ordered.set()
            time.sleep(0.5)  # as long as a change of many codes takes

    change = threading.Thread(target=officer)
    change.start()
    assert ordered.wait(10)
    assert intake.round().activated == 0
    change.join()
    assert world.authority.code(grey).colour is Colour.RED


def test_an_activation_that_cannot_be_written_now_is_not_forgotten(
    hub: Serving, gate: SealingGate, intake: Intake, vouching: Vouching, world: SmallWorld
) -> None:
    vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW)
    grey = activated_at_the_gate(hub, gate, world)
    world.authority._register._db.execute("PRAGMA busy_timeout = 10")
    with contextlib.closing(sqlite3.connect(world.root / "authority" / "register.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(FolderError, match="register"):
            intake.round()
    assert intake.round().activated == 1
    assert world.authority.code(grey).colour is Colour.GREEN


def test_a_log_whose_beginning_the_hub_has_erased_keeps_no_other_from_being_taken_in(
    hub: Serving, gate: SealingGate, intake: Intake, world: SmallWorld, desk: Desk
) -> None:
    gate.sees(person(1))
    hub.upload(gate, gate.upload())
    other = SealingGate(world)
    assert hub.enrol(other).status == 201
    other.sees(person(2))
    hub.upload(other, other.upload())
    with hub.parts.database.write() as session:  # as retention does
        session.run("DELETE FROM entry WHERE device = (SELECT number FROM device WHERE id = ?)", gate.id)
    found = intake.round()
    assert found.entries == 1
    (trouble,) = found.troubles
    assert gate.id.hex() in trouble
    assert "erased" in trouble
    assert len(desk.who_passed("West gate", ALWAYS, ORDER).seen) == 1


def erased_below(hub: Serving, seq: int) -> None:
    """As retention does at the hub, before anything was taken in."""
    with hub.parts.database.write() as session:
        session.run("DELETE FROM sealed WHERE seq < ?", seq)
        session.run("DELETE FROM entry WHERE seq < ?", seq)


def test_behind_what_the_hub_has_erased_a_log_is_gone_on_with_and_that_is_told_once(
    hub: Serving, gate: SealingGate, intake: Intake, desk: Desk
) -> None:
    for first, end in ((0, 3), (3, 5), (5, 8)):
        for number in range(first, end):
            gate.sees(person(number))
        hub.upload(gate, gate.upload(first, end))
    erased_below(hub, 4)  # in the middle of an upload: what cannot be gone on with from there is left out
    found = intake.round()
    assert found.entries == 3
    (trouble,) = found.troubles
    assert "entries 0 to 4 were erased" in trouble
    assert [one.entry.seq for one in desk.who_passed("West gate", ALWAYS, ORDER).seen] == [5, 6, 7]
    gate.sees(person(9))
    hub.upload(gate, gate.upload(8, 9))
    assert (intake.round().entries, intake.round().troubles) == (1, ())


@pytest.mark.parametrize("lie", ["another_tree", "no_tree", "beyond_the_head"])
def test_a_hub_that_lies_about_the_tree_behind_what_it_erased_is_not_believed(
    hub: Serving, gate: SealingGate, intake: Intake, desk: Desk, lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        gate.sees(person(number))
    hub.upload(gate, gate.upload(0, 3))
    hub.upload(gate, gate.upload(3, 6))
    erased_below(hub, 3)
    told = HubLine.entries(intake._line, gate.id, 0)
    assert told.roots is not None
    said = {
        "another_tree": replace(told, roots=told.roots[32:] + told.roots[:32]),
        "no_tree": replace(told, roots=told.roots[1:]),
        "beyond_the_head": replace(told, first=9, roots=told.roots),
    }[lie]
    monkeypatch.setattr(intake._line, "entries", lambda device, first: said)
    found = intake.round()
    assert found.entries == 0
    assert found.troubles
    assert desk.who_passed("West gate", ALWAYS, ORDER).seen == ()


def test_where_the_line_is_dead_nobody_asks_for_the_other_logs(
    hub: Serving,
    gate: SealingGate,
    intake: Intake,
    vouching: Vouching,
    world: SmallWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each would take its half minute; what was proved before counts all the same."""
    vouching.vouch(gate.id.hex(), "West gate", ORDER, NOW)
    grey = activated_at_the_gate(hub, gate, world)
    others = [SealingGate(world) for _ in range(3)]
    for other in others:
        hub.enrol(other)
        other.sees(person(1))
        hub.upload(other, other.upload())
    asked = []

    def dead(device: bytes, first: int) -> HandedEntries:
        asked.append(device)
        if device == gate.id:
            return HubLine.entries(intake._line, device, first)
        raise HubLineError("nobody there")

    monkeypatch.setattr(intake._line, "entries", dead)
    with pytest.raises(HubLineError, match="nobody there"):
        intake.round()
    assert asked == [gate.id, others[0].id]
    assert world.authority.code(grey).colour is Colour.GREEN


def test_a_hub_that_alters_an_entry_is_not_believed(
    hub: Serving, gate: SealingGate, intake: Intake, desk: Desk, index: Index
) -> None:
    for number in range(3):
        gate.sees(person(number))
    hub.upload(gate, gate.upload(0, 2))
    intake.round()
    hub.upload(gate, gate.upload(2, 3))
    forged = bytearray(gate.log[2])
    forged[forged.index(b"gate-1") + 5] = ord("2")
    with hub.parts.database.write() as session:
        session.run("UPDATE entry SET body = ? WHERE seq = 2", bytes(forged))
    found = intake.round()
    assert (found.entries, len(found.troubles)) == (0, 1)
    assert [one.trouble is None for one in index.gates(ACTIVATION)] == [False]
    assert len(desk.who_passed("West gate", ALWAYS, ORDER).seen) == 2
    with hub.parts.database.write() as session:
        session.run("UPDATE entry SET body = ? WHERE seq = 2", gate.log[2])
    assert intake.round().entries == 1
    assert [one.trouble is None for one in index.gates(ACTIVATION)] == [True]


def test_a_hub_that_makes_an_appliance_up_is_not_believed(hub: Serving, gate: SealingGate, intake: Intake) -> None:
    gate.sees(person(1))
    hub.upload(gate, gate.upload())
    with hub.parts.database.write() as session:
        session.run("UPDATE device SET public_key = ?", Gate().public_key)
    found = intake.round()
    assert (found.entries, len(found.troubles)) == (0, 1)


def test_sightings_are_erased_when_their_time_is_over(
    hub: Serving, gate: SealingGate, intake: Intake, desk: Desk, index: Index
) -> None:
    gate.sees(person(1))
    gate.sees(person(2))
    hub.upload(gate, gate.upload())
    intake.round()
    assert index.erase((NOW + 1) * 1000, NOW, ACTIVATION) == 1
    assert [one.entry.seq for one in desk.who_passed("West gate", ALWAYS, ORDER).seen] == [1]


def test_a_clock_that_leaps_is_believed_once_somebody_says_so(
    hub: Serving, gate: SealingGate, intake: Intake, index: Index
) -> None:
    gate.sees(person(1))
    hub.upload(gate, gate.upload())
    intake.round()
    now_ms = NOW * 1000
    assert index.leapt(now_ms + 4 * DAY_MS) == 4, "a store that kept no time yet begins with what was seen last"
    assert index.leapt(now_ms + 2 * DAY_MS) == 0
    assert index.leapt(now_ms + 5 * DAY_MS) == 0
    assert index.leapt(now_ms + 3_650 * DAY_MS) == 3_645
    assert index.leapt(now_ms) == 0
    assert index.leapt(now_ms + 4 * DAY_MS) == 4, "a clock that was mended is watched again"
    index.believe(now_ms + 4 * DAY_MS)
    assert index.leapt(now_ms + 5 * DAY_MS) == 0


@pytest.mark.parametrize("version", range(1, len(VERSIONS)))
def test_a_store_of_older_software_is_gone_on_with(tmp_path: Path, version: int) -> None:
    path = tmp_path / "older.db"
    path.touch(0o600)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in chain.from_iterable(VERSIONS[:version]):
            connection.execute(statement)
        connection.execute("INSERT INTO gate VALUES (1, ?, 'West gate', 0, x'', 0, x'', NULL)", (bytes(16),))
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()
    with contextlib.closing(Index.open(path)) as index, contextlib.closing(Index.open(path)):
        assert index.leapt(NOW * 1000) == 0
        assert [(one.site, one.vouched) for one in Vouching(index).gates()] == [("West gate", False)]


def test_a_store_of_newer_software_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    Index.open(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(VERSIONS) + 1}")
    with pytest.raises(FolderError, match="newer software"):
        Index.open(path)


def test_without_its_credential_nothing_is_handed_over(hub: Serving, gate: SealingGate) -> None:
    make_credential(hub.parts, "authority")
    line = HubLine(hub.url, "x" * 43)
    with pytest.raises(HubLineError, match="401"):
        list(line.logs())
    for path in ("/v1/authority/logs", f"/v1/authority/logs/{gate.id.hex()}"):
        assert hub.ask("GET", path).problem()["type"] == "urn:checkpoint:problem:credential"
