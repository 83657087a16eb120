"""The player with real programs: one that records what it gets, one that hangs, one that fails, and the real aplay."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner.sound import player as player_module
from scanner.sound import recordings
from scanner.sound.mulaw_wav import RecordingError
from scanner.sound.player import Player
from scanner.sound.programs import FaultKind, Play, find
from scanner.sound.rendering import render, render_tones
from scanner.sound.tones import Tone
from scanner.sound.turns import Piece
from scanner.sound.vocabulary import Announcement, Kind, Prompt
from scanner.values import Outcome

PASS = Piece(Announcement(Kind.RESULT, "main", (Tone.PASS, Prompt.PASS), Outcome.PASS), ("zh_CN", "en"))
STOP = Piece(Announcement(Kind.RESULT, "main", (Tone.STOP,), Outcome.STOP), ("en",))
BEEP = Piece(Announcement(Kind.RESULT, "main", (Tone.PASS,), Outcome.PASS), ("en",))
LOST = Piece(Announcement(Kind.ALARM, None, (Tone.DEVICE_LOST,)), ("en",))
HINT = Piece(Announcement(Kind.HINT, "main", (Prompt.CLOSER,)), ("en",))
TRIAL_BYTES = 1644
"""The 50 ms of silence by which a player finds out whether sound works."""

aplay = pytest.mark.skipif(shutil.which("aplay") is None, reason="alsa-utils is not installed")


class Room:
    """A folder of stand-in programs, and what was heard of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unplayed: list[Piece] = []
        self.players: list[Player] = []

    def program(self, script: str, name: str = "aplay") -> None:
        """Put a program there; `$ROOM` is this folder, and it first notes that it was started, and how."""
        path = self.folder / name
        noted = f'ROOM="{self.folder}"\necho "{name} $*" >> "$ROOM/started"\necho $$ >> "$ROOM/pids"'
        new = self.folder / "new"
        new.write_text(f"#!/bin/sh\n{noted}\n{script}\n")
        new.chmod(0o755)
        new.rename(path)

    def records(self, and_then: str = "", name: str = "aplay") -> None:
        self.program(f'cat > "$ROOM/part.$$"\nmv "$ROOM/part.$$" "$ROOM/heard.$$.wav"\n{and_then}', name)

    def heard(self) -> list[bytes]:
        """What was played, trials left out, in order."""
        files = sorted(self.folder.glob("heard.*.wav"), key=lambda path: path.stat().st_mtime_ns)
        return [data for data in (file.read_bytes() for file in files) if len(data) != TRIAL_BYTES]

    def started(self) -> list[str]:
        path = self.folder / "started"
        return path.read_text().splitlines() if path.exists() else []

    def pids(self) -> list[int]:
        return [int(line) for line in (self.folder / "pids").read_text().split()]

    def player(self, device: str | None = None, percent: int = 100) -> Player:
        made = Player(device, percent=lambda: percent, unplayed=self.unplayed.append, path=str(self.folder))
        self.players.append(made)
        made.start()
        return made


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    for player in room.players:
        player.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player_module, "HANGS_S", 0.3)
    monkeypatch.setattr(player_module, "AGAIN_S", 0.15)


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it has not come true"
        time.sleep(0.005)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def settle(player: Player) -> None:
    until(lambda: player.worked or player.fault is not None)


def test_what_is_heard_is_the_tone_and_the_prompt_in_each_language_as_loud_as_asked(room: Room) -> None:
    room.records()
    player = room.player(device="plughw:1", percent=40)
    player.play(PASS)
    until(lambda: room.heard() == [render(PASS, 40).as_wav()])
    assert set(room.started()) == {"aplay -q --device=plughw:1 -"}
    assert player.fault is None
    assert room.unplayed == []


