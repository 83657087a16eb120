"""Keys on machines apart: what is carried, what is said of it, and what does not get signed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tuf.api.metadata import DelegatedRole, Metadata, Root, Targets

from authority.errors import FolderError, RepositoryError
from authority.records import Act
from authority.repository.custodian import Custodian
from authority.repository.draft import Draft
from authority.repository.federation import Federation
from authority.repository.layout import LIFETIME, TopRole
from authority.repository.metadata import utc
from authority.repository.words import describe
from tests.authority.repository.nation import DAY, NOW, ORDER, PASSPHRASE, Nation, Reader


class Office:
    """Three people with a key each, and a federation whose root is theirs; Dora comes later."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.people = {name: self.person(name) for name in ("Anna", "Bob", "Carl", "Dora")}
        founders = [self.people[name].key for name in ("Anna", "Bob", "Carl")]
        self.federation = Federation.create(root / "federation", PASSPHRASE, NOW, root_keys=founders, stretch_log2=4)

    def person(self, name: str) -> Custodian:
        return Custodian.create(self.root / name, name, PASSPHRASE, NOW, order=ORDER, stretch_log2=4)

    def draft(self) -> Draft:
        """Carry the draft that waits, as a file."""
        ((path, draft),) = self.federation.drafts().items()
        assert Draft.from_file(path.read_bytes(), "it") == draft
        return draft

    def sign(self, draft: Draft, *names: str) -> Draft:
        for name in names:
            carried = Draft.from_file(draft.to_file(), "carried")
            draft = self.people[name].sign(carried, NOW, order=ORDER)
        return draft

    def found(self) -> None:
        assert self.federation.finish([self.sign(self.draft(), "Anna", "Bob")], NOW, order=ORDER).complete

    def close(self) -> None:
        self.federation.close()
        for person in self.people.values():
            person.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.close()


def test_too_few_signatures_finish_nothing_and_enough_of_them_found_a_repository(
    office: Office, tmp_path: Path
) -> None:
    once = office.sign(office.draft(), "Anna")
    twice_anna = office.federation.finish([once, once], NOW, order=ORDER)
    assert not twice_anna.complete
    with pytest.raises(RepositoryError, match="still lacks signatures"):
        office.federation.release(tmp_path / "repository", NOW)
    assert not (tmp_path / "repository").exists()
    # Bob signs a copy of his own; both together are enough.
    assert office.federation.finish([once, office.sign(office.draft(), "Bob")], NOW, order=ORDER).complete
    assert office.federation.drafts() == {}
    office.federation.release(tmp_path / "repository", NOW)
    Reader(tmp_path / "repository", office.federation.roots[0]).refresh()
    last = list(office.federation.audit())[-1]
    assert (last.act, last.subject) == (Act.FINISH, "1.root.json")
    assert last.after is not None
    assert "Anna" in last.after
    assert "Bob" in last.after


def test_one_who_leaves_is_replaced_by_keys_that_never_met(office: Office, tmp_path: Path) -> None:
    office.found()
    office.federation.release(tmp_path / "repository", NOW)
    reader = Reader(tmp_path / "repository", office.federation.roots[0])
    reader.refresh()
    anna, bob, carl, dora = (office.people[name].key for name in ("Anna", "Bob", "Carl", "Dora"))
    draft = office.federation.rotate("root", NOW, order=ORDER, keys=[dora], drop=[carl.key_id])
    words = describe(draft)
    assert words[0].startswith("root, version 2, replaces version 1; holds until ")
    assert words[1:6] == (
        "root: 2 of 3 keys must sign",
        f"  leaves {carl}",
        f"  new    {dora}",
        f"  stays  {anna}",
        f"  stays  {bob}",
    )
    assert "timestamp: 1 of 1 keys must sign, unchanged" in words
    assert words[-3:] == (
        "signed by: nobody yet",
        f"still needed: 2 under root version 1, of {anna}, {bob}, {carl}",
        f"still needed: 2 under root version 2, of {anna}, {bob}, {dora}",
    )
    # Dora and Carl together are one signature short under either root.
    assert not office.federation.finish([office.sign(draft, "Carl", "Dora")], NOW, order=ORDER).complete
    assert office.federation.finish([office.sign(office.draft(), "Anna")], NOW, order=ORDER).complete
    office.federation.release(tmp_path / "repository", NOW)
    reader.refresh()
    assert len(office.federation.roots) == 2


