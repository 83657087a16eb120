import csv
import stat
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from authority.bulk_issue import Issued
from authority.csv_file import Fault
from authority.errors import FolderError
from authority.paper.folder import IssueFolder
from authority.paper.sheet import Paper, Print
from keys.verdict import Carrier
from tests.authority.paper.drawn import read
from tests.authority.paper.test_sheet import drawings
from tests.world import SmallWorld

PRINTING = Print(Paper.A4, ZoneInfo("Asia/Shanghai"), None)


def test_each_row_has_its_code_or_its_error_and_each_paper_code_a_sheet(world: SmallWorld, tmp_path: Path) -> None:
    codes = [world.code(carrier=carrier) for carrier in (Carrier.PAPER, Carrier.PHONE, Carrier.CARD, Carrier.PAPER)]
    paper, phone, card, later = codes
    folder = IssueFolder(tmp_path / "out", PRINTING)
    folder.put((Issued(2, paper), Fault(3, 'no "name", at all'), Issued(4, phone), Issued(5, card)))
    folder.put((Fault(6, "bad"),))
    folder.put((Issued(7, later),))
    with (tmp_path / "out" / "result.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["row"] for row in rows] == ["2", "3", "4", "5", "6", "7"]
    assert [row["text"] for row in rows] == [paper.text, "", phone.text, card.text, "", later.text]
    assert [row["code_id"] for row in rows if row["text"]] == [str(code.identity) for code in codes]
    assert [row["error"] for row in rows] == ["", 'no "name", at all', "", "", "bad", ""]
    first, second = "sheets-0001.html", "sheets-0002.html"
    assert [row["sheet"] for row in rows] == [first, "", "", first, "", second]
    printed = {
        path.name: [read(each) for each in drawings(path.read_text())] for path in (tmp_path / "out").glob("*.html")
    }
    assert printed == {first: [paper.text, card.text], second: [later.text]}


def test_codes_are_for_the_owner_alone(world: SmallWorld, tmp_path: Path) -> None:
    IssueFolder(tmp_path / "out", PRINTING).put((Issued(2, world.code(carrier=Carrier.PAPER)),))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()}
    assert modes == {"result.csv": 0o600, "sheets-0001.html": 0o600}
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


def test_a_folder_with_earlier_codes_is_not_written_into(tmp_path: Path) -> None:
    IssueFolder(tmp_path / "out", PRINTING)
    with pytest.raises(FolderError, match="there already"):
        IssueFolder(tmp_path / "out", PRINTING)
