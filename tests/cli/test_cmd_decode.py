from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from cli.main import main
from tests.scanner.pictures import code, placed, scene


def picture(path: Path, grey: np.ndarray) -> Path:  # type: ignore[type-arg]  # a test picture
    assert cv2.imwrite(str(path), grey)
    return path


def decode(*arguments: Path | str) -> int:
    return main(["decode", *map(str, arguments)])


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp", "webp"])
def test_the_text_of_every_kind_of_picture_is_printed(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = picture(tmp_path / f"a.{kind}", placed(code("JKM1:HELLO"), 100, 100))
    assert decode(file) == 0
    assert capsys.readouterr().out == f"{file}: JKM1:HELLO\n"


def test_json_gives_one_object_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = picture(tmp_path / "two.png", placed(code("ONE"), 100, 100, on=placed(code("TWO"), 700, 300)))
    none = picture(tmp_path / "none.png", scene(320, 240))
    assert decode("--json", two, none) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first.keys() == {"file", "texts", "decoder", "ms"}
    assert (first["file"], sorted(first["texts"]), first["decoder"]) == (str(two), ["ONE", "TWO"], "zxing-cpp")
    assert first["ms"] > 0
    assert (second["texts"], second["decoder"]) == ([], None)


def test_unreadable_files_are_named_in_a_sentence_each_and_the_others_are_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = picture(tmp_path / "good.png", code("GOOD"))
    words = tmp_path / "words.png"
    words.write_text("no picture")
    bomb = bytearray(good.read_bytes())
    bomb[16:24] = (60_000).to_bytes(4) * 2
    (tmp_path / "bomb.png").write_bytes(bomb)
    assert decode(tmp_path / "missing.png", words, tmp_path / "bomb.png", tmp_path, good) == 1
    output = capsys.readouterr()
    assert output.out == f"{good}: GOOD\n"
    sentences = output.err.splitlines()
    assert len(sentences) == 4
    for sentence, expected in zip(sentences, ("No such file", "is not a", "60000", "directory"), strict=True):
        assert sentence.startswith("checkpoint decode: ")
        assert expected in sentence


def test_a_hostile_text_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = picture(tmp_path / "a.png", code("\x1b[2J\x07健康\n".encode()))
    assert decode(file) == 0
    assert capsys.readouterr().out == f"{file}: \\x1b[2J\\x07健康\\n\n"


def test_no_file_is_a_mistake_in_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert decode() == 2


def test_progress_is_shown_on_a_terminal_only(tmp_path: Path) -> None:
    files = [str(picture(tmp_path / f"{n}.png", code(f"CODE {n}"))) for n in range(2)]
    command = [sys.executable, "-m", "cli.main", "decode", *files]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        output, _ = process.communicate(timeout=60)
    shown = os.read(ours, 4096).decode() if select.select([ours], [], [], 0)[0] else ""
    os.close(ours)
    assert "1/2 0.png" in shown
    assert output.splitlines() == [f"{file}: CODE {n}" for n, file in enumerate(files)]
    quiet = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert quiet.stderr == ""


def test_a_hostile_file_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Names of files on somebody's stick: not even UTF-8, and with an escape sequence."""
    file = picture(tmp_path / "a.png", scene(320, 240)).rename(tmp_path / "\udcff\x1b[2J.png")
    for name in (file, tmp_path / "\udcfe\x1b[2J.png"):
        ran = subprocess.run(
            [sys.executable, "-m", "cli.main", "decode", name], capture_output=True, timeout=60, check=False
        )
        said = (ran.stdout + ran.stderr).decode()
        assert r"\x1b[2J.png" in said
        assert "\x1b" not in said
        assert "Traceback" not in said
