from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from authority import qr
from authority.codes import read_identity
from authority.errors import RequestError, UnknownCodeError
from authority.records import Act
from authority.request import CodeRequest
from demo import specimens
from keys.cose import Algorithm
from keys.reasons import Reason
from keys.trust_list import Use
from keys.verdict import Carrier, CodeIdentity, Colour, Document, DocumentType, Group
from tests.world import DAY, NOW, ORDER, SmallWorld


def request(world: SmallWorld, **changes: Any) -> CodeRequest:
    return replace(CodeRequest(name="欧阳娜娜", document_number=world.document_number()), **changes)


def test_a_code_proves_green_at_once_and_after_the_next_lists(world: SmallWorld) -> None:
    issued = world.code(name="欧阳娜娜", document_number="11010519491231002X", region="330106", group=Group.COURIER)
    before = world.judge(issued.text)
    world.publish()
    after = world.judge(issued.text)
    for verdict in (before, after):
        assert verdict.reason is None
        assert verdict.identity == issued.identity
        assert verdict.colour is Colour.GREEN
        assert verdict.name == "欧阳**"
        assert verdict.document == Document(DocumentType.RESIDENT_ID, "2X")
        assert verdict.region == "330106"
        assert verdict.group is Group.COURIER
    assert before.status is not None
    assert after.status is not None
    assert (before.status.value, after.status.value) == (0xF, 0)


def test_every_colour_on_every_carrier_reaches_the_gate(world: SmallWorld) -> None:
    codes = {(colour, carrier): world.code(colour=colour, carrier=carrier) for colour in Colour for carrier in Carrier}
    world.publish()
    verdicts = {issued: world.judge(code.text) for issued, code in codes.items()}
    assert len(verdicts) == 15
    assert {issued: (verdict.colour, verdict.carrier) for issued, verdict in verdicts.items()} == {
        issued: issued for issued in codes
    }
    assert {verdict.reason for verdict in verdicts.values()} == {None}


def test_every_specimen_is_refused_for_its_own_reason(world: SmallWorld) -> None:
    held = world.held_code()
    stranger = ec.generate_private_key(ec.SECP256R1())
    texts = {
        Reason.EXPIRED: world.expired(),
        Reason.NOT_YET_VALID: world.not_yet_valid(),
        Reason.BAD_SIGNATURE: world.forged(),
        Reason.UNKNOWN_ISSUER: world.of_stranger(),
        Reason.KEY_REVOKED: world.under_revoked_key(),
        Reason.REVOKED: world.revoked(),
        Reason.PRESENTATION_REQUIRED: held.code.text,
        Reason.PRESENTATION_EXPIRED: held.shown(world.now - 61),
    }
    fresh = held.shown(world.now - 5)
    more_bad_signatures = (world.altered(), specimens.repainted(world.code(colour=Colour.RED).text, Colour.GREEN))
    held_by_a_stranger = specimens.forged(held.code.text, stranger)
    world.publish()
    assert {reason: world.judge(text).reason for reason, text in texts.items()} == dict(zip(texts, texts, strict=True))
    assert {world.judge(text).reason for text in more_bad_signatures} == {Reason.BAD_SIGNATURE}
    assert world.judge(held_by_a_stranger).reason is Reason.BAD_SIGNATURE
    assert world.judge(fresh).valid


def test_texts_keep_within_what_a_gate_reads_well(world: SmallWorld) -> None:
    static = world.code(name="欧阳娜娜", region="330106").text
    shown = world.held_code().shown(world.now)
    assert len(static) <= 300
    assert qr.symbol_version(static) in {10, 11}
    assert len(shown) <= 500


def test_an_eddsa_key_issues_codes_too(world: SmallWorld) -> None:
    key = world.authority.add_key(Use.CODE, world.now, order=ORDER, algorithm=Algorithm.EDDSA)
    issued = world.code(signing_key=key.kid)
    world.publish()
    assert world.judge(issued.text).valid


def test_a_phones_refresh_keeps_its_index_and_its_colour(world: SmallWorld) -> None:
    number = world.document_number()
    first = world.code(document_number=number, colour=Colour.YELLOW, issued_at=world.now - DAY)
    second = world.code(document_number=number)
    assert second.identity == first.identity
    assert second.replaced == ()
    assert second.colour is Colour.YELLOW
    assert world.judge(second.text).colour is Colour.YELLOW