@pytest.mark.usefixtures("quick")
def test_a_program_that_hangs_delays_nobody_and_is_killed_and_the_bell_rings_instead(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.program("sleep 600 & wait")
    player = room.player()
    begun = time.monotonic()
    for _ in range(200):
        player.play(STOP)
    assert time.monotonic() - begun < 1.0  # to wait for one of them takes longer
    until(lambda: room.unplayed)
    assert player.fault is not None
    assert player.fault.kind is FaultKind.HANGS
    until(lambda: len(room.started()) >= 3)  # it is tried again
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        "no sound, the bell rings instead: aplay: it hangs"
    ]
    player.close()
    until(lambda: all(map(gone, room.pids())))


@pytest.mark.usefixtures("quick")
def test_a_device_that_fails_is_said_once_in_its_own_words_and_so_is_its_return(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    room.program('echo "ALSA lib: chatter" >&2; echo "aplay: main:831: audio open error: Device busy" >&2; exit 1')
    player = room.player()
    for piece in (STOP, PASS):
        until(lambda: player.fault is not None)
        player.play(piece)
        until(lambda piece=piece: piece in room.unplayed)
    assert player.fault is not None
    assert (player.fault.kind, player.worked) == (FaultKind.FAILED, False)
    assert player.fault.detail == "aplay: main:831: audio open error: Device busy"
    room.records()
    until(lambda: player.fault is None)
    player.play(STOP)
    until(lambda: room.heard() == [render(STOP, 100).as_wav()])
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        "no sound, the bell rings instead: aplay: main:831: audio open error: Device busy",
        "sound works again, by aplay",
    ]


def test_without_any_program_the_bell_rings(room: Room) -> None:
    player = room.player()
    settle(player)
    player.play(PASS)
    until(lambda: room.unplayed == [PASS])
    assert player.fault is not None
    assert player.fault.kind is FaultKind.NO_PROGRAM


def test_what_cannot_be_executed_is_a_fault_and_no_crash(room: Room) -> None:
    (room.folder / "aplay").write_bytes(b"\x7fELF nonsense")
    (room.folder / "aplay").chmod(0o755)
    player = room.player()
    settle(player)
    assert player.fault is not None
    assert player.fault.detail == "aplay: Exec format error"


def test_where_one_program_cannot_play_the_next_one_does_and_is_asked_first_from_then_on(room: Room) -> None:
    room.program("exit 1", "aplay")
    room.records(name="paplay")
    player = room.player()
    settle(player)
    assert player.fault is None
    player.play(STOP)
    until(room.heard)
    assert room.started() == ["aplay -q -", "paplay /dev/stdin", "paplay /dev/stdin"]


def test_a_new_result_cuts_off_what_is_still_being_said(room: Room) -> None:
    room.records('if [ $(wc -c < "$ROOM/heard.$$.wav") -gt 2000 ]; then sleep 600; fi')
    player = room.player()
    settle(player)
    player.play(PASS)
    until(lambda: len(room.heard()) == 1)
    begun = time.monotonic()
    player.play(STOP)
    until(lambda: len(room.heard()) == 2)
    assert time.monotonic() - begun < 3.0  # less than it would take to be found hanging
    assert room.heard()[1] == render(STOP, 100).as_wav()
    assert room.unplayed == []


def test_an_alarm_is_heard_to_its_end(room: Room) -> None:
    room.records('if [ $(wc -c < "$ROOM/heard.$$.wav") -gt 2000 ]; then sleep 0.5; fi')
    player = room.player()
    settle(player)
    player.play(LOST)
    until(room.heard)
    begun = time.monotonic()
    player.play(STOP)
    until(lambda: len(room.heard()) == 2)
    assert time.monotonic() - begun > 0.3
    assert room.heard() == [render(LOST, 100).as_wav(), render(STOP, 100).as_wav()]


