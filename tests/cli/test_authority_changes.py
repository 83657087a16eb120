from pathlib import Path

from keys.verdict import Colour
from tests.cli.desk import Run
from tests.world import SmallWorld

ORDER = ["--by", "Officer Li", "--reason", "contact of a case"]


def test_many_codes_change_from_a_file(world: SmallWorld, run: Run, passphrase_file: Path, tmp_path: Path) -> None:
    codes = [world.code() for _ in range(3)]
    file = tmp_path / "changes.csv"
    file.write_text("code_id,colour\n" + "".join(f"{code.identity},red\n" for code in codes), "utf-8-sig")
    given = ["set-status", world.authority.folder, *ORDER, "--passphrase-file", passphrase_file, "--from", file]
    assert run(*given).out == "3 codes have another colour and 0 are revoked from the next lists on.\n"
    assert {world.authority.code(code.identity).colour for code in codes} == {Colour.RED}


def test_bad_rows_are_named_by_file_and_line_and_end_with_status_1(
    world: SmallWorld, run: Run, passphrase_file: Path
) -> None:
    code = world.code()
    given = ["set-status", world.authority.folder, *ORDER, "--passphrase-file", passphrase_file, "--from", "-"]
    text = f"code_id,colour\n{code.identity},red\n1/7,red\n{code.identity},blue\n"
    done = run(*given, stdin=text, status=1)
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["-, line 3", "-, line 4", "Nothing was changed"]
    assert world.authority.code(code.identity).colour is Colour.GREEN
    *bad, summary = run(*given, "--leave-out-bad", "--json", stdin=text).objects
    assert [each["line"] for each in bad] == [3, 4]
    assert summary == {"rows": 3, "bad": 2, "recoloured": 1, "revoked": 0}


def test_a_file_that_is_not_there_and_a_passphrase_in_the_rows_are_refused(world: SmallWorld, run: Run) -> None:
    given = ["set-status", world.authority.folder, *ORDER]
    assert "cannot be read" in run(*given, "--from", "/nowhere.csv", status=1).err
    assert "standard input" in run(*given, "--from", "-", "--passphrase-fd", "0", status=2).err
