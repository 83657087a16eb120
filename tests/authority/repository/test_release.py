"""A release under attack, cut off at any step, and read at any step."""

import os
import shutil
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tuf.api.metadata import DelegatedRole, Delegations, TargetFile, Targets

from authority.errors import RepositoryError
from authority.publication import Publication
from authority.repository.below import Below
from authority.repository.federation import Federation
from authority.repository.folder import Repository
from authority.repository.layout import TopRole
from authority.repository.metadata import utc
from authority.repository.pruning import GRACE
from tests.authority.repository.nation import DAY, NOW, ORDER, PASSPHRASE, Nation, Reader, targets


def named(path: str) -> Callable[[Targets], None]:
    """Name a target at `path`, with the length and hash of one that is there."""

    def alter(role: Targets) -> None:
        known = role.targets["status/CN-3/1.cwt"]
        role.targets[path] = TargetFile(known.length, dict(known.hashes), path)

    return alter


def changed(**fields: object) -> Callable[[Targets], None]:
    def alter(role: Targets) -> None:
        for name, value in fields.items():
            setattr(role, name, value)

    return alter


def delegating(role: Targets) -> None:
    role.delegations = Delegations({}, {"CN-33": DelegatedRole("CN-33", [], 1, True, ["trust/CN-33.jwks.json"])})


def differently_hashed(role: Targets) -> None:
    role.targets["status/CN-3/1.cwt"].hashes = {"sha512": "00" * 64}


def with_missing_content(role: Targets) -> None:
    role.targets["status/CN-3/1.cwt"].hashes = {"sha256": "00" * 32}


def endless(role: Targets) -> None:
    role.targets["status/CN-3/1.cwt"].length = 1 << 40


