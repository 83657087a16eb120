"""What a draft would change, in words: read by whoever is about to sign it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from securesystemslib.signer import Key
from tuf.api.metadata import Root, Signed, Targets

from authority.repository.draft import Draft
from authority.repository.layout import TopRole
from authority.repository.role_keys import RoleKey
from authority.repository.top_roles import delegations
from keys.update.region import patterns

_INDENT: Final = "  "


def describe(draft: Draft) -> tuple[str, ...]:
    """Return the lines that say what is signed: role, version, expiry, keys, thresholds, regions, signatures.

    Raises RepositoryError for a draft that cannot be read.
    """
    if draft.role is TopRole.ROOT:
        root = draft.root().signed
        lines = [_heading(draft.role, root), *_root_lines(root, draft.root_before())]
    else:
        targets = draft.targets().signed
        lines = [_heading(draft.role, targets), *_targets_lines(targets, draft.targets_before())]
    return (*lines, *_signature_lines(draft))


def _heading(role: TopRole, signed: Signed) -> str:
    replaced = f"replaces version {signed.version - 1}" if signed.version > 1 else "the first one"
    return f"{role}, version {signed.version}, {replaced}; holds until {signed.expires:%Y-%m-%dT%H:%M:%SZ}"


def _root_lines(root: Root, before: Root | None) -> Iterator[str]:
    for role in TopRole:
        asked = root.roles[role]
        held = before.roles[role] if before is not None else None
        now_keys, then_keys = asked.keyids, [] if held is None else held.keyids
        same = held is not None and sorted(now_keys) == sorted(then_keys) and held.threshold == asked.threshold
        change = ", unchanged" if same else ""
        if held is not None and held.threshold != asked.threshold:
            change = f"; so far {held.threshold} of {len(then_keys)}"
        yield f"{role}: {asked.threshold} of {len(now_keys)} keys must sign{change}"
        if before is not None:
            yield from _keys("leaves", (before.keys[each] for each in then_keys if each not in now_keys))
        yield from _keys("new   ", (root.keys[each] for each in now_keys if each not in then_keys))
        yield from _keys("stays ", (root.keys[each] for each in now_keys if each in then_keys))


def _targets_lines(targets: Targets, before: Targets | None) -> Iterator[str]:
    keys, regions = _regions(targets)
    keys_before, regions_before = _regions(before) if before is not None else ({}, {})
    for issuer in regions_before.keys() - regions.keys():
        yield f"region {issuer} is expelled"
        yield from _keys("leaves", (keys_before[each] for each in regions_before[issuer]))
    for issuer, held in regions.items():
        then = regions_before.get(issuer, [])
        if then == held:
            continue
        if not then:
            yield f"region {issuer} is admitted, and may publish {', '.join(sorted(patterns(issuer)))}"
        elif then[0] == held[0]:
            yield f"region {issuer} goes on with its newest key alone"
        elif len(held) > 1:
            yield f"region {issuer} gets another key; what was released under the old one holds until it has published"
        else:
            yield f"region {issuer} gets another key, and is out of force until it has published under it"
        yield from _keys("leaves", (keys_before[each] for each in then if each not in held))
        yield from _keys("new   ", (keys[each] for each in held if each not in then))
        yield from _keys("stays ", (keys[each] for each in held if each in then))
    unchanged = [issuer for issuer, held in regions.items() if regions_before.get(issuer) == held]
    yield f"regions as they were: {', '.join(unchanged) or 'none'}"


def _regions(targets: Targets) -> tuple[Mapping[str, Key], Mapping[str, list[str]]]:
    """Return the keys by their ids, and each region's ids, the newest first."""
    found, roles = delegations(targets)
    return found.keys, {issuer: role.keyids for issuer, role in roles.items()}


def _signature_lines(draft: Draft) -> Iterator[str]:
    signed = dict.fromkeys(str(key) for need in draft.needs() for key in need.signed)
    yield f"signed by: {', '.join(signed) or 'nobody yet'}"
    for need in draft.needs():
        if need.missing:
            whose = ", ".join(map(str, need.unsigned))
            yield f"still needed: {need.missing} under root version {need.root_version}, of {whose}"


def _keys(change: str, keys: Iterable[Key]) -> Iterator[str]:
    return (f"{_INDENT}{change} {RoleKey.of_tuf(key)}" for key in keys)
