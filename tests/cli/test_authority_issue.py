import csv
import stat
from pathlib import Path

import pytest

from tests.authority.paper.drawn import read
from tests.authority.paper.test_sheet import drawings
from tests.cli.desk import Run
from tests.world import SmallWorld

PERSON = ["--name", "张小三", "--document", "11010519491231002X"]


def test_a_paper_code_comes_as_text_as_svg_and_as_a_sheet(
    world: SmallWorld, run: Run, passphrase_file: Path, tmp_path: Path
) -> None:
    svg, sheet = tmp_path / "code.svg", tmp_path / "sheet.html"
    (issued,) = run(
        *("issue", world.authority.folder, *PERSON, "--carrier", "paper", "--svg", svg, "--sheet", sheet, "--json"),
        *("--paper", "a4", "--ask", "0571-12345", "--passphrase-file", passphrase_file),
    ).objects
    assert read(svg.read_text()) == issued["code"]
    assert [read(each) for each in drawings(sheet.read_text())] == [issued["code"]]
    assert "0571-12345" in sheet.read_text()
    assert "210mm 297mm" in sheet.read_text()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (svg, sheet)} == {0o600}
    assert (issued["svg"], issued["sheet"]) == (str(svg), str(sheet))


def test_a_code_is_told_although_its_picture_cannot_be_written(
    world: SmallWorld, run: Run, passphrase_file: Path, tmp_path: Path
) -> None:
    given = ["issue", world.authority.folder, *PERSON, "--carrier", "paper", "--passphrase-file", passphrase_file]
    done = run(*given, "--sheet", tmp_path / "nowhere" / "sheet.html", status=1)
    assert done.out.startswith("JKM1:")
    assert "cannot be written" in done.err


def test_a_file_of_people_becomes_a_folder_of_codes_and_sheets(
    world: SmallWorld, run: Run, passphrase_file: Path, tmp_path: Path
) -> None:
    people, out = tmp_path / "people.csv", tmp_path / "out"
    people.write_text("name,document\n张小三,11010519491231002X\n李四,12\n")
    given = ["issue", world.authority.folder, "--from", people, "--carrier", "paper"]
    unlock = ["--passphrase-file", passphrase_file]
    assert run(*given, "--out", out, "--json", *unlock, status=1).objects == [
        {"folder": str(out), "issued": 1, "bad": 1}
    ]
    with (out / "result.csv").open(newline="") as file:
        good, bad = csv.DictReader(file)
    (drawing,) = drawings((out / good["sheet"]).read_text())
    assert read(drawing) == good["text"]
    assert (bad["row"], bad["text"]) == ("3", "")
    assert "there already" in run(*given, "--out", out, *unlock, status=1).err
    assert world.authority.lists()[0].issued == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from", "people.csv"], "--out"),
        (["--from", "people.csv", "--out", "x", "--png", "y"], "for one code"),
        (["--from", "-", "--out", "x", "--passphrase-fd", "0"], "standard input"),
        ([*PERSON, "--out", "x"], "--from"),
        ([*PERSON, "--sheet", "x"], "phone"),
    ],
)
def test_options_that_contradict_each_other_are_refused_before_anything_is_issued(
    world: SmallWorld, run: Run, options: list[str], words: str
) -> None:
    assert words in run("issue", world.authority.folder, *options, status=2).err
    assert world.authority.lists()[0].issued == 0
