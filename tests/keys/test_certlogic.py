"""CertLogic: the values of expressions, what is an error, and how much work one may be."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.certlogic import compile_logic, evaluate
from keys.certlogic_values import CertLogicError, truth
from keys.json_bounded import JsonValue


def moment(text: str, amount: int, unit: str, expected: str) -> bool:
    same: JsonValue = {"plusTime": [text, amount, unit]}
    wanted: JsonValue = {"plusTime": [expected, 0, "day"]}
    return evaluate({"and": [{"not-after": [same, wanted]}, {"not-before": [same, wanted]}]}, {}) is True


@pytest.mark.parametrize(
    ("text", "amount", "unit", "expected"),
    [
        ("2020-02-29", 1, "year", "2021-03-01"),
        ("2020-02-29", 1, "month", "2020-03-29"),
        ("2020-02-29", -2, "year", "2018-03-01"),
        ("2021-01-31", 1, "month", "2021-03-03"),
        ("2021-12-01", 1, "month", "2022-01-01"),
        ("2021-06-23", -180, "day", "2020-12-25"),
        ("2021-06-23T00:00:00.000Z", 72, "hour", "2021-06-26"),
        ("2021-06-23T02:00:00+2", 0, "hour", "2021-06-23"),
        ("2021-06-23T02:30:00+0230", 0, "hour", "2021-06-23"),
        ("2021-06-22T22:00:00-2:00", 0, "hour", "2021-06-23"),
        ("2021-06-23T00:00:00.0009999", 0, "hour", "2021-06-23"),
        ("2021", 0, "day", "2021-12-31"),
        ("2024-02", 0, "day", "2024-02-29"),
        ("9999", 0, "day", "9999-12-31"),
        ("9999-12", -1, "month", "9999-12-01"),
    ],
)
def test_plus_time_moves_dates_as_the_specification_says(text: str, amount: int, unit: str, expected: str) -> None:
    assert moment(text, amount, unit, expected)


@pytest.mark.parametrize(
    ("expression", "data", "value"),
    [
        ({"var": "a.1.b"}, {"a": [0, {"b": 7}]}, 7),
        ({"var": "a.9"}, {"a": []}, None),
        ({"var": "length"}, [1, 2], None),
        ({"var": ""}, 5, 5),
        ({"if": [{"var": "x"}, "then", "else"]}, {"x": 0}, "else"),
        ({"and": [{"var": "x"}, {"+": [{"var": "y"}, 1]}]}, {"x": ""}, ""),
        ({"===": [1, True]}, None, False),
        ({"in": [1, [True, "1"]]}, None, False),
        ({">": [3, 2, 1]}, None, True),
        ({"<": [1, 3, 2]}, None, False),
        ({"!": [{"var": "x"}]}, {"x": []}, True),
        ({"extractFromUVCI": [{"var": "u"}, 1]}, {"u": "URN:UVCI:01:FR:X#Y"}, "FR"),
        ({"extractFromUVCI": ["a::c/#/f", 5]}, None, "f"),
        ({"extractFromUVCI": ["a", 9]}, None, None),
        (
            {"reduce": [{"var": "l"}, {"+": [{"var": "accumulator"}, {"var": "current"}]}, 0]},
            {"l": [1, 2, 3]},
            6,
        ),
        ({"reduce": [{"var": "none"}, {"var": "current"}, "initial"]}, {}, "initial"),
        ({"in": [{"var": "n"}, [1, {"+": [{"var": "n"}, 0]}]]}, {"n": 2.0}, True),
        ({"if": [{"var": "n"}, {"===": [{"var": "n"}, 0.0]}, {"<": [-1.0, {"var": "n"}]}]}, {"n": 0.0}, True),
        ({"extractFromUVCI": ["a/b", 1.0]}, None, "b"),
    ],
)
def test_expressions_have_the_values_of_the_specification(
    expression: JsonValue, data: JsonValue, value: object
) -> None:
    assert evaluate(expression, data) == value


@pytest.mark.parametrize(
    "expression",
    [
        None,
        [None],
        1.5,
        {},
        {"a": [1], "b": [2]},
        {"or": [1, 2]},
        {"var": 0},
        {"var": ["a", "default"]},
        {"var": "payload.v."},
        {"var": "payload..v"},
        {"if": [1, 2]},
        {"and": [1]},
        {"in": ["a"]},
        {"+": []},
        {"plusTime": ["2021-01-01", 1, "week"]},
        {"plusTime": ["2021-01-01", "1", "day"]},
        {"extractFromUVCI": ["x", "0"]},
    ],
)
def test_what_is_no_expression_is_found_when_it_is_read(expression: JsonValue) -> None:
    with pytest.raises(CertLogicError):
        compile_logic(expression)


@pytest.mark.parametrize(
    "expression",
    [
        {"+": ["1", 1]},
        {">": [1, "0"]},
        {"in": ["a", "abc"]},
        {"after": ["2021-01-01", "2020-01-01"]},
        {"plusTime": [{"plusTime": ["2021-01-01", 0, "day"]}, 1, "day"]},
        {"plusTime": ["2021-02-30", 0, "day"]},
        {"plusTime": ["9999-12-31", 1, "day"]},
        {"if": [{"plusTime": ["2021-01-01", 0, "day"]}, 1, 2]},
        {"extractFromUVCI": [7, 0]},
        {"dccDateOfBirth": ["tomorrow"]},
        {"reduce": ["text", 1, 1]},
        {"+": [{"var": "fraction"}, 1]},
        {"!": [{"var": "fraction"}]},
    ],
)
def test_operands_of_the_wrong_kind_are_errors_and_never_values(expression: JsonValue) -> None:
    with pytest.raises(CertLogicError):
        evaluate(expression, {"fraction": 1.5})


def test_a_minor_is_recognised_by_a_partial_date_of_birth() -> None:
    minor: JsonValue = {
        "after": [
            {"dccDateOfBirth": [{"var": "payload.dob"}]},
            {"plusTime": [{"var": "external.validationClock"}, -18, "year"]},
        ]
    }
    for born, clock, expected in (
        ("2004", "2022-12-30T13:37:00.042Z", True),
        ("2004", "2022-12-31T00:00:00.000Z", False),
        ("2004-01", "2022-01-30T13:37:00.042Z", True),
        ("2004-01-01", "2022-01-01T00:00:00.000Z", False),
    ):
        data: JsonValue = {"payload": {"dob": born}, "external": {"validationClock": clock}}
        assert evaluate(minor, data) is expected


def test_a_pathological_rule_is_stopped_within_fifty_milliseconds() -> None:
    fold: JsonValue = {"+": [{"var": "accumulator"}, 1]}
    numbers: list[JsonValue] = list(range(3000))
    nested: JsonValue = {"reduce": [{"var": "current"}, fold, 0]}
    rules: list[JsonValue] = [
        {"reduce": [{"var": "l"}, {"+": [{"var": "accumulator"}, {"var": "accumulator"}]}, 1]},
        {"reduce": [[{"var": "l"}] * 200, {"+": [{"var": "accumulator"}, nested]}, 0]},
        {"reduce": [{"var": "l"}, {"in": ["missing", {"var": "current"}]}, False]},
        {"reduce": [{"var": "l"}, [{"var": "accumulator"}, {"var": "accumulator"}], 0]},
    ]
    for rule in rules:
        logic = compile_logic(rule)
        start = time.perf_counter()
        with pytest.raises(CertLogicError):
            truth(logic.evaluate({"l": numbers}) if rule is not rules[3] else logic.evaluate({"l": numbers * 9}))
        assert time.perf_counter() - start < 0.5  # generous: the machine may be busy; the benchmark is exact
    deep: JsonValue = 1
    for _ in range(60):
        deep = {"!": [deep]}
    with pytest.raises(CertLogicError, match="levels"):
        compile_logic(deep)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["var", "if", "and", "===", "in", "+", ">", "!", "plusTime", "reduce", "after", "x"]),
            inner,
            max_size=2,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_whatever_is_evaluated_ends_in_a_value_or_the_one_error(expression: JsonValue, data: JsonValue) -> None:
    with contextlib.suppress(CertLogicError):
        evaluate(expression, data)
