"""`checkpoint keys` as a user runs it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from cli.cmd_keys import describe
from cli.main import main
from keys.status_list import StatusLists, read_status_list, write_status_list
from keys.trust_list import TrustList, Use, write_jwks
from tests.keys.realm import DAY, NOW, Realm, new_key, trusted
from tests.keys.test_trusted_key import certificate


def appliance(root: Path, *, age: int = 7200) -> tuple[Path, Realm]:
    """A configuration and a trust folder whose list is `age` seconds old now."""
    now = int(time.time())
    realm = Realm()
    realm.trusted = [replace(key, nbf=now - 10 * DAY, exp=now + 100 * DAY) for key in realm.trusted]
    trust = root / "trust folder"
    (trust / "trust").mkdir(parents=True)
    (trust / "status" / "CN-33").mkdir(parents=True)
    (trust / "trust" / "CN-33.jwks.json").write_bytes(write_jwks(realm.trusted))
    data = write_status_list(
        realm.status_key, uri="jkm:33/7", packed=bytes(1 << 19), iat=now - age, exp=now + DAY, ttl=3600
    )
    (trust / "status" / "CN-33" / "7.cwt").write_bytes(data)
    config = root / "config.toml"
    config.write_text(f'[trust]\nfolder = "{trust}"\nregions = ["CN-33"]\n')
    return config, realm


def test_issuers_keys_lists_and_policy_are_shown_with_their_age(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, realm = appliance(tmp_path)
    assert main(["keys", "--config", str(config)]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0] == "CN-33"
    assert lines[1].startswith(f"  key {realm.trusted[0].kid.hex()}  for code  in force, from ")
    assert lines[1].endswith("10 days old")
    assert "for status  in force" in lines[2]
    assert lines[3] == "  list jkm:33/7  1048576 entries, 2 hours old"
    assert lines[4].startswith("  policy ")
    assert "built in" in lines[4]
    assert shown.err == ""


def test_json_is_one_object_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, realm = appliance(tmp_path)
    assert main(["keys", "--config", str(config), "--json"]) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["kind"] for each in objects] == ["key", "key", "list", "policy"]
    assert {each["issuer"] for each in objects} == {"CN-33"}
    assert (objects[0]["kid"], objects[0]["uses"], objects[0]["state"]) == (
        realm.trusted[0].kid.hex(),
        ["code"],
        "in force",
    )
    assert (objects[2]["uri"], 7200 <= objects[2]["age"] < 7300) == ("jkm:33/7", True)


def test_what_is_not_believed_is_named_and_the_status_is_not_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, _ = appliance(tmp_path)
    bad = tmp_path / "trust folder" / "status" / "CN-33" / "8.cwt"
    bad.write_bytes(b"damaged")
    assert main(["keys", "--config", str(config)]) == 1
    shown = capsys.readouterr()
    assert "list jkm:33/7" in shown.out
    assert f"not believed: status list {bad}: " in shown.err


def test_an_issuer_without_keys_and_lists_is_shown_as_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, _ = appliance(tmp_path)
    config.write_text(config.read_text().replace('["CN-33"]', '["CN-33", "CN-11"]'))
    assert main(["keys", "--config", str(config)]) == 1
    out = capsys.readouterr().out
    assert "no key for codes" in out.split("CN-11")[1]
    assert "no status list" in out.split("CN-11")[1]


def test_no_trust_folder_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[trust]\nfolder = "{tmp_path / "none"}"\n')
    assert main(["keys", "--config", str(config)]) == 1
    assert "nobody is trusted: there is no folder" in capsys.readouterr().err


def test_a_faulty_configuration_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[trust]\nfoldr = 1\n")
    assert main(["keys", "--config", str(config)]) == 1
    assert "foldr" in capsys.readouterr().err


def test_revoked_expired_and_future_keys_are_called_so(tmp_path: Path) -> None:
    realm = Realm()
    keys = [
        replace(trusted(new_key(), Use.CODE), revoked_at=NOW, revoked_reason="key_compromise"),
        replace(trusted(new_key(), Use.CODE), exp=NOW),
        replace(trusted(new_key(), Use.CODE), nbf=NOW + 1),
        realm.trusted[1],
    ]
    trust = TrustList(keys)
    lists = StatusLists([read_status_list(realm.list_bytes(exp=NOW), trust, NOW)])
    lines = list(describe(("CN-33",), trust, lists, NOW))
    assert "revoked (key_compromise)" in lines[0].words
    assert "  expired, " in lines[1].words
    assert "not yet in force" in lines[2].words
    assert lines[4].words.endswith("EXPIRED")
    assert lines[5].words.startswith("no key for codes")
    assert dict(lines[0].values)["revoked_at"] == NOW


def test_certificates_are_shown_as_for_standard_formats_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, _ = appliance(tmp_path)
    pem = tmp_path / "trust folder" / "foreign.pem"
    pem.write_bytes(certificate(new_key()).public_bytes(Encoding.PEM))
    assert main(["keys", "--config", str(config)]) == 0
    assert "certificate  CN=CN-33,C=CN, for standard formats only" in capsys.readouterr().out


def test_hostile_names_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reason of revocation, a list's uri, a certificate's subject: all are whoever signed them."""
    config, realm = appliance(tmp_path)
    folder = tmp_path / "trust folder"
    now = int(time.time())
    revoked = [replace(key, revoked_at=1, revoked_reason="\x1b[2J") for key in realm.trusted[:1]]
    (folder / "trust" / "CN-33.jwks.json").write_bytes(write_jwks([*revoked, *realm.trusted[1:]]))
    uri = "https://x.test/\x1b[2J"
    data = write_status_list(realm.status_key, uri=uri, packed=bytes(8), iat=now, exp=now + DAY, ttl=60, bits=1)
    (folder / "status" / "x.cwt").write_bytes(data)
    der = certificate(new_key()).public_bytes(Encoding.DER)
    (folder / "trust" / "escape.der").write_bytes(der.replace(b"CN-33", b"\x1b[2J!"))
    (folder / "trust" / "broken.der").write_bytes(der.replace(b"CN-33", b"\xff[2J!"))
    main(["keys", "--config", str(config)])
    words = capsys.readouterr().out
    assert "\x1b" not in words
    assert words.count("x1b[2J") == 3
    main(["keys", "--config", str(config), "--json"])
    for line in capsys.readouterr().out.splitlines():
        json.loads(line)
