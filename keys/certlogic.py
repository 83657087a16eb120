"""CertLogic 1.3.2, the EU's language of business rules: a pure evaluator of bounded work.

An expression is read once into functions (`compile_logic`) and evaluated as often as wanted. Reading refuses what is no
expression, so that a faulty rule is found when it is published and not at a gate. Evaluating has three ends: a value,
an error (`CertLogicError`: an operand of the wrong type, a date that is none), or an error for too much work, which
only a `reduce` can cause. Whoever judges by a rule takes anything but `True` for "not met".

Values are JSON's, without fractions, and date-times. Equality is that of JavaScript on texts, integers, booleans and
null; lists, objects and date-times are equal to nothing.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from keys.errors import KeysError
from keys.json_bounded import JsonValue

MAX_NODES: Final = 4096
"""Of one expression; the largest published rule has some hundred."""
MAX_DEPTH: Final = 40
MAX_STEPS: Final = 20_000
"""Nodes that all turns of all `reduce` together may evaluate: some milliseconds."""
_MAX_INTEGER: Final = 1 << 53
_UNITS: Final = ("year", "month", "day", "hour")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:Z|([+-])(\d{1,2}):?(\d{2})?)?", re.ASCII
)
_FRAGMENTS = re.compile(r"[/#:]")
_PREFIX: Final = "URN:UVCI:"
_INDEX = re.compile(r"\d{1,9}", re.ASCII)


class CertLogicError(KeysError):
    """An expression is none, or cannot be evaluated with these data."""


class _Moment(NamedTuple):
    """A date-time. A type of its own, so that no number and no text passes for one."""

    at: datetime.datetime


Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | _Moment | None"


class _Frame:
    """What an evaluation works on: the data in view, and how much work is left."""

    __slots__ = ("data", "steps")

    def __init__(self, data: Value, steps: int) -> None:
        self.data = data
        self.steps = steps


_Node: TypeAlias = Callable[[_Frame], Value]


class Logic:
    """One expression, read. Immutable; evaluations do not disturb each other."""

    __slots__ = ("_node", "nodes")

    def __init__(self, node: _Node, nodes: int) -> None:
        self._node = node
        self.nodes = nodes
        """How many nodes the expression has."""

    def evaluate(self, data: Value) -> Value:
        """Return the value of the expression in the data context `data`. Raises CertLogicError."""
        return self._node(_Frame(data, MAX_STEPS))


def compile_logic(expression: JsonValue) -> Logic:
    """Read an expression. Raises CertLogicError for what is none, is too large, or is nested too deeply."""
    reader = _Reader()
    return Logic(reader.read(expression, 0), reader.nodes)


def evaluate(expression: JsonValue, data: JsonValue) -> Value:
    """Read and evaluate an expression at once. Raises CertLogicError."""
    return compile_logic(expression).evaluate(_as_value(data))


def _as_value(data: JsonValue) -> Value:
    return data  # type: ignore[return-value]  # JSON is a part of Value; containers are invariant


def truth(value: Value) -> bool:
    """Return whether a value is truthy or falsy ("Truthy and falsy values"). Raises CertLogicError for neither."""
    if type(value) is bool:
        return value
    if value is None:
        return False
    if type(value) is _Moment or type(value) is float:
        raise CertLogicError("a date-time or a fraction is neither truthy nor falsy")
    return bool(value)


class _Reader:
    """Reads one expression and counts what it is made of."""

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes = 0

    def read(self, expression: JsonValue, depth: int) -> _Node:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise CertLogicError(f"an expression of more than {MAX_NODES} nodes or {MAX_DEPTH} levels")
        if type(expression) is str or type(expression) is int or type(expression) is bool:
            return _literal(expression)
        if type(expression) is list:
            return _list([self.read(each, depth + 1) for each in expression])
        if type(expression) is not dict or len(expression) != 1:
            raise CertLogicError("an expression that is neither a literal, a list, nor an object of one operation")
        ((name, operands),) = expression.items()
        if name == "var":
            return _variable(operands)
        if type(operands) is not list or not operands:
            raise CertLogicError(f'the operation "{name}" without a list of operands')
        return self.operation(name, operands, depth + 1)

    def operation(self, name: str, operands: list[JsonValue], depth: int) -> _Node:
        if name == "plusTime":
            _check_count(name, operands, 3, 3)
            return _plus_time(self.read(operands[0], depth), operands[1], operands[2])
        if name == "extractFromUVCI":
            _check_count(name, operands, 2, 2)
            return _extract(self.read(operands[0], depth), operands[1])
        if name == "reduce":
            _check_count(name, operands, 3, 3)
            before = self.nodes
            turn = self.read(operands[1], depth)
            cost = self.nodes - before
            return _reduce(self.read(operands[0], depth), turn, self.read(operands[2], depth), cost)
        if name not in _OPERATIONS:
            raise CertLogicError(f'the unknown operation "{name:.40}"')
        least, most, make = _OPERATIONS[name]
        _check_count(name, operands, least, most)
        return make([self.read(each, depth) for each in operands])


def _check_count(name: str, operands: Sequence[JsonValue], least: int, most: int) -> None:
    if not least <= len(operands) <= most:
        raise CertLogicError(f'the operation "{name}" with {len(operands)} operands')


def _literal(value: str | bool | int) -> _Node:
    return lambda _: value


def _list(members: list[_Node]) -> _Node:
    return lambda frame: [member(frame) for member in members]


def _variable(path: JsonValue) -> _Node:
    if type(path) is not str:
        raise CertLogicError('a "var" whose path is no text')
    if not path:
        return lambda frame: frame.data
    fragments = [(part, int(part) if _INDEX.fullmatch(part) else -1) for part in path.split(".")]

    def look_up(frame: _Frame) -> Value:
        value = frame.data
        for name, index in fragments:
            if type(value) is dict:
                value = value.get(name)
            elif type(value) is list and 0 <= index < len(value):
                value = value[index]
            else:
                return None
        return value

    return look_up


def _if(nodes: list[_Node]) -> _Node:
    guard, then, otherwise = nodes
    return lambda frame: then(frame) if truth(guard(frame)) else otherwise(frame)


def _and(nodes: list[_Node]) -> _Node:
    def both(frame: _Frame) -> Value:
        value: Value = True
        for node in nodes:
            value = node(frame)
            if not truth(value):
                return value
        return value

    return both


def _not(nodes: list[_Node]) -> _Node:
    (node,) = nodes
    return lambda frame: not truth(node(frame))


def _is_equal(left: Value, right: Value) -> bool:
    """Whether two values are equal without coercion: `true` is not 1."""
    return type(left) is type(right) and (left is None or type(left) in _PLAIN) and left == right


_PLAIN: Final = (str, int, bool)


def _equal(nodes: list[_Node]) -> _Node:
    left, right = nodes
    return lambda frame: _is_equal(left(frame), right(frame))


def _in(nodes: list[_Node]) -> _Node:
    item, container = nodes

    def is_member(frame: _Frame) -> Value:
        wanted, values = item(frame), container(frame)
        if type(values) is not list:
            raise CertLogicError('"in" something that is no list')
        frame.steps -= len(values) >> 3  # a list is searched by faster means than a node is evaluated
        if frame.steps < 0:
            raise CertLogicError(f"more than {MAX_STEPS} steps of work")
        if type(wanted) is str:
            return wanted in values
        return any(_is_equal(wanted, value) for value in values)

    return is_member


def _plus(nodes: list[_Node]) -> _Node:
    left, right = nodes

    def add(frame: _Frame) -> Value:
        total = _integer(left(frame)) + _integer(right(frame))
        if not -_MAX_INTEGER <= total <= _MAX_INTEGER:
            raise CertLogicError("a sum beyond what an integer holds")
        return total

    return add


def _integer(value: Value) -> int:
    if type(value) is not int:
        raise CertLogicError("an operand that is no integer")
    return value


def _moment(value: Value) -> datetime.datetime:
    if type(value) is not _Moment:
        raise CertLogicError("an operand that is no date-time")
    return value.at


def _compare_integers(holds: Callable[[int, int], bool]) -> Callable[[list[_Node]], _Node]:
    def make(nodes: list[_Node]) -> _Node:
        def compare(frame: _Frame) -> Value:
            values = [_integer(node(frame)) for node in nodes]
            return all(holds(left, right) for left, right in pairwise(values))

        return compare

    return make


def _compare_moments(
    holds: Callable[[datetime.datetime, datetime.datetime], bool],
) -> Callable[[list[_Node]], _Node]:
    def make(nodes: list[_Node]) -> _Node:
        def compare(frame: _Frame) -> Value:
            values = [_moment(node(frame)) for node in nodes]
            return all(holds(left, right) for left, right in pairwise(values))

        return compare

    return make


def _birth(nodes: list[_Node]) -> _Node:
    (node,) = nodes

    def convert(frame: _Frame) -> Value:
        text = node(frame)
        if type(text) is not str or not _DATE.fullmatch(text):
            raise CertLogicError('"dccDateOfBirth" of something that is no date')
        return _Moment(_date(text))

    return convert


def _plus_time(node: _Node, amount: JsonValue, unit: JsonValue) -> _Node:
    if type(amount) is not int or type(unit) is not str or unit not in _UNITS:
        raise CertLogicError('"plusTime" without an integer and one of year, month, day, hour')

    def offset(frame: _Frame) -> Value:
        text = node(frame)
        if type(text) is not str:
            raise CertLogicError('"plusTime" of something that is no text')
        moment = _date(text) if len(text) <= len("YYYY-MM-DD") else _date_time(text)
        return _Moment(moment if amount == 0 else _shift(moment, amount, unit))

    return offset


def _shift(moment: datetime.datetime, amount: int, unit: str) -> datetime.datetime:
    """Return `moment` moved by `amount` units, as ECMAScript's `Date` does: a day that a month lacks is of the next."""
    try:
        if unit == "day":
            return moment + datetime.timedelta(days=amount)
        if unit == "hour":
            return moment + datetime.timedelta(hours=amount)
        months = moment.year * 12 + moment.month - 1 + (amount if unit == "month" else 12 * amount)
        first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
        return first + datetime.timedelta(days=moment.day - 1)
    except (ValueError, OverflowError):
        raise CertLogicError("a date beyond the years 1 to 9999") from None


