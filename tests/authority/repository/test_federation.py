"""What a federation publishes, as python-tuf's own client reads it."""

from pathlib import Path

import pytest
from tuf.api.exceptions import RepositoryError as RefusedByReader
from tuf.api.metadata import Metadata, Targets, Timestamp

from authority.errors import FolderError, RepositoryError
from authority.records import Act, Order
from authority.repository.federation import Federation
from authority.repository.folder import Repository
from authority.repository.layout import TopRole
from keys.errors import KeyFileError
from tests.authority.repository.nation import DAY, NOW, ORDER, PASSPHRASE, Nation, root_of, targets


def test_a_reader_finds_what_each_region_has_published(nation: Nation) -> None:
    reader = nation.reader()
    for issuer in ("CN-33", "CN-3"):
        for path, content in targets(issuer, NOW).items():
            assert reader.get(path) == content
    assert reader.get("status/CN-44/1.cwt") is None


def test_roles_lifetimes_paths_and_signed_times_are_as_agreed(nation: Nation) -> None:
    folder = nation.repository / "metadata"
    assert {path.name for path in folder.iterdir()} == {
        *("1.root.json", "3.targets.json", "1.snapshot.json", "timestamp.json", "1.CN-33.json", "1.CN-3.json")
    }
    root = root_of((folder / "1.root.json").read_bytes())
    assert (root.roles["root"].threshold, len(root.roles["root"].keyids)) == (2, 3)
    assert {key.keytype for key in root.keys.values()} == {"ed25519"}
    top = Metadata[Targets].from_file(str(folder / "3.targets.json")).signed
    assert top.delegations is not None
    assert top.delegations.roles is not None
    role = top.delegations.roles["CN-33"]
    assert (role.terminating, role.threshold, role.paths) == (
        True,
        1,
        ["foreign/CN-33/*", "policy/CN-33.toml", "status/CN-33/*.cwt", "status/CN-33/*.delta", "trust/CN-33.jwks.json"],
    )
    days = {}
    for name in ("1.root", "3.targets", "1.snapshot", "timestamp", "1.CN-33"):
        signed = Metadata.from_file(str(folder / f"{name}.json")).signed
        days[name] = round((signed.expires.timestamp() - NOW) / DAY)
        if name in ("timestamp", "1.CN-33"):
            assert signed.unrecognized_fields == {"published_at": NOW}
    assert days == {"1.root": 364, "3.targets": 89, "1.snapshot": 14, "timestamp": 14, "1.CN-33": 90}
    assert b" " not in (folder / "timestamp.json").read_bytes()


def test_a_release_without_changes_costs_a_reader_two_requests(nation: Nation) -> None:
    reader = nation.reader()
    reader.refresh()
    reader.requests.clear()
    reader.refresh()
    assert reader.requests == ["metadata/2.root.json", "metadata/timestamp.json"]
    nation.release(NOW + 60)
    reader.requests.clear()
    reader.refresh()
    assert reader.requests == ["metadata/2.root.json", "metadata/timestamp.json"]


@pytest.mark.parametrize("role", list(TopRole))
def test_a_reader_follows_the_rotation_of_a_top_role_and_believes_the_old_key_no_more(
    nation: Nation, role: TopRole
) -> None:
    reader, fresh = nation.reader(), nation.reader()
    reader.refresh()
    old = {key.key_id for key in nation.federation.keys(role)}
    assert nation.federation.rotate(role, NOW, order=ORDER).complete
    assert old.isdisjoint(key.key_id for key in nation.federation.keys(role))
    nation.release(NOW + 1)
    nation.publish("CN-33", NOW + 2, "after")
    nation.release(NOW + 2)
    for each in (reader, fresh):
        assert each.get("policy/CN-33.toml") == b"# after\n"
    timestamp = Metadata[Timestamp].from_file(str(nation.repository / "metadata" / "timestamp.json"))
    assert old.isdisjoint(timestamp.signatures)
    if role is TopRole.TIMESTAMP:
        timestamp.signed.version += 1
        timestamp.sign(nation.top_signer(old.pop()))
        timestamp.to_file(str(nation.repository / "metadata" / "timestamp.json"))
        with pytest.raises(RefusedByReader, match="timestamp was signed by 0/1 keys"):
            reader.refresh()


def test_a_reader_that_was_away_for_years_of_rotations_follows_every_root(nation: Nation) -> None:
    reader = nation.reader()
    reader.refresh()
    for role in (*TopRole, TopRole.ROOT, TopRole.TIMESTAMP):
        nation.federation.rotate(role, NOW, order=ORDER)
    nation.publish("CN-3", NOW + 1, "years later")
    nation.release(NOW + 1)
    assert reader.get("policy/CN-3.toml") == b"# years later\n"
    assert nation.reader(root=nation.federation.roots[3]).get("policy/CN-3.toml") == b"# years later\n"
    assert len(nation.federation.roots) == 7


