"""Questions that several rewrites ask before they reorder a loop's iterations."""
from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from . import Function
from .model import Loop, is_call_of
from .names import loaded, own_jumps, stored, walk


def can_be_evaluated_anywhere(node: ast.expr) -> bool:
    """Whether the expression reads no array element and cannot raise: names, integers, + - *, extents, min, max."""
    match node:
        case ast.Name():
            return True
        case ast.Constant(value=value):
            return isinstance(value, int)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return can_be_evaluated_anywhere(operand)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return can_be_evaluated_anywhere(left) and can_be_evaluated_anywhere(right)
        case ast.BinOp(left=left, op=ast.FloorDiv() | ast.Mod(), right=ast.Constant(value=int() as value)):
            return value != 0 and can_be_evaluated_anywhere(left)
        case ast.Subscript(value=ast.Attribute(value=ast.Name(), attr="shape"), slice=ast.Constant()):
            return True
        case ast.Call(func=ast.Name(id="min" | "max" | "len" | "int"), args=arguments, keywords=[]):
            return bool(arguments) and all(can_be_evaluated_anywhere(a) for a in arguments)
    return False


def header_is_invariant(loop: Loop, statements: Iterable[ast.stmt], variables: Iterable[str] = ()) -> bool:
    """Whether the loop's `range` arguments may be evaluated at any time while `statements` run, with the same result,
    and without the loop variables in `variables`."""
    if loop.kind != "range" or not isinstance(loop.node, ast.For) or loop.step is None:
        return False
    arguments = loop.node.iter.args  # type: ignore[attr-defined]
    changing = stored(statements) | set(variables)
    return all(can_be_evaluated_anywhere(a) for a in arguments) and not loaded(arguments) & changing


def leaves_alone(function: Function, statements: Sequence[ast.stmt], test: ast.expr, holder: ast.stmt, around: Iterable[Loop],
                 bound: Iterable[str] = ()) -> bool:
    """Whether the statements change nothing that `test`, which stands in `holder`, reads: names, but for those in `bound`, and
    elements. around: the loops that they are in together."""
    if stored(statements) & (loaded([test]) - set(bound)):
        return False
    nodes = {id(n) for n in walk(test)}
    read = [a for a in function.facts.within(holder) if id(a.node) in nodes]
    return function.dependences.separate(read, function.facts.within(*statements), frozenset(around))


def keeps_its_variable(loop: Loop) -> bool:
    """Whether it is a `range` loop whose body leaves its variable alone."""
    return bool(loop.variable) and loop.variable not in stored(loop.node.body)


def iterations_may_be_reordered(function: Function, loop: Loop) -> bool:
    """Whether the scalars and jumps of the loop's body allow its iterations (and those of loops nested perfectly in
    it) to run in another order. Says nothing about arrays. Scalar reductions are allowed."""
    if own_jumps(loop.node.body) & {"break", "return"} or not keeps_its_variable(loop):
        return False
    scalars = function.scalars(loop)
    reduced = {r.name for r in scalars.reductions}
    if scalars.blocking or scalars.live_out - reduced:
        return False
    return all(function.type_of_name(name).is_scalar and function.type_of_name(name).dtype for name in reduced)


def perfect_chain(function: Function, loop: Loop) -> list[Loop]:
    """`loop` and the loops nested perfectly in it: each body is the next loop alone."""
    chain = [loop]
    while len(chain[-1].node.body) == 1:
        inner = function.facts.loop_of(chain[-1].node.body[0])
        if inner is None:
            break
        chain.append(inner)
    return chain


def rectangular(band: Sequence[Loop]) -> bool:
    """Whether no loop's bounds depend on what the band's loops change."""
    bound = stored([band[0].node])
    return all(header_is_invariant(loop, band[-1].node.body, bound) for loop in band)


def uses_parallel(nodes: Iterable[ast.AST]) -> bool:
    """Whether a `prange` stands in the nodes."""
    return any(is_call_of(n, "prange") for node in nodes for n in walk(node) if isinstance(n, ast.expr))


def calls(nodes: Iterable[ast.AST]) -> set[str]:
    """Names of the functions that are called by name."""
    return {n.func.id for node in nodes for n in walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
