"""`checkpoint authority serve`, `tracer`, `trace`: taking gates' logs in, and asking them, with person and reason."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from authority.errors import AuthorityError
from authority.records import Order
from authority.store import Authority
from authority.tracing.counter import Answer, Counter, Question, Sight, ask
from authority.tracing.index import Index
from authority.tracing.intake import DAY_MS, Intake
from authority.tracing.line import HubLine
from authority.tracing.question import LONGEST_PAGE, PAGE
from authority.tracing.tracers import Tracers
from cli.authority_options import (
    AsJson,
    By,
    Folder,
    Json,
    Moment,
    PassphraseFd,
    PassphraseFile,
    Store,
    Why,
    line,
    now,
    opened_store,
    passphrase,
    put,
    reported,
)
from cli.errors import fail
from keys.printable import printable
from scanner.journal.detail import EntryKind

PasswordFile = Annotated[
    Path | None,
    typer.Option(help="Take the password from the first line of this file (mode 0600).", show_default=False),
]
_PLACE = re.compile(r"([0-9]{1,18})/([0-9]{1,18})/([0-9]{1,18})")


def _pin(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise typer.BadParameter("a SHA-256 has 64 hexadecimal digits")
    return bytes.fromhex(text)


def serve(
    folder: Folder,
    *,
    store: Store,
    hub: Annotated[str, typer.Option(help="The hub's address.", show_default=False)],
    credential: Annotated[Path, typer.Option(help="File (mode 0600) with the hub's credential.", show_default=False)],
    pin: Annotated[
        bytes | None,
        typer.Option(
            parser=_pin,
            metavar="SHA256",
            help="Of the key in the hub's certificate, where the hub made that itself; `hub credential` says it.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[int, typer.Option(min=1, max=86_400, help="Seconds between two rounds.")] = 60,
    keep_days: Annotated[int, typer.Option(min=1, max=3_650, help="Days that sightings are kept.")] = 14,
    clock_is_right: Annotated[
        bool, typer.Option(help="Erase by this machine's clock though it is days further than at the last round.")
    ] = False,
    once: Annotated[bool, typer.Option(help="One round, then end.")] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Take in what gates have sealed, from the hub, and answer tracers: activations become green.

    Those of an appliance that nobody vouched for (`checkpoint authority vouch`) wait until somebody does. Runs until it
    is stopped. With --once, exit status 1 when a log does not hold.

    Example: checkpoint authority serve zhejiang --store tracing.db --hub https://hub.example.org --credential hub.txt
    """
    with reported():
        secret, source = passphrase(passphrase_file, passphrase_fd), HubLine(hub, _secret(credential), pin)
        if clock_is_right:
            index = Index.open(store)
            index.believe(_now_ms())
            index.close()
        if once:
            if not _rounds(folder, secret, store, source, keep_days, as_json=as_json):
                raise typer.Exit(1)
            return
        ended = threading.Event()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, lambda *_: ended.set())
        with Authority.open(folder, secret) as authority:
            index = Index.open(store)
            counter = Counter(store, authority, index, now)

            def take_in() -> None:
                try:
                    _rounds(folder, secret, store, source, keep_days, as_json=as_json, every=every, ended=ended)
                except AuthorityError as error:
                    _say(str(error))

            taker = threading.Thread(target=take_in, name="intake", daemon=True)
            taker.start()
            try:
                while taker.is_alive() and not ended.is_set():
                    counter.serve(0.5)
                if not ended.is_set():
                    fail("taking in has come to an end by a fault")
            finally:
                counter.close()
                index.close()
                ended.set()
                taker.join(timeout=10.0)


def tracer(
    name: Annotated[str, typer.Argument(help="Who may ask.", show_default=False)],
    *,
    store: Store,
    remove: Annotated[bool, typer.Option("--remove", help="May not ask any more.")] = False,
    password_file: PasswordFile = None,
    by: By,
    reason: Why,
) -> None:
    """Let somebody trace, by a password of their own; or give them another one, or remove them. It is written down.

    Example: checkpoint authority tracer li --store tracing.db --by "Data office" --reason "on duty in March"
    """
    with opened_store(store) as index:
        people, order = Tracers(index), Order(by=by, reason=reason)
        if remove:
            people.remove(name, order, now())
        else:
            secret = passphrase(password_file, None, what=f"Password of {name}", new=True)
            people.put(name, secret.decode("utf-8", "replace"), order, now())