def test_one_root_key_leaves_and_the_others_stay(nation: Nation) -> None:
    first, second, third = (key.key_id for key in nation.federation.keys(TopRole.ROOT))
    nation.federation.rotate("root", NOW, order=ORDER, drop=[second])
    now = [key.key_id for key in nation.federation.keys(TopRole.ROOT)]
    assert now[:2] == [first, third]
    assert second not in now
    nation.release(NOW + 1)
    nation.reader().refresh()
    with pytest.raises(RepositoryError, match="is no key of root"):
        nation.federation.rotate("root", NOW, order=ORDER, drop=[second])


def test_a_regions_key_is_rotated_without_a_moment_in_which_its_gates_find_nothing(nation: Nation) -> None:
    reader = nation.reader()
    region = nation.regions["CN-33"]
    stolen = nation.signer("CN-33")
    nation.federation.rotate("CN-33", NOW + 1, order=ORDER, keys=[region.add_key(NOW + 1, order=ORDER)])
    waiting = nation.release(NOW + 1)
    assert "published nothing yet under its new key" in waiting.notes[0]
    assert reader.get("status/CN-33/1.cwt") == targets("CN-33", NOW)["status/CN-33/1.cwt"]
    # The thief of the old key publishes in between: it is held against the new key already.
    nation.forge("CN-33", 2, stolen, lambda role: None)
    assert "not signed by the key" in nation.release(NOW + 2).refused[0].why
    nation.publish("CN-33", NOW + 3, "new key")
    done = nation.release(NOW + 3)
    assert (done.versions[TopRole.TARGETS], done.regions["CN-33"], done.notes) == (5, 2, ())
    assert keys_at_gates(nation, "CN-33") == [region.key().key_id]
    assert reader.get("policy/CN-33.toml") == b"# new key\n"
    nation.publish("CN-33", NOW + 4)
    role = Metadata.from_file(str(nation.repository / "metadata" / "3.CN-33.json"))
    assert list(role.signatures) == [region.key().key_id]


def keys_at_gates(nation: Nation, issuer: str) -> list[str]:
    """The ids of a region's keys in the targets that a reader finds, none where it is no region."""
    version = max(Repository(nation.repository).versions()["targets"])
    top = Metadata[Targets].from_file(str(nation.repository / "metadata" / f"{version}.targets.json")).signed
    assert top.delegations is not None
    assert top.delegations.roles is not None
    return top.delegations.roles[issuer].keyids if issuer in top.delegations.roles else []


def test_a_region_that_stays_silent_after_a_rotation_holds_up_nobody_and_nothing_expires(nation: Nation) -> None:
    old, silent = nation.regions["CN-3"].key(), nation.regions["CN-3"].add_key(NOW, order=ORDER)
    nation.federation.rotate("CN-3", NOW, order=ORDER, keys=[silent])
    assert nation.release(NOW).regions == {"CN-33": 1, "CN-3": 1}
    assert keys_at_gates(nation, "CN-3") == [silent.key_id, old.key_id]
    nation.federation.admit("CN-44", nation.join("CN-44", NOW + 1), NOW + 1, order=ORDER)
    assert nation.release(NOW + 1).regions["CN-44"] == 1
    nation.federation.rotate(
        "CN-33", NOW + 2, order=ORDER, keys=[key := nation.regions["CN-33"].add_key(NOW, order=ORDER)]
    )
    nation.publish("CN-33", NOW + 2, "new key")
    nation.release(NOW + 2)
    assert keys_at_gates(nation, "CN-33") == [key.key_id]
    reader = nation.reader()
    assert reader.get("policy/CN-33.toml") == b"# new key\n"
    assert reader.get("status/CN-44/1.cwt") is not None
    assert reader.get("status/CN-3/1.cwt") is not None
    later = NOW + 100 * DAY  # the silent office's own role has run out by now, and the first targets long since
    nation.publish("CN-33", later)
    released = nation.release(later)
    assert released.regions["CN-33"] == 3
    assert [note for note in released.notes if "CN-3: its role has expired" in note]


def test_where_targets_are_signed_elsewhere_a_release_says_that_an_old_key_can_go(nation: Nation) -> None:
    region = nation.regions["CN-3"]
    old = region.key()
    nation.federation.rotate("CN-3", NOW, order=ORDER, keys=[region.add_key(NOW, order=ORDER)])
    (key,) = nation.federation.keys(TopRole.TARGETS)
    (path,) = (nation.federation.folder / "private").glob(f"*{key.key_id}*")
    path.unlink()
    nation.federation.close()
    nation.federation = Federation.open(nation.federation.folder, PASSPHRASE)
    nation.publish("CN-3", NOW + 1, "new key")
    (note,) = nation.release(NOW + 1).notes
    assert note.startswith("CN-3 publishes under its new key; let the old one go")
    assert keys_at_gates(nation, "CN-3") == [region.key().key_id, old.key_id]
    assert nation.reader().get("policy/CN-3.toml") == b"# new key\n"
    assert not nation.federation.rotate("CN-3", NOW + 1, order=ORDER, at_once=True).complete


