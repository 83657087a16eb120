"""`checkpoint authority`: make keys, codes and status lists, and open what gates have sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from authority.keyring import read_public
from authority.passphrase import refuse_short
from authority.records import AuditLine, Order, RegisteredCode
from authority.repository.vault import is_vault, read_audit
from authority.store import HOME_ZONE, Authority, open_register
from authority.unsealing import ClosedEntry, OpenedEntry
from cli import (
    authority_ceremony,
    authority_changes,
    authority_codes,
    authority_fleet,
    authority_foreign,
    authority_issue,
    authority_publish,
    authority_repository,
    authority_tracing,
    authority_vouch,
)
from cli.authority_options import (
    AsJson,
    By,
    Folder,
    Json,
    Moment,
    PassphraseFd,
    PassphraseFile,
    Why,
    in_words,
    line,
    now,
    opened,
    passphrase,
    reported,
)
from cli.authority_release import federation_records
from keys.cose import Algorithm
from keys.printable import printable
from keys.trust_list import TrustedKey, Use

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command()(authority_issue.issue)
app.command()(authority_codes.present)
app.command(name="set-colour")(authority_codes.set_colour)
app.command()(authority_codes.revoke)
app.command(name="set-status")(authority_changes.set_status)
app.command()(authority_publish.publish)
app.command()(authority_publish.lists)
app.command(name="trust-foreign")(authority_foreign.trust_foreign)
app.command(name="hash-list")(authority_foreign.hash_list)
app.command()(authority_repository.found)
app.command(name="role-key")(authority_repository.role_key)
app.command()(authority_repository.admit)
app.command()(authority_repository.expel)
app.command()(authority_repository.release)
app.command()(authority_repository.rotate)
app.command()(authority_repository.renew)
app.command()(authority_repository.export)
app.command()(authority_tracing.serve)
app.command()(authority_vouch.gates)
app.command()(authority_vouch.vouch)
app.command()(authority_tracing.tracer)
app.command()(authority_tracing.trace)
app.command()(authority_tracing.questions)
app.add_typer(authority_ceremony.app, name="ceremony")
app.add_typer(authority_fleet.app, name="fleet")


@app.callback()
def authority() -> None:
    """Make keys, issue codes, set colours, publish to gates, and open what they have sealed.

    Example: checkpoint authority new zhejiang --issuer CN-33
    """


@app.command()
def new(
    folder: Folder,
    *,
    issuer: Annotated[str, typer.Option(help="Issuing region, ISO 3166-2.", show_default=False)],
    timezone: Annotated[str, typer.Option(help="Whose midnight ends a phone's code.")] = HOME_ZONE,
    algorithm: Annotated[Literal["es256", "eddsa"], typer.Option(help="Of the signing and status keys.")] = "es256",
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Make an authority: a private folder with a signing, a status and a sealing key, encrypted.

    Example: checkpoint authority new zhejiang --issuer CN-33 --passphrase-file pass.txt
    """
    with reported():
        secret = passphrase(passphrase_file, passphrase_fd, what="New passphrase", new=True)
        refuse_short(secret)
        with Authority.create(
            folder, issuer, secret, now(), timezone=timezone, algorithm=Algorithm[algorithm.upper()]
        ) as made:
            keys = made.keys
    if as_json:
        line({"folder": str(folder), "issuer": issuer, "keys": [_key_record(key) for key in keys]})
        return
    print(f"{folder} is now the authority of {issuer}. Without its passphrase it is lost: keep both apart, twice.")
    for key in keys:
        print(_key_words(key))
    print(f"Next: checkpoint authority role-key {folder} --public {issuer.lower()}.json")


