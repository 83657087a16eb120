import io
import sqlite3
from collections.abc import Iterator

import pytest

from authority.csv_file import Fault, Row, read_rows
from authority.errors import FolderError
from authority.records import Act
from authority.register import Register
from authority.request import IssuedCode
from authority.status_changes import COLUMNS, Outcome, Step, apply_changes, read_changes
from keys.reasons import Reason
from keys.verdict import Carrier, Colour
from tests.world import NOW, ORDER, SmallWorld


def rows(text: str) -> Iterator[Row | Fault]:
    return read_rows(io.BytesIO(text.encode()), "changes.csv", COLUMNS)


def change(world: SmallWorld, text: str, *, leave_out_bad: bool = False) -> Outcome:
    done = world.authority.change_status(
        rows(text), ORDER, NOW + 5, leave_out_bad=leave_out_bad, progress=lambda step, count: None
    )
    register = Register.open(world.authority.folder / "register.sqlite")
    for entry in register.lists():
        assert register.live_array(entry.number) == register.array_from_rows(entry.number)
    register.close()
    return done


def short(code: IssuedCode) -> str:
    return f"1,{code.identity.index}"


def test_colours_and_revocations_reach_the_gate_with_the_next_lists(world: SmallWorld) -> None:
    number = world.document_number()
    phone, paper = (world.code(document_number=number, carrier=carrier) for carrier in (Carrier.PHONE, Carrier.PAPER))
    lost, other, bystander = world.code(), world.code(), world.code()
    done = change(
        world,
        f"list,index,colour\n{short(phone)},red\n{short(lost)},revoked\n{short(other)},Yellow\n",
    )
    assert done == Outcome(rows=3, faults=(), recoloured=3, revoked=1)
    world.publish()
    assert {world.judge(code.text).colour for code in (phone, paper)} == {Colour.RED}
    assert world.judge(lost.text).reason is Reason.REVOKED
    assert world.judge(other.text).colour is Colour.YELLOW
    assert world.judge(bystander.text).colour is Colour.GREEN


def test_every_code_that_changes_has_an_audit_line_of_its_own(world: SmallWorld) -> None:
    number = world.document_number()
    phone, paper = (world.code(document_number=number, carrier=carrier) for carrier in (Carrier.PHONE, Carrier.PAPER))
    lost = world.code(colour=Colour.ORANGE)
    before = len(list(world.authority.audit()))
    change(world, f"code_id,colour,reason\n{phone.identity},red,case 7\n{lost.identity},revoked,\n")
    lines = list(world.authority.audit())[before:]
    assert {(line.subject, line.act, line.before, line.after, line.order.reason) for line in lines} == {
        (str(phone.identity), Act.SET_COLOUR, "green", "red", "case 7"),
        (str(paper.identity), Act.SET_COLOUR, "green", "red", "case 7"),
        (str(lost.identity), Act.REVOKE, "orange", "revoked", ORDER.reason),
    }
    assert {(line.at, line.order.by) for line in lines} == {(NOW + 5, ORDER.by)}
    assert len(lines) == 3


def bad_file(world: SmallWorld) -> tuple[IssuedCode, str]:
    number = world.document_number()
    good, revoked = world.code(document_number=number), world.code()
    paper = world.code(document_number=number, carrier=Carrier.PAPER)
    world.authority.revoke(revoked.identity, ORDER, NOW)
    return good, "\n".join(
        [
            "list,index,colour,code_id,reason",
            f"{short(good)},red,,",
            f"{short(good)},red,,",
            f"{short(paper)},yellow,,",
            f"1,{good.identity.index ^ 1},red,,",
            f"{short(revoked)},green,,",
            f"{short(revoked)},revoked,,",
            f"{short(good)},purple,,",
            f"1,1,red,{good.identity},",
            ",,red,,",
            ",,red,CN-44/jkm:44/1/7,",
            f"{short(good)},red,,{'x' * 300}",
            f"{short(good)},red",
        ]
    )


FAULTS = {
    3: "the same code as line 2",
    4: "line 2 gives the same person another colour",
    5: "was ever issued here",
    6: "is revoked already",
    7: "the same code as line 6",
    8: "'purple' is no colour",
    9: "by code_id, or by list and index",
    10: "by code_id, or by list and index",
    11: "is no code of CN-33",
    12: "at most 200 characters",
    13: "it has 3 cells",
}


def test_one_bad_row_stops_the_whole_file_and_every_bad_row_is_named(world: SmallWorld) -> None:
    good, text = bad_file(world)
    before = list(world.authority.audit())
    done = change(world, text)
    assert not done.applied
    assert {fault.line for fault in done.faults} == set(FAULTS)
    assert [fault.line for fault in done.faults if FAULTS[fault.line] not in fault.why] == []
    assert list(world.authority.audit()) == before
    assert world.authority.code(good.identity).colour is Colour.GREEN


def test_bad_rows_are_left_out_where_that_is_asked_for(world: SmallWorld) -> None:
    good, text = bad_file(world)
    done = change(world, text, leave_out_bad=True)
    assert {fault.line for fault in done.faults} == set(FAULTS)
    assert (done.rows, done.recoloured, done.revoked) == (12, 2, 0)
    assert world.authority.code(good.identity).colour is Colour.RED


def test_a_revoked_code_of_the_person_keeps_its_revocation_and_the_next_code_has_the_new_colour(
    world: SmallWorld,
) -> None:
    number = world.document_number()
    first = world.code(document_number=number, carrier=Carrier.PAPER)
    second = world.code(document_number=number, carrier=Carrier.PAPER)
    assert change(world, f"code_id,colour\n{second.identity},orange\n").recoloured == 1
    world.authority.revoke(second.identity, ORDER, NOW + 6)
    assert world.code(document_number=number, carrier=Carrier.PAPER).colour is Colour.ORANGE
    world.publish()
    assert world.judge(first.text).reason is Reason.REVOKED


def test_a_stop_at_any_moment_leaves_the_register_as_it_was(world: SmallWorld) -> None:
    code = world.code()
    before = list(world.authority.audit())

    def stop_at(step: Step) -> None:
        def progress(now_at: Step, count: int) -> None:
            if now_at is step:
                raise KeyboardInterrupt

        text = f"code_id,colour\n{code.identity},red\n"
        with pytest.raises(KeyboardInterrupt):
            world.authority.change_status(rows(text), ORDER, NOW + 5, leave_out_bad=False, progress=progress)

    for step in Step:
        stop_at(step)
        assert list(world.authority.audit()) == before
        assert world.authority.code(code.identity).colour is Colour.GREEN
    assert change(world, f"code_id,colour\n{code.identity},red\n").recoloured == 1


def test_a_disk_that_is_full_is_said_and_leaves_the_register_as_it_was(world: SmallWorld) -> None:
    codes = [world.code() for _ in range(50)]
    db = sqlite3.connect(world.authority.folder / "register.sqlite", isolation_level=None)
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
    register = Register(db)
    before = list(register.audit())
    text = "code_id,colour\n" + "".join(f"{code.identity},red\n" for code in codes)
    changes = read_changes(rows(text), "CN-33", ORDER)
    with pytest.raises(FolderError, match="full"):
        apply_changes(register, "CN-33", changes, ORDER, NOW, leave_out_bad=False, progress=lambda step, count: None)
    assert list(register.audit()) == before
    assert not db.in_transaction
    assert register.live_array(1) == register.array_from_rows(1)
    register.close()
