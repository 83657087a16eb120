"""Each reason from real bytes, the order of the steps, and the colour in force."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import example, given
from hypothesis import strategies as st

from keys import base45, cbor, cose, presentation
from keys.presentation import present
from keys.reasons import Reason
from keys.status_list import StatusEntry, StatusLists
from keys.trust_list import Use
from keys.verdict import (
    Carrier,
    CodeFormat,
    CodeIdentity,
    Colour,
    Document,
    DocumentType,
    Group,
    StatusEvidence,
    Verdict,
)
from keys.verifier import Verifier
from tests.keys.realm import DAY, INDEX, NOW, Realm, claims_of, new_key, sign_raw, trusted

PHONE = new_key()


def forge(text: str) -> str:
    """The same code with one bit of its signature changed, still low-s."""
    data = bytearray(base45.decode(text[5:]))
    data[-40] ^= 1
    return text[:5] + base45.encode(bytes(data))


def test_a_good_code_is_valid_and_everything_it_says_is_in_the_verdict() -> None:
    realm = Realm()
    text = realm.text(
        not_before=NOW - 10,
        colour=Colour.YELLOW,
        colour_reason=7,
        colour_until=20_600,
        group=Group.STUDENT,
        carrier=Carrier.CARD,
    )
    verdict = realm.judge(text)
    assert verdict.valid
    assert verdict == Verdict(
        reason=None,
        format=CodeFormat.JKM1,
        issuer="CN-33",
        kid=realm.trusted[0].kid,
        identity=CodeIdentity("CN-33", "jkm:33/7", INDEX),
        colour=Colour.GREEN,  # the list is newer than the code
        colour_reason=7,
        colour_until=20_600,
        name="张**",
        document=Document(DocumentType.RESIDENT_ID, "1X"),
        carrier=Carrier.CARD,
        region="330110",
        group=Group.STUDENT,
        issued_at=NOW - 7200,
        expires_at=NOW + DAY,
        holder_bound=False,
        presented_at=None,
        status=StatusEvidence("jkm:33/7", NOW - 3600, 0),
    )


def test_a_good_presentation_is_valid() -> None:
    realm = Realm()
    verdict = realm.judge(present(realm.text(holder=PHONE.public_key()), PHONE, NOW - 3))
    assert verdict.valid
    assert (verdict.format, verdict.holder_bound, verdict.presented_at) == (CodeFormat.JKP1, True, NOW - 3)


def test_an_ed25519_issuer_is_verified_too() -> None:
    assert Realm(code_key=ed25519.Ed25519PrivateKey.generate()).judge(Realm().text()).reason is Reason.UNKNOWN_KEY
    realm = Realm(code_key=ed25519.Ed25519PrivateKey.generate())
    assert realm.judge(realm.text()).valid
    assert realm.judge(forge(realm.text())).reason is Reason.BAD_SIGNATURE


def revoked_key(realm: Realm) -> str:
    realm.change_code_key(revoked_at=NOW + DAY, revoked_reason="lost")
    return realm.text()


def expired_key(realm: Realm) -> str:
    realm.change_code_key(exp=NOW)
    return realm.text()


def status_key_signs(realm: Realm) -> str:
    return sign_raw(realm.status_key, cbor.encode(claims_of(realm.text())))


def revoked_code(realm: Realm) -> str:
    realm.values[INDEX] = 1
    return realm.text()


def stale_presentation(realm: Realm) -> str:
    return present(realm.text(holder=PHONE.public_key()), PHONE, NOW - 61)


EVERY_REASON: dict[Reason, list[Callable[[Realm], str]]] = {
    Reason.NOT_A_CODE: [
        lambda _: "https://example.com/menu",
        lambda _: "",
        lambda _: "jkm1:ABC",
        lambda _: " " + Realm().text(),
        lambda _: "\ufeff" + Realm().text(),
        lambda _: "X" * 5000,
    ],
    Reason.MALFORMED: [
        lambda _: "HC1:" + "X" * 5000,
        lambda _: "HC1:NCFOXN%TSMAHN-HAX+",
        lambda _: "shc:/5676290952432060346029243740446031222959",
        lambda _: "shc:/3/2/5676290952432060",
        lambda _: "NZCP:/1/2KCEVIQEIVVWK6JNGEASNICZAEP2KALYDZSGSZB2O5SWEOTOPJRX",
        lambda _: '{"data":{"hdr":{"is":"UTO","t":"icao.vacc","v":1}}}',
        lambda _: "JKM1:",
        lambda _: "JKP1:",
        lambda realm: realm.text() + "\n",
        lambda realm: realm.text() + " ",
        lambda realm: realm.text()[:-1],
        lambda realm: realm.text().lower().replace("jkm1:", "JKM1:"),
        lambda realm: "JKP1:" + realm.text()[5:],
        lambda _: "JKM1:" + "0" * 4292,
        lambda _: "JKM1:\ud800",
    ],
    Reason.UNSUPPORTED_FORMAT: [
        lambda _: "HC2:NCFOXN%TSMAHN-HAX+",
        lambda _: "NZCP:/2/2KCEVIQEIVVWK6JNGEASNICZAEP2KALYDZSGSZB2O5SWEOTOPJRX",
        lambda _: "NL2:B4V.W9D:LWJ5W2S6A",
        lambda realm: realm.text().replace("JKM1:", "JKM2:"),
    ],
    Reason.CODE_INCOMPLETE: [lambda _: "shc:/1/3/5676290952432060"],
    Reason.UNKNOWN_ISSUER: [lambda _: Realm("CN-44").text()],
    Reason.UNKNOWN_KEY: [lambda _: Realm().text()],
    Reason.KEY_NOT_ALLOWED: [status_key_signs],
    Reason.BAD_SIGNATURE: [lambda realm: forge(realm.text())],
    Reason.KEY_REVOKED: [revoked_key],
    Reason.KEY_EXPIRED: [expired_key],
    Reason.NOT_YET_VALID: [
        lambda realm: realm.text(issued_at=NOW + 301),
        lambda realm: realm.text(not_before=NOW + 301),
    ],
    Reason.EXPIRED: [lambda realm: realm.text(expires_at=NOW)],
    Reason.PRESENTATION_REQUIRED: [lambda realm: realm.text(holder=PHONE.public_key())],
    Reason.PRESENTATION_EXPIRED: [stale_presentation],
    Reason.REVOKED: [revoked_code],
    Reason.STATUS_UNKNOWN: [lambda realm: realm.text(identity=CodeIdentity("CN-33", "jkm:33/8", 1))],
}


@pytest.mark.parametrize(
    ("reason", "make"), [(reason, make) for reason, makes in EVERY_REASON.items() for make in makes]
)
def test_every_reason_of_the_proof_comes_from_real_bytes(reason: Reason, make: Callable[[Realm], str]) -> None:
    realm = Realm()
    text = make(realm)
    assert realm.judge(text).reason is reason


def test_no_reason_of_the_proof_is_left_out() -> None:
    """REPLAYED is the engine's: it needs the memory of which presentations have opened the gate."""
    from_proof = {reason for reason in Reason if reason.kind == "proof"}
    assert from_proof - EVERY_REASON.keys() == {Reason.REPLAYED}


