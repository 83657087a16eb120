"""What business rules see of another family's credential: its facts in the shape of an EU certificate.

The EU's rules are written about that shape alone. What a credential does not tell is null or not there, and a rule that
asks for it is not met.
"""

from __future__ import annotations

from typing import Final

from keys.facts import Fact, Person
from keys.json_bounded import JsonValue

_COVID: Final = "840539006"
"""SNOMED CT's code of COVID-19, the `tg` of every entry."""
_RESULTS: Final = {True: "260373001", False: "260415000", None: None}
"""Whether a test was positive → SNOMED CT's code of its result: detected, not detected."""


def rule_input(person: Person, *, last_dose: Fact | None = None, newest_test: Fact | None = None) -> JsonValue:
    """Return the `payload` of business rules (EU JSON schema 1.3.0, as far as these facts go).

    `last_dose`: its `product` as the EU register numbers it, its `dose` the number of all doses so far.
    """
    payload: dict[str, JsonValue] = {"dob": person.born, "nam": {"fn": person.family, "gn": person.given}}
    if last_dose is not None:
        payload["v"] = [{"tg": _COVID, "mp": last_dose.product, "dn": last_dose.dose, "dt": last_dose.on}]
    if newest_test is not None:
        result = _RESULTS[newest_test.positive]
        payload["t"] = [{"tg": _COVID, "sc": newest_test.on, "tr": result, "tt": newest_test.product}]
    return payload