ATTACKS: dict[str, tuple[Callable[[Targets], None], str]] = {
    "another region's list": (named("status/CN-33/1.cwt"), "outside the paths of CN-3"),
    "another region's key": (named("trust/CN-33.jwks.json"), "outside the paths of CN-3"),
    "a prefix trick": (named("status/CN-3/../CN-33/1.cwt"), "outside the paths of CN-3"),
    "a longer name": (named("policy/CN-3.toml.toml"), "outside the paths of CN-3"),
    "a hidden file": (named("status/CN-3/.cwt"), "outside the paths of CN-3"),
    "an arbitrary target": (named("fleet/0102.toml"), "outside the paths of CN-3"),
    "words for the terminal": (named("status/CN-3/\x1b[2J.cwt"), r"status/CN-3/\\x1b\[2J.cwt"),
    "delegating further": (delegating, "hands its paths on"),
    "other hashes": (differently_hashed, "by a SHA-256, and that alone"),
    "a missing file": (with_missing_content, "is missing"),
    "endless data": (endless, "are the most"),
    "expired": (changed(expires=utc(NOW)), "has expired"),
    "never expiring": (changed(expires=utc(NOW + 900 * DAY)), "longer than a region's role may"),
    "no signed time": (changed(unrecognized_fields={}), "does not say when"),
    "rollback in time": (changed(unrecognized_fields={"published_at": NOW - 1}), "goes back in time"),
    "dated ahead": (changed(unrecognized_fields={"published_at": NOW + DAY}), "ahead of this clock"),
    "a version inside that is another": (changed(version=7), "calls itself version 7"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_regions_hostile_publication_is_refused_and_holds_back_that_region_alone(nation: Nation, attack: str) -> None:
    alter, words = ATTACKS[attack]
    nation.forge("CN-3", 2, nation.signer("CN-3"), alter)
    nation.publish("CN-33", NOW + 1, "goes on")
    released = nation.release(NOW + 1)
    (refusal,) = released.refused
    assert (refusal.issuer, refusal.version) == ("CN-3", 2)
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(str(refusal))
    assert str(refusal).isprintable()
    assert released.regions == {"CN-33": 2, "CN-3": 1}
    reader = nation.reader()
    assert reader.get("policy/CN-33.toml") == b"# goes on\n"
    assert reader.get("status/CN-3/1.cwt") == targets("CN-3", NOW)["status/CN-3/1.cwt"]
    # An honest publication of the region heals it.
    nation.publish("CN-3", NOW + 2)
    nation.publish("CN-3", NOW + 2)
    assert nation.release(NOW + 2).refused == ()


@pytest.mark.parametrize("thief", ["CN-33", "a stranger"])
def test_a_role_signed_by_another_key_is_refused(nation: Nation, thief: str) -> None:
    signer = (
        nation.signer(thief)
        if thief in nation.regions
        else nation.top_signer(nation.federation.keys(TopRole.TARGETS)[0].key_id)
    )
    nation.forge("CN-3", 2, signer, lambda role: None)
    assert "not signed by the key" in nation.release(NOW + 1).refused[0].why


def test_a_thief_of_a_regions_key_cannot_use_up_its_version_numbers(nation: Nation) -> None:
    nation.forge("CN-3", 2_000_000_000, nation.signer("CN-3"), lambda role: None)
    nation.publish("CN-3", NOW + 1, "honest")
    released = nation.release(NOW + 1)
    assert "leaps" in released.refused[0].why
    assert released.regions["CN-3"] == 2


@pytest.mark.parametrize("junk", ["text", "folder", "link", "pipe", "garbage"])
def test_what_somebody_leaves_in_the_folder_stops_nothing(nation: Nation, junk: str) -> None:
    path = nation.repository / "metadata" / "2.CN-3.json"
    match junk:
        case "text":
            path.write_text("[" * 100_000)
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("1.CN-3.json")
        case "pipe":
            os.mkfifo(path)
        case _:
            path.write_bytes(os.urandom(5 << 20))
    nation.publish("CN-33", NOW + 1)
    released = nation.release(NOW + 1)
    assert (released.regions, len(released.refused)) == ({"CN-33": 2, "CN-3": 1}, 1)


def test_damage_to_released_files_is_mended_or_told(nation: Nation) -> None:
    for name in ("1.CN-3.json", "3.targets.json", "1.snapshot.json", "timestamp.json"):
        (nation.repository / "metadata" / name).write_bytes(b"{}")
    (gone,) = (nation.repository / "targets" / "status" / "CN-3").glob("*.cwt")
    gone.unlink()
    assert nation.release(NOW + 1).notes == (
        "CN-3: status/CN-3/1.cwt is missing from the repository; let it publish again.",
    )
    nation.publish("CN-3", NOW)
    assert nation.release(NOW + 2).notes == ()
    assert nation.reader().get("status/CN-3/1.cwt") is not None


def test_another_federations_repository_is_not_written_to(nation: Nation, tmp_path: Path) -> None:
    with Federation.create(tmp_path / "other", PASSPHRASE, NOW, stretch_log2=4) as other:
        before = sorted((path, path.read_bytes()) for path in nation.repository.rglob("*.json"))
        with pytest.raises(RepositoryError, match="not this federation's"):
            other.release(nation.repository, NOW)
    assert before == sorted((path, path.read_bytes()) for path in nation.repository.rglob("*.json"))


def test_time_never_runs_backwards_between_releases(nation: Nation) -> None:
    with pytest.raises(RepositoryError, match="set the clock"):
        nation.release(NOW - 1)


def test_a_federation_restored_from_an_old_backup_does_not_use_its_numbers_again(
    nation: Nation, tmp_path: Path
) -> None:
    shutil.copytree(nation.federation.folder, tmp_path / "backup")
    nation.publish("CN-3", NOW + 1, "since then")
    nation.release(NOW + 1)
    with Federation.open(tmp_path / "backup", PASSPHRASE) as restored:
        with pytest.raises(RepositoryError, match="release 2, of which this folder knows nothing"):
            restored.release(nation.repository, NOW + 2)
        shutil.copytree(nation.repository / "metadata", tmp_path / "backup" / "metadata", dirs_exist_ok=True)
        assert restored.release(nation.repository, NOW + 2).versions[TopRole.TIMESTAMP] == 3
    assert nation.reader().get("policy/CN-3.toml") == b"# since then\n"


def test_files_go_two_days_after_nobody_names_them_and_roots_never(nation: Nation) -> None:
    nation.federation.rotate("root", NOW, order=ORDER)
    nation.publish("CN-33", NOW + 1)
    newcomer = nation.join("CN-44", NOW + 1)
    assert nation.release(NOW + 1).removed == ()
    assert nation.release(NOW + GRACE).removed == ()
    removed = nation.release(NOW + 1 + GRACE).removed
    assert {name.split("/")[0] for name in removed} == {"metadata", "targets"}
    assert {name for name in removed if name.startswith("metadata")} == {
        "metadata/1.CN-33.json",
        "metadata/1.snapshot.json",
    }
    assert Repository(nation.repository).versions()["root"] == (1, 2)
    nation.federation.admit("CN-44", newcomer, NOW + 1 + GRACE, order=ORDER)
    assert nation.release(NOW + 1 + GRACE).regions["CN-44"] == 1
    assert nation.reader().get("status/CN-44/1.cwt") == targets("CN-44", NOW + 1)["status/CN-44/1.cwt"]


def a_release_of_everything(place: Path) -> None:
    """Rotate every top role, let a region publish, release."""
    nation = Nation(place)
    for role in TopRole:
        nation.federation.rotate(role, NOW + 1, order=ORDER)
    nation.publish("CN-33", NOW + 1, "new")
    nation.release(NOW + 1)
    nation.federation.close()


def test_a_reader_at_any_instant_of_a_release_finds_a_consistent_repository(
    nation: Nation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every key of the top roles changes in it, which is the hardest release there is."""
    roots = nation.federation.roots
    known = nation.reader()
    known.refresh()
    write, seen = Below.write, []

    def watched(place: Below, path: str, content: bytes) -> None:
        write(place, path, content)
        if place.path == nation.repository:
            for reader in (known, Reader(nation.repository, roots[0])):
                seen.append(reader.get("policy/CN-33.toml"))

    monkeypatch.setattr(Below, "write", watched)
    a_release_of_everything(nation.root)
    assert seen[0] == b"# \n"
    assert seen[-1] == b"# new\n"
    assert len(seen) == 2 * (3 + 1 + 3 + 4)  # targets, the region, targets, snapshot and timestamp, roots


@pytest.mark.parametrize("stride", [25, pytest.param(1, marks=pytest.mark.soak)])
def test_a_release_killed_at_any_step_leaves_a_repository_that_reads_and_the_next_one_mends_it(
    nation: Nation, tmp_path: Path, stride: int
) -> None:
    nation.federation.close()
    died = 0
    for step in range(0, 300, stride):
        place = tmp_path / "copy"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for part in ("federation", "repository", *nation.regions):
            shutil.copytree(tmp_path / part, place / part)
        if not killed(partial(a_release_of_everything, place), step):
            break
        died += 1
        old = Reader(place / "repository", (place / "federation" / "metadata" / "1.root.json").read_bytes())
        assert old.get("policy/CN-33.toml") in (b"# \n", b"# new\n")
        again = Nation(place)
        again.publish("CN-33", NOW + 2, "mended")
        assert again.release(NOW + 2).refused == ()
        again.federation.close()
        assert old.get("policy/CN-33.toml") == b"# mended\n"
        assert not list((place / "repository").rglob(".*.writing"))
    assert 50 < died * stride < 300 - stride


def killed(work: Callable[[], None], step: int) -> bool:
    """Do the work in a process that kills itself when it is about to bring its file number `step` to the disk."""
    child = os.fork()
    if child == 0:
        left, sync = step, os.fsync

        def counting(handle: int) -> None:
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            sync(handle)

        os.fsync = counting
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_an_empty_folder_becomes_a_repository_once_the_regions_publish_there(nation: Nation, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    released = nation.federation.release(mirror, NOW + 1)
    assert len([note for note in released.notes if "is missing" in note]) == 8
    for issuer, region in nation.regions.items():
        region.publish(mirror, Publication(NOW + 2, targets(issuer, NOW + 2)))
    assert nation.federation.release(mirror, NOW + 2).notes == ()
    assert Repository(mirror).versions()["root"] == (1,)
    Reader(mirror, nation.federation.roots[0]).refresh()
