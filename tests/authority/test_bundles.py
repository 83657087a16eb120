import sqlite3
from contextlib import closing
from hashlib import sha256
from itertools import pairwise

import pytest

from authority import publication
from authority.publication import Publication
from keys.cose import SigningKey
from keys.status_delta import DeltaBundle, apply, read_delta
from keys.status_list import StatusList, read_status_list
from keys.trust_list import TrustList, Use, read_jwks
from keys.verdict import Colour
from tests.world import DAY, NOW, ORDER, SmallWorld

HOUR = 3600


def lists_of(published: Publication) -> dict[str, StatusList]:
    trust, at = trust_of(published), published.published_at
    contents = [content for path, content in published.targets.items() if path.endswith(".cwt")]
    return {each.uri: each for each in (read_status_list(content, trust, at) for content in contents)}


def bundles_of(published: Publication) -> dict[tuple[int, int], DeltaBundle]:
    """The bundles by the times their names give, each proved by the trust list beside it."""
    trust, at = trust_of(published), published.published_at
    named = [(path.split("/")[-1].removesuffix(".delta").split("-"), path) for path in published.targets if "-" in path]
    named = [(times, path) for times, path in named if path.endswith(".delta")]
    return {(int(times[0]), int(times[1])): read_delta(published.targets[path], trust, at) for times, path in named}


def trust_of(published: Publication) -> TrustList:
    return TrustList(read_jwks(published.targets["trust/CN-33.jwks.json"], source="published"))


def open_another_list(world: SmallWorld) -> None:
    """Let the newest list count as full."""
    with closing(sqlite3.connect(world.authority.folder / "register.sqlite")) as db, db:
        db.execute("UPDATE list SET issued = entries")


def test_a_bundle_leads_every_list_from_the_last_publication_to_this_one(world: SmallWorld) -> None:
    codes = [world.code() for _ in range(20)]
    open_another_list(world)
    world.code()
    first = world.authority.publication(NOW)
    for code in codes[:10]:
        world.authority.set_colour(code.identity, Colour.RED, ORDER, NOW + 5)
    world.authority.revoke(codes[10].identity, ORDER, NOW + 5)
    second = world.authority.publication(NOW + HOUR)
    assert bundles_of(first) == {}
    ((times, bundle),) = bundles_of(second).items()
    assert times == (first.published_at, second.published_at)
    assert {change.uri for change in bundle.changes} == {"jkm:33/1", "jkm:33/2"}
    for change in bundle.changes:
        before, after = lists_of(first)[change.uri], lists_of(second)[change.uri]
        assert (change.base_iat, change.base_sha256) == (before.iat, sha256(before.packed).digest())
        assert apply(before.packed, change.changes) == after.packed
        assert (change.iat, change.exp, change.ttl) == (after.iat, after.exp, after.ttl)
        assert change.sha256 == sha256(after.packed).digest()
        assert (before.packed == after.packed) is (change.uri == "jkm:33/2")


def test_a_list_opened_since_the_base_is_in_the_next_bundle_only(world: SmallWorld) -> None:
    world.authority.publication(NOW)
    open_another_list(world)
    world.code()
    second = world.authority.publication(NOW + HOUR)
    third = world.authority.publication(NOW + 2 * HOUR)
    assert set(lists_of(second)) == {"jkm:33/1", "jkm:33/2"}
    assert [len(bundle.changes) for bundle in bundles_of(third).values()] == [1, 2]


def test_bundles_from_hour_to_hour_stay_two_days_and_those_from_day_to_day_a_week(world: SmallWorld) -> None:
    times = [NOW + HOUR * hour for hour in range(0, 10 * 24, 6)]
    for at in times:
        last = world.authority.publication(at)
    names = set(bundles_of(last))
    at = times[-1]
    # 2026-03-04 13:00 in Shanghai is where the world begins: the first publication of each day is the one at 01:00.
    mornings = [NOW, *range(NOW + 12 * HOUR, at, DAY)]
    assert names == {(a, b) for a, b in pairwise(times) if b >= at - 2 * DAY} | {
        (a, b) for a, b in pairwise(mornings) if b >= at - 7 * DAY
    }


def test_a_chain_over_a_week_leads_to_the_newest_list(world: SmallWorld) -> None:
    begun = world.authority.publication(NOW)
    held = lists_of(begun)["jkm:33/1"].packed
    for at in range(NOW + 6 * HOUR, NOW + 4 * DAY, 6 * HOUR):
        world.now = at
        world.code()
        last = world.authority.publication(at)
    bundles, at = bundles_of(last), NOW
    while at < last.published_at:
        at, bundle = max((to, bundle) for (begin, to), bundle in bundles.items() if begin == at)
        assert sha256(held).digest() == bundle.changes[0].base_sha256
        held = apply(held, bundle.changes[0].changes)
    assert held == lists_of(last)["jkm:33/1"].packed


def test_a_publication_cut_off_half_way_leaves_no_gap_in_the_chain(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(issuer: str, lists: object, private_key: SigningKey) -> dict[int, bytes]:
        raise KeyboardInterrupt

    first = world.authority.publication(NOW)
    world.code()
    with monkeypatch.context() as patched:
        patched.setattr(publication, "sign_lists", fails)
        with pytest.raises(KeyboardInterrupt):
            world.authority.publication(NOW + HOUR)
    third = world.authority.publication(NOW + 2 * HOUR)
    ((times, bundle),) = bundles_of(third).items()
    assert times == (first.published_at, third.published_at)
    held = lists_of(first)["jkm:33/1"].packed
    assert apply(held, bundle.changes[0].changes) == lists_of(third)["jkm:33/1"].packed


def test_bundles_of_a_revoked_status_key_are_published_no_more(world: SmallWorld) -> None:
    (old,) = (key for key in world.authority.keys if Use.STATUS in key.uses)
    world.authority.publication(NOW)
    assert len(bundles_of(world.authority.publication(NOW + HOUR))) == 1
    world.authority.add_key(Use.STATUS, NOW + HOUR, order=ORDER)
    world.authority.revoke_key(old.kid, ORDER, NOW + HOUR)
    # Each one that is left proves with the keys beside it, or `bundles_of` would refuse it.
    assert set(bundles_of(world.authority.publication(NOW + 2 * HOUR))) == {(NOW + HOUR, NOW + 2 * HOUR)}


def test_a_plain_publication_between_two_changes_nothing_about_the_bundles(world: SmallWorld) -> None:
    first = world.authority.publication(NOW)
    world.publish(NOW + HOUR)
    second = world.authority.publication(NOW + HOUR)
    assert second.published_at == NOW + HOUR + 1
    assert set(bundles_of(second)) == {(first.published_at, second.published_at)}
