"""A verdict as a line for people, in the languages of the gate: what `checkpoint verify --language` prints."""

from __future__ import annotations

import datetime

from cli.marks import MARKS
from keys.verdict import FOREIGN, Verdict
from scanner import credential_words
from scanner.locale import Texts
from scanner.values import Outcome

_BETWEEN = "  "


def explained(verdict: Verdict, texts: Texts) -> str:
    """Return whether a code is genuine, current and not revoked, else why not; and what it says, as far as proved.

    Times are days in UTC. Whether somebody with it may pass is for a gate's policy to say.
    """
    return _BETWEEN.join([_outcome(verdict, texts), *_said(verdict, texts)])


def _outcome(verdict: Verdict, texts: Texts) -> str:
    if verdict.reason is None:
        return f"{MARKS[Outcome.PASS]} {texts.get('credential.valid')}"
    foreign = verdict.format in FOREIGN
    why = credential_words.reason(texts, verdict.reason) if foreign else texts.get(f"reason.{verdict.reason}")
    return f"{MARKS[Outcome.STOP]} {texts.get('credential.not_valid')}{_BETWEEN}{why}"


def _said(verdict: Verdict, texts: Texts) -> list[str]:
    said: list[str] = []
    if verdict.format is not None:
        said.append(credential_words.title(texts, verdict.format))
    if verdict.issuer is not None:
        said.append(credential_words.issuer(texts, verdict.issuer))
    if verdict.colour is not None:
        said.append(texts.get(f"screen.colour_{verdict.colour.name.lower()}"))
    if verdict.name is not None:
        said.append(verdict.name)
    if verdict.statement is not None:
        said += [credential_words.fact(texts, fact) for fact in verdict.statement.facts]
    if verdict.expires_at is not None:
        day = datetime.datetime.fromtimestamp(verdict.expires_at, datetime.UTC).date()
        said.append(texts.get("credential.until", day=day.isoformat()))
    return said
