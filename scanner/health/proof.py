"""Can the appliance judge codes: keys, status lists, policy, and the time to hold them against."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from keys.errors import KeysError
from keys.status_list import load_status
from keys.trust_list import TrustList, Use, load_trust
from scanner.clock import Clock
from scanner.clock_probes import PROBES, boot_id
from scanner.config import ConfigError, Configuration, Document
from scanner.health.finding import Finding, failed, good, span, warning
from scanner.policy_rules import Rules
from scanner.policy_source import policy_in_force
from scanner.values import ClockTrust

EXPIRY_NOTICE_S: Final = 14 * 86_400
"""A key that ends sooner is named."""


def check_policy(document: Document[Configuration]) -> tuple[Rules | None, Finding]:
    """Return the rules in force, None where they cannot be read, and what there is to say of them."""
    part = "policy"
    configuration = document.model
    try:
        force = policy_in_force(document)
    except ConfigError as error:
        return None, failed(part, f"the rules cannot be used: {error}", "put right what is named, or update the policy")
    home = configuration.trust.regions[0]
    if force.built_in:
        place = configuration.trust.folder / "policy" / f"{home}.toml"
        advice = f"fetch the policy that {home} has published, to {place}"
        return force.rules, warning(part, "the built-in rules are in force", advice)
    return force.rules, good(part, f"policy {force.rules.version} of {home} is in force")


def check_trust(configuration: Configuration, now: int) -> tuple[TrustList, tuple[Finding, ...]]:
    """Return the keys the appliance believes, and what there is to say of them at `now`."""
    part = "keys"
    folder = configuration.trust.folder / "trust"
    home = configuration.trust.regions[0]
    files = [folder / f"{issuer}.jwks.json" for issuer in configuration.trust.regions]
    missing = [file for file in files if not file.exists()]
    advice = f"copy what the authority has published into {configuration.trust.folder}"
    try:
        trust = load_trust([file for file in files if file.exists()])
    except KeysError as error:
        return TrustList(()), (failed(part, f"the keys cannot be read: {error}", advice),)
    findings = [
        failed(part, f"there are no keys of the home issuer {home}: {file} is missing", advice)
        if file.name.startswith(f"{home}.")
        else warning(part, f"there are no keys of {file.name.removesuffix('.jwks.json')}", advice)
        for file in missing
    ]
    if trust.knows(home):
        findings += _home_keys(trust, home, now)
    findings += [warning(part, problem, advice) for problem in trust.problems]
    return trust, tuple(findings)


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


def check_lists(configuration: Configuration, trust: TrustList, rules: Rules | None, now: int) -> Iterator[Finding]:
    """Yield whether the status lists of every carried region are there, hold, and are fresh at `now`."""
    part = "status lists"
    home = configuration.trust.regions[0]
    for issuer in configuration.trust.regions:
        folder = configuration.trust.folder / "status" / issuer
        advice = f"fetch the status lists that {issuer} has published, to {folder}"
        grave = failed if issuer == home else warning
        try:
            lists = load_status([folder], trust, now) if folder.is_dir() else None
        except KeysError as error:
            yield grave(part, f"the lists of {issuer} cannot be read: {error}", advice)
            continue
        for problem in () if lists is None else lists.problems:
            yield grave(part, f"a list does not hold and is not used: {problem}", advice)
        oldest = None if lists is None else lists.oldest_iat((issuer,))
        if lists is None or oldest is None:
            yield grave(part, f"there is no status list of {issuer}: its codes cannot be judged", advice)
            continue
        age = max(0, now - oldest)
        if rules is not None and age > rules.refer_after:
            yield grave(part, f"the lists of {issuer} are {span(age)} old: everybody is referred to staff", advice)
        elif rules is not None and age > rules.warn_after:
            yield warning(part, f"the lists of {issuer} are {span(age)} old", advice)
        else:
            count = len(lists.lists)
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
    advice = "connect a network with NTP or a hardware clock, or let a supervisor confirm the time on the screen"
    return now, failed("clock", sentence, advice)