def test_a_second_rotation_before_the_first_publication_keeps_the_key_that_is_needed(nation: Nation) -> None:
    region = nation.regions["CN-3"]
    needed = region.key()
    for _ in range(2):
        nation.federation.rotate("CN-3", NOW, order=ORDER, keys=[region.add_key(NOW, order=ORDER)])
    nation.release(NOW)
    assert keys_at_gates(nation, "CN-3") == [region.key().key_id, needed.key_id]
    with pytest.raises(RepositoryError, match="leave with the next release"):
        nation.federation.rotate("timestamp", NOW, order=ORDER, at_once=True)
    assert nation.federation.rotate("CN-3", NOW, order=ORDER, at_once=True).complete
    assert nation.release(NOW).regions == {"CN-33": 1}


def test_every_order_stands_in_the_audit_and_its_lines_stay(nation: Nation) -> None:
    nation.federation.rotate("snapshot", NOW + 5, order=ORDER)
    lines = list(nation.federation.audit())
    assert [line.act for line in lines] == [Act.FOUND, Act.ADMIT, Act.ADMIT, Act.ROTATE]
    assert (lines[-1].at, lines[-1].subject, lines[-1].order) == (NOW + 5, "snapshot", ORDER)
    assert nation.audit == []
    nation.regions["CN-3"].add_key(NOW, order=ORDER)
    assert (nation.audit[0].act, nation.audit[0].after) == (Act.ADD_KEY, "role")


def test_what_is_not_in_order_leaves_no_line_in_the_audit(nation: Nation) -> None:
    (key,) = nation.federation.keys(TopRole.TARGETS)
    with pytest.raises(RepositoryError, match="more signatures than it has keys"):
        nation.federation.rotate("root", NOW, order=ORDER, keys=[key])
    with pytest.raises(RepositoryError, match="neither a role of the federation nor"):
        nation.federation.rotate("CN-44", NOW, order=ORDER, keys=[key])
    with pytest.raises(RepositoryError, match="makes its own key"):
        nation.federation.rotate("CN-3", NOW, order=ORDER)
    assert [line.act for line in nation.federation.audit()] == [Act.FOUND, Act.ADMIT, Act.ADMIT]
    assert len(nation.federation.roots) == 1


def test_targets_that_run_out_are_signed_again_by_the_release_and_root_is_warned_of(nation: Nation) -> None:
    later = NOW + 310 * DAY
    for issuer in nation.regions:
        nation.publish(issuer, later)
    released = nation.release(later)
    assert released.versions[TopRole.TARGETS] == 4
    assert [note.split(";")[0] for note in released.notes] == ["root expires in 54 days"]
    nation.federation.renew(TopRole.ROOT, later, order=ORDER)
    assert nation.release(later).notes == ()


def test_a_federation_whose_root_has_expired_releases_nothing(nation: Nation) -> None:
    with pytest.raises(RepositoryError, match=r"root\.json is expired"):
        nation.release(NOW + 365 * DAY)


@pytest.mark.parametrize("issuer", ["root", "CN_33", "cn-33", "CN-33"])
def test_who_is_no_new_region_is_not_admitted(nation: Nation, issuer: str) -> None:
    with pytest.raises(RepositoryError):
        nation.federation.admit(issuer, nation.regions["CN-33"].key(), NOW, order=ORDER)
    assert [line.act for line in nation.federation.audit()] == [Act.FOUND, Act.ADMIT, Act.ADMIT]


def test_a_federations_keys_are_encrypted_and_its_folder_is_its_owners(nation: Nation, tmp_path: Path) -> None:
    folder = nation.federation.folder
    assert all(b"ENCRYPTED" in path.read_bytes() for path in (folder / "private").iterdir())
    with pytest.raises(KeyFileError, match="wrong passphrase"):
        Federation.open(folder, b"something else")
    with pytest.raises(FolderError, match="is there already"):
        Federation.create(folder, PASSPHRASE, NOW, stretch_log2=4)
    folder.chmod(0o755)
    with pytest.raises(FolderError, match="open to others"):
        Federation.open(folder, PASSPHRASE)
    with pytest.raises(RepositoryError, match="4 of 3 root keys"):
        Federation.create(tmp_path / "other", PASSPHRASE, NOW, threshold=4, stretch_log2=4)
    assert not (tmp_path / "other").exists()


def test_a_full_disk_is_said_in_words_and_an_order_that_was_not_written_down_is_not_in_force(nation: Nation) -> None:
    db = nation.federation._vault._db
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
    lengthy = Order(by="Key office", reason="x" * 200)

    def rotate_until_it_is_full() -> None:
        for _ in range(100):
            nation.federation.rotate("snapshot", NOW, order=lengthy)

    with pytest.raises(FolderError, match=r"cannot be written .*full"):
        rotate_until_it_is_full()
    written = [line for line in nation.federation.audit() if line.act is Act.ROTATE]
    assert len(nation.federation.roots) == 1 + len(written)
    with pytest.raises(FolderError, match=r"cannot be written .*full"):
        nation.federation.publish_to(nation.root / "/".join("x" * 200 for _ in range(40)))
