"""The fleet's role being taken in: proved like a region's, of which one file is ours."""

from __future__ import annotations

from dataclasses import dataclass

from keys.errors import UpdateCause, UpdateError
from keys.site_order import SiteOrderError, read_site_order
from keys.status_signature import AHEAD_S
from keys.update.chain import MAX_TARGETS_BYTES, version_of
from keys.update.fleet import FLEET, Orders, read_orders
from keys.update.held import HeldFleet
from keys.update.region import check_admitted, is_delegated
from keys.update.region_in import Around


@dataclass(frozen=True, slots=True)
class FleetIn:
    """What the next generation holds of the fleet."""

    role: bytes
    order: bytes | None


def newest_orders(around: Around, device: str, held: HeldFleet | None) -> FleetIn | None:
    """Prove the newest role and fetch what it orders of `device`; None where there is no fleet. Raises UpdateError."""
    chain = around.chain
    if not is_delegated(chain.targets, FLEET):
        return None
    check_admitted(chain.targets, FLEET)
    try:
        wanted = chain.wanted(FLEET)
    except UpdateError:
        if held is None:
            return None  # delegated, and nothing ordered of anybody yet
        raise
    role = b"" if held is None else held.role
    if version_of(role) != wanted.version:
        role = around.source.metadata(f"{wanted.version}.{FLEET}.json", MAX_TARGETS_BYTES, wanted.length)
    orders = read_orders(chain.take_region(role, FLEET))
    if orders.published_at > chain.at + AHEAD_S:
        words = f"fleet.json is dated {orders.published_at}, and it is {chain.at}"
        raise UpdateError(UpdateCause.FUTURE_DATED, f"{words}: from the future, or our clock is wrong")
    path = orders.of(device)
    if path is None:
        return FleetIn(role, None)
    if held is not None and held.order is not None and held.orders.of(device) == path:
        before = held.orders.digest(path)
        if before == orders.digest(path):
            return FleetIn(role, held.order)
    content = around.source.target(path, orders.stored_at(path), orders.limit(path))
    orders.check(path, content)
    _check_order(content, device, held, orders)
    return FleetIn(role, content)


def held_orders(around: Around, held: HeldFleet | None) -> FleetIn | None:
    """Return what is held, where it is still signed by a key that counts; None where it is not."""
    if held is None or not is_delegated(around.chain.targets, FLEET):
        return None
    try:
        around.chain.take_region_held_back(held.role, FLEET)
    except UpdateError:
        return None
    return FleetIn(held.role, held.order)


def _check_order(content: bytes, device: str, held: HeldFleet | None, orders: Orders) -> None:
    """Raise UpdateError for an order that cannot be read here, or is older than the one in force."""
    try:
        order = read_site_order(content, device)
        before = None if held is None or held.order is None else read_site_order(held.order, device)
    except SiteOrderError as error:
        raise UpdateError(UpdateCause.BAD_CONTENT, f"fleet/{device}.toml: {error}") from None
    if before is not None and order.issued_at < before.issued_at:
        words = f"fleet/{device}.toml is of {order.issued_at}; one of {before.issued_at} is in force"
        raise UpdateError(UpdateCause.ROLLBACK, f"{words}: refused as a rollback (publication {orders.version})")
