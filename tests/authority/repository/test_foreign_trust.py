"""Other issuers' trust from the authority's folder to a gate: published, taken in, proved offline, believed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from authority.errors import PublishError
from authority.foreign import FOREIGN_FOLDER, read_batches
from cli.cmd_keys import describe
from demo.foreign_issuers import CardIssuer, CertificateIssuer, person, vaccination
from keys import eu_dcc
from keys.business_rules import Circumstances
from keys.hash_list import HashKind, hashes_of
from keys.reasons import Reason
from keys.update import FolderSource, Proved, prove, update
from keys.verifier import Verifier
from tests.world import NOW, SmallWorld

HOME = "CN-33"
FRANCE = CertificateIssuer("FR", NOW)
SIGNER = FRANCE.certificate()
TEXT = FRANCE.text(SIGNER, {**person("Martin", "Claire", "1985-06-30"), "v": [vaccination("2026-01-15")]})
CALIFORNIA = CardIssuer("https://california.example/issuer")
CARD = CALIFORNIA.text(CALIFORNIA.payload("Rivera", "Maria", "1990-03-04", {"2025-11-01": "208"}, NOW - 60, rid="gone"))
RULES = json.dumps(
    [
        {
            "Identifier": "GR-CN-0001",
            "Type": "Acceptance",
            "Country": "CN",
            "Version": "1.0.0",
            "Engine": "CERTLOGIC",
            "CertificateType": "Vaccination",
            "Description": [{"lang": "en", "desc": "Two doses."}],
            "ValidFrom": "2020-01-01T00:00:00Z",
            "ValidTo": "2030-01-01T00:00:00Z",
            "Logic": {">=": [{"var": "payload.v.0.dn"}, 2]},
        }
    ]
).encode()


class Gate:
    """A region that publishes foreign trust, and a gate that carries it."""

    def __init__(self, root: Path) -> None:
        self.world = SmallWorld(root, HOME, NOW)
        self.world.found()
        self.folder = self.world.authority.folder / FOREIGN_FOLDER
        self.folder.mkdir()
        self.at = NOW

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def revoke(self, *identifiers: bytes) -> None:
        self.world.authority.revoke_foreign("FR", {HashKind.IDENTIFIER: identifiers}, self.at)

    def carry(self) -> Proved:
        """Publish, release, update the gate, and prove what it holds."""
        self.at += 60
        self.world.authority.region().publish(self.world.repository, self.world.authority.publication(self.at))
        assert self.world.federation is not None
        self.world.federation.release(self.world.repository, self.at)
        source = FolderSource(self.world.repository)
        outcome = update(self.world.kept, source, [HOME], self.at, seen={}, believe_signed_time=False)
        assert outcome.refused == ()
        return prove(self.world.kept, [HOME], self.at, seen={})

    def judge(self, proved: Proved, text: str) -> Reason | None:
        verifier = Verifier(proved.trust, proved.store, foreign_status=proved.foreign.lists)
        return verifier.verify(text, self.at).reason


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path)


def test_keys_lists_and_rules_of_other_issuers_reach_a_gate_and_are_proved_again_offline(gate: Gate) -> None:
    assert gate.judge(gate.carry(), TEXT) is Reason.UNKNOWN_ISSUER
    gate.write("france.der", SIGNER)
    gate.write(
        "california.jwks.json", json.dumps({"keys": [CALIFORNIA.jwk(iss=CALIFORNIA.url, crlVersion=2)]}).encode()
    )
    gate.write("entry.rules.json", RULES)
    proved = gate.carry()
    assert gate.judge(proved, TEXT) is None
    assert gate.judge(proved, CARD) is Reason.STATUS_UNKNOWN  # its key announces a list that is not here
    statement = eu_dcc.read(TEXT).statement
    around = Circumstances(NOW, "CN", "FR", None, None)
    assert proved.foreign.rule_sets["entry"].failed(statement, around) is None

    lines = [line for line in describe((HOME,), proved, gate.at) if line.kind == "foreign"]
    assert {line.issuer for line in lines} == {"FR", CALIFORNIA.url}
    assert all("in force" in line.words for line in lines)

    code = eu_dcc.read(TEXT)
    gate.revoke(hashes_of(code)[HashKind.IDENTIFIER])
    gate.write(
        f"{CALIFORNIA.kid}.crl.json",
        json.dumps({"kid": CALIFORNIA.kid, "method": "rid", "ctr": 2, "rids": ["gone"]}).encode(),
    )
    proved = gate.carry()
    assert gate.judge(proved, TEXT) is Reason.REVOKED
    assert gate.judge(proved, CARD) is Reason.REVOKED
    (gate.folder / "FR.hashes").unlink()
    assert gate.judge(gate.carry(), TEXT) is None


def test_a_hash_list_that_is_damaged_on_the_gates_own_disk_leaves_its_country_unknown(gate: Gate) -> None:
    gate.write("france.der", SIGNER)
    gate.revoke(b"\x01" * 16)
    assert gate.judge(gate.carry(), TEXT) is None
    (kept,) = gate.world.kept.rglob("FR.hashes")
    kept.chmod(0o600)
    kept.write_bytes(kept.read_bytes()[:-16] + b"\x02" * 16)
    proved = prove(gate.world.kept, [HOME], gate.at, seen={})
    assert any("FR.hashes" in problem for problem in proved.problems)
    assert gate.judge(proved, TEXT) is Reason.STATUS_UNKNOWN
    kept.unlink()
    assert gate.judge(prove(gate.world.kept, [HOME], gate.at, seen={}), TEXT) is Reason.STATUS_UNKNOWN
    assert gate.judge(gate.carry(), TEXT) is None  # the next update mends it


def test_the_gateways_batches_become_a_list_and_a_strange_one_is_refused(gate: Gate) -> None:
    code = eu_dcc.read(TEXT)
    entry = {"hash": base64.b64encode(hashes_of(code)[HashKind.COUNTRY_AND_IDENTIFIER]).decode()}
    batch = json.dumps({"country": "FR", "hashType": "COUNTRYCODEUCI", "entries": [entry]}).encode()
    gate.world.authority.revoke_foreign("FR", read_batches({"batch": batch}, "FR"), gate.at)
    gate.write("france.der", SIGNER)
    assert gate.judge(gate.carry(), TEXT) is Reason.REVOKED
    for strange in (b"{}", batch.replace(b"FR", b"DE"), batch.replace(b'"hash"', b'"hush"'), b"no json"):
        with pytest.raises(PublishError, match="batch"):
            read_batches({"batch": strange}, "FR")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("entry.rules.json", b"[]"),
        ("entry.rules.json", RULES.replace(b'"var"', b'"vor"')),
        ("france.der", b"\x30\x00"),
        ("keys.jwks.json", b'{"keys": [{"kty": "EC"}]}'),
        ("DE.hashes", b"EUHASH01"),
        ("x.crl.json", b"{}"),
        ("notes.txt", b"hello"),
    ],
)
def test_what_gates_could_not_read_is_not_published(gate: Gate, name: str, content: bytes) -> None:
    gate.write(name, content)
    with pytest.raises(PublishError, match=name.split(".", maxsplit=1)[0]):
        gate.world.authority.publication(gate.at + 60)