def _date(text: str) -> datetime.datetime:
    """Return midnight of a date, of the last day that a partial one allows."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise CertLogicError(f"{text[:40]!r} is no date")
    year, month, day = int(found[1]), int(found[2] or 12), int(found[3] or 1)
    try:
        moment = datetime.datetime(year, month, day, tzinfo=datetime.UTC)
        if found[3] is None:
            moment = _shift(moment, 1, "month") - datetime.timedelta(days=1)
    except (ValueError, OverflowError):
        raise CertLogicError(f"{text!r} is no date there ever was") from None
    return moment


def _date_time(text: str) -> datetime.datetime:
    found = _MOMENT.fullmatch(text) if len(text) <= 64 else None
    if found is None:
        raise CertLogicError(f"{text[:40]!r} is no date-time")
    fraction = (found[5] or "")[:3].ljust(3, "0")
    offset = datetime.timedelta(hours=int(found[7] or 0), minutes=int(found[8] or 0))
    try:
        local = _date(found[1]).replace(
            hour=int(found[2]), minute=int(found[3]), second=int(found[4]), microsecond=1000 * int(fraction)
        )
        return local + offset if found[6] == "-" else local - offset
    except (ValueError, OverflowError):
        raise CertLogicError(f"{text!r} is no time there ever was") from None


def _extract(node: _Node, index: JsonValue) -> _Node:
    if type(index) is not int:
        raise CertLogicError('"extractFromUVCI" without an integer')

    def extract(frame: _Frame) -> Value:
        identifier = node(frame)
        if identifier is None:
            return None
        if type(identifier) is not str:
            raise CertLogicError('"extractFromUVCI" of something that is no text')
        fragments = _FRAGMENTS.split(identifier.removeprefix(_PREFIX))
        return fragments[index] if 0 <= index < len(fragments) else None

    return extract


def _reduce(operand: _Node, turn: _Node, initial: _Node, cost: int) -> _Node:
    def fold(frame: _Frame) -> Value:
        values, accumulator = operand(frame), initial(frame)
        if values is None:
            return accumulator
        if type(values) is not list:
            raise CertLogicError('"reduce" of something that is no list')
        outer = frame.data
        try:
            for current in values:
                frame.steps -= cost
                if frame.steps < 0:
                    raise CertLogicError(f"more than {MAX_STEPS} steps of work")
                frame.data = {"current": current, "accumulator": accumulator}
                accumulator = turn(frame)
        finally:
            frame.data = outer
        return accumulator

    return fold


_OPERATIONS: Final[dict[str, tuple[int, int, Callable[[list[_Node]], _Node]]]] = {
    "if": (3, 3, _if),
    "and": (2, MAX_NODES, _and),
    "!": (1, 1, _not),
    "===": (2, 2, _equal),
    "in": (2, 2, _in),
    "+": (2, 2, _plus),
    "<": (2, 3, _compare_integers(lambda left, right: left < right)),
    ">": (2, 3, _compare_integers(lambda left, right: left > right)),
    "<=": (2, 3, _compare_integers(lambda left, right: left <= right)),
    ">=": (2, 3, _compare_integers(lambda left, right: left >= right)),
    "before": (2, 3, _compare_moments(lambda left, right: left < right)),
    "after": (2, 3, _compare_moments(lambda left, right: left > right)),
    "not-after": (2, 3, _compare_moments(lambda left, right: left <= right)),
    "not-before": (2, 3, _compare_moments(lambda left, right: left >= right)),
    "dccDateOfBirth": (1, 1, _birth),
}
"""Operation → least and most operands, and what it becomes."""
