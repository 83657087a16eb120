"""`checkpoint keys`: what this appliance trusts (issuers, keys, status lists, policy), and how old each is."""

from __future__ import annotations

import datetime
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import fail
from keys.errors import StatusListError, TrustError
from keys.printable import printable
from keys.status_list import StatusList, StatusLists, load_status
from keys.trust_list import TrustedCertificate, TrustedKey, TrustList, load_trust

if TYPE_CHECKING:
    from scanner.policy_source import PolicyInForce

_HOUR = 3600
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is trusted, or is missing: for machines as an object, for people as words."""

    kind: str
    issuer: str
    words: str
    values: tuple[tuple[str, str | int | list[str] | None], ...]

    def as_object(self) -> dict[str, str | int | list[str] | None]:
        """Return what `--json` prints."""
        return {"kind": self.kind, "issuer": self.issuer, **dict(self.values)}


def command(
    *,
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = Path("config.toml"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one object a line.")] = False,
) -> None:
    """Show what this appliance trusts: issuers, keys, status lists and policy, with the age of each.

    Only reads. What it does not believe is named on standard error. Exit status: 0 when every issuer carried has a key
    for codes and a status list, and every file is believed; otherwise 1.

    Example: checkpoint keys --config config.toml
    """
    from scanner.config import ConfigError, load_document  # noqa: PLC0415 - `--help` needs no models
    from scanner.policy_source import policy_in_force  # noqa: PLC0415

    now = int(time.time())
    try:
        document = load_document(config)
        in_force = policy_in_force(document)
    except ConfigError as error:
        fail(f"{len(error.problems)} to correct\n{error}")
    section = document.model.trust
    if not section.folder.is_dir():
        fail(f"nobody is trusted: there is no folder {section.folder}; copy there what the authority published")
    try:
        trust = load_trust([section.folder])
        lists = load_status([section.folder], trust, now)
    except (TrustError, StatusListError) as error:
        fail(str(error))
    lines = list(describe(section.regions, trust, lists, now))
    lines.append(_policy(section.regions[0], in_force, now))
    if as_json:
        for line in lines:
            print(json.dumps(line.as_object()))
    else:
        _print_words(lines)
    problems = (*trust.problems, *lists.problems)
    for problem in problems:
        print(f"checkpoint keys: not believed: {problem}", file=sys.stderr)
    raise typer.Exit(1 if problems or any(line.kind == "missing" for line in lines) else 0)


def describe(regions: tuple[str, ...], trust: TrustList, lists: StatusLists, now: int) -> Iterator[Line]:
    """Yield what is trusted of each issuer, those carried first, and what is missing of them."""
    for issuer in (*regions, *sorted(trust.issuers - set(regions))):
        keys = [key for key in trust.keys if key.issuer == issuer]
        own_lists = [status_list for status_list in lists.lists if status_list.issuer == issuer]
        yield from (_key(key, now) for key in keys)
        yield from (_list(status_list, now) for status_list in sorted(own_lists, key=lambda each: each.uri))
        if issuer in regions:
            yield from _missing(issuer, keys, own_lists, now)
    for certificate in trust.certificates:
        subject = _subject(certificate)
        values = (("source", certificate.source), ("subject", subject))
        yield Line("certificate", "", f"certificate  {subject}, for standard formats only", values)


def _missing(issuer: str, keys: list[TrustedKey], lists: list[StatusList], now: int) -> Iterator[Line]:
    if not any("code" in key.uses and _state(key, now) == "in force" for key in keys):
        yield Line("missing", issuer, "no key for codes: its codes are referred", (("what", "code key"),))
    if not lists:
        yield Line("missing", issuer, "no status list: its codes are STATUS_UNKNOWN", (("what", "status list"),))


def _subject(trusted: TrustedCertificate) -> str:
    try:
        return trusted.certificate.subject.rfc4514_string()
    except ValueError:  # only now is the name looked into
        return "a name that cannot be read"


def _state(key: TrustedKey, now: int) -> str:
    if key.revoked:
        return "revoked"
    if now < key.nbf:
        return "not yet in force"
    return "in force" if now < key.exp else "expired"


def _key(key: TrustedKey, now: int) -> Line:
    uses = sorted(use.value for use in key.uses)
    state = _state(key, now)
    why = f" ({key.revoked_reason})" if key.revoked else ""
    words = (
        f"key {key.kid.hex()}  for {', '.join(uses)}  {state}{why}, from {_date(key.nbf)} to {_date(key.exp)}, "
        f"{_age(now - key.nbf)} old"
    )
    return Line(
        "key",
        key.issuer,
        words,
        (
            ("kid", key.kid.hex()),
            ("uses", uses),
            ("alg", None if key.alg is None else key.alg.name),
            ("state", state),
            ("not_before", key.nbf),
            ("expires_at", key.exp),
            ("age", now - key.nbf),
            ("revoked_at", key.revoked_at),
        ),
    )


def _list(status_list: StatusList, now: int) -> Line:
    age = now - status_list.iat
    expired = status_list.exp is not None and now >= status_list.exp
    words = f"list {status_list.uri}  {status_list.entries} entries, {_age(age)} old{', EXPIRED' if expired else ''}"
    return Line(
        "list",
        status_list.issuer,
        words,
        (
            ("uri", status_list.uri),
            ("entries", status_list.entries),
            ("issued_at", status_list.iat),
            ("expires_at", status_list.exp),
            ("age", age),
        ),
    )


def _policy(home: str, in_force: PolicyInForce, now: int) -> Line:
    age = in_force.age(now)
    rules = in_force.rules
    origin = "built in, for the issuer's own is not there" if in_force.built_in else str(rules.source)
    words = f"policy {rules.version}  {origin}" + ("" if age is None else f", {_age(age)} old")
    return Line(
        "policy",
        home,
        words,
        (("version", str(rules.version)), ("source", str(rules.source)), ("issued_at", rules.issued_at), ("age", age)),
    )


def _print_words(lines: list[Line]) -> None:
    issuer = ""
    for line in lines:
        if line.issuer != issuer:
            issuer = line.issuer
            print(issuer)
        print(f"  {printable(line.words)}")


def _date(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d")


def _age(seconds: int) -> str:
    """Return an age in the unit people would use."""
    if seconds >= 2 * _DAY:
        return f"{seconds // _DAY} days"
    if seconds >= 2 * _HOUR:
        return f"{seconds // _HOUR} hours"
    return f"{max(seconds, 0) // 60} minutes"
