import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from authority.errors import FolderError, RequestError
from authority.records import Act
from authority.store import Authority
from keys.errors import KeyFileError, SealError
from keys.seal import journal_info, seal
from keys.trust_list import Use
from tests.world import DAY, NOW, ORDER, PASSPHRASE, SmallWorld


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_secrets_are_for_the_owner_alone_under_a_loose_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        authority = Authority.create(tmp_path / "desk", "CN-33", PASSPHRASE, NOW, stretch_log2=4)
        authority.publish(tmp_path / "out", NOW)
    finally:
        os.umask(before)
    folder = tmp_path / "desk"
    assert {mode(path) for path in (folder, folder / "private")} == {0o700}
    private = [*(folder / "private").iterdir(), *folder.glob("register.sqlite*"), folder / "lock"]
    assert len([path for path in private if path.suffix == ".pem"]) == 4
    assert {mode(path) for path in private} == {0o600}


def test_every_private_key_on_disk_is_encrypted(world: SmallWorld) -> None:
    for path in (world.authority.folder / "private").iterdir():
        assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        with pytest.raises(TypeError, match="encrypted"):
            load_pem_private_key(path.read_bytes(), None)
        with pytest.raises(ValueError, match="password"):
            # The passphrase is stretched first, so a fast guesser gains nothing by trying it on the files.
            load_pem_private_key(path.read_bytes(), PASSPHRASE)


def test_without_a_passphrase_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="passphrase"):
        Authority.create(tmp_path / "desk", "CN-33", b"", NOW)
    assert not (tmp_path / "desk").exists()


@pytest.mark.parametrize("passphrase", [b"", b"correct horse batter", PASSPHRASE + b"\n"])
def test_another_passphrase_opens_nothing(world: SmallWorld, passphrase: bytes) -> None:
    with pytest.raises(KeyFileError, match="passphrase"):
        Authority.open(world.authority.folder, passphrase)


def test_an_authority_reopened_goes_on_where_it_was(world: SmallWorld) -> None:
    number = world.document_number()
    first = world.code(document_number=number)
    keys = world.authority.keys
    world.authority.close()
    world.authority = Authority.open(world.authority.folder, PASSPHRASE)
    assert world.authority.keys == keys
    assert world.code(document_number=number).identity == first.identity
    world.publish()
    assert world.judge(first.text).valid


@pytest.mark.parametrize(
    ("issuer", "zone"), [("zhejiang", "Asia/Shanghai"), ("CN-33", "Asia/Hangzhou"), ("CN-33", "../x")]
)
def test_an_issuer_or_zone_that_is_none_makes_no_folder(tmp_path: Path, issuer: str, zone: str) -> None:
    with pytest.raises(RequestError):
        Authority.create(tmp_path / "desk", issuer, PASSPHRASE, NOW, timezone=zone)
    assert not (tmp_path / "desk").exists()


def test_a_folder_in_use_is_not_overwritten(world: SmallWorld) -> None:
    before = world.authority.keys
    with pytest.raises(FolderError, match="there already"):
        Authority.create(world.authority.folder, "CN-33", PASSPHRASE, NOW, stretch_log2=4)
    assert Authority.open(world.authority.folder, PASSPHRASE).keys == before


@pytest.mark.parametrize("name", [".", "private", "register.sqlite"])
def test_a_folder_opened_to_others_is_not_used_until_closed_again(world: SmallWorld, name: str) -> None:
    path = world.authority.folder / name
    path.chmod(mode(path) | 0o040)
    with pytest.raises(FolderError, match="chmod"):
        Authority.open(world.authority.folder, PASSPHRASE)


def test_a_folder_that_was_never_finished_is_no_authority(world: SmallWorld) -> None:
    for path in world.authority.folder.glob("register.sqlite*"):
        path.unlink()
    with pytest.raises(FolderError, match="missing"):
        Authority.open(world.authority.folder, PASSPHRASE)


def test_two_desks_on_one_folder_do_not_lose_each_others_keys(world: SmallWorld) -> None:
    other = Authority.open(world.authority.folder, PASSPHRASE)
    made = [world.authority.add_key(Use.CODE, NOW, order=ORDER), other.add_key(Use.CODE, NOW, order=ORDER)]
    again = Authority.open(world.authority.folder, PASSPHRASE)
    assert {key.kid for key in made} <= {key.kid for key in again.keys}


def test_a_key_swapped_on_disk_is_noticed(world: SmallWorld) -> None:
    key = next(key for key in world.authority.keys if Use.CODE in key.uses)
    other = world.authority.add_key(Use.CODE, NOW, order=ORDER)
    private = world.authority.folder / "private"
    (private / f"{key.kid.hex()}.pem").write_bytes((private / f"{other.kid.hex()}.pem").read_bytes())
    world.authority.close()
    world.authority = Authority.open(world.authority.folder, PASSPHRASE)
    with pytest.raises(FolderError, match="does not belong"):
        world.code(signing_key=key.kid)


def test_keys_made_and_revoked_stand_in_the_audit(world: SmallWorld) -> None:
    key = world.authority.add_key(Use.STATUS, NOW, order=ORDER)
    world.authority.revoke_key(key.kid, ORDER, NOW + 1)
    with pytest.raises(RequestError, match="revoked already"):
        world.authority.revoke_key(key.kid, ORDER, NOW + 2)
    with pytest.raises(RequestError, match="no key"):
        world.authority.revoke_key(bytes(8), ORDER, NOW + 2)
    lines = [(line.act, line.at) for line in world.authority.audit() if line.subject == key.kid.hex()]
    assert lines == [(Act.ADD_KEY, NOW), (Act.REVOKE_KEY, NOW + 1)]


def test_a_sealed_part_opens_here_and_only_for_its_own_entry(world: SmallWorld) -> None:
    key = world.seal_key
    sealed = seal(key.public_key, journal_info(b"d" * 16, 7), b"name and number")
    assert world.authority.unseal(key.kid, b"d" * 16, 7, sealed) == b"name and number"
    with pytest.raises(SealError):
        world.authority.unseal(key.kid, b"d" * 16, 8, sealed)
    signing = next(key for key in world.authority.keys if Use.CODE in key.uses)
    with pytest.raises(RequestError, match="opens nothing"):
        world.authority.unseal(signing.kid, b"d" * 16, 7, sealed)


def test_a_sealing_key_that_is_revoked_still_opens_old_entries(world: SmallWorld) -> None:
    key = world.seal_key
    sealed = seal(key.public_key, journal_info(b"d" * 16, 7), b"name")
    world.authority.revoke_key(key.kid, ORDER, NOW)
    assert world.authority.unseal(key.kid, b"d" * 16, 7, sealed) == b"name"


def test_neither_the_passphrase_nor_a_private_key_shows_in_a_representation(world: SmallWorld) -> None:
    shown = repr(world.authority) + repr(vars(world.authority))
    assert PASSPHRASE.decode() not in shown
    assert "PRIVATE" not in shown


def test_a_key_not_yet_in_force_signs_nothing(world: SmallWorld) -> None:
    key = world.authority.add_key(Use.CODE, NOW, order=ORDER, not_before=NOW + DAY)
    assert world.code().kid != key.kid
    with pytest.raises(RequestError, match="signs no codes"):
        world.code(signing_key=key.kid)
