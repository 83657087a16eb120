"""What is in force, proved again from the disk: at every start, and after every switch. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from keys.errors import UpdateCause, UpdateError
from keys.status_anchor import Name
from keys.status_store import StatusStore
from keys.trust_list import TrustList
from keys.update.chain import expiry, published_at, utc
from keys.update.foreign_held import ForeignHeld
from keys.update.held import Held, Terms, examine
from keys.update.place import Place


@dataclass(frozen=True, slots=True)
class Proved:
    """One verified state. Times are seconds since 1970 UTC. Close `store` when it is replaced."""

    generation: str
    trust: TrustList
    store: StatusStore
    policy: bytes | None
    """The home region's policy file; None where it publishes none, or where `policy_problem` says why not."""
    policy_problem: str | None
    """Why it is not known what policy the home region wants, in words: its policy is missing or damaged on our own
    disk, or nothing holds of the region. None where its policy is here, or it publishes none."""
    published: Mapping[str, int]
    """Issuer to `published_at` of what is in force of its region."""
    timestamp: int
    """`published_at` of the timestamp."""
    expires: int
    """When the timestamp expires."""
    order: bytes | None
    """What the authority orders of this appliance (`keys.site_order`); None where it orders nothing."""
    problems: tuple[str, ...]
    """Regions and lists that do not hold, are not there, or whose role has expired, each in words."""
    foreign: ForeignHeld = field(default_factory=ForeignHeld)
    """The home region's trust in other issuers; their keys are in `trust`."""


def prove(
    folder: Path, regions: Sequence[str], now: int, seen: Mapping[Name, int], device: str | None = None
) -> Proved:
    """Prove the generation in force for `regions`, home first: signatures, versions, thresholds, lengths, hashes.

    From the pinned root down. Expiry ends no offline start: age is judged from signed times, and an expired role is
    a line in `problems`.
    `now` judges the validity of keys, unless it is before what was taken in: a clock may be behind. `seen`: issuer and
    uri of a list to the newest `iat` the log knows; an older one is refused. `device`: this appliance's id, whose
    order is proved too. Raises UpdateError when nothing holds.
    """
    if not regions:
        raise ValueError("a proof needs at least one region")
    place = Place(folder)
    terms = Terms(place.pinned_root(), regions, regions[0], now, seen, device)
    for last in (False, False, True):
        name = place.current()
        if name is None:
            raise UpdateError(UpdateCause.NOTHING_HELD, f"{folder} holds no verified state yet: run an update")
        try:
            held = examine(place.generation(name), terms)
        except UpdateError:
            if last or place.current() == name:
                raise
            continue  # a switch happened meanwhile, and what we read was removed
        if held.problems and not last and place.current() != name:
            held.store.close()
            continue
        return _proved(name, held, terms)
    raise AssertionError("unreachable: the last try returns or raises")


def current_generation(folder: Path) -> str | None:
    """Return the name of the generation in force, None before the first: cheap, for noticing a switch."""
    return Place(folder).current()


def _proved(name: str, held: Held, terms: Terms) -> Proved:
    timestamp = held.chain.timestamp
    signed_at = published_at(timestamp, "timestamp.json")
    home = held.regions.get(terms.home)
    foreign = ForeignHeld() if home is None else home.foreign
    return Proved(
        generation=name,
        trust=TrustList((key for region in held.regions.values() for key in region.keys), foreign.keys),
        store=held.store,
        policy=None if home is None else home.policy,
        policy_problem=f"{terms.home}: nothing of it holds here" if home is None else home.policy_problem,
        published={issuer: region.publication.published_at for issuer, region in held.regions.items()},
        timestamp=signed_at,
        expires=expiry(timestamp),
        order=None if held.fleet is None else held.fleet.order,
        problems=(*held.problems, *_expired(held, max(terms.now, signed_at))),
        foreign=foreign,
    )


def _expired(held: Held, at: int) -> tuple[str, ...]:
    return tuple(
        f"{issuer}: its role has expired ({utc(region.expires)}), and nobody has signed it anew since"
        for issuer, region in held.regions.items()
        if region.expires <= at
    )