def test_the_times_end_to_the_second() -> None:
    realm = Realm()
    assert realm.judge(realm.text(expires_at=NOW + 1)).valid
    assert realm.judge(realm.text(expires_at=NOW)).reason is Reason.EXPIRED
    assert realm.judge(realm.text(issued_at=NOW + 300)).valid
    assert realm.judge(realm.text(issued_at=NOW + 301)).reason is Reason.NOT_YET_VALID
    assert realm.judge(realm.text(not_before=NOW + 300)).valid
    assert realm.judge(realm.text(not_before=NOW + 301)).reason is Reason.NOT_YET_VALID
    realm.change_code_key(exp=NOW + 1, nbf=NOW)
    assert realm.judge(realm.text()).valid
    assert realm.judge(realm.text(), at=NOW + 1).reason is Reason.KEY_EXPIRED
    assert realm.judge(realm.text(), at=NOW - 300).valid
    assert realm.judge(realm.text(), at=NOW - 301).reason is Reason.KEY_EXPIRED


def test_a_presentation_counts_for_sixty_seconds_and_thirty_ahead() -> None:
    realm = Realm()
    text = present(realm.text(holder=PHONE.public_key()), PHONE, NOW)
    for at, expected in ((NOW + 60, None), (NOW - 30, None)):
        assert realm.judge(text, at=at).reason is expected
    for at in (NOW + 61, NOW - 31):
        assert realm.judge(text, at=at).reason is Reason.PRESENTATION_EXPIRED
    policy = Verifier(realm.trust, StatusLists([realm.status_list()]), window_s=10, ahead_s=0)
    assert policy.verify(text, NOW + 10).valid
    assert policy.verify(text, NOW + 11).reason is Reason.PRESENTATION_EXPIRED
    assert policy.verify(text, NOW - 1).reason is Reason.PRESENTATION_EXPIRED


