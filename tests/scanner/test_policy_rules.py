"""Policy files are read strictly, and configuration only tightens them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from keys.reasons import Reason, ReasonKind
from scanner.config import ConfigError, Configuration, Document, load_document
from scanner.config.model import FreshnessSection, TemperatureSection
from scanner.policy import LooserError, PolicyError, read_rules, tighten
from scanner.policy_explain import rows, values
from scanner.policy_source import built_in_policy, default_policy, policy_in_force
from scanner.values import SiteKind, TemperatureRule

DEFAULT = default_policy().decode()
JUDGED = [reason for reason in Reason if reason.kind is not ReasonKind.GUARD] + [Reason.MANUAL_ENTRY]


def faults(text: str) -> tuple[tuple[str, str], ...]:
    with pytest.raises(PolicyError) as caught:
        read_rules(text.encode(), "policy.toml")
    return tuple((problem.key, problem.got) for problem in caught.value.problems)


def without_row(reason: Reason) -> str:
    return re.sub(rf"\[rule\.{reason}\]\n(.+\n)+", "", DEFAULT)


@pytest.mark.parametrize("reason", JUDGED)
def test_a_reason_without_a_row_is_a_load_error(reason: Reason) -> None:
    assert faults(without_row(reason)) == ((f"rule.{reason.value}", "nothing; the row is missing"),)


@pytest.mark.parametrize("kind", SiteKind)
def test_a_row_without_a_kind_of_site_is_a_load_error(kind: SiteKind) -> None:
    text = re.sub(rf"(\[rule\.EXPIRED\]\n(?:.+\n)*?){kind} = .*\n", r"\1", DEFAULT)
    assert faults(text) == ((f"rule.EXPIRED.{kind}", "nothing; the key is missing"),)


@pytest.mark.parametrize("line", [line for line in DEFAULT.splitlines() if re.match(r"[a-z_]+ = [^\[]", line)])
def test_every_limit_of_a_policy_is_required(line: str) -> None:
    assert tomllib.loads(DEFAULT)
    assert faults(DEFAULT.replace(line + "\n", "", 1))


def test_an_unknown_reason_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(PolicyError, match="did you mean EXPIRED"):
        read_rules(DEFAULT.replace("[rule.EXPIRED]", "[rule.EXPRIED]").encode(), "policy.toml")


def test_what_staff_did_cannot_be_ruled_on() -> None:
    assert faults(DEFAULT.replace("[rule.EXPIRED]", "[rule.OVERRIDE_ADMIT]"))


@pytest.mark.parametrize(
    "reason",
    [Reason.BAD_SIGNATURE, Reason.EXPIRED, Reason.COLOUR_RED, Reason.TEMPERATURE_UNMEASURABLE, Reason.DATA_STALE],
)
def test_no_policy_lets_pass_what_was_not_proved(reason: Reason) -> None:
    text = re.sub(rf"(\[rule\.{reason}\]\n.*\nresidential = )\[.*\]", r'\1["pass", "nothing"]', DEFAULT)
    assert faults(text) == ((f"rule.{reason}.residential", '"pass"'),)


def test_only_what_is_no_code_can_be_ignored() -> None:
    text = re.sub(r"(\[rule\.EXPIRED\]\n.*\nresidential = )\[.*\]", r'\1["ignore", "nothing"]', DEFAULT)
    assert faults(text) == (("rule.EXPIRED.residential", '"ignore"'),)


@pytest.mark.parametrize(
    ("cell", "got"),
    [('["stop", "nothing"]', '"nothing"'), ('["refer", "give_notice"]', '"give_notice"')],
)
def test_a_refusal_tells_staff_what_to_do(cell: str, got: str) -> None:
    text = re.sub(r"(\[rule\.EXPIRED\]\n.*\nresidential = )\[.*\]", rf"\1{cell}", DEFAULT)
    assert faults(text) == (("rule.EXPIRED.residential", got),)


def test_a_misspelt_step_is_named_with_its_place() -> None:
    with pytest.raises(PolicyError) as caught:
        read_rules(DEFAULT.replace('"give_notice"', '"give_notise"', 1).encode(), "policy.toml")
    (problem,) = caught.value.problems
    assert problem.key == "rule.COLOUR_YELLOW.residential[2]"
    assert problem.suggestion == "give_notice"
    assert problem.line == DEFAULT[: DEFAULT.index('"give_notice"]')].count("\n") + 1


def test_a_warning_must_not_come_after_the_refusal() -> None:
    assert faults(DEFAULT.replace("warn_after_hours = 24", "warn_after_hours = 73")) == (
        ("freshness.warn_after_hours", "73"),
    )


def test_configuration_may_lower_the_limit_and_not_raise_it() -> None:
    rules = read_rules(DEFAULT.encode(), "policy.toml")
    lower = tighten(rules, SiteKind.SUBWAY, TemperatureSection(limit_centi=3700), FreshnessSection())
    assert lower.limit_centi == 3700
    assert [item.path for item in lower.tightened] == [("temperature", "limit_centi")]
    with pytest.raises(LooserError, match="at most 3730"):
        tighten(rules, SiteKind.SUBWAY, TemperatureSection(limit_centi=3731), FreshnessSection())


def test_configuration_may_ask_for_a_temperature_and_not_waive_it() -> None:
    text = DEFAULT.replace('residential = "required"', 'residential = "recorded"')
    rules = read_rules(text.encode(), "policy.toml")
    section = TemperatureSection(rule=TemperatureRule.REQUIRED)
    stricter = tighten(rules, SiteKind.RESIDENTIAL, section, FreshnessSection())
    assert stricter.temperature[SiteKind.RESIDENTIAL] is TemperatureRule.REQUIRED
    assert stricter.temperature[SiteKind.SUBWAY] is rules.temperature[SiteKind.SUBWAY]
    with pytest.raises(LooserError, match='"recorded" or "required"'):
        tighten(rules, SiteKind.RESIDENTIAL, TemperatureSection(rule=TemperatureRule.OFF), FreshnessSection())


def test_configuration_may_ask_for_fresher_lists_and_not_for_older_ones() -> None:
    text = DEFAULT.replace("refer_after_hours = 72", "refer_after_hours = 48")
    rules = read_rules(text.encode(), "policy.toml")
    fresher = tighten(rules, SiteKind.SUBWAY, TemperatureSection(), FreshnessSection(refer_after_hours=12))
    assert fresher.refer_after == 12 * 3600
    assert fresher.warn_after == 12 * 3600
    with pytest.raises(LooserError, match="at most 48"):
        tighten(rules, SiteKind.SUBWAY, TemperatureSection(), FreshnessSection(refer_after_hours=49))


def site(tmp_path: Path, config: str) -> Document[Configuration]:
    path = tmp_path / "config.toml"
    path.write_text(config)
    return load_document(path)


def issued(policy: str = DEFAULT) -> bytes:
    return policy.replace('version = "default-1"', 'version = "zj-7"\nissuer = "CN-33"\nissued_at = 1000').encode()


def test_without_a_policy_of_the_region_the_built_in_one_holds(tmp_path: Path) -> None:
    force = policy_in_force(site(tmp_path, ""), None)
    assert force.built_in
    assert force.rules.version == "default-1"


def test_the_home_issuers_policy_takes_its_place(tmp_path: Path) -> None:
    force = policy_in_force(site(tmp_path, ""), issued())
    assert not force.built_in
    assert (force.rules.version, force.rules.issued_at) == ("zj-7", 1000)


def test_a_faulty_policy_is_never_silently_replaced(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"CN-33\.toml"):
        policy_in_force(site(tmp_path, ""), b"version = 3")


@pytest.mark.parametrize("issuer", [b"", b'issuer = "CN-31"'])
def test_a_policy_of_another_issuer_is_refused(tmp_path: Path, issuer: bytes) -> None:
    with pytest.raises(PolicyError, match="CN-33"):
        policy_in_force(site(tmp_path, ""), issued().replace(b'issuer = "CN-33"', issuer))


def test_a_looser_configuration_names_file_line_and_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        policy_in_force(site(tmp_path, "[temperature]\nrule = 'recorded'\nlimit_centi = 3750\n"), None)
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (2, "temperature.rule"),
        (3, "temperature.limit_centi"),
    ]


def test_until_the_regions_policy_is_read_the_stricter_of_both_holds(tmp_path: Path) -> None:
    """The region may be milder than the built-in rules; a configuration that fits it must not stop the start."""
    text = "[temperature]\nrule = 'recorded'\nlimit_centi = 3700\n[freshness]\nrefer_after_hours = 12\n"
    milder = issued(DEFAULT.replace('residential = "required"', 'residential = "recorded"'))
    document = site(tmp_path, text)
    rules = built_in_policy(document.model).rules
    assert rules.temperature[SiteKind.RESIDENTIAL] is TemperatureRule.REQUIRED
    assert (rules.limit_centi, rules.refer_after) == (3700, 12 * 3600)
    in_force = policy_in_force(document, milder).rules
    assert in_force.temperature[SiteKind.RESIDENTIAL] is TemperatureRule.RECORDED


def test_explaining_names_the_line_of_each_value(tmp_path: Path) -> None:
    document = site(tmp_path, "[temperature]\nlimit_centi = 3700\n")
    force = policy_in_force(document, issued())
    found = {value.key: value for value in values(force, document)}
    limit = found["temperature.limit_centi"]
    assert (limit.value, limit.replaces, limit.source) == ("3700", "3730", f"{tmp_path}/config.toml:2")
    hours = found["freshness.refer_after_hours"]
    line = issued()[: issued().index(b"refer_after_hours")].count(b"\n") + 1
    assert hours.source == f"{force.rules.source}:{line}"
    assert [row.reason for row in rows(force)] == list(force.rules.weight)