def test_targets_whose_key_is_kept_apart_are_drafted_and_say_which_region_comes(office: Office, tmp_path: Path) -> None:
    dora, bob = office.people["Dora"], office.people["Bob"]
    with Federation.create(
        tmp_path / "other", PASSPHRASE, NOW, root_keys=[bob.key], targets_keys=[dora.key], threshold=1, stretch_log2=4
    ) as federation:
        (root,) = federation.drafts().values()
        federation.finish([bob.sign(root, NOW, order=ORDER)], NOW, order=ORDER)
        (first,) = federation.drafts().values()
        assert (first.role, first.version) == (TopRole.TARGETS, 1)
        federation.finish([dora.sign(first, NOW, order=ORDER)], NOW, order=ORDER)
        draft = federation.admit("CN-33", office.people["Carl"].key, NOW, order=ORDER)
        assert not draft.complete
        assert describe(draft)[1:] == (
            "region CN-33 is admitted, and may publish foreign/CN-33/*, policy/CN-33.toml, "
            "status/CN-33/*.cwt, status/CN-33/*.delta, "
            "trust/CN-33.jwks.json",
            f"  new    {office.people['Carl'].key}",
            "regions as they were: none",
            "signed by: nobody yet",
            f"still needed: 1 under root version 1, of {dora.key}",
        )
        with pytest.raises(RepositoryError, match="still lacks signatures; finish it first"):
            federation.admit("CN-3", bob.key, NOW, order=ORDER)
        federation.finish([dora.sign(draft, NOW, order=ORDER)], NOW, order=ORDER)
        assert federation.regions == {"CN-33": office.people["Carl"].key}


def test_a_draft_altered_on_the_way_loses_its_signatures_and_its_words_change(office: Office) -> None:
    signed = office.sign(office.draft(), "Anna")
    file = Metadata[Root].from_bytes(signed.content)
    file.signed.roles["root"].threshold = 1
    altered = replace(signed, content=file.to_bytes())
    assert altered.needs()[0].signed == ()
    assert "root: 1 of 3 keys must sign" in describe(altered)
    with pytest.raises(RepositoryError, match="say different things"):
        office.federation.finish([signed, altered], NOW, order=ORDER)


def test_a_custodian_signs_nothing_that_comes_from_other_roots_than_those_it_has_seen(
    office: Office, tmp_path: Path
) -> None:
    office.found()
    keys = [office.people[name].key for name in ("Anna", "Bob", "Carl")]
    draft = office.federation.renew(TopRole.ROOT, NOW, order=ORDER)
    office.sign(draft, "Anna")
    # Mallory holds every other key of a repository that names Anna's key, too.
    with Federation.create(tmp_path / "mallory", PASSPHRASE, NOW, stretch_log2=4) as mallory:
        chain = mallory.rotate("root", NOW, order=ORDER, keys=[keys[0], office.people["Dora"].key])
        assert not chain.complete
        with pytest.raises(RepositoryError, match="does not come from the roots"):
            office.sign(chain, "Anna")
        assert office.sign(chain, "Dora").content != chain.content