def test_after_a_start_older_presentations_do_not_count() -> None:
    realm = Realm()
    text = present(realm.text(holder=PHONE.public_key()), PHONE, NOW)
    verifier = realm.verifier()
    assert verifier.verify(text, NOW + 5, presentations_from=NOW).valid
    assert verifier.verify(text, NOW + 5, presentations_from=NOW + 1).reason is Reason.PRESENTATION_EXPIRED
    assert verifier.verify(realm.text(), NOW + 5, presentations_from=NOW + 1).valid


# The order of the steps: each code has all the faults from some step on, and the first is the reason.


def faulty_from(step: int) -> tuple[Realm, str]:
    """A realm and a presentation in which everything from `step` on is wrong and everything before it right."""
    realm = Realm()
    holder = PHONE.public_key()
    changes: dict[str, object] = {"holder": holder}
    if step <= 10:
        realm.values[INDEX] = 1
    if step <= 8:
        changes["expires_at"] = NOW
    if step <= 7:
        realm.change_code_key(exp=NOW)
    if step <= 6:
        realm.change_code_key(revoked_at=NOW, revoked_reason="lost")
    shown = present(realm.text(**changes), PHONE, NOW - 100 if step <= 9 else NOW)
    if step <= 5:
        inner = present(forge(realm.text(**changes)), PHONE, NOW - 100)
        shown = inner
    if step <= 4:
        realm.change_code_key(uses=frozenset((Use.STATUS,)))
    if step <= 3:
        del realm.trusted[0]
    if step <= 2:
        realm.trusted = [trusted(new_key(), Use.CODE, issuer="CN-11")]
    if step <= 1:
        shown += "\n"
    return realm, shown


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (1, Reason.MALFORMED),
        (2, Reason.UNKNOWN_ISSUER),
        (3, Reason.UNKNOWN_KEY),
        (4, Reason.KEY_NOT_ALLOWED),
        (5, Reason.BAD_SIGNATURE),
        (6, Reason.KEY_REVOKED),
        (7, Reason.KEY_EXPIRED),
        (8, Reason.EXPIRED),
        (9, Reason.PRESENTATION_EXPIRED),
        (10, Reason.REVOKED),
        (11, None),
    ],
)
def test_the_first_failing_step_is_the_reason(step: int, reason: Reason | None) -> None:
    realm, text = faulty_from(step)
    lists = [Realm(status_key=realm.status_key, code_key=realm.code_key, values=realm.values).status_list()]
    assert Verifier(realm.trust, StatusLists(lists)).verify(text, NOW).reason is reason


def test_a_code_both_forged_and_expired_is_forged() -> None:
    realm = Realm()
    assert realm.judge(forge(realm.text(expires_at=NOW - DAY))).reason is Reason.BAD_SIGNATURE


def test_a_presentation_both_forged_and_of_an_expired_code_is_forged() -> None:
    realm = Realm()
    text = present(realm.text(holder=PHONE.public_key(), expires_at=NOW - DAY), PHONE, NOW)
    assert realm.judge(text).reason is Reason.EXPIRED
    assert realm.judge(forge(text)).reason is Reason.BAD_SIGNATURE


def test_before_the_signature_only_claims_are_told() -> None:
    for step in range(1, 6):
        realm, text = faulty_from(step)
        verdict = realm.judge(text, lists=[])
        claimed = verdict._replace(reason=None, format=None, issuer=None, kid=None)
        assert claimed == Verdict(None), f"step {step}"
        assert verdict.format is CodeFormat.JKP1


