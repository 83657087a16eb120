"""Another issuer's credential in words: which kind, whose, what it says, and which rule it does not meet."""

from __future__ import annotations

from scanner.control.messages import CredentialView, FactView, ResultView
from scanner.ui.scene import Scene


def title(scene: Scene, credential: CredentialView) -> str:
    """Return what kind of credential it is."""
    return scene.texts.get(f"credential.{credential.format.name.lower()}")


def facts(scene: Scene, credential: CredentialView) -> list[str]:
    """Return what it says, one fact an item."""
    return [_fact(scene, fact) for fact in credential.facts]


def _fact(scene: Scene, fact: FactView) -> str:
    texts = scene.texts
    kind = fact.kind.value
    if fact.positive is not None:
        kind = "test_positive" if fact.positive else "test_negative"
    day = fact.on or texts.get("credential.no_day")
    words = texts.get(f"credential.{kind}", day=day)
    if fact.dose is not None:
        of = texts.get("credential.doses", dose=fact.dose, doses=fact.doses) if fact.doses else ""
        words += " " + (of or texts.get("credential.dose", dose=fact.dose))
    return words


def rule(scene: Scene, result: ResultView) -> str | None:
    """Return the rule that is not met, in the screen's language, else in English, else by its identifier."""
    credential = result.credential
    if credential is None or credential.rule is None:
        return None
    words = dict(credential.rule_words)
    language = scene.texts.language.replace("_", "-").lower()
    for wanted in (language, language[:2], "en"):
        if wanted in words:
            return scene.texts.get("credential.rule", words=words[wanted], rule=credential.rule)
    return scene.texts.get("credential.rule_unnamed", rule=credential.rule)
