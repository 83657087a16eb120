"""Revocation of foreign credentials: what a list says, and that a missing or broken one never says "not revoked"."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from demo.foreign_issuers import CardIssuer, CertificateIssuer, person, vaccination
from keys import base45, cbor, cose, eu_dcc
from keys.card_revocation import read_card_revocations
from keys.certificate import read_certificate
from keys.errors import StatusListError
from keys.foreign_jwk import read_foreign_keys
from keys.foreign_key import keys_of_certificate
from keys.foreign_status import ForeignLists, load_foreign_lists
from keys.hash_list import HashKind, HashList, hashes_of, read_hash_list, write_hash_list
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList, Use
from keys.verdict import Verdict
from keys.verifier import Verifier
from tests.keys.realm import DAY, NOW, new_key, trusted
from tests.keys.test_eu_dcc import message_of, rewrapped

STATUS_KEY = new_key()
GERMANY = CertificateIssuer("DE", NOW)
SIGNER = GERMANY.certificate()
TEXT = GERMANY.text(SIGNER, {**person("Muster", "Erika", "1964-08-12"), "v": [vaccination("2026-01-02", country="DE")]})
TRUST = TrustList([trusted(STATUS_KEY, Use.STATUS)], keys_of_certificate(read_certificate(SIGNER)))
CODE = eu_dcc.read(TEXT)
OTHERS = [bytes([number] * 16) for number in range(1, 250, 3)]


def hash_list(
    hashes: dict[HashKind, list[bytes]], *, iat: int = NOW - 60, exp: int = NOW + DAY, country: str = "DE"
) -> bytes:
    return write_hash_list(STATUS_KEY, country=country, iat=iat, exp=exp, hashes=hashes)


def judge(text: str, lists: ForeignLists | None, trust: TrustList = TRUST, at: int = NOW) -> Verdict:
    return Verifier(trust, StatusLists(), foreign_status=lists).verify(text, at)


def opened(data: bytes) -> HashList:
    return read_hash_list(data, TRUST, NOW)


@pytest.mark.parametrize("kind", list(HashKind))
def test_a_certificate_is_revoked_by_each_kind_of_hash(kind: HashKind) -> None:
    named = ForeignLists([opened(hash_list({kind: [*OTHERS, hashes_of(CODE)[kind]]}))])
    assert judge(TEXT, named).reason is Reason.REVOKED
    others = ForeignLists([opened(hash_list({kind: OTHERS}))])
    verdict = judge(TEXT, others)
    assert verdict.valid
    assert verdict.status is not None
    assert (verdict.status.uri, verdict.status.value) == ("hashes:DE", 0)


def test_the_mirrored_signature_is_revoked_with_the_first() -> None:
    parts = message_of(TEXT)
    signature = parts[3]
    assert type(signature) is bytes
    s = cose.P256_ORDER - int.from_bytes(signature[32:], "big")
    parts[3] = signature[:32] + s.to_bytes(32, "big")
    mirrored = rewrapped(cbor.encode(cbor.Tag(18, parts)))
    named = ForeignLists([opened(hash_list({HashKind.SIGNATURE: [hashes_of(CODE)[HashKind.SIGNATURE]]}))])
    assert judge(mirrored, None).valid
    assert judge(mirrored, named).reason is Reason.REVOKED


def test_of_an_rsa_signature_all_of_it_is_hashed() -> None:
    issuer = CertificateIssuer("DE", NOW, rsa.generate_private_key(65537, 2048))
    content = {**person("M", "E", "1964-08-12"), "v": [vaccination("2026-01-02", country="DE")]}
    one, two = (eu_dcc.read(issuer.text(issuer.certificate(), content)) for _ in range(2))
    assert hashes_of(one)[HashKind.SIGNATURE] != hashes_of(two)[HashKind.SIGNATURE]
    assert hashes_of(one)[HashKind.IDENTIFIER] == hashes_of(two)[HashKind.IDENTIFIER]


def test_a_covered_country_without_its_list_and_a_list_past_its_end_are_unknown() -> None:
    assert judge(TEXT, ForeignLists(covered=["DE"])).reason is Reason.STATUS_UNKNOWN
    assert judge(TEXT, ForeignLists(covered=["FR"])).valid
    ended = ForeignLists([opened(hash_list({HashKind.IDENTIFIER: OTHERS}, exp=NOW + 10))])
    assert judge(TEXT, ended, at=NOW + 9).valid
    assert judge(TEXT, ended, at=NOW + 10).reason is Reason.STATUS_UNKNOWN
    named = hash_list({HashKind.IDENTIFIER: [hashes_of(CODE)[HashKind.IDENTIFIER]]}, exp=NOW + 10)
    assert judge(TEXT, ForeignLists([opened(named)]), at=NOW + DAY).reason is Reason.REVOKED


def test_a_hash_list_that_anything_is_wrong_with_is_believed_in_nothing() -> None:
    good = hash_list({HashKind.IDENTIFIER: OTHERS, HashKind.SIGNATURE: []})
    assert opened(good).country == "DE"
    for at in (0, 9, 40, len(good) - 1, len(good) - 16 * len(OTHERS)):
        damaged = bytearray(good)
        damaged[at] ^= 1
        with pytest.raises((StatusListError, cose.CoseError)):
            opened(bytes(damaged))
    for cut in (good[:-1], good[:-16], good + b"\x00", b"", good[:12]):
        with pytest.raises((StatusListError, cose.CoseError)):
            opened(cut)
    stranger = write_hash_list(new_key(), country="DE", iat=NOW, exp=NOW + 1, hashes={})
    with pytest.raises(StatusListError, match="not known"):
        opened(stranger)


def test_a_broken_list_in_a_folder_leaves_its_country_unknown(tmp_path: Path) -> None:
    (tmp_path / "DE.hashes").write_bytes(hash_list({HashKind.IDENTIFIER: OTHERS})[:-3])
    lists = load_foreign_lists([tmp_path], TRUST, NOW)
    assert len(lists.problems) == 1
    assert judge(TEXT, lists).reason is Reason.STATUS_UNKNOWN
    (tmp_path / "DE.hashes").write_bytes(hash_list({HashKind.IDENTIFIER: OTHERS}))
    assert judge(TEXT, load_foreign_lists([tmp_path], TRUST, NOW)).valid
    (tmp_path / "DE.hashes").write_bytes(b"")
    with pytest.raises(StatusListError):
        load_foreign_lists([tmp_path / "DE.hashes"], TRUST, NOW)


CALIFORNIA = CardIssuer("https://california.example/issuer")


def card(rid: str | None, nbf: float = NOW - DAY) -> str:
    return CALIFORNIA.text(CALIFORNIA.payload("Rivera", "Maria", "1990-03-04", {"2025-11-01": "208"}, nbf, rid=rid))


def crl(*rids: object, ctr: int = 3) -> bytes:
    return json.dumps({"kid": CALIFORNIA.kid, "method": "rid", "ctr": ctr, "rids": rids}).encode()


def card_trust(**more: int) -> TrustList:
    return TrustList((), read_foreign_keys(json.dumps({"keys": [CALIFORNIA.jwk(**more)]}).encode(), source="t"))


def test_a_card_is_revoked_by_its_rid_for_ever_or_up_to_a_time() -> None:
    lists = ForeignLists(cards=[read_card_revocations(crl("bad", f"old.{NOW}"), source="t")])
    trust = card_trust(crlVersion=3)
    assert judge(card("bad"), lists, trust).reason is Reason.REVOKED
    assert judge(card("old"), lists, trust).reason is Reason.REVOKED
    assert judge(card("old", nbf=NOW), lists, trust).valid
    assert judge(card("good"), lists, trust).valid
    assert judge(card(None), lists, trust).valid


def test_an_announced_list_that_is_missing_or_older_leaves_its_cards_unknown() -> None:
    trust = card_trust(crlVersion=4)
    assert judge(card("good"), ForeignLists(), trust).reason is Reason.STATUS_UNKNOWN
    older = ForeignLists(cards=[read_card_revocations(crl("bad"), source="t")])
    assert judge(card("good"), older, trust).reason is Reason.STATUS_UNKNOWN
    assert judge(card("bad"), older, trust).reason is Reason.REVOKED
    assert judge(card(None), ForeignLists(), trust).valid
    assert judge(card("good"), ForeignLists(), card_trust()).valid


@pytest.mark.parametrize(
    "data",
    [crl("not base64url!"), crl("x" * 25), crl(7), b"{}", b"[]", crl("a", ctr=0), crl("a").replace(b"rid", b"sid", 1)],
    ids=["alphabet", "length", "number", "empty", "list", "counter", "method"],
)
def test_a_card_list_with_one_bad_entry_is_believed_in_nothing(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(StatusListError):
        read_card_revocations(data, source="t")
    (tmp_path / f"{CALIFORNIA.kid}.crl.json").write_bytes(data)
    lists = load_foreign_lists([tmp_path], TRUST, NOW)
    assert judge(card("good"), lists, card_trust()).reason is Reason.STATUS_UNKNOWN


def test_base45_of_a_list_is_no_code() -> None:
    assert judge("HC1:" + base45.encode(crl("a")), None).reason is Reason.MALFORMED


def revoked_at(country: str, kind: HashKind, text: str) -> ForeignLists:
    return ForeignLists([opened(hash_list({kind: [hashes_of(eu_dcc.read(text))[kind]]}, country=country))])


@pytest.mark.parametrize("kind", list(HashKind))
def test_what_a_state_signed_for_its_territory_is_revoked_by_the_states_own_list(kind: HashKind) -> None:
    france = CertificateIssuer("FR", NOW)
    signer = france.certificate()
    trust = TrustList([trusted(STATUS_KEY, Use.STATUS)], keys_of_certificate(read_certificate(signer)))
    content = {**person("M", "E", "1964-08-12"), "v": [vaccination("2026-01-02", country="NC")]}
    text = france.text(signer, content, iss="NC")
    assert judge(text, ForeignLists(), trust).valid
    for country in ("FR", "NC"):
        assert judge(text, revoked_at(country, kind, text), trust).reason is Reason.REVOKED
        assert judge(text, ForeignLists(covered=[country]), trust).reason is Reason.STATUS_UNKNOWN
    sound = opened(hash_list({HashKind.IDENTIFIER: OTHERS}, country="NC"))
    assert judge(text, ForeignLists([sound], covered=["FR", "NC"]), trust).reason is Reason.STATUS_UNKNOWN
    assert judge(text, revoked_at("ES", kind, text), trust).valid


def test_a_certificate_that_names_no_issuer_is_revoked_by_its_signers_country_and_its_identifier() -> None:
    content = {**person("M", "E", "1964-08-12"), "v": [vaccination("2026-01-02", ci="URN:UVCI:01:DE:9", country="DE")]}
    claims: dict[int, cbor.Encodable] = {4: NOW + DAY, 6: NOW, -260: {1: content}}
    text = GERMANY.sign(cbor.encode(claims), hashlib.sha256(SIGNER).digest()[:8])
    assert judge(text, None).valid
    named = [hashlib.sha256(b"DEURN:UVCI:01:DE:9").digest()[:16]]
    lists = ForeignLists([opened(hash_list({HashKind.COUNTRY_AND_IDENTIFIER: named}))])
    assert judge(text, lists).reason is Reason.REVOKED


@pytest.mark.parametrize(("written", "listed"), [("UK", "GB"), ("EL", "GR"), ("GB", "GB"), ("XI", "GB")])
def test_a_state_under_the_unions_own_name_for_it_is_revoked_by_its_list(written: str, listed: str) -> None:
    issuer = CertificateIssuer("GB" if written == "XI" else written, NOW)
    signer = issuer.certificate()
    trust = TrustList([trusted(STATUS_KEY, Use.STATUS)], keys_of_certificate(read_certificate(signer)))
    content = {**person("M", "E", "1964-08-12"), "v": [vaccination("2026-01-02", country=written)]}
    text = issuer.text(signer, content, iss=written)
    assert judge(text, ForeignLists(), trust).issuer == listed
    assert judge(text, ForeignLists(covered=[listed]), trust).reason is Reason.STATUS_UNKNOWN
    assert judge(text, revoked_at(listed, HashKind.IDENTIFIER, text), trust).reason is Reason.REVOKED
    as_written = hashlib.sha256((written + (eu_dcc.read(text).unique_id or "")).encode()).digest()[:16]
    named = opened(hash_list({HashKind.COUNTRY_AND_IDENTIFIER: [as_written]}, country=listed))
    assert judge(text, ForeignLists([named]), trust).reason is Reason.REVOKED


def test_a_certificate_of_several_doses_is_revoked_by_the_identifier_of_any() -> None:
    doses = [vaccination(f"2026-01-0{n}", ci=f"URN:UVCI:01:DE:{n}", country="DE") for n in (1, 2, 3)]
    text = GERMANY.text(SIGNER, {**person("Muster", "Erika", "1964-08-12"), "v": doses})
    for number in (1, 2, 3):
        identifier = f"URN:UVCI:01:DE:{number}"
        for kind, named in ((HashKind.IDENTIFIER, identifier), (HashKind.COUNTRY_AND_IDENTIFIER, f"DE{identifier}")):
            hashes = [hashlib.sha256(named.encode()).digest()[:16]]
            assert judge(text, ForeignLists([opened(hash_list({kind: hashes}))])).reason is Reason.REVOKED
    assert judge(text, ForeignLists([opened(hash_list({HashKind.IDENTIFIER: OTHERS}))])).valid
