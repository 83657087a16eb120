from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keys.errors import TrustError
from keys.trust_list import TrustList, Use, load_trust, write_jwks
from keys.verdict import CodeFormat
from tests.keys.realm import DAY, NOW, new_key, trusted
from tests.keys.test_trusted_key import OTHER_VERSION, certificate

KEY = new_key()
CODE = trusted(KEY, Use.CODE)


def test_candidates_are_looked_up_by_issuer_and_kid() -> None:
    other = trusted(new_key(), Use.CODE, issuer="CN-11")
    trust = TrustList([CODE, other])
    assert trust.candidates("CN-33", CODE.kid) == (CODE,)
    assert trust.candidates("CN-11", CODE.kid) == ()
    assert trust.candidates("CN-33", other.kid) == ()
    assert trust.by_kid(other.kid) == (other,)
    assert trust.issuers == {"CN-33", "CN-11"}
    assert trust.knows("CN-11")
    assert not trust.knows("CN-44")


def test_keys_that_share_a_kid_are_all_candidates() -> None:
    twin = replace(trusted(new_key(), Use.CODE), kid=CODE.kid)
    assert TrustList([CODE, twin]).candidates("CN-33", CODE.kid) == (CODE, twin)


def test_a_revocation_wins_over_an_older_copy_of_the_list_in_either_order() -> None:
    revoked = replace(CODE, revoked_at=NOW, revoked_reason="lost")
    for order in ([CODE, revoked], [revoked, CODE]):
        assert TrustList(order).keys == (revoked,)
    earlier = replace(revoked, revoked_at=NOW - 5)
    assert TrustList([revoked, earlier]).keys == TrustList([earlier, revoked]).keys == (earlier,)


@pytest.mark.parametrize("change", [{"exp": NOW + 1}, {"uses": frozenset((Use.STATUS,))}, {"regions": ("3301",)}])
def test_two_lists_that_disagree_about_a_key_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(TrustError, match="disagree"):
        TrustList([CODE, replace(CODE, **change)])  # type: ignore[arg-type]


def test_the_sealing_key_is_the_newest_in_force() -> None:
    old, new, revoked, future = (
        replace(trusted(x25519.X25519PrivateKey.generate(), Use.SEAL), nbf=nbf, revoked_at=at)
        for nbf, at in ((NOW - 9, None), (NOW - 5, None), (NOW - 1, NOW), (NOW + 5, None))
    )
    trust = TrustList([old, new, revoked, future, CODE])
    assert trust.seal_key("CN-33", NOW) == new
    assert trust.seal_key("CN-33", NOW - 7) == old
    assert trust.seal_key("CN-33", NOW + 500 * DAY) is None
    assert trust.seal_key("CN-11", NOW) is None


def test_files_and_folders_are_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "targets"
    (folder / "trust").mkdir(parents=True)
    (folder / "trust" / "CN-33.jwks.json").write_bytes(write_jwks([CODE]))
    (folder / "policy").mkdir()
    (folder / "policy" / "CN-33.toml").write_text("not trust")
    (folder / "metadata").mkdir()
    (folder / "metadata" / "1.root.json").write_text('{"signatures": []}')
    foreign = certificate(KEY)
    (folder / "foreign.pem").write_bytes(foreign.public_bytes(Encoding.PEM))
    other = trusted(new_key(), Use.CODE, issuer="CN-11")
    single = tmp_path / "any-name"
    single.write_bytes(write_jwks([other]))
    trust = load_trust([folder, single])
    assert trust.keys == (CODE, other)
    ders = {key.certificate.der for key in trust.foreign.keys if key.certificate is not None}
    assert ders == {foreign.public_bytes(Encoding.DER)}
    assert trust.problems == ()


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_certificate_vouches_for_no_issuer_of_health_codes(tmp_path: Path, encoding: Encoding) -> None:
    file = tmp_path / "certificate"
    file.write_bytes(certificate(KEY).public_bytes(encoding))
    trust = load_trust([file])
    assert {key.format for key in trust.foreign.keys} == {CodeFormat.HC1, CodeFormat.VDS_NC}
    assert trust.keys == ()
    assert not trust.knows("CN")
    assert not trust.knows("CN-33")
    assert trust.candidates("CN-33", CODE.kid) == ()
    assert trust.by_kid(CODE.kid) == ()


def test_a_named_file_that_is_bad_is_an_error_in_words(tmp_path: Path) -> None:
    cases = {
        "missing": (None, "cannot be read: No such file"),
        "empty": (b"", "neither a JWK Set nor a PEM or DER certificate"),
        "noise": (b"\x30\x82\x01", "neither a JWK Set"),
        "array": (b"[]", "no JWK Set"),
        "private.pem": (KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "holds a private key"),
        "CN-11.jwks.json": (write_jwks([CODE]), "a key of CN-33 in the list of CN-11"),
    }
    for name, (content, words) in cases.items():
        file = tmp_path / name
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(TrustError, match=words) as caught:
            load_trust([file])
        assert str(file) in str(caught.value)


def test_a_bad_file_in_a_folder_is_named_and_believed_in_nothing(tmp_path: Path) -> None:
    (tmp_path / "CN-33.jwks.json").write_bytes(write_jwks([CODE]))
    (tmp_path / "CN-11.jwks.json").write_bytes(write_jwks([trusted(new_key(), Use.CODE)]))
    (tmp_path / "CN-44.jwks.json").write_bytes(b"{")
    trust = load_trust([tmp_path])
    assert trust.keys == (CODE,)
    assert len(trust.problems) == 2
    assert any("CN-11.jwks.json" in problem for problem in trust.problems)
    assert any("CN-44.jwks.json" in problem for problem in trust.problems)


def test_an_empty_folder_is_trust_in_nobody(tmp_path: Path) -> None:
    assert load_trust([tmp_path]).keys == ()


def test_a_certificate_of_another_version_is_an_error_in_words(tmp_path: Path) -> None:
    file = tmp_path / "root.der"
    file.write_bytes(OTHER_VERSION)
    with pytest.raises(TrustError, match="neither a JWK Set nor a PEM or DER certificate"):
        load_trust([file])


def test_a_hostile_file_cannot_steer_the_terminal_or_break_what_repeats_its_message(tmp_path: Path) -> None:
    """A member's name and a file's name are whoever wrote them; the message goes to terminals, logs and screens."""
    file = tmp_path / "CN-\udcff\x1b[2J.json"
    file.write_text('{"keys": [{"kty": "EC", "\\u001b[2J\\ud800": 1, "crv": "P-256", "x": "", "y": ""}]}')
    (problem,) = load_trust([tmp_path]).problems
    assert problem.isprintable()
    problem.encode()
    with pytest.raises(TrustError) as caught:
        load_trust([file])
    assert str(caught.value).isprintable()
