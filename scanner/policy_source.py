"""Which rules are in force: the home issuer's policy as it was proved, else the built-in one, tightened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources

from keys.business_rules import RuleSet
from scanner.config import ConfigError, Configuration, Document
from scanner.config.problems import Problem
from scanner.policy_rules import LooserError, PolicyError, Rules, read_rules, stricter, tighten

DEFAULT_FILE = "policy_default.toml"
BUILT_IN = f"scanner/{DEFAULT_FILE}"


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The rules, and where they came from."""

    rules: Rules
    built_in: bool
    """No policy of the home issuer is there: a degradation, `policy_default`."""
    data: bytes
    """The file the rules were read from."""


def default_policy() -> bytes:
    """Return the built-in policy file."""
    return (resources.files("scanner") / DEFAULT_FILE).read_bytes()


def built_in_policy(configuration: Configuration) -> PolicyInForce:
    """Return the built-in rules, or the configuration's where those are stricter; never fails.

    For the time until the region's policy has been read, which may be milder than the built-in one.
    """
    data = default_policy()
    rules = read_rules(data, BUILT_IN)
    kind, temperature, freshness = configuration.site.kind, configuration.temperature, configuration.freshness
    return PolicyInForce(stricter(rules, kind, temperature, freshness), built_in=True, data=data)


def with_rule_sets(policy: PolicyInForce, rule_sets: Mapping[str, RuleSet]) -> PolicyInForce:
    """Return a policy with the business rules that were published beside it."""
    if policy.rules.rule_sets == rule_sets:
        return policy
    return replace(policy, rules=replace(policy.rules, rule_sets=rule_sets))


def policy_in_force(document: Document[Configuration], proved: bytes | None) -> PolicyInForce:
    """Return the rules that hold for a configuration; `proved` is the home issuer's policy file, None without one.

    Raises PolicyError: the home issuer's policy is faulty. It is never silently replaced.
    Raises ConfigError: the configuration would loosen the policy; names file, line and key.
    """
    configuration = document.model
    home = configuration.trust.regions[0]
    built_in = proved is None
    source = BUILT_IN if built_in else f"policy/{home}.toml"
    data = default_policy() if proved is None else proved
    rules = read_rules(data, source)
    if not built_in and rules.issuer != home:
        got = "no issuer" if rules.issuer is None else f'"{rules.issuer}"'
        raise PolicyError([Problem(source, None, "issuer", f'"{home}", as in the file\'s name', got)])
    try:
        tightened = tighten(rules, configuration.site.kind, configuration.temperature, configuration.freshness)
    except LooserError as error:
        problems = [document.problem(item.path, item.wanted, item.got) for item in error.loosened]
        raise ConfigError(problems) from None
    return PolicyInForce(tightened, built_in, data)
