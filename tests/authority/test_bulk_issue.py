import io
from dataclasses import replace

import pytest

from authority.bulk_issue import BATCH, COLUMNS, Issued
from authority.csv_file import Fault, read_rows
from authority.errors import RequestError
from authority.records import Order
from authority.request import CodeRequest
from authority.store import Authority
from keys.reasons import Reason
from keys.verdict import Carrier, Colour, Group
from tests.world import NOW, ORDER, PASSPHRASE, SmallWorld

COMMON = CodeRequest(name="", document_number="", carrier=Carrier.PAPER)


def issue(world: SmallWorld, text: str, common: CodeRequest = COMMON, by: str | None = None) -> list[Issued | Fault]:
    rows = read_rows(io.BytesIO(text.encode()), "people.csv", COLUMNS)
    return [each for batch in world.authority.issue_all(rows, common, by, lambda: world.now) for each in batch]


def test_every_row_gets_its_code_and_what_it_does_not_say_is_common_to_all(world: SmallWorld) -> None:
    first, second = world.document_number(), world.document_number()
    done = issue(
        world,
        "name,document,type,carrier,colour,region,group,colour_until\n"
        f"张小三,{first},,,,,,\n李四,P123456,passport,Card,grey,330106,driver,21000\n王五,{second},resident-id,,,,,\n",
        replace(COMMON, region="3301"),
    )
    assert [each.line for each in done] == [2, 3, 4]
    world.publish()
    verdicts = [world.judge(each.code.text) for each in done if isinstance(each, Issued)]
    assert [verdict.reason for verdict in verdicts] == [None] * 3
    assert [verdict.name for verdict in verdicts] == ["张**", "李*", "王*"]
    assert [verdict.carrier for verdict in verdicts] == [Carrier.PAPER, Carrier.CARD, Carrier.PAPER]
    assert [verdict.colour for verdict in verdicts] == [Colour.GREEN, Colour.GREY, Colour.GREEN]
    assert [verdict.region for verdict in verdicts] == ["3301", "330106", "3301"]
    assert [verdict.group for verdict in verdicts] == [None, Group.DRIVER, None]
    assert verdicts[1].colour_until == 21000


def test_a_bad_row_is_named_and_leaves_no_trace_while_the_others_are_issued(world: SmallWorld) -> None:
    before = len(list(world.authority.audit()))
    number = world.document_number()
    done = issue(
        world,
        "name,document,type,colour,region,colour_reason\n"
        f"张小三,{number},,,,\n"
        "李四,12,,,,\n"
        "李四,P123456,library card,,,\n"
        "李四,P000001,passport,red,,\n"
        "李四,P000002,passport,,44,\n"
        "李四,P000003,passport,,,many\n"
        "李四,P000004,passport,,,99999999\n"
        ",P000005,passport,,,\n"
        "李四,P123456\n",
    )
    faults = {each.line: each.why for each in done if isinstance(each, Fault)}
    assert [each.line for each in done if isinstance(each, Issued)] == [2]
    words = {3: "17 digits", 4: "library card", 5: "order", 6: "region", 7: "many", 8: "colour reason", 9: "name"}
    assert faults.keys() == {*words, 10}
    for line, word in words.items():
        assert word in faults[line]
    assert len(list(world.authority.audit())) == before + 1
    assert world.authority.lists()[0].issued == 1


def test_a_person_who_stands_in_the_file_twice_keeps_the_first_code(world: SmallWorld) -> None:
    rows = "张三,e-1234 567,passport\n李四,E7654321,passport\n张三,E1234567,passport\n"
    first, _, again = issue(world, f"name,document,type\n{rows}")
    assert isinstance(first, Issued)
    assert again == Fault(4, "The same person stands in line 2, for the same carrier.")
    world.publish()
    assert world.judge(first.code.text).valid


def test_a_code_made_anew_voids_the_one_before_and_a_colour_needs_an_order(world: SmallWorld) -> None:
    number = world.document_number()
    old = world.code(document_number=number, carrier=Carrier.PAPER)
    (red,) = issue(world, f"name,document,colour,reason\n张三,{number},red,case 7\n", by="Officer Li")
    assert isinstance(red, Issued)
    assert red.code.replaced == (old.identity,)
    turned = next(line for line in world.authority.audit() if line.after == "red")
    assert turned.order == Order("Officer Li", "case 7")
    (green,) = issue(world, f"name,document,colour\n张三,{number},green\n", replace(COMMON, order=ORDER))
    assert isinstance(green, Issued)
    (unordered,) = issue(world, f"name,document,colour,reason\n张三,{number},red,case 8\n")
    assert unordered == Fault(2, "Who ordered it must be given, in one line of at most 200 characters.")
    world.publish()
    assert [world.judge(text).reason for text in (old.text, red.code.text)] == [Reason.REVOKED] * 2


def test_what_was_handed_out_is_durable_and_a_batch_cut_off_is_not_there(world: SmallWorld) -> None:
    text = "name,document,type\n" + "".join(f"张三,P{number:06},passport\n" for number in range(BATCH + 5))
    rows = read_rows(io.BytesIO(text.encode()), "people.csv", COLUMNS)
    calls = iter(range(BATCH + 3))

    def clock() -> int:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return NOW

    batches = world.authority.issue_all(rows, COMMON, None, clock)
    done = next(batches)
    with pytest.raises(KeyboardInterrupt):
        next(batches)
    again = Authority.open(world.authority.folder, PASSPHRASE)
    assert again.lists()[0].issued == len(done) == BATCH
    again.close()


def test_a_column_that_means_nothing_is_refused_before_anything_is_issued(world: SmallWorld) -> None:
    with pytest.raises(RequestError, match="'nmae'"):
        issue(world, "nmae,document\n张三,P123456\n")
