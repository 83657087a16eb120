"""`checkpoint verify`: code texts in, one a line; verdicts out, one a line."""

from __future__ import annotations

import datetime
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from cli.errors import fail
from keys.card_reading import CardReading
from keys.errors import StatusListError, TrustError
from keys.facts import Fact
from keys.families import MAX_TEXT
from keys.foreign_status import ForeignLists, is_foreign_list, load_foreign_lists
from keys.reasons import Reason
from keys.status_list import StatusLists, load_status
from keys.trust_list import TrustList, load_trust
from keys.verdict import Verdict
from keys.verifier import Verifier

NOT_VALID = 1
CANNOT_JUDGE = 2
_MAX_LINE = 4 * MAX_TEXT + 2
"""Bytes of a line that are kept: the longest code in UTF-8, and its line end. The rest only makes it too long."""
_SKIP = 1 << 16
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def command(
    *,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="A JWK Set, a PEM or DER certificate, or a folder of these. Repeatable."),
    ] = None,
    status: Annotated[
        list[Path] | None,
        typer.Option(
            "--status",
            help="A status list (.cwt), a list about other issuers' credentials (.hashes, .crl.json), or a folder "
            "of these. Repeatable.",
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="RFC3339", help="Judge as of this time instead of now.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object a line.")] = False,
    language: Annotated[
        str | None, typer.Option("--language", help="Explain each verdict in words: en, zh_CN, zh_TW.")
    ] = None,
) -> None:
    r"""Judge health codes and other issuers' credentials: one text a line in, one verdict a line out.

    Every line gets exactly one verdict, whatever is in it. A health code without --status is STATUS_UNKNOWN, which is
    not valid; credentials of other issuers follow their own standards. A card in several codes is judged by the line
    that completes it. Exit status: 0 when every line is valid, 1 when one is not, 2 when nothing could be judged.

    To have codes to try it with: checkpoint specimens FOLDER.

    Example: printf '%s\n' "$CODE" | checkpoint verify --trust state/trust --status state/trust --json
    """
    if not trust:
        fail("say whom to trust: --trust with a JWK Set, a certificate, or a folder of these", CANNOT_JUDGE)
    moment = None if at is None else _read_time(at)
    say = _speaker(language, as_json=as_json)
    believed, lists, foreign = _load(trust, status or [], int(time.time()) if moment is None else moment)
    verifier, reading = Verifier(believed, lists, foreign_status=foreign), CardReading()
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal without Chinese
    all_valid = True
    for text in read_lines(sys.stdin.buffer):
        now = int(time.time()) if moment is None else moment
        verdict = verifier.verify(reading.whole(text, now), now)
        # A part of a card is no verdict on it: what counts is the line that completes it, or the end without one.
        all_valid &= verdict.valid or verdict.reason is Reason.CODE_INCOMPLETE
        print(say(verdict), flush=True)
    raise typer.Exit(0 if all_valid and not reading.missing else NOT_VALID)


def _speaker(language: str | None, *, as_json: bool) -> Callable[[Verdict], str]:
    """Return what makes a verdict the line that is printed of it."""
    if as_json:
        return lambda verdict: json.dumps(fields(verdict))
    if language is None:
        return words
    from cli.verify_words import explained  # noqa: PLC0415 - the appliance's words are for people alone
    from scanner.locale import Texts, languages  # noqa: PLC0415

    if language not in languages():
        fail(f"there is no language {language!r}; there are: {', '.join(languages())}", CANNOT_JUDGE)
    return partial(explained, texts=Texts.load(language))


def _load(
    trust_paths: list[Path], status_paths: list[Path], now: int
) -> tuple[TrustList, StatusLists, ForeignLists | None]:
    """Return whom to believe, our status lists, and the foreign ones; None where no status was asked for at all."""
    own = [path for path in status_paths if not is_foreign_list(path)]
    others = [path for path in status_paths if path.is_dir() or is_foreign_list(path)]
    try:
        trust = load_trust(trust_paths)
        lists = load_status(own, trust, now)
        foreign = load_foreign_lists(others, trust, now) if others else None
    except (TrustError, StatusListError) as error:
        fail(str(error), CANNOT_JUDGE)
    for problem in (*trust.problems, *lists.problems, *(foreign.problems if foreign is not None else ())):
        print(f"checkpoint verify: not believed: {problem}", file=sys.stderr)
    if not trust.keys and not trust.foreign.keys:
        fail(f"no key and no certificate in {', '.join(map(str, trust_paths))}", CANNOT_JUDGE)
    return trust, lists, foreign


def _read_time(text: str) -> int:
    """Return the whole second of an RFC 3339 time."""
    try:
        if _RFC3339.fullmatch(text):
            return int(datetime.datetime.fromisoformat(text.upper()).timestamp() // 1)
    except (ValueError, OverflowError):
        pass  # the thirtieth of February
    return fail(f"--at {text!r} is no RFC 3339 time, such as 2026-03-04T13:00:00+08:00", CANNOT_JUDGE)


def read_lines(stream: BinaryIO) -> Iterator[str]:
    """Yield each line's text without its LF or CRLF, and nothing else removed.

    A line is read with bounded memory; of one that is too long for any code, enough is kept to be refused. Bytes that
    are not UTF-8 become lone surrogates, which no format allows.
    """
    while line := stream.readline(_MAX_LINE + 1):
        if not line.endswith(b"\n") and len(line) > _MAX_LINE:
            while (more := stream.readline(_SKIP)) and not more.endswith(b"\n"):
                pass
        elif line.endswith(b"\r\n"):
            line = line[:-2]
        elif line.endswith(b"\n"):
            line = line[:-1]
        yield line.decode("utf-8", "surrogateescape")


def fields(verdict: Verdict) -> dict[str, object]:
    """Return the verdict as `--json` prints it, times in seconds since 1970 UTC; other issuers' with their facts."""
    status, statement = verdict.status, verdict.statement
    said = {} if statement is None else {"facts": [_fact(fact) for fact in statement.facts]}
    return {
        "valid": verdict.valid,
        "reason": verdict.reason,
        "format": verdict.format,
        "issuer": verdict.issuer,
        "kid": None if verdict.kid is None else verdict.kid.hex(),
        "code_id": None if verdict.identity is None else str(verdict.identity),
        "colour": None if verdict.colour is None else verdict.colour.name.lower(),
        "name": verdict.name,
        "issued_at": verdict.issued_at,
        "expires_at": verdict.expires_at,
        "status": None if status is None else {"uri": status.uri, "issued_at": status.issued_at, "value": status.value},
        **said,
    }


def _fact(fact: Fact) -> dict[str, object]:
    return {name: value for name in Fact._fields if (value := getattr(fact, name)) is not None}


def words(verdict: Verdict) -> str:
    """Return the verdict as one line for people: VALID or the reason, then what is known."""
    known = [
        verdict.format,
        verdict.issuer,
        None if verdict.colour is None else verdict.colour.name.lower(),
        verdict.name,
        None if verdict.identity is None else f"code {verdict.identity}",
        *([] if verdict.statement is None else [f"{fact.kind} {fact.on}".rstrip() for fact in verdict.statement.facts]),
        None if verdict.expires_at is None else f"expires {_show_time(verdict.expires_at)}",
    ]
    return "  ".join([verdict.reason or "VALID", *(word for word in known if word is not None)])


def _show_time(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