def test_an_expired_code_still_tells_its_colour_to_whoever_may_admit_it() -> None:
    realm = Realm(values={INDEX: 0xD})
    verdict = realm.judge(realm.text(expires_at=NOW))
    assert (verdict.reason, verdict.colour, verdict.name) == (Reason.EXPIRED, Colour.RED, "张**")


def test_a_code_under_a_revoked_key_tells_no_colour() -> None:
    realm = Realm()
    verdict = realm.judge(revoked_key(realm))
    assert (verdict.reason, verdict.colour, verdict.status) == (Reason.KEY_REVOKED, None, None)


# The colour in force


@pytest.mark.parametrize(
    ("value", "colour"),
    [(0, Colour.GREEN), (2, Colour.GREY), (3, Colour.YELLOW), (0xC, Colour.ORANGE), (0xD, Colour.RED)],
)
def test_the_list_says_the_colour(value: int, colour: Colour) -> None:
    for at_issue in (Colour.GREEN, Colour.RED):
        realm = Realm(values={INDEX: value})
        verdict = realm.judge(realm.text(colour=at_issue))
        assert verdict.valid
        assert verdict.colour is colour
        assert verdict.status == StatusEvidence("jkm:33/7", NOW - 3600, value)


@pytest.mark.parametrize("value", [4, 5, 6, 7, 8, 9, 0xA, 0xB, 0xE])
def test_a_value_without_a_meaning_is_unknown_even_in_an_older_list(value: int) -> None:
    realm = Realm(values={INDEX: value})
    for issued_at in (NOW - 7200, NOW - 60):
        verdict = realm.judge(realm.text(issued_at=issued_at))
        assert (verdict.reason, verdict.colour) == (Reason.STATUS_UNKNOWN, None)


def test_a_code_newer_than_the_list_says_its_own_colour() -> None:
    realm = Realm(values={INDEX: 0xD})
    lists = [realm.status_list(iat=NOW - 3600)]
    for issued_at, colour in ((NOW - 3601, Colour.RED), (NOW - 3600, Colour.RED), (NOW - 3599, Colour.YELLOW)):
        verdict = realm.judge(realm.text(colour=Colour.YELLOW, issued_at=issued_at), lists=lists)
        assert (verdict.reason, verdict.colour) == (None, colour)


def test_revoked_in_an_older_list_is_revoked_for_a_newer_code_too() -> None:
    realm = Realm(values={INDEX: 1})
    assert realm.judge(realm.text(issued_at=NOW)).reason is Reason.REVOKED


def test_revoked_stays_although_a_newer_list_takes_it_back() -> None:
    realm = Realm()
    lists = [realm.status_list({INDEX: 1}, iat=NOW - 7000), realm.status_list({INDEX: 0}, iat=NOW - 10)]
    verdict = realm.judge(realm.text(), lists=lists)
    assert verdict.reason is Reason.REVOKED
    assert verdict.status == StatusEvidence("jkm:33/7", NOW - 7000, 1)


def test_an_index_not_issued_yet_counts_only_for_a_code_newer_than_the_list() -> None:
    realm = Realm(values={INDEX: 0xF})
    for issued_at in (NOW - 7200, NOW - 3600):
        assert realm.judge(realm.text(issued_at=issued_at)).reason is Reason.STATUS_UNKNOWN
    verdict = realm.judge(realm.text(issued_at=NOW - 3599, colour=Colour.ORANGE))
    assert (verdict.reason, verdict.colour) == (None, Colour.ORANGE)


def test_an_index_out_of_range_is_unknown() -> None:
    realm = Realm()
    for index, reason in (
        ((1 << 20) - 1, None),
        (1 << 20, Reason.STATUS_UNKNOWN),
        ((1 << 32) - 1, Reason.STATUS_UNKNOWN),
    ):
        text = realm.text(identity=CodeIdentity("CN-33", "jkm:33/7", index))
        assert realm.judge(text).reason is reason


