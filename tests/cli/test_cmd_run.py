"""`checkpoint run`: a passage in words, and a screen that leaves the terminal with the engine."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from cli.cmd_run import QUIT, Screen, words
from keys.reasons import Reason
from scanner.engine.engine import Engine
from scanner.engine.report import PassageReport
from scanner.locale import Texts
from scanner.values import Outcome


class Asked:
    """The engine, as far as a screen knows it."""

    def __init__(self) -> None:
        self.stops = 0

    def ask_to_stop(self) -> None:
        self.stops += 1


def screen_of(script: str, engine: Asked) -> Screen:
    screen = Screen(cast(Engine, engine), Path("config.toml"))
    screen._call = [sys.executable, "-c", script]
    return screen


def wait_for(what: object, holds: object) -> None:
    deadline = time.monotonic() + 10
    while not holds(what) and time.monotonic() < deadline:  # type: ignore[operator]  # a small lambda
        time.sleep(0.02)


def test_a_passage_is_told_in_the_sites_time_and_words() -> None:
    passage = PassageReport("east", 7, 1_800_000_000, Outcome.REFER, (Reason.EXPIRED,), None, 3652, 0, 0, None, None)
    texts = Texts.load("en")
    assert words(passage, texts, ZoneInfo("Asia/Shanghai")).startswith("16:00:00  east  ! ")
    assert words(passage, texts, ZoneInfo("UTC")).startswith("08:00:00  east  ! ")
    assert "36.5 °C" in words(passage, texts, ZoneInfo("UTC"))
    assert texts.get("reason.EXPIRED") in words(passage, texts, ZoneInfo("UTC"))


def test_quitting_the_screen_ends_the_engine() -> None:
    engine = Asked()
    screen_of(f"raise SystemExit({QUIT})", engine).start()
    wait_for(engine, lambda engine: engine.stops)
    assert engine.stops == 1


def test_a_screen_that_fails_is_started_again_and_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.cmd_run.SCREEN_AGAIN_S", 0.01)
    engine, starts = Asked(), tmp_path / "starts"
    screen = screen_of(f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(3)", engine)
    screen.start()
    wait_for(starts, lambda starts: starts.exists() and len(starts.read_text()) >= 2)
    screen.end()
    assert len(starts.read_text()) >= 2
    assert engine.stops == 0


def test_the_screen_leaves_with_the_engine_and_no_other_comes() -> None:
    screen = screen_of("import time; time.sleep(60)", Asked())
    screen.start()
    wait_for(screen, lambda screen: screen._process is not None)
    process = screen._process
    assert process is not None
    screen.end()
    assert process.poll() is not None
    time.sleep(0.1)
    assert screen._process is process
