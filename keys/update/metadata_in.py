"""The newest top-level metadata of a source, proved from the pinned root: roots, timestamp, snapshot, top targets.

Our own metadata of the last time are taken first, so that nothing older is believed; what is the same is not fetched.
Where nothing has changed this takes two requests: the next root, which is not there, and the timestamp.
"""

from __future__ import annotations

from tuf.api.metadata import Targets

from keys.errors import FetchError, NotThereError, UpdateCause, UpdateError
from keys.update.chain import (
    MAX_ROOT_BYTES,
    MAX_ROTATIONS,
    MAX_SNAPSHOT_BYTES,
    MAX_TARGETS_BYTES,
    MAX_TIMESTAMP_BYTES,
    Chain,
    version_of,
)
from keys.update.held import TopLevel
from keys.update.step import Announced

_LOOK_AHEAD = 4
"""How many roots further on to look whether one in between is missing."""


def fetch_top_level(source: Announced, chain: Chain, held: TopLevel | None, *, believe: bool) -> TopLevel:
    """Follow the client workflow of TUF (5.3 to 5.6) down to the top targets role, into `chain`.

    `chain` has the pinned root, and the time to judge by; `believe`: see `Chain.take_timestamp`. Raises UpdateError.
    """
    roots = _take_roots(source, chain, held)
    timestamp = _take_timestamp(source, chain, held, believe=believe)
    snapshot = _take_snapshot(source, chain, held)
    targets = _take_targets(source, chain, held)
    return TopLevel(roots, timestamp, snapshot, targets)


def _take_roots(source: Announced, chain: Chain, held: TopLevel | None) -> tuple[bytes, ...]:
    """Take every root after the one we hold, one by one (5.3.3 to 5.3.9)."""
    roots = list(held.roots) if held is not None else []
    for content in roots:
        chain.take_root(content)
    for _ in range(MAX_ROTATIONS):
        try:
            content = source.metadata(f"{chain.root_version + 1}.root.json", MAX_ROOT_BYTES)
        except NotThereError:
            return tuple(roots)
        chain.take_root(content)
        roots.append(content)
    words = f"{source.name} has more than {MAX_ROTATIONS} roots after ours: not believed at once"
    raise UpdateError(UpdateCause.ENDLESS_DATA, words)


def _take_timestamp(source: Announced, chain: Chain, held: TopLevel | None, *, believe: bool) -> bytes:
    """Take the newest timestamp (5.4): the fetched one, or ours where it is that."""
    ours = None
    if held is not None:
        try:
            chain.hold_timestamp(held.timestamp)
            ours = held.timestamp
        except UpdateError:
            pass  # its key was rotated away: there is nothing to compare with (5.3.11)
    fetched = source.metadata("timestamp.json", MAX_TIMESTAMP_BYTES)
    try:
        newer = chain.take_timestamp(fetched, believe=believe)
    except UpdateError as error:
        if error.cause is UpdateCause.TOO_FEW_SIGNATURES:
            raise _why_not_signed(source, chain, error) from None
        raise
    return fetched if newer or ours is None else ours


def _why_not_signed(source: Announced, chain: Chain, error: UpdateError) -> UpdateError:
    """Find out why a timestamp does not follow from our root: a stranger's stick, or a root left out, are likely."""
    version = chain.root_version
    if _look(source, version) != chain.root:
        words = f"{source.name} does not follow from root {version}, which is trusted here: it is another authority's"
        return UpdateError(UpdateCause.OTHER_AUTHORITY, f"{words} repository, or an old copy of ours")
    missing = f"{version + 1}.root.json"
    for later in range(version + 2, version + 2 + _LOOK_AHEAD):
        if _look(source, later) is not None:
            words = f"{source.name} holds {later}.root.json but no {missing}: without it nobody can follow"
            return UpdateError(UpdateCause.ROOT_MISSING, f"{words}; copy the repository again, whole")
    words = f"{error}. It is forged, or signed with a key that was rotated away, or {missing} is left out"
    return UpdateError(UpdateCause.TOO_FEW_SIGNATURES, words)


def _look(source: Announced, version: int) -> bytes | None:
    try:
        return source.metadata(f"{version}.root.json", MAX_ROOT_BYTES)
    except FetchError:
        return None


def _take_snapshot(source: Announced, chain: Chain, held: TopLevel | None) -> bytes:
    """Take the snapshot that the timestamp names (5.5)."""
    if held is not None:
        try:
            chain.take_snapshot(held.snapshot, held=True)
        except UpdateError:
            pass  # another one is wanted; ours stays for comparison where it is genuine
        else:
            return held.snapshot
    wanted = chain.snapshot_wanted
    content = source.metadata(f"{wanted.version}.snapshot.json", MAX_SNAPSHOT_BYTES, wanted.length)
    chain.take_snapshot(content)
    return content


def _take_targets(source: Announced, chain: Chain, held: TopLevel | None) -> bytes:
    """Take the top targets role that the snapshot names (5.6)."""
    wanted = chain.wanted(Targets.type)
    if held is not None and version_of(held.targets) == wanted.version:
        try:
            chain.take_targets(held.targets)
        except UpdateError as error:
            if error.cause is UpdateCause.EXPIRED:
                raise
        else:
            return held.targets
    content = source.metadata(f"{wanted.version}.targets.json", MAX_TARGETS_BYTES, wanted.length)
    chain.take_targets(content)
    return content