def test_a_device_that_hangs_is_noticed_even_when_every_result_is_cut_off_by_the_next(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player_module, "HANGS_S", 0.2)
    monkeypatch.setattr(player_module, "UNPROVED_S", 0.3)
    room.program('[ -e "$ROOM/hang" ] && exec sleep 600\ncat > /dev/null')
    player = room.player()
    settle(player)
    (room.folder / "hang").touch()
    deadline = time.monotonic() + 10
    while player.fault is None and time.monotonic() < deadline:
        player.play(BEEP)
        time.sleep(0.05)
    assert player.fault is not None
    assert player.fault.kind is FaultKind.HANGS


@pytest.mark.usefixtures("quick")
def test_a_program_that_outlives_being_killed_is_not_joined_by_more(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player_module, "KILLED_S", 0.05)
    monkeypatch.setattr(Play, "kill", lambda _: None)  # as the kernel does while a driver hangs
    room.program("exec sleep 600")
    player = room.player()
    until(lambda: player.fault is not None)
    player.play(STOP)
    until(lambda: room.unplayed == [STOP])
    time.sleep(0.5)
    assert len(room.started()) == 1
    os.kill(room.pids()[0], signal.SIGKILL)
    room.records()
    until(lambda: player.fault is None)


def test_a_prompt_that_is_damaged_leaves_the_tone(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def damaged(language: str, key: str) -> None:
        raise RecordingError("it is damaged")

    room.records()
    monkeypatch.setattr(recordings, "load", damaged)
    player = room.player(percent=63)
    for count in (1, 2):
        player.play(PASS)
        until(lambda count=count: room.heard() == [render_tones(PASS, 63).as_wav()] * count)
    assert caplog.text.count("it is damaged") == 1


def test_words_alone_are_not_heard_late_when_sound_is_lost(room: Room) -> None:
    player = room.player()
    settle(player)
    player.play(HINT)
    until(lambda: room.unplayed == [HINT])


def test_closing_falls_silent_at_once_and_leaves_nothing_behind(room: Room) -> None:
    room.records('if [ $(wc -c < "$ROOM/heard.$$.wav") -gt 2000 ]; then sleep 600; fi')
    player = room.player()
    settle(player)
    player.play(STOP)
    until(room.heard)
    before = threading.active_count()
    begun = time.monotonic()
    player.close()
    assert time.monotonic() - begun < 1.9
    assert threading.active_count() == before - 1
    until(lambda: all(map(gone, room.pids())))
    player.play(PASS)  # means nothing any more


@pytest.mark.soak
def test_a_morning_of_results_leaves_no_file_open_and_no_program_behind(room: Room) -> None:
    room.program("cat > /dev/null")
    player = room.player()
    settle(player)
    counts = []
    for turn in range(800):
        player.play(PASS if turn % 2 else STOP)
        until(lambda turn=turn: len(room.started()) >= turn + 2 or player.fault is not None)
        if turn in (200, 799):
            counts.append(len(list(Path("/proc/self/fd").iterdir())))
    assert player.fault is None
    assert abs(counts[1] - counts[0]) <= 4
    player.close()
    until(lambda: all(map(gone, room.pids())))
    assert room.unplayed == []


@aplay
def test_the_real_aplay_hands_the_device_exactly_our_samples(tmp_path: Path, room: Room) -> None:
    """ALSA's own file device in front of its null device: what a sound card would get."""
    raw = tmp_path / "card.raw"
    (program,) = find(f"file:FILE={raw},FORMAT=raw", os.environ["PATH"])[:1]
    sound = render(PASS, 70)
    play = Play(program, sound)
    assert play.failure() is None
    play.close()
    assert raw.read_bytes()[: len(sound.pcm)] == sound.pcm


@aplay
def test_the_real_aplay_says_what_is_missing() -> None:
    (program,) = find("plughw:CARD=Nobody", os.environ["PATH"])[:1]
    play = Play(program, render(PASS, 70))
    failure = play.failure()
    play.close()
    assert failure is not None
    assert "audio open error" in failure
