"""What is ordered of one appliance: signed by the authority, carried by anybody, believed only from the pinned root."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from authority.errors import PublishError, RequestError
from authority.fleet import Fleet
from keys.site_order import SiteOrderError, read_site_order
from keys.update import FolderSource, Outcome, Proved, prove, update
from tests.world import ORDER, SmallWorld

MINE, OTHER = "0" * 31 + "1", "0" * 31 + "2"


def order(device: str, issued_at: int, more: str = "") -> bytes:
    return f'version = 1\ndevice = "{device}"\nissued_at = {issued_at}\n{more}'.encode()


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    """A federation that admits a region and the fleet of its authority."""
    world = SmallWorld(tmp_path, "CN-33", 1_800_000_000)
    world.found()
    assert world.federation is not None
    key = fleet(world).role.add_key(world.now, order=ORDER)
    world.federation.admit("fleet", key, world.now, order=ORDER)
    return world


def fleet(world: SmallWorld) -> Fleet:
    return world.authority.fleet()


def publish(world: SmallWorld) -> None:
    world.now += 60
    fleet(world).publish(world.repository, world.now)
    world.release()


def take_in(world: SmallWorld, device: str | None = MINE) -> Outcome:
    return update(
        world.kept,
        FolderSource(world.repository),
        world.regions,
        world.now,
        seen={},
        believe_signed_time=False,
        device=device,
    )


def in_force(world: SmallWorld, device: str = MINE) -> bytes | None:
    found: Proved = prove(world.kept, world.regions, world.now, {}, device)
    found.store.close()
    return found.order


def test_each_appliance_gets_its_own_order_and_no_other(world: SmallWorld) -> None:
    mine = order(MINE, 5, '[site]\nname = "East gate"\n')
    fleet(world).set_order(mine, MINE, world.now, order=ORDER)
    fleet(world).set_order(order(OTHER, 6), OTHER, world.now, order=ORDER)
    publish(world)
    take_in(world)
    assert in_force(world) == mine
    assert not list(world.kept.rglob(f"*{OTHER}*"))
    outcome = take_in(world)
    assert not outcome.changed
    assert outcome.problems == ()


def test_an_appliance_of_which_nothing_is_ordered_goes_on(world: SmallWorld) -> None:
    world.release()
    assert take_in(world).problems == (), "the fleet is admitted and has published nothing"
    assert in_force(world) is None
    fleet(world).set_order(order(OTHER, 6), OTHER, world.now, order=ORDER)
    publish(world)
    take_in(world)
    assert in_force(world) is None
    take_in(world, None)


def test_a_newer_order_replaces_the_last_and_stays_over_other_publications(world: SmallWorld) -> None:
    for issued_at in (5, 9):
        fleet(world).set_order(order(MINE, issued_at), MINE, world.now, order=ORDER)
        publish(world)
        take_in(world)
    world.now += 3600
    world.release()
    assert take_in(world).changed
    assert in_force(world) == order(MINE, 9)


def test_an_order_taken_back_is_no_order_any_more(world: SmallWorld) -> None:
    fleet(world).set_order(order(MINE, 5), MINE, world.now, order=ORDER)
    publish(world)
    take_in(world)
    (world.authority.folder / "fleet" / "orders" / f"{MINE}.toml").unlink()
    fleet(world).set_order(order(OTHER, 5), OTHER, world.now, order=ORDER)
    publish(world)
    take_in(world)
    assert in_force(world) is None


@pytest.mark.parametrize("where", ["repository", "kept"])
def test_a_hub_that_rewrites_an_order_is_refused_and_the_last_one_stays(world: SmallWorld, where: str) -> None:
    fleet(world).set_order(order(MINE, 5), MINE, world.now, order=ORDER)
    publish(world)
    take_in(world)
    fleet(world).set_order(order(MINE, 6), MINE, world.now, order=ORDER)
    publish(world)
    if where == "kept":
        take_in(world)
        kept = next(one for one in (world.kept / "current").resolve().rglob(f"{MINE}.toml"))
        kept.write_bytes(order(MINE, 6, '[retire]\nby = "a"\nreason = "b"\n'))
        assert in_force(world) is None, "an order that does not prove itself is none"
        return
    for file in world.repository.rglob(f"*.{MINE}.toml"):
        file.write_bytes(order(MINE, 7, '[retire]\nby = "a"\nreason = "b"\n'))
    outcome = take_in(world)
    assert "fleet" in outcome.problems[0]
    assert in_force(world) == order(MINE, 5)


def test_orders_signed_by_another_key_are_refused(world: SmallWorld, tmp_path: Path) -> None:
    fleet(world).set_order(order(MINE, 5), MINE, world.now, order=ORDER)
    publish(world)
    take_in(world)
    shutil.rmtree(world.authority.folder / "fleet" / "role")
    fleet(world).role.add_key(world.now, order=ORDER)
    fleet(world).set_order(order(MINE, 6), MINE, world.now, order=ORDER)
    world.now += 60
    fleet(world).publish(world.repository, world.now)
    assert world.federation is not None
    assert world.federation.release(world.repository, world.now).refused
    take_in(world)
    assert in_force(world) == order(MINE, 5)


def test_a_retired_appliance_gets_no_other_order(world: SmallWorld) -> None:
    fleet(world).set_order(order(MINE, world.now + 5), MINE, world.now, order=ORDER)
    retired = fleet(world).retire(MINE, world.now, order=ORDER)
    assert retired.retire is not None
    assert retired.issued_at == world.now + 6
    with pytest.raises(RequestError, match="retired"):
        fleet(world).set_order(order(MINE, world.now + 50), MINE, world.now, order=ORDER)


def test_what_appliances_would_refuse_is_not_kept_or_published(world: SmallWorld) -> None:
    with pytest.raises(RequestError):
        fleet(world).set_order(order(OTHER, 5), MINE, world.now, order=ORDER)
    with pytest.raises(RequestError):
        fleet(world).set_order(order(MINE, 5), "../../etc", world.now, order=ORDER)
    with pytest.raises(PublishError):
        fleet(world).publish(world.repository, world.now)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'version = 2\ndevice = "x"\nissued_at = 1',
        f'version = 1\ndevice = "{OTHER}"\nissued_at = 1',
        f'version = 1\ndevice = "{MINE}"\nissued_at = true',
        f'version = 1\ndevice = "{MINE}"\nissued_at = -1',
        f'version = 1\ndevice = "{MINE}"\nissued_at = 1\nloosen = true',
        f'version = 1\ndevice = "{MINE}"\nissued_at = 1\n[retention]\nsealed_days = 14',
        f'version = 1\ndevice = "{MINE}"\nissued_at = 1\n[site]\nname = "\\u001b[2J"',
        f'version = 1\ndevice = "{MINE}"\nissued_at = 1\n[hub]\nurl = "ftp://x"\nkey = "AA=="',
        f'version = 1\ndevice = "{MINE}"\nissued_at = 1\n[retire]\nby = "a"',
        f'version = 1\ndevice = "{MINE}"\nissued_at = 1\nretire = 1',
        f'version = 1\ndevice = "{MINE}"\nissued_at = 1\n#' + "x" * 20_000,
    ],
)
def test_an_order_is_read_strictly(text: str) -> None:
    with pytest.raises(SiteOrderError):
        read_site_order(text.encode(), MINE)


def test_without_the_fleets_delegation_nothing_is_believed(world: SmallWorld) -> None:
    fleet(world).set_order(order(MINE, 5), MINE, world.now, order=ORDER)
    publish(world)
    take_in(world)
    assert world.federation is not None
    world.federation.expel("fleet", world.now, order=ORDER)
    world.now += 60
    world.release()
    take_in(world)
    assert in_force(world) is None
