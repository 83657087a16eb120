"""The role `fleet`: what the authority orders of single appliances, each under `fleet/<device id>.toml`.

It is delegated beside the regions, terminating, with that one pattern, and looked up by its name. An appliance takes
its own file out of it and no other. One of twenty thousand appliances has some 3 MB of metadata; see docs/formats.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tuf.api.metadata import Targets

from keys.errors import UpdateCause, UpdateError
from keys.site_order import MAX_BYTES
from keys.update.chain import published_at
from keys.update.region import SignedFiles

FLEET: Final = "fleet"
_PATH: Final = re.compile(r"fleet/[0-9a-f]{32}\.toml")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Orders(SignedFiles):
    """What the role says, checked."""

    def of(self, device: str) -> str | None:
        """Return the path of one appliance's order, None where there is none."""
        path = order_path(device)
        return path if path in self.targets else None


def order_path(device: str) -> str:
    """Name the target of one appliance, by its id in hexadecimal."""
    return f"fleet/{device}.toml"


def read_orders(role: Targets) -> Orders:
    """Read a proved fleet role. Raises UpdateError: it hands on, lies outside its path, or announces too much."""
    if role.delegations is not None:
        raise UpdateError(UpdateCause.NOT_ITS_OWN, "fleet.json hands its paths on to others")
    for path, target in role.targets.items():
        if not _PATH.fullmatch(path):
            raise UpdateError(UpdateCause.NOT_ITS_OWN, f"fleet.json publishes {path[:60]!r}, which is no order")
        if target.hashes.keys() != {"sha256"} or not _DIGEST.fullmatch(target.hashes["sha256"]):
            raise UpdateError(UpdateCause.BAD_CONTENT, f"fleet.json does not name {path} by a SHA-256, and that alone")
        if target.length > MAX_BYTES:
            raise UpdateError(UpdateCause.ENDLESS_DATA, f"{path} has {target.length} bytes, and {MAX_BYTES} at most")
    return Orders(FLEET, role.version, published_at(role, "fleet.json"), role.targets)
