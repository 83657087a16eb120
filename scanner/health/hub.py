"""Does the hub know this appliance, and how much of the log has it."""

from __future__ import annotations

from collections.abc import Iterator

from keys.errors import KeyFileError
from keys.key_file import read_device_key
from scanner.config import Configuration
from scanner.health.finding import Finding, failed, good, warning
from scanner.journal.device import KEY_NAME, Device
from scanner.journal.errors import JournalError
from scanner.sync.client import HubClient
from scanner.sync.errors import HubError, HubUnreachableError
from scanner.sync.membership import MembershipError, read_membership
from scanner.sync.outbox import open_outbox

SILENCE_S = 5.0


def check_hub(configuration: Configuration) -> Iterator[Finding]:
    """Yield what there is to say of the hub that was joined; one sentence where none was."""
    part, state = "hub", configuration.state.folder
    try:
        membership = read_membership(state)
    except MembershipError as error:
        yield failed(part, str(error), "run: checkpoint enrol")
        return
    if membership is None:
        advice = "run: checkpoint enrol, or carry the log by stick: checkpoint journal export"
        yield warning(part, "this appliance has joined no hub: nobody else holds its log", advice)
        return
    try:
        device = Device.of(read_device_key(state / KEY_NAME))
        client = HubClient(membership, device, silence_s=SILENCE_S, grace_s=SILENCE_S)
        try:
            known = client.known()
            dated = client.time is not None
        finally:
            client.close()
        with open_outbox(state, device) as outbox:
            size, durable = outbox.size, outbox.durable
    except HubUnreachableError as error:
        yield warning(part, str(error), "entries wait meanwhile; check the network and the hub's address")
    except HubError as error:
        yield failed(part, str(error), "ask at the hub whether this appliance is enrolled and not retired")
    except (KeyFileError, JournalError) as error:
        yield failed(part, f"what the hub should hold cannot be told: {error}", "put that right first")
    else:
        if known.size < durable:
            sentence = f"it holds {known.size} entries and has acknowledged {durable}: it has lost some"
            yield failed(part, sentence, "tell whoever runs the hub; what is still here is sent again by itself")
        elif not dated:
            sentence = f"{membership.url} answers without a Date header: nothing is erased here by retention"
            yield warning(part, sentence, "tell whoever runs the hub, or the proxy before it")
        else:
            yield good(part, f"{membership.url} holds {known.size} of {size} entries")
