"""Can the appliance judge codes: keys, status lists, policy, and the time to hold them against."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from keys.errors import KeysError
from keys.status_store import StatusStore
from keys.trust_list import TrustList, Use
from keys.update import Proved
from scanner.clock import Clock
from scanner.clock_probes import PROBES, boot_id
from scanner.config import ConfigError, Configuration, Document
from scanner.health.finding import Finding, failed, good, span, warning
from scanner.policy_rules import Rules
from scanner.policy_source import policy_in_force
from scanner.updates.at_rest import proved
from scanner.values import ClockTrust

ADVICE: Final = "run: checkpoint update"
EXPIRY_NOTICE_S: Final = 14 * 86_400
"""A key that ends sooner is named."""


def check_kept(configuration: Configuration) -> tuple[Proved | None, tuple[Finding, ...]]:
    """Return the keys, lists and policy that are kept, proved anew, and what of them does not hold."""
    part = "trust"
    try:
        found = proved(configuration)
    except KeysError as error:
        return None, (failed(part, f"nothing that is kept can be proved: {error}", ADVICE),)
    return found, tuple(warning(part, f"this does not hold: {problem}", ADVICE) for problem in found.problems)


def check_policy(document: Document[Configuration], kept: Proved | None) -> tuple[Rules | None, Finding]:
    """Return the rules in force, None where they cannot be read, and what there is to say of them."""
    part = "policy"
    home = document.model.trust.regions[0]
    try:
        force = policy_in_force(document, None if kept is None else kept.policy)
    except ConfigError as error:
        return None, failed(part, f"the rules cannot be used: {error}", "put right what is named, or update the policy")
    if force.built_in:
        return force.rules, warning(part, "the built-in rules are in force", f"{home} must publish a policy; {ADVICE}")
    return force.rules, good(part, f"policy {force.rules.version} of {home} is in force")


def check_keys(configuration: Configuration, trust: TrustList, now: int) -> Iterator[Finding]:
    """Yield what there is to say at `now` of the keys that are believed."""
    part = "keys"
    home = configuration.trust.regions[0]
    for issuer in configuration.trust.regions:
        if not trust.knows(issuer):
            grave = failed if issuer == home else warning
            yield grave(part, f"there are no keys of {issuer}: its codes cannot be proved", ADVICE)
    if trust.knows(home):
        yield from _home_keys(trust, home, now)


def _home_keys(trust: TrustList, home: str, now: int) -> Iterator[Finding]:
    part, advice = "keys", f"fetch the newer keys that {home} has published"
    of_home = [key for key in trust.keys if key.issuer == home and not key.revoked]
    for use, what in ((Use.CODE, "proves codes"), (Use.STATUS, "proves status lists")):
        ends = [key.exp for key in of_home if use in key.uses and key.nbf <= now < key.exp]
        if not ends:
            yield failed(part, f"no key of {home} that {what} is in force", advice)
        elif max(ends) - now < EXPIRY_NOTICE_S:
            yield warning(part, f"the last key of {home} that {what} ends in {span(max(ends) - now)}", advice)
    if trust.seal_key(home, now) is None:
        sentence = f"{home} gives no sealing key: who passed is not recorded, only that somebody did"
        yield warning(part, sentence, f"fetch the keys of {home} again; its authority must publish a sealing key")
    issuers = len(trust.issuers)
    yield good(part, f"{len(trust.keys)} keys of {issuers} issuer{'' if issuers == 1 else 's'} are held")


def check_lists(configuration: Configuration, lists: StatusStore, rules: Rules | None, now: int) -> Iterator[Finding]:
    """Yield whether there are status lists of every carried region, fresh at `now`."""
    part = "status lists"
    home = configuration.trust.regions[0]
    for issuer in configuration.trust.regions:
        grave = failed if issuer == home else warning
        oldest = lists.oldest_iat((issuer,))
        if oldest is None:
            yield grave(part, f"there is no status list of {issuer}: its codes cannot be judged", ADVICE)
            continue
        age = max(0, now - oldest)
        if rules is not None and age > rules.refer_after:
            yield grave(part, f"the lists of {issuer} are {span(age)} old: everybody is referred to staff", ADVICE)
        elif rules is not None and age > rules.warn_after:
            yield warning(part, f"the lists of {issuer} are {span(age)} old", ADVICE)
        else:
            count = sum(1 for one in lists.lists if one.issuer == issuer)
            yield good(part, f"{count} list{'' if count == 1 else 's'} of {issuer}, {span(age)} old")


def check_clock(configuration: Configuration) -> tuple[int, Finding]:
    """Return the time the appliance would go by, seconds since 1970 UTC, and whether it would believe it."""
    clock = Clock(configuration.state.folder, probes=PROBES, boot=boot_id())
    now = clock.now()
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now))
    if clock.trust() is ClockTrust.TRUSTED:
        return now, good("clock", f"it is {shown}; {clock.evidence} vouches for it")
    if now < clock.floor:
        floor = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(clock.floor))
        sentence = f"the clock shows {shown}, but it is later than {floor} already ({clock.floor_source})"
        return now, failed("clock", sentence, "set the clock, or connect the box to a network with NTP")
    sentence = f"the clock shows {shown} and nothing vouches for it since the start: everybody is referred to staff"
    confirm = "let a supervisor confirm it: on the screen, or checkpoint staff confirm-time"
    advice = f"connect a network with NTP or a hardware clock, or {confirm}"
    return now, failed("clock", sentence, advice)