@pytest.mark.parametrize("carrier", [Carrier.PAPER, Carrier.CARD])
def test_a_reissue_on_paper_draws_a_new_index_and_voids_the_old_one(world: SmallWorld, carrier: Carrier) -> None:
    number = world.document_number()
    first = world.code(document_number=number, carrier=carrier)
    second = world.code(document_number=number, carrier=carrier)
    assert second.identity != first.identity
    assert second.replaced == (first.identity,)
    world.publish()
    assert world.judge(first.text).reason is Reason.REVOKED
    assert world.judge(second.text).valid


def test_a_phone_does_not_void_the_paper_in_the_drawer(world: SmallWorld) -> None:
    number = world.document_number()
    paper = world.code(document_number=number, carrier=Carrier.PAPER)
    world.code(document_number=number, carrier=Carrier.PHONE)
    world.publish()
    assert world.judge(paper.text).valid


def test_a_colour_change_reaches_every_code_of_the_person_with_the_next_lists(world: SmallWorld) -> None:
    number = world.document_number()
    phone = world.code(document_number=number)
    paper = world.code(document_number=number, carrier=Carrier.PAPER)
    bystander = world.code()
    world.publish()
    changed = world.authority.set_colour(phone.identity, Colour.RED, ORDER, world.now)
    assert set(changed) == {phone.identity, paper.identity}
    assert world.judge(phone.text).colour is Colour.GREEN
    world.publish()
    assert {world.judge(code.text).colour for code in (phone, paper)} == {Colour.RED}
    assert world.judge(bystander.text).colour is Colour.GREEN


def test_nobody_is_turned_red_without_an_order(world: SmallWorld) -> None:
    asked = request(world, colour=Colour.RED)
    with pytest.raises(RequestError, match="order"):
        world.authority.issue(asked, world.now)
    world.authority.issue(replace(asked, colour=Colour.GREEN), world.now)
    with pytest.raises(RequestError, match="is green; red needs an order"):
        world.authority.issue(asked, world.now)


def test_a_refresh_cannot_wash_a_red_code_green(world: SmallWorld) -> None:
    red = world.authority.issue(request(world, colour=Colour.RED, order=ORDER), world.now)
    number = world.document_number()
    asked = request(world, document_number=number, colour=Colour.RED, order=ORDER)
    red = world.authority.issue(asked, world.now)
    world.authority.revoke(red.identity, ORDER, world.now)
    with pytest.raises(RequestError, match="is red"):
        world.authority.issue(replace(asked, colour=Colour.GREEN, order=None), world.now)
    assert world.authority.issue(replace(asked, colour=None, order=None), world.now).colour is Colour.RED


def test_a_revoked_phone_code_is_never_revived_by_a_refresh(world: SmallWorld) -> None:
    number = world.document_number()
    lost = world.code(document_number=number)
    world.authority.revoke(lost.identity, ORDER, world.now)
    again = world.code(document_number=number)
    assert again.identity != lost.identity
    world.publish()
    assert world.judge(lost.text).reason is Reason.REVOKED
    assert world.judge(again.text).valid


def test_a_revoked_code_takes_no_colour_and_no_second_revocation(world: SmallWorld) -> None:
    code = world.code()
    world.authority.revoke(code.identity, ORDER, world.now)
    with pytest.raises(RequestError, match="revoked"):
        world.authority.set_colour(code.identity, Colour.GREEN, ORDER, world.now)
    with pytest.raises(RequestError, match="revoked already"):
        world.authority.revoke(code.identity, ORDER, world.now)


def test_a_code_nobody_was_given_is_unknown(world: SmallWorld) -> None:
    known = world.code().identity
    for identity in (
        replace(known, index=known.index ^ 1),
        replace(known, uri="jkm:33/9"),
        replace(known, uri="jkm:34/1"),
        replace(known, issuer="CN-34"),
    ):
        with pytest.raises(UnknownCodeError):
            world.authority.set_colour(identity, Colour.RED, ORDER, world.now)


