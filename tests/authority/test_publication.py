import stat
from pathlib import Path

import pytest

from authority.errors import PublishError
from authority.request import CodeRequest
from keys.status_list import load_status, read_status_list
from keys.trust_list import Use, load_trust, read_jwks
from keys.verdict import Colour
from tests.world import NOW, ORDER, SmallWorld


def test_the_published_folder_is_laid_out_as_the_repository_expects(world: SmallWorld) -> None:
    world.authority.publish(world.trust_folder, NOW, policy=b'version = "2026.1"\n')
    files = {str(path.relative_to(world.trust_folder)) for path in world.trust_folder.rglob("*") if path.is_file()}
    assert files == {"trust/CN-33.jwks.json", "status/CN-33/1.cwt", "policy/CN-33.toml"}
    assert {stat.S_IMODE((world.trust_folder / name).stat().st_mode) for name in files} == {0o644}


def test_nothing_private_is_published(world: SmallWorld) -> None:
    content = b"".join(path.read_bytes() for path in world.trust_folder.rglob("*") if path.is_file())
    assert b"PRIVATE" not in content
    assert b'"d"' not in content


def test_a_policy_once_given_is_published_again(world: SmallWorld) -> None:
    first = world.authority.publish(world.trust_folder, NOW, policy=b'version = "1"\n')
    again = world.authority.publish(world.root / "stick", NOW)
    assert first.policy is not None
    assert again.policy is not None
    assert again.policy.read_bytes() == first.policy.read_bytes() == b'version = "1"\n'


@pytest.mark.parametrize("policy", [b"version = ", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_policy_that_is_no_toml_is_not_published_and_spoils_nothing(world: SmallWorld, policy: bytes) -> None:
    with pytest.raises(PublishError, match="no TOML"):
        world.authority.publish(world.trust_folder, NOW, policy=policy)
    assert world.authority.publish(world.trust_folder, NOW).policy is None


def test_time_never_runs_backwards_in_what_is_published(world: SmallWorld) -> None:
    world.publish(NOW)
    before = {path: path.read_bytes() for path in world.trust_folder.rglob("*") if path.is_file()}
    with pytest.raises(PublishError, match="earlier"):
        world.authority.publish(world.trust_folder, NOW - 1)
    with pytest.raises(PublishError, match="earlier"):
        world.authority.publication(NOW - 10)
    assert {path: path.read_bytes() for path in before} == before


def test_lists_given_away_and_never_written_hold_the_next_publication_to_their_time(world: SmallWorld) -> None:
    world.authority.publication(NOW + 60)
    with pytest.raises(PublishError):
        world.authority.publish(world.trust_folder, NOW)


def test_a_publication_cut_off_half_way_leaves_a_folder_that_still_proves(world: SmallWorld) -> None:
    code = world.code()
    blocked = world.trust_folder / "status" / "CN-33" / ".1.cwt.writing"
    blocked.mkdir()
    (blocked / "in the way").touch()
    with pytest.raises(PublishError, match=r"1\.cwt"):
        world.authority.publish(world.trust_folder, NOW)
    trust = load_trust([world.trust_folder])
    lists = load_status([world.trust_folder], trust, NOW)
    assert (trust.problems, lists.problems) == ((), ())
    assert world.judge(code.text).valid
    (blocked / "in the way").unlink()
    blocked.rmdir()
    world.publish(NOW)
    assert world.judge(code.text).valid


def test_a_torn_file_beside_a_list_is_neither_read_nor_kept(world: SmallWorld) -> None:
    torn = world.trust_folder / "status" / "CN-33" / ".9.cwt.writing"
    torn.write_bytes(b"\xd2\x84half a list")
    assert load_status([world.trust_folder], world.trust, NOW).problems == ()
    world.publish(NOW)
    assert not torn.exists()


def test_a_new_status_key_is_published_with_the_first_list_it_signs(world: SmallWorld) -> None:
    (old,) = (key for key in world.authority.keys if Use.STATUS in key.uses)
    world.authority.add_key(Use.STATUS, NOW, order=ORDER)
    world.authority.revoke_key(old.kid, ORDER, NOW)
    code = world.code()
    world.publish(NOW)
    assert world.lists.problems == ()
    assert world.judge(code.text).valid


def test_without_a_status_key_in_force_nothing_is_published(world: SmallWorld) -> None:
    (key,) = (key for key in world.authority.keys if Use.STATUS in key.uses)
    world.authority.revoke_key(key.kid, ORDER, NOW)
    with pytest.raises(PublishError, match="add-key --use status"):
        world.publish(NOW)


def test_a_folder_that_cannot_be_made_is_named(world: SmallWorld, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PublishError, match="file"):
        world.authority.publish(tmp_path / "file", NOW)


def test_a_publication_holds_every_target_by_its_path_and_of_one_time(world: SmallWorld) -> None:
    made = world.authority.publication(NOW, policy=b'version = "2026.1"\n')
    assert made.published_at == NOW
    assert set(made.targets) == {"trust/CN-33.jwks.json", "status/CN-33/1.cwt", "policy/CN-33.toml"}
    assert read_jwks(made.targets["trust/CN-33.jwks.json"], source="x") == world.authority.keys
    assert read_status_list(made.targets["status/CN-33/1.cwt"], world.trust, NOW).iat == NOW


def test_publications_in_one_second_have_times_of_their_own_and_codes_go_on_being_issued(world: SmallWorld) -> None:
    code = world.code()
    first = world.authority.publication(NOW)
    world.authority.set_colour(code.identity, Colour.RED, ORDER, NOW)
    second = world.authority.publication(NOW)
    third = world.authority.publication(NOW)
    assert (first.published_at, second.published_at, third.published_at) == (NOW, NOW + 1, NOW + 2)
    with pytest.raises(PublishError, match="earlier"):
        world.authority.publication(NOW - 10)
    later = world.authority.issue(CodeRequest("张小三", world.document_number()), NOW)
    assert later.issued_at == NOW + 3
