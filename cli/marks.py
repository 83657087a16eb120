"""The mark that stands beside an outcome's word in every line: what happened is never told by a colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from scanner.values import Outcome

MARKS: Final[Mapping[Outcome, str]] = MappingProxyType({Outcome.PASS: "✓", Outcome.REFER: "!", Outcome.STOP: "✕"})
