from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import DelegatedRole, Delegations, TargetFile, Targets

from keys.errors import UpdateCause, UpdateError
from keys.status_anchor import Anchor
from keys.update.region import MAX_BUNDLES, MAX_LISTS, Bundle, Publication, check_admitted, patterns, read_publication
from tests.keys.update.repository import HOME, NOW, signer

KEYS = f"trust/{HOME}.jwks.json"


def target(path: str, length: int = 10) -> TargetFile:
    return TargetFile(length, {"sha256": "00" * 32}, path)


def role(*paths: str, length: int = 10, at: object = NOW) -> Targets:
    targets = {path: target(path, length) for path in (KEYS, *paths)}
    return Targets(targets=targets, unrecognized_fields={"published_at": at})


def publication(*paths: str) -> Publication:
    return read_publication(role(*paths), HOME)


def admitting(issuer: str, paths: list[str], *, terminating: bool = True) -> Targets:
    key = signer("any").public_key
    delegated = DelegatedRole(issuer, [key.keyid], 1, terminating, paths=paths)
    return Targets(delegations=Delegations({key.keyid: key}, {issuer: delegated}))


def anchor(uri: str, *, issuer: str = HOME, iat: int = NOW) -> Anchor:
    return Anchor(issuer, uri, iat, NOW + 1, 1, 4, 524_288, bytes(32))


def test_a_region_is_admitted_with_its_four_patterns_in_any_order() -> None:
    check_admitted(admitting(HOME, sorted(patterns(HOME), reverse=True)), HOME)


@pytest.mark.parametrize(
    "paths",
    [
        [],
        sorted(patterns(HOME))[:3],
        [*sorted(patterns(HOME))[:3], sorted(patterns(HOME))[0]],
        [*patterns(HOME), "status/CN-3*/*.cwt"],
        [*patterns(HOME), sorted(patterns(HOME))[0]],
        [path.replace(HOME, "CN-*") for path in patterns(HOME)],
        [path.replace(HOME, "CN-3") for path in patterns(HOME)],
        ["*"],
    ],
)
def test_a_delegation_with_other_paths_admits_nobody(paths: list[str]) -> None:
    with pytest.raises(UpdateError, match="has other paths than a region's own") as refused:
        check_admitted(admitting(HOME, paths), HOME)
    assert refused.value.cause is UpdateCause.NOT_ITS_OWN


def test_a_delegation_that_does_not_end_the_search_admits_nobody() -> None:
    with pytest.raises(UpdateError, match="not terminating"):
        check_admitted(admitting(HOME, list(patterns(HOME)), terminating=False), HOME)


def test_a_delegation_by_hash_prefixes_admits_nobody() -> None:
    targets = admitting(HOME, [])
    assert targets.delegations is not None
    assert targets.delegations.roles is not None
    key = signer("any").public_key
    targets.delegations.roles[HOME] = DelegatedRole(HOME, [key.keyid], 1, True, path_hash_prefixes=["0"])
    with pytest.raises(UpdateError, match="not by paths"):
        check_admitted(targets, HOME)


@pytest.mark.parametrize("name", ["CN-3", "CN-333", "cn-33", "CN-33 "])
def test_a_role_of_another_name_admits_nobody(name: str) -> None:
    with pytest.raises(UpdateError, match="does not admit it") as refused:
        check_admitted(admitting(name, list(patterns(HOME))), HOME)
    assert refused.value.cause is UpdateCause.NOT_ADMITTED


def test_a_repository_without_regions_admits_nobody() -> None:
    with pytest.raises(UpdateError, match="it admits nobody"):
        check_admitted(Targets(), HOME)


def test_a_publication_is_sorted_by_what_it_is() -> None:
    found = publication(
        f"policy/{HOME}.toml",
        f"status/{HOME}/12.cwt",
        f"status/{HOME}/007.cwt",
        f"status/{HOME}/eu.cwt",
        f"status/{HOME}/5-{NOW}.delta",
        f"status/{HOME}/5-6.delta",
        f"status/{HOME}/notes.delta",
    )
    assert found.own_uris == {f"status/{HOME}/12.cwt": "jkm:33/12"}
    assert len(found.lists) == 3
    assert found.bundles == (
        Bundle(f"status/{HOME}/5-{NOW}.delta", 5, NOW, 10),
        Bundle(f"status/{HOME}/5-6.delta", 5, 6, 10),
    )
    assert set(found.documents) == {*found.lists, f"status/{HOME}/5-{NOW}.delta"}
    assert found.policy == f"policy/{HOME}.toml"


@pytest.mark.parametrize(
    "path",
    [
        f"status/{HOME}/../CN-44/1.cwt",
        f"status/{HOME}//1.cwt",
        f"status/{HOME}/sub/1.cwt",
        f"status/{HOME}/.cwt",
        f"status/{HOME}/..cwt",
        f"status/{HOME}/1\0.cwt",
        f"status/{HOME}/1.cwt\n",
        f"/status/{HOME}/1.cwt",
        f"status/{HOME}/{'9' * 200}.cwt",
        f"status/{HOME}/1.toml",
        "status/CN-333/1.cwt",
        "status/CN-3/1.cwt",
        f"trust/{HOME}.jwks.json/x",
        "trust/CN-44.jwks.json",
        "policy/CN-44.toml",
        "",
        "fleet/0011.toml",
    ],
)
def test_a_target_outside_the_regions_paths_is_refused(path: str) -> None:
    with pytest.raises(UpdateError, match="lies outside the paths of CN-33") as refused:
        publication(path)
    assert refused.value.cause is UpdateCause.NOT_ITS_OWN


