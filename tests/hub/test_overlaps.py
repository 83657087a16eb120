"""The same log in pieces of any size and order, overlapping, twice, by stick and by network: stored exactly once."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import retention
from hub.errors import Problem, RefusalError
from hub.retention import DAY_MS, Retention
from hub.stick import Taken, bring_in
from hub.storage import alarms, appliances
from hub.values import AlarmKind, Scope
from tests.hub.conftest import Place
from tests.hub.gate import Gate, framed

LENGTH = 40
PIECE = st.tuples(st.integers(0, LENGTH - 1), st.integers(1, LENGTH)).map(lambda p: (p[0], min(LENGTH, p[0] + p[1])))
PIECES = st.lists(PIECE, min_size=1, max_size=7)


@pytest.fixture
def setting() -> str:
    return "sqlite"  # what a storage does is held to its laws in test_ingest


@pytest.fixture
def few_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short log is as a long one is: almost no earlier state of the tree is kept."""
    monkeypatch.setattr(appliances, "MARKS", 2)
    monkeypatch.setattr(appliances, "MARK_STEP", 8)


def fresh(place: Place, pieces: int = LENGTH) -> Gate:
    gate = Gate().passes(pieces)
    place.enrol(gate)
    return gate


def reached(start: int, pieces: Sequence[tuple[int, int]]) -> int:
    """How far a log goes that has `start` entries and gets these pieces in the best order."""
    for first, end in sorted(pieces):
        if first > start:
            break
        start = max(start, end)
    return start


def put(folder: Path, gate: Gate, pieces: Sequence[tuple[int, int]]) -> None:
    for number, (first, end) in enumerate(pieces):
        middle = (first + end + 1) // 2
        parts = [gate.upload(first, middle)] + ([gate.upload(middle, end, known=middle)] if middle < end else [])
        (folder / f"{gate.id.hex()}-{first}-{end:0{number + 3}d}.log").write_bytes(framed(*parts))


@given(PIECES, PIECES, st.lists(st.booleans(), max_size=7))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_of_any_cut_and_order_by_stick_and_network_are_stored_exactly_once(
    place: Place, few_marks: None, by_network: list[tuple[int, int]], by_stick: list[tuple[int, int]], turns: list[bool]
) -> None:
    gate = fresh(place)
    before = place.tallies(Scope.FLEET).get("people", 0)
    held = 0
    with TemporaryDirectory() as name:
        folder = Path(name)
        put(folder, gate, by_stick)
        for (first, end), stick_first in zip(by_network, [*turns, *[False] * 7], strict=False):
            if stick_first:
                held = reached(held, by_stick)
                list(bring_in(folder, place.ingest))
            if first > held:
                with pytest.raises(RefusalError) as error:
                    place.ingest.take(gate.id, gate.upload(first, end))
                assert error.value.answer.problem is Problem.GAP
            else:
                held = max(held, end)
                assert place.ingest.take(gate.id, gate.upload(first, end)).durable_to == held
        held = reached(held, by_stick)
        for _ in range(2):
            for one in bring_in(folder, place.ingest):
                assert one.taken is (Taken.WAITING if int(one.file.split("-")[1]) > held else Taken.DONE)
    assert place.stored(gate) == gate.log[:held]
    assert place.appliance(gate).root == gate.root(held)
    assert place.tallies(Scope.FLEET).get("people", 0) == before + held
    with place.database.read() as session:
        assert alarms.open_count(session) == 0


@given(st.integers(1, LENGTH), st.integers(0, LENGTH - 1), PIECE)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_piece_with_one_known_entry_altered_is_refused_wherever_it_is_cut(
    place: Place, few_marks: None, known: int, altered: int, piece: tuple[int, int]
) -> None:
    first, end = piece
    gate = fresh(place)
    for start in range(0, known, 7):
        place.ingest.take(gate.id, gate.upload(start, min(start + 7, known)))
    forged = gate.copy()
    forged.log[altered] = forged.log[altered][:-1] + bytes([forged.log[altered][-1] ^ 1])
    forged.sealed[altered] = b""
    # Its head covers everything below `end`: it is true only where the altered entry comes later, or was not known.
    accepted = first <= known and (altered >= end or altered >= known)
    if accepted:
        place.ingest.take(gate.id, forged.upload(first, end))
    else:
        with pytest.raises(RefusalError) as error:
            place.ingest.take(gate.id, forged.upload(first, end))
        assert error.value.answer.problem is (Problem.GAP if first > known else Problem.NOT_AN_EXTENSION)
    with place.database.read() as session:
        rang = session.rows("SELECT kind FROM alarm WHERE device = ?", place.appliance(gate).number)
    assert rang == ([] if accepted or first > known else [(AlarmKind.FORKED,)])


def test_every_cut_of_a_short_log(place: Place) -> None:
    gate = fresh(place, 7)
    held, cuts = 0, [(first, end) for end in (2, 5, 3, 7, 6, 4, 1) for first in (5, 1, 0, 3, 6, 2, 4) if first < end]
    for first, end in cuts * 2:
        if first <= held:
            held = max(held, end)
            assert place.ingest.take(gate.id, gate.upload(first, end)).durable_to == held
    assert (held, place.stored(gate)) == (7, gate.log)
    assert place.tallies(Scope.FLEET)["people"] == 7


def test_what_was_handed_in_long_ago_is_compared_from_a_state_nearby(
    place: Place, few_marks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = fresh(place, 200)
    for end in range(1, 201):
        place.ingest.take(gate.id, gate.upload(end - 1, end))
    read: list[int] = []
    bodies = appliances.bodies

    def counted(session: object, number: int, start: int, stop: int) -> list[tuple[int, bytes]]:
        read.append(stop - start)
        return bodies(session, number, start, stop)  # type: ignore[arg-type]

    monkeypatch.setattr(appliances, "bodies", counted)
    for first in range(0, 195, 5):
        assert place.ingest.take(gate.id, gate.upload(first, first + 5)).durable_to == 200
    assert max(read) < 2 * appliances.MARK_STEP
    with place.database.read() as session:
        kept = session.rows("SELECT count(*) FROM mark")[0][0]
    assert isinstance(kept, int)
    assert kept <= 200 // appliances.MARK_STEP + appliances.MARKS + 3


def test_an_overlap_with_what_retention_erased_still_brings_what_is_new(place: Place, tmp_path: Path) -> None:
    gate = fresh(place, 30)
    place.ingest.take(gate.id, gate.upload(0, 20))
    place.clock.ms += 30 * DAY_MS
    place.database.prepare_day(place.clock.ms // DAY_MS)
    retention.erase(place.database, Retention(entry_days=10), place.clock.ms)
    assert place.stored(gate) == []
    with pytest.raises(RefusalError) as error:
        place.ingest.take(gate.id, gate.upload(3, 12))
    assert error.value.answer.problem is Problem.ERASED
    put(tmp_path, gate, [(3, 25), (3, 18)])
    found = {one.file.split("-")[2]: one for one in bring_in(tmp_path, place.ingest)}
    assert [one.taken for _, one in sorted(found.items())] == [Taken.REFUSED, Taken.DONE]
    assert place.ingest.take(gate.id, gate.upload(7, 30)).durable_to == 30
    assert place.stored(gate) == gate.log[20:]
    forged = gate.copy()
    forged.log[25] = forged.log[26]
    with pytest.raises(RefusalError) as error:
        place.ingest.take(gate.id, forged.upload(22, 30))
    assert error.value.answer.problem is Problem.NOT_AN_EXTENSION
    shutil.rmtree(tmp_path)
