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
from keys.errors import KeysError
from keys.printable import printable

if TYPE_CHECKING:
    from keys.foreign_key import ForeignKey
    from keys.status_store import Anchor
    from keys.trust_list import TrustedKey
    from keys.update import Proved
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

    Proves it once more, and changes nothing. What it does not believe is named on standard error. Exit status: 0 when
    every issuer carried has a key for codes and a status list, and everything holds; otherwise 1.

    Example: checkpoint keys --config config.toml
    """
    from scanner.config import ConfigError, load_document  # noqa: PLC0415 - `--help` needs no models
    from scanner.policy_source import policy_in_force  # noqa: PLC0415
    from scanner.updates.at_rest import proved  # noqa: PLC0415

    now = int(time.time())
    try:
        document = load_document(config)
        kept = proved(document.model)
        in_force = policy_in_force(document, kept.policy)
    except ConfigError as error:
        fail(f"{len(error.problems)} to correct\n{error}")
    except KeysError as error:
        fail(f"nobody is trusted: {error}")
    section = document.model.trust
    lines = list(describe(section.regions, kept, now))
    lines.append(_policy(section.regions[0], in_force, now))
    if as_json:
        for line in lines:
            print(json.dumps(line.as_object()))
    else:
        _print_words(lines)
    for problem in kept.problems:
        print(f"checkpoint keys: not believed: {problem}", file=sys.stderr)
    raise typer.Exit(1 if kept.problems or any(line.kind == "missing" for line in lines) else 0)


def describe(regions: tuple[str, ...], kept: Proved, now: int) -> Iterator[Line]:
    """Yield what is trusted of each issuer carried, home first, what is missing of it, and who else is believed."""
    for issuer in regions:
        keys = [key for key in kept.trust.keys if key.issuer == issuer]
        lists = [one for one in kept.store.lists if one.issuer == issuer]
        if issuer in kept.published:
            yield _publication(issuer, kept.published[issuer], now)
        yield from (_key(key, now) for key in keys)
        yield from (_list(one, now) for one in sorted(lists, key=lambda each: each.uri))
        yield from _missing(issuer, keys, lists, now)
    yield from (_foreign(key, now) for key in kept.trust.foreign.keys)


def _publication(issuer: str, published: int, now: int) -> Line:
    values = (("published_at", published), ("age", now - published))
    return Line("publication", issuer, f"published {_age(now - published)} ago", values)


def _missing(issuer: str, keys: list[TrustedKey], lists: list[Anchor], now: int) -> Iterator[Line]:
    if not any("code" in key.uses and _state(key, now) == "in force" for key in keys):
        yield Line("missing", issuer, "no key for codes: its codes are referred", (("what", "code key"),))
    if not lists:
        yield Line("missing", issuer, "no status list: its codes are STATUS_UNKNOWN", (("what", "status list"),))


def _foreign(key: ForeignKey, now: int) -> Line:
    """Return what is trusted of an issuer that is no region of ours."""
    certificate = key.certificate
    issuer = key.issuer or (None if certificate is None else certificate.country) or "any issuer"
    until = None if certificate is None else certificate.exp
    state = "in force" if certificate is None or certificate.in_force(now) else "out of force"
    words = f"key {key.kid.hex()[:16]}  for {key.format} codes  {state}"
    if until is not None:
        words += f", until {_date(until)}"
    values = (("format", key.format.value), ("kid", key.kid.hex()), ("state", state), ("expires_at", until))
    return Line("foreign", issuer, words, values)


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


def _list(status_list: Anchor, now: int) -> Line:
    age = now - status_list.iat
    expired = status_list.exp is not None and now >= status_list.exp
    entries = status_list.length * 8 // status_list.bits
    words = f"list {status_list.uri}  {entries} entries, {_age(age)} old{', EXPIRED' if expired else ''}"
    return Line(
        "list",
        status_list.issuer,
        words,
        (
            ("uri", status_list.uri),
            ("entries", entries),
            ("issued_at", status_list.iat),
            ("expires_at", status_list.exp),
            ("age", age),
        ),
    )


def _policy(home: str, in_force: PolicyInForce, now: int) -> Line:
    rules = in_force.rules
    age = None if rules.issued_at is None else now - rules.issued_at
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