def test_the_audit_tells_who_when_why_and_from_what_to_what(world: SmallWorld) -> None:
    code = world.code()
    world.authority.set_colour(code.identity, Colour.ORANGE, ORDER, world.now + 5)
    world.authority.revoke(code.identity, ORDER, world.now + 9)
    lines = [line for line in world.authority.audit() if line.subject == str(code.identity)]
    assert [(line.at, line.act, line.before, line.after) for line in lines] == [
        (NOW, Act.ISSUE, None, "green"),
        (NOW + 5, Act.SET_COLOUR, "green", "orange"),
        (NOW + 9, Act.REVOKE, "orange", "revoked"),
    ]
    assert [line.order for line in lines[1:]] == [ORDER, ORDER]


def test_a_failed_issue_leaves_no_trace(world: SmallWorld) -> None:
    before = list(world.authority.audit())
    with pytest.raises(RequestError, match="colour reason"):
        world.authority.issue(request(world, colour_reason=1 << 40), world.now)
    assert list(world.authority.audit()) == before
    assert all(entry.issued == 0 for entry in world.authority.lists())


@pytest.mark.parametrize("region", ["3301061", "33010", "320106", "杭州", "33O1", ""])
def test_a_region_that_is_none_or_another_provinces_is_refused(world: SmallWorld, region: str) -> None:
    with pytest.raises(RequestError, match="region"):
        world.authority.issue(request(world, region=region), world.now)


def test_a_code_that_would_outlive_its_key_is_signed_by_another_or_not_at_all(world: SmallWorld) -> None:
    short = world.authority.add_key(Use.CODE, world.now, order=ORDER, expires_at=world.now + 30 * DAY)
    assert world.code(carrier=Carrier.PHONE).kid == short.kid
    long = world.code(carrier=Carrier.PAPER)
    assert long.kid != short.kid
    world.authority.revoke_key(long.kid, ORDER, world.now)
    with pytest.raises(RequestError, match="add-key"):
        world.code(carrier=Carrier.PAPER)


def test_a_key_for_one_city_signs_for_that_city_only(world: SmallWorld) -> None:
    city = world.authority.add_key(Use.CODE, world.now, order=ORDER, regions=("3301",))
    inside, outside, everywhere = (world.code(region=region) for region in ("330106", "330203", None))
    assert inside.kid == city.kid
    assert city.kid not in {outside.kid, everywhere.kid}
    world.publish()
    assert all(world.judge(code.text).valid for code in (inside, outside, everywhere))


def test_a_code_issued_in_the_second_of_a_publication_is_known_at_once(world: SmallWorld) -> None:
    world.publish()
    issued = world.authority.issue(request(world), world.now)
    assert issued.issued_at == world.now + 1
    assert world.judge(issued.text).valid


def test_a_clock_that_runs_behind_the_lists_issues_nothing(world: SmallWorld) -> None:
    with pytest.raises(RequestError, match="clock"):
        world.authority.issue(request(world), world.now - 3600)


def test_neither_name_nor_document_number_is_kept_in_the_clear(world: SmallWorld) -> None:
    number = world.document_number()
    asked = request(world, document_number=number)
    issued = world.authority.issue(asked, world.now)
    kept = b"".join(path.read_bytes() for path in world.authority.folder.rglob("*") if path.is_file())
    for secret in ("娜娜", number, number[6:14]):
        assert secret.encode() not in kept
        assert secret not in repr(asked) + repr(issued)


@pytest.mark.parametrize("text", ["CN-33/jkm:33/1/77", "jkm:33/1/77", "1/77"])
def test_a_code_is_named_in_full_or_in_short(text: str) -> None:
    assert read_identity("CN-33", text) == CodeIdentity("CN-33", "jkm:33/1", 77)


@pytest.mark.parametrize(
    "text", ["", "77", "1/", "/77", "1/x", "1/-7", "jkm:44/1/77", "CN-44/jkm:44/1/77", "1/٧", "9999999/1"]
)
def test_what_names_no_code_of_this_issuer_is_refused(text: str) -> None:
    with pytest.raises(RequestError):
        read_identity("CN-33", text)