@app.command(name="add-key")
def add_key(
    folder: Folder,
    *,
    use: Annotated[Use, typer.Option(help="What the key is for.")] = Use.CODE,
    algorithm: Annotated[Literal["es256", "eddsa"], typer.Option(help="Sealing is always X25519.")] = "es256",
    not_before: Moment = None,
    expires_at: Moment = None,
    region: Annotated[list[str] | None, typer.Option(help="GB/T 2260 prefix it may sign for; repeatable.")] = None,
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Make another key; it is used from its first day on, so publish before that.

    Example: checkpoint authority add-key zhejiang --use code --by "Key office" --reason "yearly rotation"
    """
    with opened(folder, passphrase_file, passphrase_fd) as found:
        key = found.add_key(
            use,
            now(),
            order=Order(by=by, reason=reason),
            algorithm=Algorithm[algorithm.upper()],
            not_before=not_before,
            expires_at=expires_at,
            regions=tuple(region) if region else None,
        )
    if as_json:
        line(_key_record(key))
    else:
        print(_key_words(key))


@app.command(name="revoke-key")
def revoke_key(
    folder: Folder,
    kid: Annotated[str, typer.Argument(help="Key id, 16 hexadecimal digits.")],
    *,
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why. It becomes public, in the trust list.")],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key, for good: once published, every code it ever signed is refused.

    Example: checkpoint authority revoke-key zhejiang 0f1e2d3c4b5a6978 --by "Key office" --reason "card stolen"
    """
    with opened(folder, passphrase_file, passphrase_fd) as found:
        key = found.revoke_key(authority_codes.key_id_of(kid), Order(by=by, reason=reason), now())
    if as_json:
        line(_key_record(key))
    else:
        print(_key_words(key))


@app.command()
def unseal(
    folder: Folder,
    *,
    state: Annotated[Path, typer.Option(help="An appliance's state folder, or its journal file.", show_default=False)],
    entry: Annotated[list[int] | None, typer.Option(help="Only this entry; repeatable.")] = None,
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Open the sealed parts of an appliance's log: who the people were. Opening stands in the audit.

    Exit status 1 when a part does not open.

    Example: checkpoint authority unseal zhejiang --state state --entry 42 --by "Officer Li" --reason "case 12"
    """
    closed = False
    with opened(folder, passphrase_file, passphrase_fd) as found:
        for each in found.open_journal(state, Order(by=by, reason=reason), now(), entries=frozenset(entry or ())):
            closed |= isinstance(each, ClosedEntry)
            record = _sealed_record(each)
            if as_json:
                line(record)
            else:
                print(_words(record))
    raise typer.Exit(1 if closed else 0)


@app.command()
def show(
    folder: Folder,
    *,
    code: Annotated[str | None, typer.Option(help="What the register knows of one code.")] = None,
    audit: Annotated[bool, typer.Option("--audit", help="Who ordered what, when and why.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show an authority's keys and lists, one code, or the audit; or a federation's roles. Needs no passphrase.

    Example: checkpoint authority show zhejiang --audit
    """
    with reported():
        if is_vault(folder):
            _show(federation_records(folder) if not audit else map(_audit_record, read_audit(folder)), as_json=as_json)
            return
        register = open_register(folder)
        try:
            if audit:
                records: list[dict[str, Json]] = [_audit_record(each) for each in register.audit()]
            elif code is not None:
                records = [_code_record(*authority_codes.registered(register, code))]
            else:
                records = [{"issuer": register.setting("issuer"), "timezone": register.setting("timezone")}]
                records += [_key_record(key) for key in read_public(folder)]
                records += [
                    {"list": each.number, "issued": each.issued, "of": each.entries, "published_at": each.published_at}
                    for each in register.lists()
                ]
        finally:
            register.close()
    _show(records, as_json=as_json)


def _show(records: Iterable[Mapping[str, Json]], *, as_json: bool) -> None:
    for record in records:
        if as_json:
            line(record)
        else:
            print(_words(record))


def _words(record: Mapping[str, Json]) -> str:
    """Return a record as one line. What a box has sealed is anybody's text, and must not steer the terminal."""
    return printable("  ".join(f"{name}: {_plain(name, value)}" for name, value in record.items() if value is not None))


def _plain(name: str, value: Json) -> str:
    if isinstance(value, int) and (name.endswith("_at") or name in {"at", "not_before"}):
        return in_words(value)
    return str(value)


def _key_record(key: TrustedKey) -> dict[str, Json]:
    return {
        "kid": key.kid.hex(),
        "use": ",".join(sorted(key.uses)),
        "algorithm": "X25519" if key.alg is None else key.alg.name,
        "not_before": key.nbf,
        "expires_at": key.exp,
        "regions": None if key.regions is None else list(key.regions),
        "revoked_at": key.revoked_at,
        "reason": key.revoked_reason,
    }


def _key_words(key: TrustedKey) -> str:
    ending = f"until {in_words(key.exp)}" if key.revoked_at is None else f"revoked at {in_words(key.revoked_at)}"
    return f"{key.kid.hex()}  {','.join(sorted(key.uses)):<6}  from {in_words(key.nbf)}  {ending}"


def _code_record(code_id: str, code: RegisteredCode) -> dict[str, Json]:
    return {
        "code_id": code_id,
        "carrier": code.carrier.name.lower(),
        "colour": code.colour.name.lower(),
        "issued_at": code.issued_at,
        "expires_at": code.expires_at,
        "revoked_at": code.revoked_at,
    }


def _audit_record(entry: AuditLine) -> dict[str, Json]:
    return {
        "at": entry.at,
        "act": entry.act.value,
        "subject": entry.subject,
        "before": entry.before,
        "after": entry.after,
        "by": entry.order.by,
        "reason": entry.order.reason,
    }


def _sealed_record(each: OpenedEntry | ClosedEntry) -> dict[str, Json]:
    if isinstance(each, ClosedEntry):
        return {"seq": each.seq, "problem": each.why}
    personal = each.personal
    return {
        "seq": each.entry.seq,
        "device": each.entry.device.hex(),
        "time_ms": each.entry.time_ms,
        "kind": each.entry.kind.name.lower(),
        "code_id": None if personal.identity is None else str(personal.identity),
        "name": personal.name,
        "document": None
        if personal.document is None
        else f"{personal.document.type.name.lower()} …{personal.document.tail}",
        "text": personal.text,
        "plate": personal.plate,
        "table": personal.table,
    }