def trace(
    *,
    store: Store,
    name: Annotated[str, typer.Option("--as", help="Who asks: a tracer.", show_default=False)],
    reason: Why,
    code: Annotated[str | None, typer.Option(help="Where was this code seen: CN-33/jkm:33/1/7 or 1/7.")] = None,
    site: Annotated[str | None, typer.Option(help="Who passed this site.")] = None,
    since: Moment = None,
    until: Moment = None,
    after: Annotated[str | None, typer.Option(help="Go on behind this place, as the page before it said.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LONGEST_PAGE, help="Answers on a page.")] = PAGE,
    table: Annotated[Path | None, typer.Option("--csv", help="Write every page into this file (mode 0600).")] = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask the serving process where a code was seen, or who passed a site. Who asks and why is written down first.

    Example: checkpoint authority trace --store tracing.db --as li --reason "case 12" --code 1/7
    """
    if (code is None) is (site is None):
        fail("give --code or --site, one of them", 2)
    with reported():
        question = Question(
            name=name,
            password=passphrase(password_file, None, what="Password").decode("utf-8", "replace"),
            reason=reason,
            code=code,
            site=site,
            first_ms=0 if since is None else since * 1000,
            last_ms=((now() if until is None else until) + 1) * 1000,
            after=_place(after),
            limit=limit if table is None else LONGEST_PAGE,
        )
        if table is None:
            _show(_asked(store, question), as_json=as_json)
        else:
            _write(table, store, question)


def questions(*, store: Store, as_json: AsJson = False) -> None:
    """Show what was asked of a tracing store, by whom and why; who was let in, and which appliances were vouched for.

    Example: checkpoint authority questions --store tracing.db
    """
    with opened_store(store) as index:
        for one in index.asked():
            when = _moment(one.at * 1000)
            record: dict[str, Json] = {
                "number": one.number,
                "at": when,
                "by": one.order.by,
                "reason": one.order.reason,
                "asked": one.asked,
            }
            if as_json:
                line(record)
            else:
                print(printable(f"{when}  {one.order.by}: {one.asked} ({one.order.reason})"))


def _rounds(
    folder: Path,
    secret: bytes,
    store: Path,
    source: HubLine,
    keep_days: int,
    *,
    as_json: bool,
    every: float | None = None,
    ended: threading.Event | None = None,
) -> bool:
    """Take in, in this thread, once or until ended; whether the last round was well."""
    with Authority.open(folder, secret) as authority:
        index = Index.open(store)
        intake = Intake(authority, index, source, now)
        try:
            while True:
                well = _round(intake, index, keep_days, as_json=as_json)
                if every is None or ended is None or ended.wait(every):
                    return well
        finally:
            source.close()
            index.close()


def _round(intake: Intake, index: Index, keep_days: int, *, as_json: bool) -> bool:
    """Take in once; what cannot be reached, read or written now is said, and tried again with the next round."""
    try:
        found = intake.round()
        now_ms = _now_ms()
        leapt = index.leapt(now_ms)
        erased = 0 if leapt else index.erase(now_ms - keep_days * DAY_MS, now(), int(EntryKind.ACTIVATION))
    except AuthorityError as error:
        _say(str(error))
        return False
    if leapt:
        words = f"the clock is {leapt} days further than at the last round: nothing is erased"
        _say(f"{words}; where it is right, start with --clock-is-right")
    waiting = sum(one.waiting for one in found.held)
    if as_json:
        troubles: list[Json] = list(found.troubles)
        held: Json = {"appliances": len(found.held), "activations": waiting}
        line(
            {
                "entries": found.entries,
                "activated": found.activated,
                "erased": erased,
                "held": held,
                "troubles": troubles,
            }
        )
    elif found.entries or erased:
        print(f"{found.entries} entries, {found.activated} codes activated, {erased} sightings erased", flush=True)
    if waiting:
        words = f"activations of {len(found.held)} appliances that nobody vouches for wait: {waiting}"
        _say(f"{words}; see `checkpoint authority gates`")
    for trouble in found.troubles:
        _say(printable(trouble))
    return not found.troubles


def _say(words: str) -> None:
    print(f"checkpoint authority: {words}", file=sys.stderr, flush=True)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _asked(store: Path, question: Question) -> Answer:
    answer = ask(store, question)
    if answer.error is not None:
        fail(answer.error)
    return answer


def _show(answer: Answer, *, as_json: bool) -> None:
    for one in answer.seen:
        record = _record(one)
        if as_json:
            line(record)
        else:
            print("  ".join(f"{name}: {_quoted(value)}" for name, value in record.items() if value is not None))
    if answer.after is not None:
        behind = "/".join(map(str, answer.after))
        if as_json:
            line({"after": behind})
        else:
            print(f"more: go on with --after {behind}")


def _write(table: Path, store: Path, question: Question) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["time", *(name for name in Sight.model_fields if name != "time_ms")])
    writer.writeheader()
    many = 0
    while True:
        answer = _asked(store, question)
        for one in answer.seen:
            writer.writerow({name: _cell(value) for name, value in _record(one).items()})
        many += len(answer.seen)
        if answer.after is None:
            break
        question = question.model_copy(update={"after": answer.after})
    put(table, text.getvalue().encode("utf-8-sig"))
    print(f"{many} sightings are in {table}")


def _record(one: Sight) -> dict[str, Json]:
    return {"time": _moment(one.time_ms), **one.model_dump(exclude={"time_ms"})}


def _quoted(value: Json) -> str:
    """Write a field so that what a stranger typed, or called a site, cannot be taken for another field."""
    plain = printable(str(value))
    return plain if re.fullmatch(r"[\w:./-]*", plain) else json.dumps(plain, ensure_ascii=False)


def _cell(value: Json) -> str:
    """Write a cell so that no spreadsheet takes what a stranger typed for a formula."""
    plain = "" if value is None else str(value)
    return f"'{plain}" if plain[:1] in {"=", "+", "-", "@", "\t", "\r"} else plain


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _place(after: str | None) -> tuple[int, int, int]:
    if after is None:
        return (-1, -1, -1)
    match = _PLACE.fullmatch(after)
    if match is None:
        fail(f"--after {after}: three numbers, as the page before it said", 2)
    return (int(match[1]), int(match[2]), int(match[3]))


def _secret(path: Path) -> str:
    """Read the hub's credential from a file that nobody else may read."""
    try:
        if path.stat().st_mode & 0o077:
            fail(f"{path}: others may read this credential; run: chmod 600 {path}")
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no text"
        fail(f"{path}: no credential can be read: {words}")
