"""`checkpoint verify` for other issuers' codes: trust as PEM, DER and JWK Sets, lists, and cards in several codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.cli.calling import call
from tests.keys import test_eu_dcc as eu
from tests.keys import test_foreign_codes as other
from tests.keys.realm import NOW

AT = "2026-03-04T05:00:00Z"


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "france.pem").write_bytes(x509.load_der_x509_certificate(eu.SIGNER).public_bytes(Encoding.PEM))
    (folder / "japan.der").write_bytes(other.AUTHORITY.public_bytes(Encoding.DER))
    keys = [other.CALIFORNIA.jwk(iss=other.CALIFORNIA.url), other.ZEALAND.jwk()]
    (folder / "others.jwks.json").write_bytes(other.jwks(*keys))
    return folder


def judge(trust: Path, *lines: str, more: tuple[str, ...] = ()) -> tuple[list[dict[str, object]], int]:
    done = call("verify", "--trust", str(trust), "--at", AT, "--json", *more, given="\n".join(lines).encode())
    assert done.err == b""
    return [json.loads(line) for line in done.out.splitlines()], done.status


def test_every_family_is_valid_with_its_facts(trust: Path) -> None:
    texts = (
        eu.TEXT,
        other.CALIFORNIA.text(other.CARD),
        other.ZEALAND.text(other.ZEALAND.claims("Sparrow", "Jack", "1960-04-16")),
        other.JAPAN.text(other.PROOF, other.SEALER),
    )
    verdicts, status = judge(trust, *texts)
    assert [verdict["reason"] for verdict in verdicts] == [None] * 4
    assert [verdict["format"] for verdict in verdicts] == ["HC1", "SHC", "NZCP", "VDS-NC"]
    assert verdicts[0]["facts"] == [
        {"kind": "vaccination", "on": "2026-01-15", "product": "EU/1/20/1528", "dose": 2, "doses": 2, "country": "FR"}
    ]
    assert status == 0
    shown = call("verify", "--trust", str(trust), "--at", AT, given=eu.TEXT.encode()).out.decode()
    assert shown.startswith("VALID  HC1  FR  Martin **  code FR/HC1/")
    assert "  vaccination 2026-01-15  expires " in shown


def test_a_card_in_several_codes_is_judged_by_the_line_that_completes_it(trust: Path) -> None:
    parts = other.CALIFORNIA.parts(other.CARD, 3)
    verdicts, status = judge(trust, *parts)
    assert [verdict["reason"] for verdict in verdicts] == ["CODE_INCOMPLETE", "CODE_INCOMPLETE", None]
    assert status == 0
    verdicts, status = judge(trust, *parts[:2])
    assert status == 1


def test_a_list_that_revokes_and_one_that_is_broken(trust: Path, tmp_path: Path) -> None:
    text = other.CALIFORNIA.text(other.CARD)
    listed = tmp_path / f"{other.CALIFORNIA.kid}.crl.json"
    listed.write_text(json.dumps({"kid": other.CALIFORNIA.kid, "method": "rid", "ctr": 1, "rids": ["r1"]}))
    verdicts, status = judge(trust, text, more=("--status", str(listed)))
    assert (verdicts[0]["reason"], status) == ("REVOKED", 1)
    listed.write_text("{")
    done = call("verify", "--trust", str(trust), "--at", AT, "--status", str(tmp_path), "--json", given=text.encode())
    assert json.loads(done.out)["reason"] == "STATUS_UNKNOWN"
    assert b"not believed" in done.err


def test_the_time_of_these_tests_is_the_realms() -> None:
    assert NOW == 1_772_600_400
