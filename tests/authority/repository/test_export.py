import os
import shutil
from pathlib import Path

import pytest

from authority.errors import RepositoryError
from authority.repository.export import export
from authority.repository.federation import Federation
from authority.repository.layout import TopRole
from tests.authority.repository.nation import DAY, NOW, ORDER, PASSPHRASE, Nation, Reader, targets


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def test_a_stick_has_every_root_and_of_the_rest_what_is_in_force(nation: Nation, stick: Path) -> None:
    nation.federation.rotate("timestamp", NOW, order=ORDER)
    nation.publish("CN-33", NOW + 1, "newest")
    nation.release(NOW + 1)
    done = export(nation.repository, stick, NOW + 1)
    files = {str(path.relative_to(stick)) for path in stick.rglob("*") if path.is_file()}
    assert {Path(name).name for name in files if "/metadata/" in name} == {
        *("1.root.json", "2.root.json", "timestamp.json", "2.snapshot.json", "3.targets.json"),
        *("2.CN-33.json", "1.CN-3.json"),
    }
    assert len([name for name in files if name.startswith("checkpoint-trust/targets/")]) == 8
    assert (done.files, done.regions, done.published_at) == (15, ("CN-3", "CN-33"), NOW + 1)
    assert done.size == sum((stick / name).stat().st_size for name in files)
    reader = Reader(stick / "checkpoint-trust", nation.federation.roots[0])
    for path, content in targets("CN-33", NOW + 1, "newest").items():
        assert reader.get(path) == content


def test_the_next_export_replaces_what_the_stick_had(nation: Nation, stick: Path) -> None:
    export(nation.federation.folder, stick, NOW)
    for role in TopRole:
        nation.federation.rotate(role, NOW, order=ORDER)
    nation.publish("CN-3", NOW + 1, "newer")
    nation.release(NOW + 1)
    done = export(nation.federation.folder, stick, NOW + 1)
    files = [path for path in stick.rglob("*") if path.is_file()]
    assert len(files) == done.files
    assert Reader(stick / "checkpoint-trust", nation.federation.roots[0]).get("policy/CN-3.toml") == b"# newer\n"


def test_a_damaged_repository_is_not_copied_and_the_stick_keeps_what_it_had(nation: Nation, stick: Path) -> None:
    export(nation.repository, stick, NOW)
    nation.publish("CN-3", NOW + 1, "newer")
    nation.release(NOW + 1)
    (file,) = (nation.repository / "targets" / "policy").glob("*.CN-33.toml")
    whole = file.read_bytes()
    for damage in (whole[:-1], bytes([whole[0] ^ 1]) + whole[1:], whole + os.urandom(9)):
        file.write_bytes(damage)
        with pytest.raises(RepositoryError, match=r"CN-33\.toml"):
            export(nation.repository, stick, NOW + 1)
        assert Reader(stick / "checkpoint-trust", nation.federation.roots[0]).get("policy/CN-3.toml") == b"# \n"


def test_a_repository_that_has_expired_is_not_copied(nation: Nation, stick: Path) -> None:
    with pytest.raises(RepositoryError, match="expired"):
        export(nation.repository, stick, NOW + 14 * DAY)
    assert list(stick.iterdir()) == []


def test_a_stick_with_another_authoritys_repository_or_a_newer_one_is_left_alone(
    nation: Nation, stick: Path, tmp_path: Path
) -> None:
    with Federation.create(tmp_path / "other", PASSPHRASE, NOW, stretch_log2=4) as other:
        other.release(tmp_path / "repository of other", NOW)
        export(other.folder, stick, NOW)
        with pytest.raises(RepositoryError, match="another authority's"):
            export(nation.repository, stick, NOW)
    (tmp_path / "second").mkdir()
    shutil.copytree(nation.repository, tmp_path / "as it was")
    nation.release(NOW + 9)
    export(nation.repository, tmp_path / "second", NOW + 9)
    with pytest.raises(RepositoryError, match="is newer"):
        export(tmp_path / "as it was", tmp_path / "second", NOW + 9)