ALTERATIONS = {
    "more of a country's paths": lambda role: setattr(role, "paths", ["status/CN-3*/*.cwt"]),
    "every path": lambda role: setattr(role, "paths", ["*"]),
    "not terminating": lambda role: setattr(role, "terminating", False),
    "a second key smuggled in": lambda role: setattr(role, "keyids", [*role.keyids, "00" * 32]),
    "no key": lambda role: setattr(role, "keyids", []),
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_a_delegation_of_more_than_a_regions_own_paths_is_not_signed(nation: Nation, alteration: str) -> None:
    draft = nation.federation.renew(TopRole.TARGETS, NOW, order=ORDER)
    file = Metadata[Targets].from_bytes(draft.content)
    assert file.signed.delegations is not None
    roles = file.signed.delegations.roles
    assert roles is not None
    role: DelegatedRole = roles["CN-3"]
    ALTERATIONS[alteration](role)
    draft = replace(draft, content=file.to_bytes())
    with pytest.raises(RepositoryError, match="drafted delegation to"):
        draft.check(NOW)


def test_a_draft_that_holds_too_long_or_no_more_or_skips_a_version_is_not_signed(office: Office) -> None:
    draft = office.draft()
    for at, words in ((NOW + LIFETIME[TopRole.ROOT], "expired already"), (NOW - 2 * DAY, "longer than its role may")):
        with pytest.raises(RepositoryError, match=words):
            office.people["Anna"].sign(draft, at, order=ORDER)
    file = Metadata[Root].from_bytes(draft.content)
    file.signed.version = 2
    with pytest.raises(RepositoryError, match="next one is version 1"):
        office.people["Anna"].sign(replace(draft, content=file.to_bytes()), NOW, order=ORDER)
    file.signed.version, file.signed.expires = 1, utc(NOW + DAY)
    file.signed.revoke_key(office.people["Anna"].key.key_id, "root")
    with pytest.raises(RepositoryError, match="needs no signature"):
        office.people["Anna"].sign(replace(draft, content=file.to_bytes()), NOW, order=ORDER)


def test_a_draft_that_another_one_has_overtaken_is_not_put_in_force(nation: Nation) -> None:
    stale = nation.federation.renew(TopRole.ROOT, NOW, order=ORDER)
    nation.federation.rotate("root", NOW, order=ORDER)
    with pytest.raises(RepositoryError, match="does not follow"):
        nation.federation.finish([stale], NOW, order=ORDER)


def test_an_admission_that_waits_for_its_key_outlives_a_new_root(office: Office, tmp_path: Path) -> None:
    anna, dora = office.people["Anna"], office.people["Dora"]
    with Federation.create(tmp_path / "other", PASSPHRASE, NOW, targets_keys=[dora.key], stretch_log2=4) as federation:
        (first,) = federation.drafts().values()
        federation.finish([dora.sign(first, NOW, order=ORDER)], NOW, order=ORDER)
        carried = federation.admit("CN-33", anna.key, NOW, order=ORDER)
        assert federation.rotate("timestamp", NOW, order=ORDER).complete
        (waiting,) = federation.drafts().values()
        assert waiting.needs()[0].root_version == 2
        # The copy that was carried off before is as good.
        assert federation.finish([dora.sign(carried, NOW, order=ORDER)], NOW, order=ORDER).complete
        assert list(federation.regions) == ["CN-33"]
        assert federation.drafts() == {}
        # And where the targets' key comes home, what waited for it is signed with the new one.
        federation.admit("CN-3", anna.key, NOW, order=ORDER)
        federation.rotate("targets", NOW, order=ORDER, keys=[federation.keys(TopRole.SNAPSHOT)[0]])
        assert (list(federation.regions), federation.drafts()) == (["CN-33", "CN-3"], {})
        federation.release(tmp_path / "repository", NOW)


def test_a_dropped_draft_makes_room_for_another(office: Office) -> None:
    office.found()
    office.federation.renew(TopRole.ROOT, NOW, order=ORDER)
    with pytest.raises(RepositoryError, match="drop it"):
        office.federation.rotate("timestamp", NOW, order=ORDER)
    assert [draft.name for draft in office.federation.discard()] == ["2.root.json"]
    assert not office.federation.rotate("timestamp", NOW, order=ORDER).complete


def test_keys_kept_elsewhere_are_not_replaced_by_keys_made_here(office: Office) -> None:
    office.found()
    with pytest.raises(RepositoryError, match="kept elsewhere"):
        office.federation.rotate("root", NOW, order=ORDER)


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"kind": "checkpoint repository draft"}'])
def test_what_is_no_draft_is_named(content: bytes) -> None:
    with pytest.raises(RepositoryError, match=r"stick/it is no draft"):
        Draft.from_file(content, "stick/it")


def test_a_draft_without_its_roots_convinces_nobody(office: Office) -> None:
    office.found()
    draft = office.federation.renew(TopRole.ROOT, NOW, order=ORDER)
    office.sign(draft, "Anna")
    fields = json.loads(draft.to_file())
    fields["roots"] = []
    with pytest.raises(RepositoryError, match="next one is version 1"):
        office.people["Bob"].sign(Draft.from_file(json.dumps(fields).encode(), "it"), NOW, order=ORDER)


def test_a_custodians_folder_is_no_federations(office: Office) -> None:
    with pytest.raises(FolderError, match="folder of a custodian"):
        Federation.open(office.root / "Anna", PASSPHRASE)
    assert [line.act for line in office.people["Anna"].audit()] == [Act.ADD_KEY]
    office.sign(office.draft(), "Anna")
    assert [line.act for line in office.people["Anna"].audit()] == [Act.ADD_KEY, Act.SIGN]