def test_without_any_list_a_code_is_unknown_even_a_brand_new_one() -> None:
    realm = Realm()
    assert realm.judge(realm.text(issued_at=NOW), lists=[]).reason is Reason.STATUS_UNKNOWN


def test_a_list_past_its_exp_says_nothing_but_revoked() -> None:
    realm = Realm(values={INDEX + 1: 1})
    lists = [realm.status_list(exp=NOW)]
    assert realm.judge(realm.text(), lists=lists).reason is Reason.STATUS_UNKNOWN
    other = realm.text(identity=CodeIdentity("CN-33", "jkm:33/7", INDEX + 1))
    assert realm.judge(other, lists=lists).reason is Reason.REVOKED
    assert realm.judge(realm.text(), lists=lists, at=NOW - 1).valid


class Foreign:
    """A status lookup that answers as a foreign list would."""

    def __init__(self, value: int) -> None:
        self.value = value

    def lookup(self, issuer: str, uri: str, index: int) -> StatusEntry | None:
        return StatusEntry(self.value, NOW - 3600, None, own=False)


@pytest.mark.parametrize(
    ("value", "reason", "colour"),
    [
        (0, None, Colour.GREEN),
        (1, Reason.REVOKED, None),
        (2, None, Colour.GREY),
        (3, Reason.STATUS_UNKNOWN, None),
        (0xC, Reason.STATUS_UNKNOWN, None),
        (0xF, Reason.STATUS_UNKNOWN, None),
        (255, Reason.STATUS_UNKNOWN, None),
    ],
)
def test_a_foreign_list_knows_valid_revoked_and_suspended_only(
    value: int, reason: Reason | None, colour: Colour | None
) -> None:
    realm = Realm()
    for issued_at in (NOW - 7200, NOW):
        verdict = Verifier(realm.trust, Foreign(value)).verify(realm.text(issued_at=issued_at), NOW)
        expected = Colour.GREEN if issued_at == NOW and colour is not None else colour
        assert (verdict.reason, verdict.colour) == (reason, expected)


# Never raises


REALM = Realm()
VERIFIER = REALM.verifier()
alphabet = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@given(st.text() | st.builds("{}{}".format, st.sampled_from(["JKM1:", "JKP1:", "HC1:", "{"]), st.text() | alphabet))
@example("JKM1:" + base45.encode(b"\xd2\x84" + b"\x5b" + b"\xff" * 8))
@example("JKM1:" + base45.encode(b"\xd2\x84" + b"\x81" * 900))
@example("{" * 4000)
@example('{"' + '"icao.' * 700)
def test_it_never_raises_and_no_random_text_is_valid(text: str) -> None:
    assert not VERIFIER.verify(text, NOW).valid


@given(st.binary(max_size=300), st.sampled_from(["JKM1:", "JKP1:"]))
def test_random_bytes_behind_a_prefix_are_malformed(data: bytes, prefix: str) -> None:
    assert VERIFIER.verify(prefix + base45.encode(data), NOW).reason is Reason.MALFORMED


wild = st.recursive(
    st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=20) | st.text(max_size=20) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(-5, 9) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.data())
def test_signed_claims_of_any_shape_are_judged_without_raising(data: st.DataObject) -> None:
    """An issuer's mistake must not stop a gate either."""
    claims = claims_of(REALM.text())
    where = data.draw(st.sampled_from([1, 4, 5, 6, 8, 65535, -70001, 99]))
    claims[where] = data.draw(wild)
    text = sign_raw(REALM.code_key, cbor.encode(claims))
    verdict = VERIFIER.verify(text, NOW)
    json.dumps([verdict.reason, verdict.name])


@given(wild)
def test_a_signed_presentation_of_any_shape_is_judged_without_raising(payload: cbor.Value) -> None:
    shown = cose.sign1(PHONE, kid=None, typ=presentation.TYP, payload=cbor.encode(payload))
    assert VERIFIER.verify("JKP1:" + base45.encode(shown), NOW).reason is Reason.MALFORMED


@pytest.mark.parametrize("now", [0, -1, 1 << 40, 1 << 70])
def test_no_time_makes_it_raise(now: int) -> None:
    assert not VERIFIER.verify(REALM.text(), now).valid