def test_a_region_whose_role_has_expired_does_not_keep_the_others_off_the_stick(nation: Nation, stick: Path) -> None:
    later = NOW + 80 * DAY
    nation.publish("CN-33", later)
    nation.release(later)
    nation.release(later + 11 * DAY)
    assert export(nation.repository, stick, later + 11 * DAY).regions == ("CN-3", "CN-33")


def test_a_region_out_of_force_does_not_keep_the_others_off_the_stick_and_a_forged_role_does(
    nation: Nation, stick: Path
) -> None:
    key = nation.regions["CN-3"].add_key(NOW, order=ORDER)
    nation.federation.rotate("CN-3", NOW, order=ORDER, keys=[key], at_once=True)
    nation.release(NOW)
    assert export(nation.repository, stick, NOW).regions == ("CN-33",)
    nation.federation.expel("CN-3", NOW, order=ORDER)
    nation.publish("CN-33", NOW + 1, "goes on")
    nation.release(NOW + 1)
    assert export(nation.repository, stick, NOW + 1).regions == ("CN-33",)
    assert not list(stick.rglob("*.CN-3.toml"))
    assert Reader(stick / "checkpoint-trust", nation.federation.roots[0]).get("policy/CN-33.toml") == b"# goes on\n"
    role = nation.repository / "metadata" / "2.CN-33.json"
    role.write_bytes(role.read_bytes().replace(b'"sig":"', b'"sig":"00', 1))  # its signature holds no longer
    with pytest.raises(RepositoryError, match="does not hold"):
        export(nation.repository, stick, NOW + 1)


def test_no_stick_no_export(nation: Nation, tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="is the stick mounted"):
        export(nation.repository, tmp_path / "nowhere", NOW)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("linked", ["checkpoint-trust", "metadata", "targets", "targets/status"])
def test_a_stick_with_links_to_the_repository_cannot_prune_it(nation: Nation, stick: Path, linked: str) -> None:
    nation.publish("CN-33", NOW + 1, "waits for a release, so no export needs it")
    whole = sorted(nation.repository.rglob("*"))
    place = stick / "checkpoint-trust"
    link, to = (place, nation.repository) if linked == place.name else (place / linked, nation.repository / linked)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(to)
    with pytest.raises(RepositoryError, match="no link is followed"):
        export(nation.repository, stick, NOW + 1)
    assert sorted(nation.repository.rglob("*")) == whole
    assert nation.release(NOW + 1).regions["CN-33"] == 2


def test_links_among_the_files_of_a_stick_go_and_what_they_lead_to_stays(nation: Nation, stick: Path) -> None:
    export(nation.repository, stick, NOW)
    (kept := nation.root / "kept").mkdir()
    for name in ("9.CN-33.json", f"{'0' * 64}.1.cwt"):
        (kept / name).write_text("somebody's")
    (stick / "checkpoint-trust" / "metadata" / "9.CN-33.json").symlink_to(kept / "9.CN-33.json")
    (stick / "checkpoint-trust" / "targets" / "away").symlink_to(kept)
    (stick / "checkpoint-trust" / "targets" / f"{'0' * 64}.1.cwt").symlink_to(kept / f"{'0' * 64}.1.cwt")
    export(nation.repository, stick, NOW)
    assert len(list(kept.iterdir())) == 2
    links = [path.name for path in (stick / "checkpoint-trust").rglob("*") if path.is_symlink()]
    assert links == ["away"]


def test_a_repository_is_not_exported_onto_itself(nation: Nation) -> None:
    place = nation.root / "stick of the repository"
    place.mkdir()
    nation.publish("CN-33", NOW + 1)
    nation.repository.rename(place / "checkpoint-trust")
    whole = sorted(place.rglob("*"))
    with pytest.raises(RepositoryError, match="is the repository itself"):
        export(place / "checkpoint-trust", place, NOW + 1)
    assert sorted(place.rglob("*")) == whole
