"""Generated documents are current."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from keys.reasons import Reason

ROOT = Path(__file__).parents[2]
DOCUMENTS = runpy.run_path(str(ROOT / "docs" / "generate.py"))["DOCUMENTS"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_generated_document_is_current(name: str) -> None:
    kept = (ROOT / "docs" / name).read_text("utf-8")
    assert kept == DOCUMENTS[name](), f"docs/{name} is stale; run: python docs/generate.py"


def test_every_reason_is_described() -> None:
    text = (ROOT / "docs" / "reasons.md").read_text("utf-8")
    assert [line[4:] for line in text.splitlines() if line.startswith("### ")] == [
        reason.value for kind in ("proof", "policy", "guard") for reason in Reason if reason.kind == kind
    ]
