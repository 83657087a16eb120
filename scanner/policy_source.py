"""Which rules are in force: the home issuer's policy from the trust folder, else the built-in one, tightened.

The only part of policy that reads files.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from scanner.config import ConfigError, Configuration, Document
from scanner.config.problems import Problem
from scanner.policy_rules import LooserError, PolicyError, Rules, read_rules, stricter, tighten

DEFAULT_FILE = "policy_default.toml"
BUILT_IN = f"scanner/{DEFAULT_FILE}"
MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The rules, and where they came from."""

    rules: Rules
    built_in: bool
    """No policy of the home issuer is there: a degradation, `policy_default`."""
    data: bytes
    """The file the rules were read from."""

    def age(self, now: int) -> int | None:
        """Return the policy's age in seconds at `now`, None where it carries no date."""
        return None if self.rules.issued_at is None else now - self.rules.issued_at


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


def policy_in_force(document: Document[Configuration]) -> PolicyInForce:
    """Return the rules that hold for a configuration.

    Raises PolicyError: the home issuer's policy is there and faulty. It is never silently replaced.
    Raises ConfigError: the configuration would loosen the policy; names file, line and key.
    """
    configuration = document.model
    home = configuration.trust.regions[0]
    path = configuration.trust.folder / "policy" / f"{home}.toml"
    data = _read(path)
    if data is None:
        built_in, data, source = True, default_policy(), BUILT_IN
    else:
        built_in, source = False, str(path)
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


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PolicyError([Problem(str(path), None, "", "a readable policy file", str(error.strerror))]) from None
