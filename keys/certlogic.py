"""CertLogic 1.3.2, the EU's language of business rules: a pure evaluator of bounded work.

An expression is read once into functions (`compile_logic`) and evaluated as often as wanted. Reading refuses what is no
expression, so that a faulty rule is found when it is published and not at a gate. Evaluating has three ends: a value,
an error (`CertLogicError`: an operand of the wrong type, a date that is none), or an error for too much work, which
only a `reduce` can cause. Whoever judges by a rule takes anything but `True` for "not met".

What values are, and how dates move, is in `keys.certlogic_values`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from keys.certlogic_values import (
    DATE,
    MAX_INTEGER,
    CertLogicError,
    Moment,
    Value,
    integer,
    is_equal,
    moment_of,
    read_date,
    read_date_time,
    shift,
    truth,
)
from keys.json_bounded import JsonValue

MAX_NODES: Final = 4096
"""Of one expression; the largest published rule has some hundred."""
MAX_DEPTH: Final = 40
MAX_STEPS: Final = 20_000
"""Nodes that all turns of all `reduce` together may evaluate: some milliseconds."""
_UNITS: Final = ("year", "month", "day", "hour")
_FRAGMENTS = re.compile(r"[/#:]")
_PREFIX: Final = "URN:UVCI:"
_INDEX = re.compile(r"\d{1,9}", re.ASCII)
_PATH = re.compile(r"[^.]+(?:\.[^.]+)*")


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


class _Reader:
    """Reads one expression and counts what it is made of."""

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes = 0

    def read(self, expression: JsonValue, depth: int) -> _Node:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise CertLogicError(f"an expression of more than {MAX_NODES} nodes or {MAX_DEPTH} levels")
        if type(expression) is float and expression.is_integer():
            return _literal(int(expression))
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
    if not _PATH.fullmatch(path):
        raise CertLogicError('a "var" whose path has an empty part')
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


def _equal(nodes: list[_Node]) -> _Node:
    left, right = nodes
    return lambda frame: is_equal(left(frame), right(frame))


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
        return any(is_equal(wanted, value) for value in values)

    return is_member


def _plus(nodes: list[_Node]) -> _Node:
    left, right = nodes

    def add(frame: _Frame) -> Value:
        total = integer(left(frame)) + integer(right(frame))
        if not -MAX_INTEGER <= total <= MAX_INTEGER:
            raise CertLogicError("a sum beyond what an integer holds")
        return total

    return add


def _compare_integers(holds: Callable[[int, int], bool]) -> Callable[[list[_Node]], _Node]:
    def make(nodes: list[_Node]) -> _Node:
        def compare(frame: _Frame) -> Value:
            values = [integer(node(frame)) for node in nodes]
            return all(holds(left, right) for left, right in pairwise(values))

        return compare

    return make


def _compare_moments(
    holds: Callable[[datetime.datetime, datetime.datetime], bool],
) -> Callable[[list[_Node]], _Node]:
    def make(nodes: list[_Node]) -> _Node:
        def compare(frame: _Frame) -> Value:
            values = [moment_of(node(frame)) for node in nodes]
            return all(holds(left, right) for left, right in pairwise(values))

        return compare

    return make


def _birth(nodes: list[_Node]) -> _Node:
    (node,) = nodes

    def convert(frame: _Frame) -> Value:
        text = node(frame)
        if type(text) is not str or not DATE.fullmatch(text):
            raise CertLogicError('"dccDateOfBirth" of something that is no date')
        return Moment(read_date(text))

    return convert


def _written_integer(value: JsonValue) -> int | None:
    """Return an integer that an expression must hold as it stands, not as the value of another; None for none."""
    if type(value) is int or (type(value) is float and value.is_integer()):
        return int(value)
    return None


def _plus_time(node: _Node, amount: JsonValue, unit: JsonValue) -> _Node:
    amount = _written_integer(amount)
    if amount is None or type(unit) is not str or unit not in _UNITS:
        raise CertLogicError('"plusTime" without an integer and one of year, month, day, hour')

    def offset(frame: _Frame) -> Value:
        text = node(frame)
        if type(text) is not str:
            raise CertLogicError('"plusTime" of something that is no text')
        moment = read_date(text) if len(text) <= len("YYYY-MM-DD") else read_date_time(text)
        return Moment(moment if amount == 0 else shift(moment, amount, unit))

    return offset


def _extract(node: _Node, index: JsonValue) -> _Node:
    index = _written_integer(index)
    if index is None:
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