@given(st.text(max_size=40))
def test_whatever_a_target_is_called_it_is_refused_or_below_the_regions_paths(name: str) -> None:
    for path in (name, f"status/{HOME}/{name}", f"status/{HOME}/{name}.cwt"):
        try:
            publication(path)
        except UpdateError:
            continue
        assert path in {KEYS, f"policy/{HOME}.toml"} or path.startswith(f"status/{HOME}/")
        assert path.isascii()
        assert ".." not in path.split("/")
        assert path.count("/") <= 2


@pytest.mark.parametrize(
    ("path", "length"),
    [
        (KEYS, (1 << 20) + 1),
        (f"policy/{HOME}.toml", (256 << 10) + 1),
        (f"status/{HOME}/1.cwt", 1 << 40),
        (f"status/{HOME}/1-2.delta", (8 << 20) + 1),
    ],
)
def test_a_file_announced_larger_than_its_kind_may_be_is_refused(path: str, length: int) -> None:
    announced = role(path)
    announced.targets[path].length = length
    with pytest.raises(UpdateError, match=f"with {length} bytes") as refused:
        read_publication(announced, HOME)
    assert refused.value.cause is UpdateCause.ENDLESS_DATA


def test_more_of_anything_than_a_region_may_have_is_refused() -> None:
    lists = [f"status/{HOME}/{number}.cwt" for number in range(MAX_LISTS + 1)]
    bundles = [f"status/{HOME}/{number}-9.delta" for number in range(MAX_BUNDLES + 1)]
    assert publication(*lists[:-1], *bundles[:-1]).published_at == NOW
    for paths in (lists, bundles):
        with pytest.raises(UpdateError, match="are the most"):
            publication(*paths)
    with pytest.raises(UpdateError, match="are the most"):
        read_publication(role(*lists[:20], length=4 << 20), HOME)


def test_a_region_without_a_trust_list_is_refused() -> None:
    announced = role()
    del announced.targets[KEYS]
    with pytest.raises(UpdateError, match=f"publishes no {KEYS}"):
        read_publication(announced, HOME)


@pytest.mark.parametrize(
    "hashes",
    [
        {"sha512": "00" * 64},
        {"sha256": "00" * 32, "shake_128": "00"},
        {"sha256": "AB" * 32},
        {"sha256": "../" * 21 + "x"},
        {"sha256": ""},
        {"sha256": "0" * 64 + "\n"},
    ],
)
def test_a_target_that_is_not_named_by_its_sha256_is_refused(hashes: dict[str, str]) -> None:
    announced = role()
    announced.targets[KEYS] = TargetFile(10, hashes, KEYS)
    with pytest.raises(UpdateError, match="by a SHA-256, and that alone"):
        read_publication(announced, HOME)


@pytest.mark.parametrize("at", [None, True, -1, 1.5, "1796000000", 1 << 60])
def test_a_signed_time_that_is_none_is_refused(at: object) -> None:
    with pytest.raises(UpdateError, match="has no published_at"):
        read_publication(role(at=at), HOME)


OWN, FOREIGN, DELTA = f"status/{HOME}/1.cwt", f"status/{HOME}/eu.cwt", f"status/{HOME}/5-{NOW}.delta"


def test_anchors_are_placed_by_their_list() -> None:
    found = publication(OWN, FOREIGN, DELTA)
    own, foreign = anchor("jkm:33/1"), anchor("https://x.test/1", iat=7)
    assert found.placed(OWN, [own], {}) == {OWN: own}
    assert found.placed(FOREIGN, [foreign], {}) == {FOREIGN: foreign}
    assert found.placed(DELTA, [own, anchor("jkm:33/9")], {}) == {OWN: own}


@pytest.mark.parametrize(
    ("path", "wrong", "words"),
    [
        (OWN, anchor("jkm:33/2"), "does not belong there"),
        (OWN, anchor("https://x.test/1"), "does not belong there"),
        (FOREIGN, anchor("jkm:33/1"), "does not belong there"),
        (OWN, anchor("jkm:33/1", issuer="CN-44"), "a region publishes its own lists only"),
        (FOREIGN, anchor("https://x.test/1", issuer="CN-44"), "a region publishes its own lists only"),
        (OWN, anchor("jkm:33/1", iat=NOW - 1), f"is of {NOW - 1}, its publication of {NOW}"),
        (DELTA, anchor("jkm:33/1", iat=NOW + 1), f"is of {NOW + 1}, its publication of {NOW}"),
    ],
)
def test_anchors_out_of_place_are_refused(path: str, wrong: Anchor, words: str) -> None:
    with pytest.raises(UpdateError, match=words):
        publication(OWN, FOREIGN, DELTA).placed(path, [wrong], {})


def test_an_anchor_older_than_what_the_log_has_seen_is_refused() -> None:
    found = publication(OWN, FOREIGN)
    seen = {(HOME, "jkm:33/1"): NOW + 1, (HOME, "https://x.test/1"): NOW + 1}
    for path, uri in ((OWN, "jkm:33/1"), (FOREIGN, "https://x.test/1")):
        with pytest.raises(UpdateError, match="refused as a rollback") as refused:
            found.placed(path, [anchor(uri)], seen)
        assert refused.value.cause is UpdateCause.ROLLBACK
