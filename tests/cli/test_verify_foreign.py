"""`checkpoint verify` for other issuers' codes: trust as PEM, DER and JWK Sets, lists, and cards in several codes."""

from __future__ import annotations

import json
import shlex
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


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "✓ Valid  EU certificate  France  Martin **  vaccinated 2026-01-15 (dose 2 of 2)  until 2026-"),
        ("zh_CN", "✓ 有效  欧盟数字证书  法国  Martin **  2026-01-15 接种疫苗 （第2剂，共2剂）  有效至 2026-"),
        ("zh_TW", "✓ 有效  歐盟數位證書  法國  Martin **  2026-01-15 接種疫苗 （第2劑，共2劑）  有效至 2026-"),
    ],
)
def test_a_verdict_is_explained_in_the_languages_of_the_gate(trust: Path, language: str, words: str) -> None:
    done = call("verify", "--trust", str(trust), "--at", AT, "--language", language, given=eu.TEXT.encode())
    assert done.out.decode().startswith(words)
    assert done.status == 0


def test_a_language_that_there_is_not_is_said_with_those_there_are(trust: Path) -> None:
    done = call("verify", "--trust", str(trust), "--language", "fr", given=eu.TEXT.encode())
    assert (done.status, done.out) == (2, b"")
    assert b"en, zh_CN, zh_TW" in done.err


def test_a_newcomers_specimens_are_valid_and_the_spoilt_ones_refused_each_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "specimens"
    made = call("specimens", str(folder))
    assert made.status == 0, made.err
    told = [shlex.split(line.partition("<")[0])[2:] for line in made.out.decode().splitlines()[1:]]
    verdicts = []
    for arguments, name in zip(told, ("codes.txt", "refused.txt"), strict=True):
        done = call("verify", *arguments, given=(folder / name).read_bytes())
        assert done.err == b""
        verdicts.append((done.status, done.out.decode().splitlines()))
    (good, valid), (bad, refused) = verdicts
    assert (good, bad) == (0, 1)
    kinds = ("health code", "EU certificate  France", "ICAO seal  Japan", "NZ COVID Pass", "SMART Health Card")
    for line, kind in zip(valid, kinds, strict=True):
        assert line.startswith(f"✓ Valid  {kind}")
    reasons = ("not genuine", "revoked", "not genuine", "key not known here")
    for line, reason in zip(refused, reasons, strict=True):
        assert line.startswith("✕ Not valid")
        assert reason in line
    assert len(list(folder.glob("*.png"))) == 9
    assert not [file for file in folder.rglob("*") if b"PRIVATE" in (file.read_bytes() if file.is_file() else b"")]
    assert call("specimens", str(folder)).status != 0  # never into a folder where something is


def test_the_time_of_these_tests_is_the_realms() -> None:
    assert NOW == 1_772_600_400
