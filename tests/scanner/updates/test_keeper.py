"""The keeper of updates, with real processes and real folders."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from scanner.config.model import UpdateSection
from scanner.updates import keeper as keeping
from scanner.updates.keeper import UpdateKeeper, UpdateState
from scanner.updates.sticks import Stick, find
from tests.scanner.updates.test_sticks import stick

NOTES = "import sys, time; open(sys.argv[1], 'a').write(sys.argv[2] + '\\n'); time.sleep({}); sys.exit({})"


class Kept:
    """A keeper in its thread, and what its processes have written down."""

    def __init__(self, folder: Path, *, source: str | None = None, status: int = 0, lasts: float = 0.0) -> None:
        self.notes = folder / "notes"
        self.media = folder / "media"
        self.in_force = folder / "current"
        self.media.mkdir()
        section = UpdateSection(source=source, sticks=(f"{self.media}/*",))
        self.keeper = UpdateKeeper(
            section,
            command=(sys.executable, "-c", NOTES.format(lasts, status), str(self.notes)),
            in_force=self.in_force,
            changed=lambda: self.states.append(self.keeper.state),
            failed=lambda *said: self.failures.append(said),
            spread=lambda low, high: low,
        )
        self.states: list[UpdateState] = []
        self.failures: list[tuple[str, str, str]] = []
        self.looks = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.keeper.run, args=(self.stop,), daemon=True)

    def tried(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def look_again(self) -> None:
        """Wait until the keeper has looked at what is mounted now."""
        before = self.looks
        self.wait(lambda: self.looks >= before + 2)

    def wait(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not holds():
            assert time.monotonic() < deadline, (self.keeper.state, self.tried())
            time.sleep(0.01)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Kept]]:
    monkeypatch.setattr(keeping, "LOOK_S", 0.02)
    made: list[Kept] = []

    def make(**options: object) -> Kept:
        one = Kept(tmp_path, **options)  # type: ignore[arg-type]

        def counted(patterns: Iterable[str]) -> tuple[Stick, ...]:
            one.looks += 1
            return find(patterns)

        monkeypatch.setattr(keeping, "find", counted)
        made.append(one)
        one.thread.start()
        return one

    yield make
    for one in made:
        one.stop.set()
        one.thread.join(5)
        assert not one.thread.is_alive()


def test_a_stick_is_offered_and_nothing_is_done_before_somebody_asks(kept: Callable[..., Kept]) -> None:
    one = kept()
    stick(one.media / "KEYS")
    one.wait(lambda: one.keeper.state.stick == "KEYS")
    assert one.tried() == []


def test_a_stick_is_taken_in_once_when_asked_and_is_offered_again_when_it_returns(kept: Callable[..., Kept]) -> None:
    one = kept()
    assert not one.keeper.take_stick()
    folder = stick(one.media / "KEYS")
    one.wait(lambda: one.keeper.state.stick)
    assert one.keeper.take_stick()
    one.wait(lambda: one.tried() == [str(folder)])
    one.wait(lambda: one.keeper.state == UpdateState())
    one.look_again()
    assert one.keeper.state.stick is None
    (one.media / "KEYS").rename(one.media.parent / "pulled")
    one.look_again()
    (one.media.parent / "pulled").rename(one.media / "KEYS")
    one.wait(lambda: one.keeper.state.stick == "KEYS")


def test_a_stick_with_what_is_in_force_already_is_not_offered(kept: Callable[..., Kept]) -> None:
    one = kept()
    metadata = one.in_force / "metadata"
    metadata.mkdir(parents=True)
    (metadata / "timestamp.json").write_bytes(b'{"version": 7}')
    stick(one.media / "SAME", b'{"version": 7}')
    one.look_again()
    assert one.keeper.state.stick is None
    stick(one.media / "ZNEWER", b'{"version": 8}')
    one.wait(lambda: one.keeper.state.stick == "ZNEWER")


def test_the_source_is_asked_on_schedule(kept: Callable[..., Kept], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.updates.schedule.FIRST_S", (0.0, 0.0))
    one = kept(source="https://hub/trust")
    one.wait(lambda: one.tried() == ["https://hub/trust"])
    assert UpdateState(running=True) in one.states
    one.look_again()
    assert len(one.tried()) == 1


def test_a_failure_is_tried_again_after_a_while(kept: Callable[..., Kept], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.updates.schedule.FIRST_S", (0.0, 0.0))
    monkeypatch.setattr("scanner.updates.schedule.AGAIN_S", 0.05)
    one = kept(source="https://hub/trust", status=3)
    one.wait(lambda: len(one.tried()) >= 3)


def test_an_update_that_does_not_end_is_killed(kept: Callable[..., Kept], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.updates.schedule.FIRST_S", (0.0, 0.0))
    monkeypatch.setattr(keeping, "LIMIT_S", 0.3)
    one = kept(source="https://hub/trust", lasts=60)
    one.wait(lambda: UpdateState(running=True) in one.states)
    one.wait(lambda: not one.keeper.state.running)
    ((source, cause, words),) = one.failures
    assert (source, cause) == ("https://hub/trust", "slow_retrieval")
    assert "did not end" in words


def test_a_process_that_dies_without_a_word_is_spoken_for(
    kept: Callable[..., Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.updates.schedule.FIRST_S", (0.0, 0.0))
    one = kept(source="https://hub/trust", status=70)
    one.wait(lambda: one.failures)
    assert one.failures[0][1] == "fault"


def test_a_process_that_has_said_it_itself_is_not_spoken_for(
    kept: Callable[..., Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.updates.schedule.FIRST_S", (0.0, 0.0))
    one = kept(source="https://hub/trust", status=3)
    one.wait(lambda: UpdateState(running=True) in one.states)
    one.wait(lambda: not one.keeper.state.running)
    assert one.failures == []


def test_the_end_of_the_engine_does_not_wait_for_the_next_look(
    kept: Callable[..., Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LOOK_S", 60.0)
    one = kept()
    time.sleep(0.1)
    one.stop.set()
    one.thread.join(1)
    assert not one.thread.is_alive()


def test_the_end_of_the_engine_ends_an_update(kept: Callable[..., Kept], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.updates.schedule.FIRST_S", (0.0, 0.0))
    one = kept(source="https://hub/trust", lasts=60)
    one.wait(lambda: one.keeper.state.running and one.tried())
    one.stop.set()
    one.thread.join(5)
    assert not one.thread.is_alive()
