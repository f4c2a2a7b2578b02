"""Damaged loops: bounds off by one, other steps, blocks that run over the end, edges left out."""
from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping

from .text import Edit, Loop, Operator, Text, called, is_parallel, range_of, reblocked, shifted, swapped


def bound_off_by_one(text: Text) -> Iterator[Edit]:
    """Start and stop of each loop, one more and one less."""
    for loop in text.loops:
        call = range_of(loop)
        arguments = _full(call.args)
        for position in (0, 1):
            for by in (1, -1):
                if position == 0 and by < 0 and len(call.args) == 1:
                    continue                  # range(-1, n): reads before the first element, which the others do too
                changed = list(arguments)
                changed[position] = shifted(arguments[position], by)
                yield swapped(call, _range(call, changed))


def step_changed(text: Text) -> Iterator[Edit]:
    """Steps one further from zero, so that elements are left out."""
    for loop in text.loops:
        if is_parallel(loop):
            continue                          # Numba's prange knows the step 1 only
        call = range_of(loop)
        start, stop = _full(call.args)[:2]
        step = call.args[2] if len(call.args) == 3 else ast.Constant(1)
        negative = isinstance(step, ast.UnaryOp)
        yield swapped(call, _range(call, [start, stop, shifted(step, -1 if negative else 1)]))


def block_end_dropped(text: Text) -> Iterator[Edit]:
    """`min` and `max` in loop bounds, of which one argument stays: the last block then runs over the end."""
    for loop in text.loops:
        for node in ast.walk(range_of(loop)):
            if called(node) in ("min", "max", "minimum", "maximum") and len(node.args) > 1:
                for kept in node.args:
                    yield swapped(node, kept)


def edge_left_out(text: Text) -> Iterator[Edit]:
    """The stores of a loop's body skip its first or its last iteration."""
    for loop in text.loops:
        if not isinstance(loop.target, ast.Name):
            continue
        arguments = _full(range_of(loop).args)
        if len(arguments) == 3:
            continue
        start, stop = arguments
        for position, statement in enumerate(loop.body):
            if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Subscript):
                continue
            for test in (_compare(loop, start), _compare(loop, shifted(stop, -1))):
                guarded = ast.If(test, [statement], [])
                yield reblocked(loop.body, [*loop.body[:position], guarded, *loop.body[position + 1:]], statement,
                                f"only if {ast.unparse(test)}")


def _compare(loop: Loop, value: ast.expr) -> ast.Compare:
    return ast.Compare(ast.Name(loop.target.id, ast.Load()), [ast.NotEq()], [copy.deepcopy(value)])  # type: ignore[attr-defined]


def _full(arguments: list[ast.expr]) -> list[ast.expr]:
    return [ast.Constant(0), *arguments] if len(arguments) == 1 else arguments


def _range(call: ast.Call, arguments: list[ast.expr]) -> ast.Call:
    """The call with other arguments, those that are defaults left out."""
    plain = len(arguments) == 2 and isinstance(arguments[0], ast.Constant) and arguments[0].value == 0
    return ast.Call(call.func, arguments[1:] if plain else arguments, [])


OPERATORS: Mapping[str, Operator] = {
    "loop bound off by one": bound_off_by_one,
    "loop step changed": step_changed,
    "end of a block dropped": block_end_dropped,
    "edge left out": edge_left_out,
}
