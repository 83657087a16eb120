import secrets
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authority.errors import FolderError, PublishError, RequestError
from authority.records import Act, AuditLine, Order, RegisteredCode
from authority.register import Register
from keys.status_list import OWN_ENTRIES as LIST_ENTRIES
from keys.verdict import Carrier, Colour

ORDER = Order(by="Officer Li", reason="contact of a case")


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register.create(tmp_path / "register.sqlite", {"issuer": "CN-33"})


def issue(register: Register, *, entries: int = LIST_ENTRIES, colour: Colour = Colour.GREEN) -> RegisteredCode:
    with register.transaction():
        number, index = register.draw(secrets.randbelow, entries)
        code = RegisteredCode(number, index, b"p" * 32, Carrier.PHONE, colour, 100, 200, None)
        register.add(code)
    return code


def arrays_of(register: Register) -> list[bytes]:
    return [register.live_array(entry.number) for entry in register.lists()]


def arrays_from_rows(register: Register) -> list[bytes]:
    return [register.array_from_rows(entry.number) for entry in register.lists()]


def test_everything_is_there_after_reopening(register: Register, tmp_path: Path) -> None:
    code = issue(register)
    register.close()
    again = Register.open(tmp_path / "register.sqlite")
    assert again.code(code.list_number, code.index) == code
    assert again.setting("issuer") == "CN-33"


def test_the_file_and_its_companions_are_for_the_owner_alone(register: Register, tmp_path: Path) -> None:
    issue(register)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 3
    assert set(modes.values()) == {0o600}


def test_indices_are_unique_and_spread_over_the_whole_list(register: Register) -> None:
    with register.transaction():
        indices = []
        for _ in range(300):
            number, index = register.draw(secrets.randbelow, LIST_ENTRIES)
            register.add(RegisteredCode(number, index, b"p" * 32, Carrier.PAPER, Colour.GREEN, 1, 2, None))
            indices.append(index)
    assert len(set(indices)) == 300
    assert indices != sorted(indices)
    # Each eighth of the list gets 37.5 on average; none is empty but once in 10^16 runs.
    assert {index * 8 // LIST_ENTRIES for index in indices} == set(range(8))


def test_a_number_drawn_twice_is_given_once(register: Register) -> None:
    numbers = iter([7, 7, 7, 9])
    drawn = []
    for _ in range(2):
        with register.transaction():
            number, index = register.draw(lambda _: next(numbers), 100)
            register.add(RegisteredCode(number, index, b"p" * 32, Carrier.PAPER, Colour.GREEN, 1, 2, None))
        drawn.append(index)
    assert drawn == [7, 9]


def test_a_list_is_filled_to_its_last_index_before_the_next_is_opened(register: Register) -> None:
    codes = [issue(register, entries=1000) for _ in range(1001)]
    assert {(code.list_number, code.index) for code in codes[:-1]} == {(1, index) for index in range(1000)}
    assert [(entry.number, entry.issued) for entry in register.lists()] == [(1, 1000), (2, 1)]


def test_what_fails_inside_a_transaction_is_undone_alone(register: Register) -> None:
    lost: list[RegisteredCode] = []

    def issue_and_fail() -> None:
        with register.transaction():
            lost.append(issue(register))
            raise LookupError

    with register.transaction():
        kept = issue(register)
        with pytest.raises(LookupError):
            issue_and_fail()
    assert register.code(kept.list_number, kept.index) == kept
    assert register.code(lost[0].list_number, lost[0].index) is None
    assert arrays_of(register) == arrays_from_rows(register)


@given(st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_arrays_are_what_the_rows_make_whatever_happened(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    register = Register.create(tmp_path_factory.mktemp("r") / "register.sqlite", {})
    codes: list[RegisteredCode] = []
    for step in data.draw(st.lists(st.sampled_from(["issue", "colour", "revoke", "fail"]), max_size=30)):
        if step == "issue" or not codes:
            codes.append(issue(register, entries=7, colour=data.draw(st.sampled_from(Colour))))
            continue
        code = data.draw(st.sampled_from(codes))
        with suppress(LookupError), register.transaction():
            if step == "revoke":
                register.revoke(code.list_number, code.index, 5)
            else:
                register.set_colour(code.list_number, code.index, data.draw(st.sampled_from(Colour)))
            if step == "fail":
                raise LookupError
        assert arrays_of(register) == arrays_from_rows(register)
    assert arrays_of(register) == arrays_from_rows(register)
    register.close()


def test_a_failed_transaction_leaves_nothing(register: Register) -> None:
    with register.transaction():
        number, index = register.draw(lambda _: 3, 10)
        register.add(RegisteredCode(number, index, b"p" * 32, Carrier.CARD, Colour.RED, 1, 2, None))

    def recolour_and_publish_backwards() -> None:
        with register.transaction():
            register.set_colour(number, index, Colour.GREEN)
            register.note_publication(1000)
            register.note_publication(999)

    with pytest.raises(PublishError):
        recolour_and_publish_backwards()
    after = register.code(number, index)
    assert after is not None
    assert after.colour is Colour.RED
    assert register.newest_publication() is None


def test_the_audit_cannot_be_edited_even_with_sql(register: Register, tmp_path: Path) -> None:
    line = AuditLine(5, Act.SET_COLOUR, "CN-33/jkm:33/1/7", "green", "red", ORDER)
    with register.transaction():
        register.write_audit(line)
    other = sqlite3.connect(tmp_path / "register.sqlite")
    for statement in ("UPDATE audit SET ordered_by = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)
    assert list(register.audit()) == [line]


@pytest.mark.parametrize(("by", "reason"), [("", "x"), ("x", ""), ("  ", "x"), ("x", "a\nb"), ("x", "y" * 201)])
def test_an_order_names_who_and_why_in_a_line(by: str, reason: str) -> None:
    with pytest.raises(RequestError):
        Order(by=by, reason=reason)


def test_publications_never_go_back_in_time(register: Register) -> None:
    issue(register)
    register.note_publication(1000)
    register.note_publication(1000)
    with pytest.raises(PublishError, match="60 s earlier"):
        register.note_publication(940)
    assert register.newest_publication() == 1000


def test_a_list_opened_later_does_not_forget_when_the_others_were_published(register: Register) -> None:
    issue(register, entries=1)
    register.note_publication(1000)
    issue(register, entries=1)
    assert register.newest_publication() == 1000


def test_a_file_that_is_no_register_is_named(tmp_path: Path) -> None:
    path = tmp_path / "register.sqlite"
    with pytest.raises(FolderError, match="missing"):
        Register.open(path)
    path.write_bytes(b"not a database, but long enough to look at" * 40)
    path.chmod(0o600)
    with pytest.raises(FolderError, match="damaged"):
        Register.open(path)


def test_a_register_that_cannot_be_opened_is_not_called_damaged(register: Register, tmp_path: Path) -> None:
    register.close()
    (tmp_path / "register.sqlite-wal").mkdir()  # where the database must write
    with pytest.raises(FolderError, match="cannot be opened"):
        Register.open(tmp_path / "register.sqlite")


def test_a_register_of_a_newer_program_is_left_alone(register: Register, tmp_path: Path) -> None:
    register.close()
    path = tmp_path / "register.sqlite"
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(FolderError, match="version 99"):
        Register.open(path)


def test_a_register_open_to_others_is_refused(register: Register, tmp_path: Path) -> None:
    register.close()
    (tmp_path / "register.sqlite").chmod(0o644)
    with pytest.raises(FolderError, match="chmod"):
        Register.open(tmp_path / "register.sqlite")
