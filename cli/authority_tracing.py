"""`checkpoint authority serve` and `trace`: taking gates' logs in, and asking them, with person and reason."""

from __future__ import annotations

import csv
import io
import re
import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from authority.errors import HubLineError
from authority.records import Order
from authority.tracing.index import START, Index, Place, Span
from authority.tracing.intake import DAY_MS, Intake
from authority.tracing.line import HubLine
from authority.tracing.question import LONGEST_PAGE, PAGE, Desk, Page, Seen
from cli.authority_options import (
    AsJson,
    By,
    Folder,
    Json,
    Moment,
    PassphraseFd,
    PassphraseFile,
    Why,
    line,
    now,
    opened,
    put,
    reported,
)
from cli.errors import fail
from keys.printable import printable
from keys.verdict import CodeIdentity

Store = Annotated[Path, typer.Option(help="The tracing store, a file of its own.", show_default=False)]
_PLACE = re.compile(r"([0-9]{1,18})/([0-9]{1,18})/([0-9]{1,18})")
_COLUMNS = ("time", "site", "device", "lane", "seq", "kind", "outcome", "code_id", "name", "document", "text", "plate")


def serve(
    folder: Folder,
    *,
    store: Store,
    hub: Annotated[str, typer.Option(help="The hub's address.", show_default=False)],
    credential: Annotated[Path, typer.Option(help="File (mode 0600) with the hub's credential.", show_default=False)],
    every: Annotated[int, typer.Option(min=1, max=86_400, help="Seconds between two rounds.")] = 60,
    keep_days: Annotated[int, typer.Option(min=1, max=3_650, help="Days that sightings are kept.")] = 14,
    once: Annotated[bool, typer.Option(help="One round, then end.")] = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Take in what gates have sealed, from the hub: activations become green, sightings can be traced.

    Runs until it is stopped. With --once, exit status 1 when a log does not hold.

    Example: checkpoint authority serve zhejiang --store tracing.db --hub https://hub.example.org --credential hub.txt
    """
    ended = threading.Event()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        index = Index.open(store)
        source = HubLine(hub, _secret(credential))
        intake = Intake(authority, index, source, now)
        try:
            while True:
                well = _round(intake, index, keep_days, as_json=as_json, once=once)
                if once:
                    raise typer.Exit(0 if well else 1)
                if ended.wait(every):
                    return
        finally:
            source.close()
            index.close()


def trace(
    folder: Folder,
    *,
    store: Store,
    code: Annotated[str | None, typer.Option(help="Where was this code seen: CN-33/jkm:33/1/7 or 1/7.")] = None,
    site: Annotated[str | None, typer.Option(help="Who passed this site.")] = None,
    since: Moment = None,
    until: Moment = None,
    after: Annotated[str | None, typer.Option(help="Go on behind this place, as the page before it said.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LONGEST_PAGE, help="Answers on a page.")] = PAGE,
    table: Annotated[Path | None, typer.Option("--csv", help="Write every page into this file (mode 0600).")] = None,
    asked: Annotated[bool, typer.Option("--asked", help="Show instead what was asked, by whom and why.")] = False,
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Ask where a code was seen, or who passed a site. Who asks and why is written down before the answer.

    Example: checkpoint authority trace zhejiang --store tracing.db --code 1/7 --by "Officer Li" --reason "case 12"
    """
    if asked:
        _show_asked(store, as_json=as_json)
        return
    if (code is None) is (site is None):
        fail("give --code or --site, one of them", 2)
    place = _place(after)
    span = Span(0 if since is None else since * 1000, (now() if until is None else until) * 1000 + 1000)
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        index = Index.open(store)
        try:
            identity = None if code is None else authority.identity(code)
            question = _Question(Desk(authority, index, now), identity, site or "", span, Order(by=by, reason=reason))
            if table is None:
                _show(question.page(place, limit), as_json=as_json)
            else:
                _write(table, question)
        finally:
            index.close()


def _round(intake: Intake, index: Index, keep_days: int, *, as_json: bool, once: bool) -> bool:
    try:
        found = intake.round()
    except HubLineError as error:
        if once:
            fail(str(error))
        print(f"checkpoint authority: {error}", file=sys.stderr, flush=True)
        return False
    erased = index.erase(int(time.time() * 1000) - keep_days * DAY_MS, now())
    if as_json:
        line(
            {
                "entries": found.entries,
                "activated": found.activated,
                "erased": erased,
                "troubles": list(found.troubles),
            }
        )
    elif found.entries or erased:
        print(f"{found.entries} entries, {found.activated} codes activated, {erased} sightings erased", flush=True)
    for trouble in found.troubles:
        print(f"checkpoint authority: {printable(trouble)}", file=sys.stderr, flush=True)
    return not found.troubles


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, of one page after another."""

    desk: Desk
    code: CodeIdentity | None
    site: str
    """Where no code is given."""
    span: Span
    order: Order

    def page(self, after: Place, limit: int) -> Page:
        if self.code is not None:
            return self.desk.where_was(self.code, self.span, self.order, after=after, limit=limit)
        return self.desk.who_passed(self.site, self.span, self.order, after=after, limit=limit)


def _show(page: Page, *, as_json: bool) -> None:
    for one in page.seen:
        record = _record(one)
        if as_json:
            line(record)
        else:
            print(printable("  ".join(f"{name}: {value}" for name, value in record.items() if value is not None)))
    if page.after is not None:
        behind = f"{page.after.time_ms}/{page.after.gate}/{page.after.seq}"
        if as_json:
            line({"after": behind})
        else:
            print(f"more: go on with --after {behind}")


def _write(table: Path, question: _Question) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    many, after = 0, START
    while True:
        page = question.page(after, LONGEST_PAGE)
        for one in page.seen:
            writer.writerow({name: _cell(value) for name, value in _record(one).items()})
            many += 1
        if page.after is None:
            break
        after = page.after
    put(table, text.getvalue().encode("utf-8-sig"))
    print(f"{many} sightings are in {table}")


def _cell(value: Json) -> str:
    """Write a cell so that no spreadsheet takes what a stranger typed for a formula."""
    plain = "" if value is None else str(value)
    return f"'{plain}" if plain[:1] in {"=", "+", "-", "@", "\t", "\r"} else plain


def _record(one: Seen) -> dict[str, Json]:
    entry, personal = one.entry, one.personal
    document = None if personal is None else personal.document
    return {
        "time": datetime.fromtimestamp(entry.time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "site": one.site,
        "device": entry.device.hex(),
        "lane": entry.lane,
        "seq": entry.seq,
        "kind": entry.kind.name.lower(),
        "outcome": None if entry.outcome is None else entry.outcome.name.lower(),
        "code_id": None if personal is None or personal.identity is None else str(personal.identity),
        "name": None if personal is None else personal.name,
        "document": None if document is None else f"{document.type.name.lower()} …{document.tail}",
        "text": None if personal is None else personal.text,
        "plate": None if personal is None else personal.plate,
    }


def _show_asked(store: Path, *, as_json: bool) -> None:
    with reported():
        index = Index.open(store)
        try:
            for one in index.asked():
                when = datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
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
        finally:
            index.close()


def _place(after: str | None) -> Place:
    if after is None:
        return START
    match = _PLACE.fullmatch(after)
    if match is None:
        fail(f"--after {after}: three numbers, as the page before it said", 2)
    return Place(int(match[1]), int(match[2]), int(match[3]))


def _secret(path: Path) -> str:
    """Read the hub's credential from a file that nobody else may read."""
    try:
        if path.stat().st_mode & 0o077:
            fail(f"{path}: others may read this credential; run: chmod 600 {path}")
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no text"
        fail(f"{path}: no credential can be read: {words}")
