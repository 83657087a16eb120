"""Where updates come from: as the configuration says, or else from the hub that this appliance has joined."""

from __future__ import annotations

import logging

from scanner.config.model import Configuration
from scanner.sync.membership import Membership, MembershipError, read_membership

LOG = logging.getLogger(__name__)


def source_of(configuration: Configuration) -> str | None:
    """Return the address or folder of the trust repository, None where neither is known."""
    if configuration.update.source is not None:
        return configuration.update.source
    hub = _hub(configuration)
    return None if hub is None else hub.repository


def pin_of(configuration: Configuration, source: str) -> bytes | None:
    """Return the key that the server of `source` must show, where that is the hub's repository and has a pin."""
    hub = _hub(configuration)
    return hub.pin if hub is not None and source.rstrip("/") == hub.repository else None


def _hub(configuration: Configuration) -> Membership | None:
    try:
        return read_membership(configuration.state.folder)
    except MembershipError as error:
        LOG.error("%s", error)
        return None
